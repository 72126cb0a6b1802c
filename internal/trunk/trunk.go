// Package trunk keeps the outside lines: it registers at the carriers that want
// it, asks all of them now and then whether they answer, tells which line to try
// first, and from which of them a request has come. It makes no calls itself and
// knows nothing of users, phones and SQL.
package trunk

import (
	"cmp"
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// Directory is what a [Service] asks of the directory.
type Directory interface {
	Domains() []directory.Domain
	Trunks(domainID string) []directory.Trunk
}

// Config is what a [Service] needs. The fields up to Log are required.
type Config struct {
	Engine    *sip.Engine
	Directory Directory
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger
	Pace      Pace
}

// Pace says when carriers are spoken to. A zero field takes its default.
type Pace struct {
	Expires time.Duration           // of registrations, as asked for; 10 minutes
	Ask     time.Duration           // between OPTIONS to a carrier that answers; 30 s
	Answer  time.Duration           // for an answer; 5 s
	Retry   time.Duration           // after the first failure, and doubled with each; 2 s
	Longest time.Duration           // between tries after many failures; 2 minutes
	Jitter  func(limit int64) int64 // below limit, for waits after failures; from math/rand/v2
}

func (p Pace) withDefaults() Pace {
	p.Expires = cmp.Or(p.Expires, 10*time.Minute)
	p.Ask = cmp.Or(p.Ask, 30*time.Second)
	p.Answer = cmp.Or(p.Answer, 5*time.Second)
	p.Retry = cmp.Or(p.Retry, 2*time.Second)
	p.Longest = cmp.Or(p.Longest, 2*time.Minute)
	if p.Jitter == nil {
		p.Jitter = rand.Int64N
	}
	return p
}

// State is how an outside line stands.
type State struct {
	TrunkID    string
	DomainID   string
	Name       string
	Answers    bool      // the carrier answered last time, or nobody has asked yet
	Registered bool      // it knows where to call us; false too for a trunk that does not register
	Reason     string    // why it does not answer or register, or ""
	Since      time.Time // in which this is so
}

// Changed is the fact that an outside line stands otherwise than before.
type Changed struct{ State }

// Kind names the fact.
func (Changed) Kind() string { return "trunk.changed" }

// Line is an outside line to call over.
type Line struct {
	directory.Trunk

	URI     sip.URI    // of the carrier, without a user
	Flows   []sip.Flow // where the carrier is found, the best first; empty while nobody knows
	Contact string     // the user of our Contact, by which its requests are known again
}

// Source is a line that a request may have come from.
type Source struct {
	directory.Trunk

	// Sure is false when only the address is the carrier's, not the port: it
	// may be somebody else behind the same address.
	Sure bool
}

// Service keeps the outside lines of all domains. It is safe for concurrent use.
type Service struct {
	cfg   Config
	lines atomic.Pointer[view]
	mu    sync.Mutex // held to change the view
}

// view is the lines as they are found. It never changes.
type view struct {
	byID      map[string]*line
	byDomain  map[string][]*line // by priority
	byContact map[string]*line
	byAddr    map[netip.Addr][]*line
}

// New makes a service. It does nothing until [Service.Run].
func New(cfg Config) *Service {
	cfg.Pace = cfg.Pace.withDefaults()
	s := &Service{cfg: cfg}
	s.lines.Store(&view{})
	return s
}

// Run keeps the lines until the context ends, and then takes back what is
// registered. It must end before the engine does.
func (s *Service) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	for ctx.Err() == nil {
		facts := s.cfg.Events.Subscribe(256, directory.Changed{})
		s.reconcile(ctx, &running)
		s.follow(ctx, facts, &running)
		facts.Close()
	}
	return ctx.Err()
}

// follow takes up each change, until the context ends or facts were lost.
func (s *Service) follow(ctx context.Context, facts *events.Subscription, running *sync.WaitGroup) {
	for {
		select {
		case <-ctx.Done():
			return
		case fact, open := <-facts.Facts():
			if !open {
				return
			}
			if _, changed := fact.(directory.Changed); changed {
				s.reconcile(ctx, running)
			}
		}
	}
}

