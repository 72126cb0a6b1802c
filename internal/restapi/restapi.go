// Package restapi is the public API: JSON over HTTP, described by an OpenAPI
// document that is made from the code. It turns requests into calls of the
// services and their refusals into problems (RFC 9457). It holds no rule of
// its own and knows nothing of SQL or SIP.
package restapi

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// Sessions starts and ends sessions: [*hotdesk.Service].
type Sessions interface {
	Login(ctx context.Context, req hotdesk.LoginRequest) (hotdesk.LoginResult, error)
	End(ctx context.Context, id string, by hotdesk.By) (hotdesk.Session, error)
	Sessions(ctx context.Context, q hotdesk.Query) ([]hotdesk.Session, error)
	Effect(ctx context.Context, edit directory.Edit) (hotdesk.Effect, error)
}

// Calls reads call records: a [callrecord.Store].
type Calls interface {
	Records(ctx context.Context, q callrecord.Query) ([]callrecord.Record, error)
}

// Lockouts ends lock-outs after wrong PINs and passwords: [*login.Service].
type Lockouts interface {
	LiftUser(ctx context.Context, by string, user directory.User) error
	LiftDevice(ctx context.Context, by string, device directory.Device) error
}

// Locations tells where devices answer now: [*location.Service].
type Locations interface {
	Lookup(deviceID string) []location.Binding
}

// Phones asks phones to fetch their settings or to start anew:
// [*checksync.Service].
type Phones interface {
	Tell(ctx context.Context, by string, act checksync.Act, device directory.Device) ([]checksync.Answer, error)
	TellPhone(ctx context.Context, by string, act checksync.Act, phone directory.Phone) ([]checksync.Answer, error)
}

// Trunks tells how outside lines stand: [*trunk.Service].
type Trunks interface {
	State(trunkID string) (trunk.State, bool)
}

// Config is what an [API] needs; all of it.
type Config struct {
	Directory *directory.Service
	Sessions  Sessions
	Calls     Calls
	Lockouts  Lockouts
	Keys      Keys
	Once      *idempotency.Keeper
	Events    Events
	Webhooks  Webhooks
	Floors    *floorplan.Service
	Mailboxes Mailboxes
	Browsers  Browsers
	// Activations rings hot desks for people.
	Activations Activations
	Trunks      Trunks
	Locations   Locations
	Phones      Phones
	Audit       audit.Log
	Usage       *usage.Service
	// Backup copies the server's data. WriteTo, which is called once, writes the
	// copy as a tar archive.
	Backup func(ctx context.Context) (io.WriterTo, error)
	// Ready returns nil while the server can do its work, for /readyz.
	Ready   func(ctx context.Context) error
	Version string // of the program
	Now     func() time.Time
	Log     *slog.Logger
}

// API answers requests.
type API struct {
	cfg Config
	mux *http.ServeMux
	// documents are made when somebody first asks for them: to write them takes
	// longer than all else that a server does at its start.
	documents func() (documents, error)
}

// New makes an API.
func New(cfg Config) *API {
	a := &API{cfg: cfg, mux: http.NewServeMux()}
	config := huma.DefaultConfig("Hotdesk", cfg.Version)
	config.Info.Description = "The phone system for shared desks."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // they add links to schemas, which are not served one by one
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{mend}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: "An API key: hdk_…"}}
	config.Security = []map[string][]string{{"key": {}}}
	api := humago.New(a.mux, config)
	a.routes(router{api, a})
	a.documents = sync.OnceValues(func() (documents, error) { return document(api.OpenAPI()) })
	a.open(a.mux)
	a.mux.HandleFunc("/api/", a.nowhere)
	return a
}

// OpenAPI is the document that describes the API (OpenAPI 3.1, JSON).
func (a *API) OpenAPI() ([]byte, error) {
	d, err := a.documents()
	return d.openAPI, err
}

// mend takes the values out of problems, as a PIN of the wrong type would come
// back in them, and names the field that is missing.
func mend(_ huma.Context, _ string, body any) (any, error) {
	problem, is := body.(*huma.ErrorModel)
	if !is {
		return body, nil
	}
	for _, detail := range problem.Errors {
		detail.Value = nil
		if missing, is := strings.CutPrefix(detail.Message, "expected required property "); is {
			field, _, _ := strings.Cut(missing, " ")
			detail.Location += "." + field
		}
	}
	return problem, nil
}

// open adds what anybody may ask.
func (a *API) open(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { a.say(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := a.cfg.Ready(r.Context()); err != nil {
			a.cfg.Log.WarnContext(r.Context(), "not ready", slog.Any("error", err))
			a.say(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
		a.say(w, http.StatusOK, "ready\n")
	})
	mux.HandleFunc("GET "+prefix+"/docs", a.serveDocs)
	mux.HandleFunc("GET "+prefix+"/openapi.json", a.serveOpenAPI)
}

// nowhere answers for what is not there, or not by this method.
func (a *API) nowhere(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{get, post, http.MethodPut, patch, remove} {
		other := r.Clone(r.Context())
		other.Method = method
		if _, pattern := a.mux.Handler(other); pattern != "/api/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		a.refuse(w, http.StatusNotFound, "there is nothing at this address: "+prefix+"/openapi.json lists what there is")
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	a.refuse(w, http.StatusMethodNotAllowed, "this address takes "+strings.Join(allowed, ", "))
}

func (a *API) say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

func (a *API) refuse(w http.ResponseWriter, status int, detail string) {
	body, err := json.Marshal(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
	if err != nil {
		a.say(w, status, http.StatusText(status)+"\n")
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
