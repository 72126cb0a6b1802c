package softphone_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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
	case <-time.After(10 * time.Second):
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
func pair(t *testing.T, change func(ana, ben *softphone.Config)) (ana, ben *softphone.Phone, anas, bens log) {
	t.Helper()
	a := softphone.Config{User: "1001", Display: "Ana Ruiz", Domain: "acme.test"}
	b := softphone.Config{User: "1002", Server: "127.0.0.1:9"}
	if change != nil {
		change(&a, &b)
	}
	ben, bens = newPhone(t, b)
	a.Server = ben.Addr().String()
	ana, anas = newPhone(t, a)
	return ana, ben, anas, bens
}

// talk is a call that has been answered.
func talk(t *testing.T, change func(ana, ben *softphone.Config)) (out, in *softphone.Call) {
	t.Helper()
	ana, ben, _, _ := pair(t, change)
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
			ana, ben, anas, bens := pair(t, func(a, _ *softphone.Config) { a.Transport = transport })
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
				&anas: {softphone.Progress, softphone.Answered, softphone.CallEnded},
				&bens: {softphone.Incoming, softphone.Answered, softphone.CallEnded},
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
	ana, ben, _, _ := pair(t, func(a, b *softphone.Config) {
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
			ana, ben, _, _ := pair(t, nil)
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
	ana, ben, _, _ := pair(t, func(a, b *softphone.Config) { a.MaxCalls, b.MaxCalls = 2, 1 })
	ctx := within(t)
	first, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ben.Incoming(ctx); err != nil {
		t.Fatal(err)
	}
	second, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	wantEnd(ctx, t, second, 486)
	third, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Dial(ctx, "1002"); !errors.Is(err, softphone.ErrBusy) {
		t.Errorf("a third call at once: %v", err)
	}
	wantEnd(ctx, t, third, 486)
	first.Hangup()
	wantEnd(ctx, t, first, 487)
}

func TestAutoAnswer(t *testing.T) {
	t.Parallel()
	ana, _, _, _ := pair(t, func(_, b *softphone.Config) { b.AutoAnswer = true })
	ctx := within(t)
	out, err := ana.Dial(ctx, "1002")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Answered(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestHold(t *testing.T) {
	t.Parallel()
	out, in := talk(t, nil)
	ctx := within(t)
	for range 2 {
		if err := out.Hold(ctx); err != nil {
			t.Fatal(err)
		}
		if err := in.Wait(ctx, in.Held); err != nil {
			t.Fatal(err)
		}
		if out.Held() {
			t.Error("who holds is held")
		}
		sent := in.Stats().Sent
		if err := in.Play(ctx, softphone.Tone(700, 60*time.Millisecond)); err != nil || in.Stats().Sent != sent {
			t.Errorf("the held one is heard: %v", err)
		}
		if err := out.Resume(ctx); err != nil {
			t.Fatal(err)
		}
		if err := in.Wait(ctx, func() bool { return !in.Held() }); err != nil {
			t.Fatal(err)
		}
	}
	if err := in.Hold(ctx); err != nil { // the other side can, too
		t.Fatal(err)
	}
	if err := out.Wait(ctx, out.Held); err != nil {
		t.Fatal(err)
	}
	if err := in.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	exchangeTones(ctx, t, out, in)
}

func TestPress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method   softphone.DigitMethod
		noEvents bool
	}{
		{softphone.DigitsAuto, false},
		{softphone.DigitsAuto, true},
		{softphone.DigitsEvents, false},
		{softphone.DigitsInBand, false},
		{softphone.DigitsInfo, false},
		{softphone.DigitsInfoPlain, false},
	} {
		t.Run(string(c.method), func(t *testing.T) {
			t.Parallel()
			out, in := talk(t, func(a, _ *softphone.Config) { a.Digits, a.NoEvents = c.method, c.noEvents })
			ctx := within(t)
			if err := out.Press("1001#,*D"); err != nil {
				t.Fatal(err)
			}
			if err := in.Wait(ctx, func() bool { return len(in.Digits()) >= 7 }); err != nil {
				t.Fatal(err)
			}
			if got := in.Digits(); got != "1001#*D" {
				t.Errorf("heard %q", got)
			}
			if out.Press("x") == nil {
				t.Error("there is no key x")
			}
		})
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	out, in := talk(t, nil)
	ctx := within(t)
	name := filepath.Join(t.TempDir(), "heard.wav")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := in.Record(f); err != nil {
		t.Fatal(err)
	}
	if in.Record(f) == nil {
		t.Error("one call is recorded twice")
	}
	if err := out.Play(ctx, softphone.Tone(440, 400*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if err := in.Wait(ctx, func() bool { return softphone.HasTone(in.Heard(), 440) }); err != nil {
		t.Fatal(err)
	}
	out.Hangup()
	if _, err := in.Ended(ctx); err != nil {
		t.Fatal(err)
	}
	if err := in.Recorded(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	pcm, err := wav.Read(f)
	if err != nil || !softphone.HasTone(pcm, 440) {
		t.Errorf("%d samples recorded, %v", len(pcm), err)
	}
	if ended := (*softphone.EndError)(nil); !errors.As(in.Record(f), &ended) {
		t.Error("a call is recorded that has ended")
	}
}

// TestMemory keeps the last of what was heard.
func TestMemory(t *testing.T) {
	t.Parallel()
	out, in := talk(t, func(_, b *softphone.Config) { b.Memory = 200 * time.Millisecond })
	ctx := within(t)
	if err := out.Play(ctx, softphone.Tone(440, 600*time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n := len(in.Heard()); n > g711.Rate/4 || n < g711.Rate/10 {
		t.Errorf("%d samples kept", n)
	}
}

func TestWaitEndsWithTheCall(t *testing.T) {
	t.Parallel()
	out, in := talk(t, nil)
	ctx := within(t)
	waited := make(chan error)
	go func() { waited <- in.Wait(ctx, func() bool { return false }) }()
	out.Hangup()
	if ended := (*softphone.EndError)(nil); !errors.As(<-waited, &ended) {
		t.Error("waiting went on after the end")
	}
	if out.Press("1") == nil || in.Play(ctx, softphone.Tone(440, time.Second)) == nil {
		t.Error("a call that has ended takes sound")
	}
	short, cancel := context.WithCancelCause(ctx)
	cancel(os.ErrDeadlineExceeded)
	fresh, _ := talk(t, nil)
	if err := fresh.Wait(short, func() bool { return false }); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
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
	ana, _, _, _ := pair(t, nil)
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

func TestHasTone(t *testing.T) {
	t.Parallel()
	quiet := make([]int16, 800)
	tone := softphone.Tone(440, 200*time.Millisecond)
	for name, c := range map[string]struct {
		pcm  []int16
		want bool
	}{
		"nothing":    {nil, false},
		"silence":    {quiet, false},
		"a tone":     {slices.Concat(quiet, tone, quiet), true},
		"too short":  {slices.Concat(quiet, tone[:480], quiet), false},
		"another":    {softphone.Tone(600, time.Second), false},
		"too quiet":  {softer(tone, 0.01), false},
		"much lower": {softer(tone, 0.2), true},
	} {
		if got := softphone.HasTone(c.pcm, 440); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func softer(pcm []int16, by float64) []int16 {
	out := make([]int16, len(pcm))
	for i, v := range pcm {
		out[i] = int16(math.Round(float64(v) * by))
	}
	return out
}
