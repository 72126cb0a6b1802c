// Package sipserver turns SIP requests into calls on the services: it proves
// which device speaks, keeps its bindings, hands its calls to the switchboard and
// its subscriptions to the lamps, and keeps the ways to phones open. It decides nothing about desks, people or
// calls, and knows nothing of SQL and media.
package sipserver

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// Switchboard takes calls.
type Switchboard interface {
	// Incoming takes an INVITE outside of dialogs from a device that has proven
	// itself, and sees to its final response. It must not block.
	Incoming(tx *sip.ServerTx, device directory.Device, domain directory.Domain)
	// FromTrunk does the same for an INVITE that an outside line brings, and
	// reports false for any other.
	FromTrunk(tx *sip.ServerTx) bool
}

// Lamps takes subscriptions.
type Lamps interface {
	// Subscribe takes a SUBSCRIBE from a device that has proven itself, and
	// sees to its final response.
	Subscribe(tx *sip.ServerTx, device directory.Device, domain directory.Domain)
	// Packages are the names of the event packages there are.
	Packages() []string
}

// Trunks keeps the outside lines.
type Trunks interface{ FlowClosed(flow sip.Flow) }

// Dialogs takes what belongs to dialogs, before this package sees it.
type Dialogs interface {
	ServeSIP(tx *sip.ServerTx) bool // true: taken
	ServeACK(req *sip.Request, flow sip.Flow)
	FlowClosed(flow sip.Flow)
}

// Config is what a [Server] needs. All of it but the fields after Log is required.
type Config struct {
	Engine      *sip.Engine
	Dialogs     Dialogs
	Switchboard Switchboard
	Lamps       Lamps
	Trunks      Trunks
	Directory   *directory.Service
	Locations   *location.Service
	Digest      *digest.Authenticator
	Now         func() time.Time
	Log         *slog.Logger

	Edges  []netip.Prefix // proxies of ours: their Path is taken for phones that know nothing of it, and they are never banned
	Ban    BanPolicy
	Probes ProbePolicy
}

// BanPolicy says when a source that guesses passwords is shut out. A zero field
// takes its default.
type BanPolicy struct {
	Failures int           // wrong passwords without a right one; 20
	Within   time.Duration // of so much time; 10 minutes
	For      time.Duration // how long it is banned; 5 minutes
	Sources  int           // remembered at most; 65536
}

// ProbePolicy says how phones are asked whether they are still there. A zero
// field takes its default.
type ProbePolicy struct {
	NAT    time.Duration          // between requests to a UDP phone behind NAT, whose mapping they keep open; 25 s
	Others time.Duration          // to all other phones; 2 minutes
	Again  time.Duration          // after one that was not answered; 5 s
	Misses int                    // unanswered ones after which the phone counts as gone; 3
	Flight int                    // requests on the way at once; 512
	Rand   func(n uint64) uint64  // below n, for the jitter; from math/rand/v2
	Tick   <-chan time.Time       // when to look what is due; every 250 ms
	Done   func(location.Binding) // called after each probe; for tests
}

// Server is the handler of the engine. Make it with [New].
type Server struct {
	cfg      Config
	failures *failures
	prober   *prober
}

// New makes a server. It serves when it is given to the engine; [Server.Run]
// keeps the ways to the phones open meanwhile.
func New(cfg Config) *Server {
	cfg.Ban = cfg.Ban.withDefaults()
	cfg.Probes = cfg.Probes.withDefaults()
	return &Server{cfg: cfg, failures: newFailures(cfg.Ban, cfg.Now), prober: newProber(cfg)}
}

func (p BanPolicy) withDefaults() BanPolicy {
	return BanPolicy{
		Failures: cmp.Or(p.Failures, 20),
		Within:   cmp.Or(p.Within, 10*time.Minute),
		For:      cmp.Or(p.For, 5*time.Minute),
		Sources:  cmp.Or(p.Sources, 65536),
	}
}

