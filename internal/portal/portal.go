// Package portal is what people see in their browser: pages made on the server,
// kept up to date while they are open. It turns requests into calls of the
// services and their refusals into sentences. It holds no rule of its own and
// knows nothing of SQL or SIP.
package portal

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Passwords proves who somebody is, and helps who has forgotten theirs;
// login.Service does.
type Passwords interface {
	CheckPassword(ctx context.Context, domainID, source, extension, password string) (directory.User, error)
	AskReset(ctx context.Context, source string, user directory.User) error
	LiftUser(ctx context.Context, by string, user directory.User) error
	LockedUntil(ctx context.Context, user directory.User) (time.Time, error)
}

// Sessions starts and ends the sessions at desks; hotdesk.Service does.
type Sessions interface {
	Sessions(ctx context.Context, q hotdesk.Query) ([]hotdesk.Session, error)
	End(ctx context.Context, id string, by hotdesk.By) (hotdesk.Session, error)
	Effect(ctx context.Context, edit directory.Edit) (hotdesk.Effect, error)
}

// Calls knows which devices are in calls.
type Calls interface {
	InCall(deviceID string) bool
}

// Locations tells where devices answer now; location.Service does.
type Locations interface {
	Lookup(deviceID string) []location.Binding
	Bindings(deviceID string) []location.Binding
}

// Telephony rings the desks that people activate, and knows the calls that go
// on; switchboard.Switchboard does.
type Telephony interface {
	Activate(ctx context.Context, user directory.User, desk string) (switchboard.Activation, error)
	ActivationOf(userID string) (switchboard.Activation, bool)
	CancelActivation(userID, id string)
	CallsOf(id string) []switchboard.LiveCall
}

// Phones asks phones to fetch their settings or to start anew;
// checksync.Service does.
type Phones interface {
	TellPhone(ctx context.Context, by string, act checksync.Act, phone directory.Phone) ([]checksync.Answer, error)
}

// Mail sends a mail to see whether a domain's mail server takes it; what it fails
// with is in words. notify.Service does.
type Mail interface {
	Test(ctx context.Context, domainID, to string) error
}

// Trunks tells how outside lines stand; trunk.Service does.
type Trunks interface {
	State(trunkID string) (trunk.State, bool)
}

// Mailboxes keeps the messages; voicemail.Service does.
type Mailboxes interface {
	Messages(ctx context.Context, userID string) ([]voicemail.Message, error)
	Open(ctx context.Context, messageID string) (io.ReadCloser, voicemail.Message, error)
	Mark(ctx context.Context, userID string, to voicemail.State, messageIDs ...string) error
	Delete(ctx context.Context, userID string, messageIDs ...string) error
	Mailbox(ctx context.Context, userID string) (voicemail.Mailbox, error)
}

// Config is what a [Portal] needs; all of it.
type Config struct {
	Directory   *directory.Service
	Passwords   Passwords
	Web         *login.Web
	FirstStart  *login.FirstStart
	Resets      *login.Resets
	SignOn      SignOn
	Sessions    Sessions
	Calls       Calls
	Locations   Locations
	Telephony   Telephony
	Phones      Phones
	Trunks      Trunks
	Mail        Mail
	Keys        Keys
	Webhooks    Webhooks
	Emergencies Emergencies
	Lockouts    Lockouts
	Records     usage.Records
	Floors      *floorplan.Service
	Usage       *usage.Service
	Mailboxes   Mailboxes
	URL         string // of the portal for people; "": the one that they ask
	Events      *events.Bus
	Now         func() time.Time
	Log         *slog.Logger
	SIP         func() netip.AddrPort // where phones register
}

// Portal answers browsers.
type Portal struct {
	cfg     Config
	handler http.Handler
	pages   map[string]directory.Act // what the page at each path needs
	boards  *boards
}

// New makes a portal.
func New(cfg Config) (*Portal, error) {
	p := &Portal{cfg: cfg, pages: map[string]directory.Act{}}
	assets, err := newAssets()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+assetsPath, assets)
	for _, route := range routes() {
		mux.Handle(route.Pattern, p.open(route))
		if path, is := strings.CutPrefix(route.Pattern, "GET "); is {
			p.pages[path] = route.needs
		}
	}
	mux.Handle("/", p.open(route{do: (*visit).nowhere}))
	p.boards = newBoards(p)
	p.handler = http.NewCrossOriginProtection().Handler(guarded(mux))
	return p, nil
}

// Run keeps the pages that are open up to date, until the context ends.
func (p *Portal) Run(ctx context.Context) error {
	p.boards.run(ctx)
	return nil
}

// ServeHTTP implements [http.Handler].
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }

// guarded tells browsers to take nothing from elsewhere and to show the portal
// in nobody's frame.
func guarded(next http.Handler) http.Handler {
	const policy = "default-src 'self'; img-src 'self' data:; media-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}