// reconcile starts, ends and replaces lines until they are those of the
// directory. Who takes the place of a line waits for its end, which takes back
// the registration that both have in common.
func (s *Service) reconcile(ctx context.Context, running *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.lines.Load().byID
	after := make(map[string]*line, len(before))
	for _, domain := range s.cfg.Directory.Domains() {
		for _, trunk := range s.cfg.Directory.Trunks(domain.ID) {
			old := before[trunk.ID]
			switch {
			case trunk.Disabled:
			case old != nil && old.trunk == trunk:
				after[trunk.ID] = old
			default:
				after[trunk.ID] = s.start(ctx, running, trunk, old)
			}
		}
	}
	for id, old := range before {
		if after[id] != old {
			old.end()
		}
	}
	s.lines.Store(viewOf(after))
}

func (s *Service) start(ctx context.Context, running *sync.WaitGroup, trunk directory.Trunk, old *line) *line {
	l := newLine(&s.cfg, trunk, s.moved)
	ctx, l.end = context.WithCancel(ctx)
	running.Go(func() {
		defer close(l.ended)
		if old != nil {
			<-old.ended
		}
		l.run(ctx)
	})
	return l
}

// moved takes note that a carrier is found elsewhere.
func (s *Service) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines.Store(viewOf(s.lines.Load().byID))
}

func viewOf(lines map[string]*line) *view {
	v := &view{byID: lines, byDomain: map[string][]*line{}, byContact: map[string]*line{}, byAddr: map[netip.Addr][]*line{}}
	for _, l := range lines {
		v.byDomain[l.trunk.DomainID] = append(v.byDomain[l.trunk.DomainID], l)
		v.byContact[l.contact] = l
		for _, flow := range l.found() {
			if addr := flow.Remote.Addr(); !slices.Contains(v.byAddr[addr], l) {
				v.byAddr[addr] = append(v.byAddr[addr], l)
			}
		}
	}
	for _, of := range v.byDomain {
		slices.SortFunc(of, byPriority)
	}
	for _, at := range v.byAddr {
		slices.SortFunc(at, byPriority)
	}
	return v
}

func byPriority(a, b *line) int {
	return cmp.Or(cmp.Compare(a.trunk.Priority, b.trunk.Priority), strings.Compare(a.trunk.Name, b.trunk.Name),
		strings.Compare(a.trunk.ID, b.trunk.ID))
}

// Lines lists the lines of a domain in the order in which to try them: by
// priority, but those that do not answer last.
func (s *Service) Lines(domainID string) []Line {
	var answering, silent []Line
	for _, l := range s.lines.Load().byDomain[domainID] {
		line := Line{Trunk: l.trunk, URI: l.uri, Flows: l.found(), Contact: l.contact}
		if l.state().Answers {
			answering = append(answering, line)
		} else {
			silent = append(silent, line)
		}
	}
	return append(answering, silent...)
}

// States tells how the lines of a domain stand, by priority.
func (s *Service) States(domainID string) []State {
	var states []State
	for _, l := range s.lines.Load().byDomain[domainID] {
		states = append(states, l.state())
	}
	return states
}

// State tells how a line stands; false for one that is off or gone.
func (s *Service) State(trunkID string) (State, bool) {
	if l := s.lines.Load().byID[trunkID]; l != nil {
		return l.state(), true
	}
	return State{}, false
}

// Suspect takes note that a call over a line failed for a reason that is the
// carrier's. The line is tried last until it has answered again, which is asked
// at once.
func (s *Service) Suspect(trunkID, reason string) {
	if l := s.lines.Load().byID[trunkID]; l != nil {
		l.suspect(reason)
	}
}

// Sources lists the lines that a request may have come from: the one whose
// carrier alone knows the Contact that it calls, else those whose carrier has
// its address.
func (s *Service) Sources(req *sip.Request, flow sip.Flow) []Source {
	v := s.lines.Load()
	if l := v.byContact[sip.URIUser(req.Recipient)]; l != nil {
		return []Source{{Trunk: l.trunk, Sure: true}}
	}
	var sources []Source
	for _, l := range v.byAddr[flow.Remote.Addr()] {
		sources = append(sources, Source{Trunk: l.trunk, Sure: slices.Contains(l.found(), flow)})
	}
	return sources
}

// FlowClosed registers anew where the connection has gone over which a carrier
// would have called.
func (s *Service) FlowClosed(flow sip.Flow) {
	for _, l := range s.lines.Load().byAddr[flow.Remote.Addr()] {
		if l.trunk.Register && slices.Contains(l.found(), flow) {
			l.suspect("the connection closed")
		}
	}
}