func (p ProbePolicy) withDefaults() ProbePolicy {
	p.NAT = cmp.Or(p.NAT, 25*time.Second)
	p.Others = cmp.Or(p.Others, 2*time.Minute)
	p.Again = cmp.Or(p.Again, 5*time.Second)
	p.Misses = cmp.Or(p.Misses, 3)
	p.Flight = cmp.Or(p.Flight, 512)
	if p.Rand == nil {
		p.Rand = rand.Uint64N
	}
	return p
}

// Run keeps the ways to the phones open until the context ends.
func (s *Server) Run(ctx context.Context) error { return s.prober.run(ctx) }

// ServeSIP takes every request but ACK and CANCEL.
func (s *Server) ServeSIP(tx *sip.ServerTx) {
	if s.cfg.Dialogs.ServeSIP(tx) {
		return
	}
	switch tx.Request().Method {
	case sip.REGISTER:
		s.register(tx)
	case sip.INVITE:
		if s.cfg.Switchboard.FromTrunk(tx) {
			return
		}
		if d, ok := s.authenticate(tx, s.callerDomain); ok {
			s.cfg.Switchboard.Incoming(tx, d.device, d.domain)
		}
	case sip.OPTIONS:
		s.reply(tx, 200, "OK", s.capabilities()...)
	case sip.SUBSCRIBE:
		if d, ok := s.authenticate(tx, s.callerDomain); ok {
			s.cfg.Lamps.Subscribe(tx, d.device, d.domain)
		}
	case sip.BYE, sip.PRACK, sip.UPDATE, sip.INFO, sip.NOTIFY:
		// They live in dialogs only, or belong to a subscription we have not made.
		s.reply(tx, 481, "Call/Transaction Does Not Exist")
	case sip.PUBLISH, sip.REFER, sip.MESSAGE:
		s.reply(tx, 405, "Method Not Allowed", allow())
	default:
		s.reply(tx, 501, "Not Implemented", allow())
	}
}

// ServeACK passes ACKs on; they live in dialogs only.
func (s *Server) ServeACK(req *sip.Request, flow sip.Flow) { s.cfg.Dialogs.ServeACK(req, flow) }

// FlowClosed ends the dialogs over a connection that has gone, and takes the
// phones that registered over it out of use. The news may come late: when the
// phone has connected anew from the same address meanwhile, what is sent over
// the flow arrives.
func (s *Server) FlowClosed(flow sip.Flow) {
	if s.cfg.Engine.Alive(flow) {
		return
	}
	s.cfg.Dialogs.FlowClosed(flow)
	s.cfg.Trunks.FlowClosed(flow)
	for _, b := range s.cfg.Locations.FlowClosed(flow.String()) {
		s.cfg.Log.Debug("the connection of a phone closed", slog.String("device", b.DeviceID), slog.String("flow", b.Flow))
	}
}

// capabilities answer the question what we can (RFC 3261 11.2).
func (s *Server) capabilities() []sip.Header {
	return []sip.Header{
		allow(),
		sip.NewHeader("Accept", "application/sdp"),
		sip.NewHeader("Accept-Language", "en"),
		sip.NewHeader("Allow-Events", strings.Join(s.cfg.Lamps.Packages(), ", ")),
		sip.NewHeader("Supported", "100rel, timer, replaces, path, outbound"),
	}
}

// allow lists the methods that are taken, those in dialogs among them.
func allow() sip.Header {
	return sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, SUBSCRIBE, NOTIFY, MESSAGE, REGISTER")
}

func (s *Server) reply(tx *sip.ServerTx, code int, reason string, headers ...sip.Header) {
	if err := tx.Reply(code, reason, headers...); err != nil {
		s.cfg.Log.Debug("a response was not sent", slog.Int("code", code),
			slog.String("flow", tx.Flow().String()), slog.Any("error", err))
	}
}

// fromEdge tells whether a request came through a proxy of ours.
func (s *Server) fromEdge(flow sip.Flow) bool {
	return slices.ContainsFunc(s.cfg.Edges, func(p netip.Prefix) bool { return p.Contains(flow.Remote.Addr()) })
}

// account parts the user of an address or of credentials into the name of a
// device and the host it may carry: "5401@acme.test".
func account(user string) (name, host string) {
	name, host, _ = strings.Cut(strings.ToLower(user), "@")
	return name, host
}
