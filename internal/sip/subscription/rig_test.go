package subscription_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must happen.
const patience = time.Minute

// errFault has the board panic.
var errFault = errors.New("a fault in the program")

// board is what there is to show. The package "count" numbers its NOTIFYs.
type board struct {
	mu    sync.Mutex
	texts map[string]string // by subject
	errs  map[string]error
	asked int
}

func (b *board) set(subject, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.texts[subject] = text
}

// fail has it fail to show Ana's lamp.
func (b *board) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.errs["ana"] = err
}

func (b *board) Show(_ context.Context, _ string, topic subscription.Topic) (subscription.Body, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if err := b.errs[topic.Subject]; errors.Is(err, errFault) {
		panic(err) //nolint:forbidigo // the fault that is tested
	} else if err != nil {
		return subscription.Body{}, err
	}
	if topic.Package == "count" {
		return subscription.Body{Text: []byte("version= " + b.texts[topic.Subject]), VersionAt: len("version=")}, nil
	}
	return subscription.Body{Text: []byte(b.texts[topic.Subject])}, nil
}

// side is an engine with the layer on it. Whoever sends is the subscriber that
// From says; the subject is the user of the Request-URI.
type side struct {
	engine *sip.Engine
	layer  *subscription.Layer
	board  *board
	tick   chan time.Time

	mu    sync.Mutex
	clock time.Time
	ways  map[string]sip.Flow // by subscriber
}

func (s *side) ServeSIP(tx *sip.ServerTx) {
	from := tx.Request().From().URI
	s.layer.Serve(tx, sip.URIUser(from), func(w subscription.Wish) (string, error) {
		switch user := sip.URIUser(w.Resource); user {
		case "secret":
			return "", &subscription.RefusedError{Code: 403, Reason: "Not Yours"}
		case "broken":
			return "", errors.New("the disk is gone")
		default:
			return user, nil
		}
	})
}

func (*side) ServeACK(*sip.Request, sip.Flow) {}
func (*side) FlowClosed(sip.Flow)             {}

func (s *side) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock
}

// advance moves the clock and has the layer look at it.
func (s *side) advance(d time.Duration) {
	s.mu.Lock()
	s.clock = s.clock.Add(d)
	s.mu.Unlock()
	s.tick <- s.now()
	s.tick <- s.now() // is taken when the first has been dealt with
}

// change changes what Ana's lamp shows.
func (s *side) change(text string) {
	s.board.set("ana", text)
	s.layer.Changed(subscription.Topic{Package: "lamp", Subject: "ana"})
	s.layer.Changed(subscription.Topic{Package: "count", Subject: "ana"})
}

func (s *side) way(subscriber string, _ sip.URI, last sip.Flow) sip.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	if flow, ok := s.ways[subscriber]; ok {
		return flow
	}
	return last
}

// moves says that a phone is reached over another socket from now on.
func (s *side) moves(t *testing.T, subscriber string, to *rawphone.Phone) {
	t.Helper()
	remote, err := netip.ParseAddrPort(to.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	ways := maps.Clone(s.ways)
	if ways == nil {
		ways = map[string]sip.Flow{}
	}
	ways[subscriber] = sip.Flow{Transport: sip.Transport(strings.ToLower(to.Transport())), Remote: remote}
	s.ways = ways
	s.mu.Unlock()
	s.layer.Reachable(subscriber)
}

// start runs a side. 64*T1 is 1.6 s.
func start(tb testing.TB, change ...func(*subscription.Config)) *side {
	tb.Helper()
	timers := sip.Timers{T1: 25 * time.Millisecond, T2: 100 * time.Millisecond, T4: 50 * time.Millisecond}
	engine, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Timers: timers, Limits: sip.Limits{Rate: -1}})
	if err != nil {
		tb.Fatal(err)
	}
	s := &side{
		engine: engine, board: &board{texts: map[string]string{}, errs: map[string]error{}},
		tick: make(chan time.Time), clock: time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC),
	}
	cfg := subscription.Config{
		Engine: engine, Source: s.board, Now: s.now, Log: slog.New(slog.DiscardHandler), Way: s.way, Tick: s.tick,
		Packages: []subscription.Package{{Name: "lamp", ContentType: "text/lamp"}, {Name: "count", ContentType: "application/count+xml"}},
		Again:    20 * time.Millisecond,
	}
	for _, f := range change {
		f(&cfg)
	}
	s.layer = subscription.New(cfg)
	ctx, cancel := context.WithCancel(tb.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = engine.Serve(ctx, s) })
	running.Go(func() { _ = s.layer.Run(ctx) })
	tb.Cleanup(func() {
		cancel()
		running.Wait()
	})
	return s
}

func (s *side) phone(t *testing.T, transport, user string) *rawphone.Phone {
	t.Helper()
	account := rawphone.Account{User: user, Server: s.engine.Addr().String()}
	if transport == "TCP" {
		return rawphone.Dial(t, "127.0.0.1", account)
	}
	return rawphone.Listen(t, "127.0.0.1", account)
}

// back is a watching phone at a new socket.
func (s *side) back(t *testing.T, w *rawphone.Watch) {
	t.Helper()
	before := w.Phone.Next()
	w.Phone = s.phone(t, w.Phone.Transport(), w.Phone.User)
	for w.Phone.Next() < before {
	}
}

// watch subscribes a phone to the lamp of Ana and takes the first NOTIFY.
func (s *side) watch(t *testing.T, p *rawphone.Phone, headers ...string) *rawphone.Watch {
	t.Helper()
	w := p.Subscribe(t, "lamp", "sip:ana@acme.test", headers...)
	w.Next(t)
	return w
}

// wantState checks whether a subscription stands, and how it ends.
func wantState(t *testing.T, m rawphone.Message, want string) {
	t.Helper()
	if got := m.Header("Subscription-State"); got != want {
		t.Errorf("Subscription-State %q, want %q", got, want)
	}
}

// gone waits until nothing is left of any subscription.
func (s *side) gone(t *testing.T) {
	t.Helper()
	s.left(t, 0)
}

// left waits until no more than so many subscriptions are left.
func (s *side) left(t *testing.T, most int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); s.layer.Len() > most; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d subscriptions are left", s.layer.Len())
		}
	}
}
