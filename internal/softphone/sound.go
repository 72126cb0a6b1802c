package softphone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// DigitMethod is how digits travel.
type DigitMethod string

// The methods.
const (
	DigitsAuto      DigitMethod = ""           // events where agreed on, else tones
	DigitsEvents    DigitMethod = "rfc4733"    // telephone events
	DigitsInBand    DigitMethod = "inband"     // tones in the sound
	DigitsInfo      DigitMethod = "info"       // INFO with application/dtmf-relay
	DigitsInfoPlain DigitMethod = "info-plain" // INFO with application/dtmf
)

const (
	toneTime  = 100 * time.Millisecond
	pauseTime = 80 * time.Millisecond
	commaTime = 500 * time.Millisecond
)

// sound is what a call has heard.
type sound struct {
	heard    []int16
	limit    int
	recorder *wav.Writer
	failed   error
}

func (s *sound) add(pcm []int16) {
	s.heard = append(s.heard, pcm...)
	if len(s.heard) > s.limit+s.limit/4 { // not with each packet: it copies
		s.heard = append(s.heard[:0], s.heard[len(s.heard)-s.limit:]...)
	}
	if s.recorder != nil && s.failed == nil {
		s.failed = s.recorder.Write(pcm)
	}
}

func (s *sound) finish() {
	if s.recorder != nil && s.failed == nil {
		s.failed = s.recorder.Close()
	}
	s.recorder = nil
}

func (c *Call) hear(pcm []int16) { c.change(func() { c.sound.add(pcm) }) }

func (c *Call) digit(digit rune) {
	c.change(func() { c.digits += string(digit) })
	c.phone.tell(Event{Kind: DigitHeard, Call: c, Text: string(digit)})
}

// Heard is what was heard so far, 16-bit samples at 8000 a second; no more than the last Config.Memory of it.
func (c *Call) Heard() []int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int16{}, c.sound.heard...)
}

// Digits are the digits that the other side pressed so far.
func (c *Call) Digits() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.digits
}

// Record writes what is heard from now on to a WAV file, which is complete when
// the call has ended; its owner then closes it.
func (c *Call) Record(to io.WriteSeeker) error {
	w, err := wav.NewWriter(to)
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sound.recorder != nil {
		return errors.New("record: the call is being recorded already")
	}
	if c.ended.passed() {
		return &EndError{End: c.end}
	}
	c.sound.recorder = w
	return nil
}

// Recorded is the first error of a recording, nil when all was written.
func (c *Call) Recorded() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sound.failed
}

// Play speaks sound of 8000 samples a second into the call and returns when it has been sent.
func (c *Call) Play(ctx context.Context, pcm []int16) error {
	if err := c.stream.Play(ctx, pcm); err != nil {
		return fmt.Errorf("play: %w", err)
	}
	return nil
}

// Press presses keys one after the other, as Config.Digits says how, and returns
// when the last was sent, or the call has ended: 0-9, *, #, A-D; a comma waits half a second.
func (c *Call) Press(keys string) error {
	return c.PressBy(context.Background(), c.phone.cfg.Digits, keys)
}

// PressBy is Press by a given method.
func (c *Call) PressBy(ctx context.Context, method DigitMethod, keys string) error {
	for _, key := range keys {
		if err := c.press(ctx, method, key); err != nil {
			return fmt.Errorf("press %q: %w", key, err)
		}
	}
	return nil
}

func (c *Call) press(ctx context.Context, method DigitMethod, key rune) error {
	if key == ',' {
		return c.stream.Play(ctx, make([]int16, commaTime*g711.Rate/time.Second))
	}
	if _, ok := dtmf.Code(key); !ok {
		return media.ErrNotDigit
	}
	switch {
	case method == DigitsInfo:
		return c.info(ctx, "application/dtmf-relay", fmt.Sprintf("Signal=%c\r\nDuration=%d\r\n", key, toneTime.Milliseconds()))
	case method == DigitsInfoPlain:
		return c.info(ctx, "application/dtmf", string(key))
	case method == DigitsInBand || method == DigitsAuto && !c.hasEvents():
		return c.stream.Play(ctx, append(dtmf.Tone(key, toneTime), make([]int16, pauseTime*g711.Rate/time.Second)...))
	default:
		return c.stream.SendDigit(ctx, key)
	}
}

func (c *Call) hasEvents() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.events
}

func (c *Call) info(ctx context.Context, contentType, body string) error {
	res, err := c.theLeg().Do(ctx, string(sip.INFO), contentType, []byte(body))
	return accepted("INFO", res, err)
}

// Tone is a sine to play, half as loud as can be.
func Tone(hz float64, length time.Duration) []int16 {
	pcm := make([]int16, length*g711.Rate/time.Second)
	for i := range pcm {
		pcm[i] = int16(16000 * math.Sin(2*math.Pi*hz*float64(i)/g711.Rate))
	}
	return pcm
}

// HasTone tells whether a tone of hz sounds somewhere in pcm for at least 100 ms, louder than all else.
func HasTone(pcm []int16, hz float64) bool {
	const part = g711.Rate / 20
	alike := 0
	for ; len(pcm) >= part; pcm = pcm[part:] {
		if alike++; !sounds(pcm[:part], hz) {
			alike = 0
		}
		if alike == 2 {
			return true
		}
	}
	return false
}

// sounds compares the energy at hz with the whole (Goertzel).
func sounds(pcm []int16, hz float64) bool {
	const faint = 1000 * 1000 / 2 // energy of a sample on average
	k := 2 * math.Cos(2*math.Pi*hz/g711.Rate)
	var s1, s2, total float64
	for _, v := range pcm {
		s1, s2 = float64(v)+k*s1-s2, s1
		total += float64(v) * float64(v)
	}
	power := s1*s1 + s2*s2 - k*s1*s2
	n := float64(len(pcm))
	return total > faint*n && power > 0.7*total*n/2
}
