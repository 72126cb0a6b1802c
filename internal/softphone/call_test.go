package softphone_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// log receives a phone's events.
type log chan softphone.Event

func (l log) next(t *testing.T) softphone.Event {
	t.Helper()
	select {
	case ev := <-l:
		return ev
	case <-time.After(time.Minute):
		t.Fatal("no event")
		return softphone.Event{}
	}
}

// until passes over events of other kinds.
func (l log) until(t *testing.T, kind softphone.Kind) softphone.Event {
	t.Helper()
	for {
		if ev := l.next(t); ev.Kind == kind {
			return ev
		}
	}
}

func newPhone(t *testing.T, cfg softphone.Config) (*softphone.Phone, log) {
	t.Helper()
	events := make(log, 1000)
	cfg.OnEvent = func(ev softphone.Event) { events <- ev }
	p, err := softphone.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, events
}

// pair is a phone that calls and the one that it calls, without a server between them.
func pair(t *testing.T, change func(ana, ben *softphone.Config)) (ana, ben *softphone.Phone) {
	t.Helper()
	ana, ben, _ = watched(t, change)
	return ana, ben
}

// logs are the events of a pair.
type logs struct{ ana, ben log }

func watched(t *testing.T, change func(ana, ben *softphone.Config)) (ana, ben *softphone.Phone, seen logs) {
	t.Helper()
	a := softphone.Config{User: "1001", Display: "Ana Ruiz", Domain: "acme.test"}
	b := softphone.Config{User: "1002", Server: "127.0.0.1:9"}
	if change != nil {
		change(&a, &b)
	}
	ben, seen.ben = newPhone(t, b)
	a.Server = ben.Addr().String()
	ana, seen.ana = newPhone(t, a)
	return ana, ben, seen
}

// talk is a call that has been answered.
func talk(t *testing.T, change func(ana, ben *softphone.Config)) (out, in *softphone.Call) {
	t.Helper()
	ana, ben := pair(t, change)
	ctx := within(t)
	out, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	if in, err = ben.Incoming(ctx); err != nil {
		t.Fatal(err)
	}
	if err := in.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := out.Answered(ctx); err != nil {
		t.Fatal(err)
	}
	return out, in
}

func TestCall(t *testing.T) {
	t.Parallel()
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			ana, ben, seen := watched(t, func(a, _ *softphone.Config) { a.Transport = transport })
			ctx := within(t)
			out, err := ana.Dial(ctx, "*88", sip.NewHeader("P-Asserted-Identity", `"Desk 1" <sip:5401@acme.test>`))
			if err != nil {
				t.Fatal(err)
			}
			in, err := ben.Incoming(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if want := (softphone.Party{User: "1001", Host: "acme.test", Display: "Ana Ruiz", Asserted: "5401", AssertedDisplay: "Desk 1"}); in.Party() != want {
				t.Errorf("called by %+v", in.Party())
			}
			if got := in.Invitation().Recipient.String(); got != "sip:*88@acme.test" || out.Invitation() != nil || in.ID() != out.ID() {
				t.Errorf("dialled %s", got)
			}
			if err := out.Ringing(ctx); err != nil {
				t.Fatal(err)
			}
			if err := in.Answer(); err != nil {
				t.Fatal(err)
			}
			if err := out.Answered(ctx); err != nil {
				t.Fatal(err)
			}
			exchangeTones(ctx, t, out, in)
			in.Hangup()
			in.Hangup()
			for _, c := range []*softphone.Call{out, in} {
				end, err := c.Ended(ctx)
				if err != nil || end.Code != 0 || (end.By == dialog.ByPeer) != c.Outgoing() {
					t.Errorf("ended %+v, %v", end, err)
				}
			}
			for l, want := range map[*log][]softphone.Kind{
				&seen.ana: {softphone.Progress, softphone.Answered, softphone.CallEnded},
				&seen.ben: {softphone.Incoming, softphone.Answered, softphone.CallEnded},
			} {
				for _, kind := range want {
					if ev := l.next(t); ev.Kind != kind || ev.Call == nil {
						t.Errorf("event %+v, want %s", ev, kind)
					}
				}
			}
		})
	}
}

