// Package softphone is a small SIP phone: it registers, calls, answers, talks,
// listens and presses keys. Tests, the demo and the phone command use it as the
// real thing it is. It knows nothing of Hotdesk's server; it would work with any.
package softphone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

var (
	// ErrClosed is returned by a phone that has been closed.
	ErrClosed = errors.New("phone is closed")
	// ErrBusy is returned by a phone that has as many calls as it may.
	ErrBusy = errors.New("phone has too many calls")
)

const (
	defaultExpires = time.Hour
	defaultCalls   = 4
	defaultMemory  = 5 * time.Minute
	waitingCalls   = 64
)

// Config says whose phone it is and how it behaves. Server, User and Password are enough.
type Config struct {
	Server    string        // where to register and send calls: "127.0.0.1:5060", or a host name
	Transport sip.Transport // how; UDP when empty
	Domain    string        // of the account; the host of Server when empty
	User      string        // the account: the user part of its address
	Login     string        // the name that proves itself, where that is not User
	Password  string
	Display   string        // the display name in From
	Expires   time.Duration // how long a registration lasts; an hour when 0

	Listen     string        // "127.0.0.1:0" when empty
	Ports      *media.Ports  // for sound; when nil any that are free at Listen's address
	Codecs     []sdp.Format  // the preferred first; PCMU and PCMA when empty
	Digits     DigitMethod   // how Press sends digits
	NoEvents   bool          // do not offer telephone events (RFC 4733)
	AutoAnswer bool          // answer each call at once
	MaxCalls   int           // at a time, more get 486 Busy Here; 4 when 0
	Memory     time.Duration // how much of what was heard Call.Heard remembers; 5 min when 0

	// OnEvent is told all that happens. It is called in order for each call, must not block, and may be nil.
	OnEvent func(Event)

	Resolver sip.Resolver // finds Server by name; nil knows IP addresses only
	Timers   sip.Timers
	Log      *slog.Logger // nil: silent
}

// Phone is one running phone. Its methods are safe for use by several goroutines.
type Phone struct {
	cfg      Config
	server   sip.URI
	engine   *sip.Engine
	layer    *dialog.Layer
	incoming chan *Call
	reg      registration

	mu     sync.Mutex
	calls  map[*Call]struct{}
	closed bool

	stop    context.CancelFunc
	stopped chan struct{} // closed when the engine and the registration have ended
}

