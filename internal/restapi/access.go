package restapi

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// peer is who sent a request.
type peer struct {
	actor   directory.Actor
	door    hotdesk.Door
	expires time.Time // of the key it came with; zero: never
	key     string    // its ID, or "cli"
	secret  string    // the key itself
}

type peerKey struct{}

// peerOf is who sent a request; nobody, who may do nothing, when that is not known.
func peerOf(ctx context.Context) peer {
	by, _ := ctx.Value(peerKey{}).(peer)
	return by
}

func by(ctx context.Context) hotdesk.By {
	p := peerOf(ctx)
	return hotdesk.By{Actor: p.actor.Name, Door: p.door}
}

// Local answers everything, to a peer that may do everything: whoever can open
// the socket in the data folder. See [Listen].
func (a *API) Local() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := peer{actor: directory.CLI(), door: hotdesk.DoorCLI, key: "cli"}
		a.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, by)))
	})
}

// Public answers strangers on the network: whether the server lives, and how
// the API is spoken. All else it answers to who brings an API key, as far as
// the key opens it.
func (a *API) Public() http.Handler {
	mux := http.NewServeMux()
	a.open(mux)
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		by, ok := a.recognise(w, r)
		if ok {
			a.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, by)))
		}
	})
	return mux
}

// recognise finds out who sent a request, or refuses it.
func (a *API) recognise(w http.ResponseWriter, r *http.Request) (peer, bool) {
	const challenge = `Bearer realm="hotdesk"`
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		w.Header().Set("WWW-Authenticate", challenge)
		a.refuse(w, http.StatusUnauthorized, "send an API key in the header Authorization, as \"Bearer hdk_…\"; \"hotdesk key add\" makes one")
		return peer{}, false
	}
	secret = strings.TrimSpace(secret)
	actor, key, err := a.cfg.Keys.Who(r.Context(), secret, sourceOf(r))
	locked, isLocked := errors.AsType[*login.LockedError](err)
	switch {
	case err == nil:
		return peer{actor: actor, door: hotdesk.DoorREST, expires: key.ExpiresAt, key: key.ID, secret: secret}, true
	case isLocked:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(locked.Until.Sub(a.cfg.Now()).Seconds())))))
		a.refuse(w, http.StatusTooManyRequests, "too many wrong API keys came from this address")
	case errors.Is(err, login.ErrBadKey):
		w.Header().Set("WWW-Authenticate", challenge+`, error="invalid_token"`)
		a.refuse(w, http.StatusUnauthorized, err.Error())
	default:
		a.cfg.Log.ErrorContext(r.Context(), "an API key was not checked", slog.Any("error", err))
		a.refuse(w, http.StatusServiceUnavailable, "the API key could not be checked; try again")
	}
	return peer{}, false
}

// sourceOf is the address that a request comes from.
func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// anybody is the act of operations that are open to every peer, each of whom
// gets what is there for that peer.
const anybody directory.Act = ""

// actExtension says in the OpenAPI document which act an operation needs.
const actExtension = "x-hotdesk-act"

// router adds operations to an API.
type router struct {
	api huma.API
	a   *API
}

// add adds an operation that needs a right: in the domain that its path names,
// else over the peer's own things, or over the server.
func add[I, O any](r router, needs directory.Act, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	if needs != anybody {
		op.Extensions = map[string]any{actExtension: string(needs)}
	}
	op.Parameters = append(op.Parameters, conditions(op.Method)...)
	op.Middlewares = append(op.Middlewares, func(ctx huma.Context, next func(huma.Context)) {
		ctx = huma.WithValue(ctx, askedKey{}, asked{url: ctx.URL(), ifMatch: ctx.Header("If-Match"), ifNoneMatch: ctx.Header("If-None-Match")})
		if err := r.a.admit(ctx.Context(), needs, ctx.Param("domain")); err != nil {
			r.refuse(ctx, err)
			return
		}
		next(ctx)
	})
	if op.Method == post && op.OperationID != backupID {
		op.Parameters = append(op.Parameters, once())
		op.Middlewares = append(op.Middlewares, r.onlyOnce)
	}
	if op.Method == get {
		do = conditional(do)
	}
	huma.Register(r.api, op, do)
}

// admit refuses a peer that may not do something, in a domain when one is
// named. To who is from another domain, the domain does not exist.
func (a *API) admit(ctx context.Context, needs directory.Act, name string) huma.StatusError {
	actor := peerOf(ctx).actor
	domainID := actor.DomainID
	if name != "" {
		d, found := a.cfg.Directory.DomainByName(name)
		if !found || !sees(actor, d.ID) {
			return none("domain", name)
		}
		domainID = d.ID
	}
	if needs == anybody || directory.MayWithin(actor, needs, domainID) {
		return nil
	}
	return huma.Error403Forbidden("this needs the right \"" + string(needs) + "\", which the scope " + string(actor.Scope) + " does not have here")
}

// sees tells whether a domain exists for an actor.
func sees(actor directory.Actor, domainID string) bool {
	return actor.DomainID == domainID || directory.MayWithin(actor, directory.ActSeeCalls, domainID)
}