// exchangeTones lets each side hear a tone of the other.
func exchangeTones(ctx context.Context, t *testing.T, a, b *softphone.Call) {
	t.Helper()
	for _, way := range []struct {
		from, to *softphone.Call
		hz       float64
	}{{a, b, 440}, {b, a, 1000}} {
		if err := way.from.Play(ctx, softphone.Tone(way.hz, 300*time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if err := way.to.Wait(ctx, func() bool { return softphone.HasTone(way.to.Heard(), way.hz) }); err != nil {
			t.Errorf("%.0f Hz: %v", way.hz, err)
		}
		if softphone.HasTone(way.to.Heard(), 700) {
			t.Error("heard a tone that nobody made")
		}
	}
}

func TestLawsAndCodecs(t *testing.T) {
	t.Parallel()
	out, in := talk(t, func(a, _ *softphone.Config) { a.Codecs = []sdp.Format{sdp.PCMA()} })
	exchangeTones(within(t), t, out, in)
}

func TestNoCommonCodec(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t, func(a, b *softphone.Config) {
		a.Codecs, b.Codecs = []sdp.Format{sdp.PCMA()}, []sdp.Format{sdp.PCMU()}
	})
	ctx := within(t)
	out, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	in, err := ben.Incoming(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := in.Answer(); !errors.Is(err, sdp.ErrNoCodec) {
		t.Errorf("answering: %v", err)
	}
	wantEnd(ctx, t, out, 488)
}

func wantEnd(ctx context.Context, t *testing.T, c *softphone.Call, code int) {
	t.Helper()
	ended := (*softphone.EndError)(nil)
	if err := c.Answered(ctx); !errors.As(err, &ended) || ended.End.Code != code {
		t.Errorf("Answered says %v, want %d", err, code)
	}
	if end, ok := c.End(); !ok || end.Code != code {
		t.Errorf("ended with %+v, want %d", end, code)
	}
}

func TestNotAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		act       func(out, in *softphone.Call)
		out, in   int
		elsewhere bool
	}{
		"rejected":     {func(_, in *softphone.Call) { _ = in.Reject(603, "Decline") }, 603, 0, false},
		"hung up":      {func(_, in *softphone.Call) { in.Hangup() }, 480, 0, false},
		"given up":     {func(out, _ *softphone.Call) { out.Hangup() }, 487, 487, false},
		"elsewhere":    {func(out, _ *softphone.Call) { out.HangupWith(elsewhere()) }, 487, 487, true},
		"phone is off": {func(_, _ *softphone.Call) {}, 480, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ana, ben := pair(t, nil)
			ctx := within(t)
			out, err := ana.Dial(ctx, "1002")
			if err != nil {
				t.Fatal(err)
			}
			in, err := ben.Incoming(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := out.Ringing(ctx); err != nil {
				t.Fatal(err)
			}
			c.act(out, in)
			if name == "phone is off" {
				ben.Close()
			}
			wantEnd(ctx, t, out, c.out)
			end, err := in.Ended(ctx)
			if err != nil || c.in != 0 && end.Code != c.in || end.Elsewhere() != c.elsewhere {
				t.Errorf("called phone: %+v, %v", end, err)
			}
		})
	}
}

func elsewhere() sip.Header {
	return sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`)
}

func TestTooManyCalls(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t, func(a, b *softphone.Config) { a.MaxCalls, b.MaxCalls = 1, 1 })
	cleo, _ := newPhone(t, softphone.Config{User: "1003", Server: ben.Addr().String()})
	ctx := within(t)
	first, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	in, err := ben.Incoming(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Dial(ctx, "1002"); !errors.Is(err, softphone.ErrBusy) {
		t.Errorf("a second call: %v", err)
	}
	second, err := cleo.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	wantEnd(ctx, t, second, 486)
	first.Hangup()
	wantEnd(ctx, t, first, 487)
	if _, err := in.Ended(ctx); err != nil {
		t.Fatal(err)
	}
	third, err := ana.Dial(ctx, "1002") // there is room again
	if err != nil {
		t.Fatal(err)
	}
	if err := third.Ringing(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestAutoAnswer(t *testing.T) {
	t.Parallel()
	ana, _ := pair(t, func(_, b *softphone.Config) { b.AutoAnswer = true })
	ctx := within(t)
	out, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Answered(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestOptionsAndNotify(t *testing.T) {
	t.Parallel()
	p, events := newPhone(t, softphone.Config{User: "1001", Server: "127.0.0.1:9"})
	r := newRegistrar(t)
	ctx := within(t)
	for method, want := range map[sip.Method]int{sip.OPTIONS: 200, sip.NOTIFY: 200, sip.SUBSCRIBE: 405, sip.BYE: 481} {
		uri, _ := sip.ParseURI("sip:1001@" + p.Addr().String())
		req := sip.NewRequest(method, uri,
			sip.NewHeader("From", "<sip:server@acme.test>;tag=1"), sip.NewHeader("To", "<sip:1001@acme.test>"),
			sip.NewHeader("Call-ID", sip.NewCallID()), sip.NewHeader("CSeq", "1 "+string(method)), sip.NewHeader("Event", "message-summary"))
		req.SetBody([]byte("Messages-Waiting: yes\r\n"))
		res, err := r.engine.Do(ctx, req, sip.Flow{Transport: sip.UDP, Remote: p.Addr()})
		if err != nil || res.StatusCode != want {
			t.Errorf("%s: %v, %v", method, res, err)
		}
	}
	if ev := events.until(t, softphone.Notified); ev.Text != "Messages-Waiting: yes\r\n" {
		t.Errorf("event %+v", ev)
	}
}

func TestClosedPhone(t *testing.T) {
	t.Parallel()
	out, in := talk(t, nil)
	_ = in
	ana, _ := pair(t, nil)
	ana.Close()
	ana.Close()
	ctx := within(t)
	if _, err := ana.Dial(ctx, "1002"); err == nil {
		t.Error("a closed phone dials")
	}
	if _, err := ana.Incoming(ctx); !errors.Is(err, softphone.ErrClosed) {
		t.Errorf("error is %v", err)
	}
	out.Hangup()
}

func TestDialNonsense(t *testing.T) {
	t.Parallel()
	p, _ := newPhone(t, softphone.Config{User: "1001", Server: "127.0.0.1:9"})
	for _, dialled := range []string{"", "sip:", "mailto:ana@acme.test"} {
		if _, err := p.Dial(t.Context(), dialled); err == nil {
			t.Errorf("%q can be dialled", dialled)
		}
	}
}
