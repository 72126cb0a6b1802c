package dialog_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	offer1 = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	offer2 = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0\r\n"
	reply1 = "v=0\r\no=- 2 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 5000 RTP/AVP 0\r\n"
	reply2 = "v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 5002 RTP/AVP 0\r\n"

	patience = time.Minute // for what must happen
)

// side is an engine with a dialog layer on it.
type side struct {
	engine *sip.Engine
	layer  *dialog.Layer
	in     chan *sip.ServerTx // requests outside of dialogs
}

func (s *side) ServeSIP(tx *sip.ServerTx) {
	if !s.layer.ServeSIP(tx) {
		s.in <- tx
	}
}

func (s *side) ServeACK(req *sip.Request, flow sip.Flow) { s.layer.ServeACK(req, flow) }

func (s *side) FlowClosed(flow sip.Flow) { s.layer.FlowClosed(flow) }

// start runs a side. T1 is short, lest the tests take long: 64*T1 is 1.6 s.
func start(tb testing.TB, cfg dialog.Config) *side {
	tb.Helper()
	return startWith(tb, cfg, sip.Timers{T1: 25 * time.Millisecond, T2: 200 * time.Millisecond, T4: 50 * time.Millisecond, Trying: 10 * time.Millisecond})
}

// startHasty runs a side for tests that wait until patience runs out: 64*T1 is 0.64 s.
func startHasty(tb testing.TB, cfg dialog.Config) *side {
	tb.Helper()
	return startWith(tb, cfg, sip.Timers{T1: 10 * time.Millisecond, T2: 80 * time.Millisecond, T4: 50 * time.Millisecond, Trying: 10 * time.Millisecond})
}

// startPatient runs a side that repeats nothing, for tests that count what comes:
// a phone repeats its last response whenever it is invited again.
func startPatient(tb testing.TB) *side {
	tb.Helper()
	return startWith(tb, dialog.Config{}, sip.Timers{T1: patience, T2: patience})
}

func startWith(tb testing.TB, cfg dialog.Config, timers sip.Timers) *side {
	tb.Helper()
	engine, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Timers: timers, Supported: []string{"100rel", "timer"}, Limits: sip.Limits{Rate: -1}})
	if err != nil {
		tb.Fatal(err)
	}
	s := &side{engine: engine, in: make(chan *sip.ServerTx, 256)}
	s.layer = dialog.New(engine, cfg)
	ctx, cancel := context.WithCancel(tb.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := engine.Serve(ctx, s); err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(func() {
		cancel()
		done.Wait()
	})
	// Whoever sends before Serve runs is too early: wait until something arrives.
	rawUDP(tb, s).dials(tb).ask("OPTIONS", "")
	if err := (<-s.in).Reply(200, "OK"); err != nil {
		tb.Fatal(err)
	}
	return s
}

func (s *side) flow(transport sip.Transport) sip.Flow {
	return sip.Flow{Transport: transport, Remote: s.engine.Addr()}
}

// log holds the events of one leg.
type log chan dialog.Event

func newLog() log { return make(log, 64) }

func (l log) sink(ev dialog.Event) { l <- ev }

// next is the next event, which must be of type T.
func next[T dialog.Event](tb testing.TB, l log) T {
	tb.Helper()
	select {
	case ev := <-l:
		if want, ok := ev.(T); ok {
			return want
		}
		tb.Fatalf("event %T %+v, want another", ev, ev)
	case <-time.After(patience):
		tb.Fatalf("no event, want %T", *new(T))
	}
	return *new(T)
}

// silent fails the test if something more happens on the leg within d.
func (l log) silent(tb testing.TB, d time.Duration) {
	tb.Helper()
	select {
	case ev := <-l:
		tb.Fatalf("unexpected event %T %+v", ev, ev)
	case <-time.After(d):
	}
}

func (s *side) incoming(tb testing.TB) *sip.ServerTx {
	tb.Helper()
	select {
	case tx := <-s.in:
		return tx
	case <-time.After(patience):
		tb.Fatal("no INVITE came")
		return nil
	}
}

func uri(tb testing.TB, text string) sip.URI {
	tb.Helper()
	u, err := sip.ParseURI(text)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// invitation is a call to an address on this host.
func invitation(tb testing.TB, to sip.Flow) dialog.Invite {
	tb.Helper()
	return dialog.Invite{
		Target: uri(tb, "sip:bob@"+to.Remote.String()), Flows: []sip.Flow{to},
		From: sip.Address{Display: `Ana "A" Ruiz`, URI: uri(tb, "sip:1001@acme.test")}, ContactUser: "1001", SDP: []byte(offer1),
	}
}

// pair is a call between two sides, with what happens on its legs.
type pair struct {
	caller, called       *dialog.Leg
	callerLog, calledLog log
}

// call sets up a call from one side to the other up to the ACK.
func call(tb testing.TB, from, to *side, transport sip.Transport) pair {
	tb.Helper()
	fromLog, toLog := newLog(), newLog()
	inv := invitation(tb, to.flow(transport))
	if transport == sip.TCP {
		inv.Target.Params = append(inv.Target.Params, sip.Parameter{Name: "transport", Value: "tcp"})
	}
	caller, err := from.layer.Invite(inv, fromLog.sink)
	if err != nil {
		tb.Fatal(err)
	}
	called, err := to.layer.Incoming(to.incoming(tb), dialog.LocalParty{ContactUser: "bob"}, toLog.sink)
	if err != nil {
		tb.Fatal(err)
	}
	if err := called.Accept([]byte(reply1)); err != nil {
		tb.Fatal(err)
	}
	next[dialog.Answered](tb, fromLog)
	next[dialog.Acked](tb, toLog)
	return pair{caller, called, fromLog, toLog}
}

// gone waits until a side has no legs left.
func (s *side) gone(tb testing.TB) {
	tb.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); s.layer.Len() > 0; {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("%d legs left", s.layer.Len())
		}
	}
}
