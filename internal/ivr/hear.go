package ivr

import (
	"context"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// How a recording goes.
const (
	silenceEnds = 6 * time.Second        // so long a silence ends it
	silenceKept = 500 * time.Millisecond // so much of the silence at the end stays
	loud        = 200                    // mean amplitude from which sound is no silence: -44 dBFS
	frame       = prompts.Rate / 50
)

// hearing takes what a caller says.
type hearing struct {
	write   func(pcm []int16) error
	most    int // samples
	samples int // so many were written
	quiet   int // samples of silence at the end of them
	idle    int // samples of nothing since then
	failed  error
}

// take takes one piece and reports whether it wants more.
func (h *hearing) take(pcm []int16) bool {
	if len(pcm) == 0 {
		h.idle += samplesOf(Quiet)
		return !h.over()
	}
	h.idle = 0
	pcm = pcm[:min(len(pcm), h.most-h.samples)]
	if h.failed = h.write(pcm); h.failed != nil {
		return false
	}
	h.samples += len(pcm)
	for len(pcm) > 0 {
		n := min(frame, len(pcm))
		if h.quiet += n; isLoud(pcm[:n]) {
			h.quiet = 0
		}
		pcm = pcm[n:]
	}
	return !h.over()
}

// over reports whether the caller has been silent for long, or has said all
// there is room for.
func (h *hearing) over() bool {
	return h.samples >= h.most || h.quiet+h.idle >= samplesOf(silenceEnds)
}

// length is the recording without the silence at its end.
func (h *hearing) length() int {
	return h.samples - max(h.quiet-samplesOf(silenceKept), 0)
}

func isLoud(pcm []int16) bool {
	sum := 0
	for _, v := range pcm {
		sum += max(int(v), -int(v))
	}
	return sum >= loud*len(pcm)
}

func samplesOf(d time.Duration) int { return int(d * prompts.Rate / time.Second) }

// record plays the tone and writes what the caller says until "#", silence,
// the longest time or the end of the call. What was heard counts also when
// there is an error.
func (t *talk) record(ctx context.Context, most time.Duration, write func([]int16) error) (*hearing, error) {
	h := &hearing{write: write, most: samplesOf(most)}
	// A key that was pressed before must not end the recording.
	if err := t.drain(ctx); err != nil {
		return h, err
	}
	if err := t.caller.Play(ctx, tone()); err != nil {
		return h, err
	}
	for {
		err := t.caller.Hear(ctx, h.take)
		if err != nil || h.failed != nil || h.over() {
			return h, err
		}
		key, err := t.pressed(ctx)
		if err != nil || key == '#' {
			return h, err
		}
	}
}

// tone is the sound after which a caller speaks.
func tone() []int16 {
	const (
		hertz  = 880.0
		length = prompts.Rate * 2 / 5
		fade   = prompts.Rate / 100 // against clicks
		volume = 6000               // -15 dBFS
	)
	pcm := make([]int16, length)
	for i := range pcm {
		edge := min(i, length-1-i, fade)
		pcm[i] = int16(volume * float64(edge) / fade * math.Sin(2*math.Pi*hertz*float64(i)/prompts.Rate))
	}
	return pcm
}

// ask puts a question until one of the keys is pressed that answer it. The last
// of them stands for silence.
func (t *talk) ask(ctx context.Context, question prompts.Phrase, keys string) (rune, error) {
	for range maxAsks {
		if err := t.say(ctx, question); err != nil {
			return 0, err
		}
		key, err := t.key(ctx, firstKey)
		switch {
		case errors.Is(err, ErrSilence):
		case err != nil:
			return 0, err
		case strings.ContainsRune(keys, key):
			return key, nil
		}
	}
	return rune(keys[len(keys)-1]), nil
}