// New opens the phone's sockets and lets it run until Close. It does not register yet.
func New(cfg Config) (*Phone, error) {
	cfg, server, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	engine, err := sip.Listen(sip.Config{
		Listen: cfg.Listen, Product: "Hotdesk-Phone", Log: cfg.Log, Timers: cfg.Timers, Resolver: cfg.Resolver,
		Supported: []string{"100rel", "timer"},
	})
	if err != nil {
		return nil, fmt.Errorf("start phone: %w", err)
	}
	if cfg.Ports == nil {
		cfg.Ports, err = media.NewPorts(media.PortsConfig{IP: engine.Addr().Addr(), Log: cfg.Log})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start phone: %w", err), engine.Close())
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	p := &Phone{
		cfg: cfg, server: server, engine: engine,
		layer:    dialog.New(engine, dialog.Config{Log: cfg.Log}),
		incoming: make(chan *Call, waitingCalls),
		reg:      newRegistration(),
		calls:    map[*Call]struct{}{},
		stop:     stop, stopped: make(chan struct{}),
	}
	go p.run(ctx)
	return p, nil
}

func (c Config) withDefaults() (Config, sip.URI, error) {
	if c.User == "" {
		return c, sip.URI{}, errors.New("start phone: no user given")
	}
	if c.Transport == "" {
		c.Transport = sip.UDP
	}
	server, err := sip.ParseURI("sip:" + c.Server + ";transport=" + string(c.Transport))
	if err != nil || server.Host == "" {
		return c, sip.URI{}, fmt.Errorf("start phone: server %q is no address", c.Server)
	}
	if c.Domain == "" {
		c.Domain = server.Host
	}
	c.Listen = or(c.Listen, "127.0.0.1:0")
	c.Login = or(c.Login, c.User)
	c.Expires = or(c.Expires, defaultExpires)
	c.MaxCalls = or(c.MaxCalls, defaultCalls)
	c.Memory = or(c.Memory, defaultMemory)
	if len(c.Codecs) == 0 {
		c.Codecs = []sdp.Format{sdp.PCMU(), sdp.PCMA()}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, server, nil
}

func or[T comparable](v, otherwise T) T {
	var none T
	if v == none {
		return otherwise
	}
	return v
}

// Addr is the phone's own SIP address.
func (p *Phone) Addr() netip.AddrPort { return p.engine.Addr() }

// URI is the address of the account, as sip:1001@acme.test.
func (p *Phone) URI() string {
	account := p.account()
	return account.String()
}

// Close switches the phone off: calls are hung up, sockets closed. It does not
// unregister, as a phone that loses its power does not. Closing again does nothing.
func (p *Phone) Close() {
	p.mu.Lock()
	p.closed = true
	calls := make([]*Call, 0, len(p.calls))
	for c := range p.calls {
		calls = append(calls, c)
	}
	p.mu.Unlock()
	for _, c := range calls {
		c.Hangup()
	}
	p.stop()
	<-p.stopped
	for _, c := range calls {
		c.over(End{Reason: "phone closed", By: dialog.ByOwner})
	}
}

// Incoming waits for the next call to this phone. The phone rings by itself;
// the call may have ended again by the time it is asked for.
func (p *Phone) Incoming(ctx context.Context) (*Call, error) {
	select {
	case c := <-p.incoming:
		return c, nil
	case <-p.stopped:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a call to %s: %w", p.cfg.User, context.Cause(ctx))
	}
}

func (p *Phone) run(ctx context.Context) {
	defer close(p.stopped)
	var kept sync.WaitGroup
	kept.Go(func() { p.keepRegistered(ctx) })
	if err := p.engine.Serve(ctx, handler{p}); err != nil {
		p.cfg.Log.Error("phone stopped", slog.Any("error", err))
	}
	kept.Wait()
}

func (p *Phone) tell(ev Event) {
	if p.cfg.OnEvent != nil {
		p.cfg.OnEvent(ev)
	}
}

// add takes a call on.
func (p *Phone) add(c *Call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.closed:
		return ErrClosed
	case len(p.calls) >= p.cfg.MaxCalls:
		return ErrBusy
	}
	p.calls[c] = struct{}{}
	return nil
}

func (p *Phone) remove(c *Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.calls, c)
}

// account is the address of record.
func (p *Phone) account() sip.URI {
	return sip.URI{Scheme: "sip", User: p.cfg.User, Host: p.cfg.Domain}
}

func (p *Phone) from() sip.Address {
	return sip.Address{Display: p.cfg.Display, URI: p.account()}
}

func (p *Phone) credentials() *dialog.Credentials {
	if p.cfg.Password == "" {
		return nil
	}
	return &dialog.Credentials{Username: p.cfg.Login, Password: p.cfg.Password}
}

// way finds the server and, for a stream transport, connects to it.
func (p *Phone) way(ctx context.Context) ([]sip.Flow, error) {
	flows, err := p.engine.Resolve(ctx, p.server)
	if err != nil {
		return nil, fmt.Errorf("find server %s: %w", p.cfg.Server, err)
	}
	return flows, nil
}

func (p *Phone) endpoint(c *Call) sdp.Endpoint {
	at := c.stream.Addr()
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(p.engine.Local(c.flow).Addr(), at.Port())
	}
	formats := append([]sdp.Format{}, p.cfg.Codecs...)
	if !p.cfg.NoEvents {
		formats = append(formats, sdp.TelephoneEvent())
	}
	return sdp.Endpoint{At: at, Origin: c.origin, Direction: c.direction, Formats: formats}
}

func newOrigin() *sdp.Origin {
	return sdp.NewOrigin(rand.Uint64()) //nolint:gosec // a name, no secret
}

// target makes the address of what was dialled: an address as it is, digits and names at our domain.
func (p *Phone) target(dialled string) (sip.URI, error) {
	text := dialled
	if !strings.Contains(text, ":") {
		user, host, found := strings.Cut(text, "@")
		if !found {
			host = p.cfg.Domain
		}
		text = "sip:" + escaped(user) + "@" + host
	}
	uri, err := sip.ParseURI(text)
	if err != nil || uri.Host == "" {
		return sip.URI{}, fmt.Errorf("dial %q: no SIP address", dialled)
	}
	return uri, nil
}

// escaped writes the user part of a SIP URI (RFC 3261 25.1), in which # must not stand.
func escaped(user string) string {
	const plain = "-_.!~*'()&=+$,;?/"
	var b strings.Builder
	for i := range len(user) {
		c := user[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if letter || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
