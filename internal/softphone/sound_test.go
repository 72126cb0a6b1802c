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

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

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
