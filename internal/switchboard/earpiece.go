package switchboard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// maxKeys bounds the keys that wait to be read; nobody types further ahead.
const maxKeys = 64

// Silence before the first word, which phones lose while they open their
// sound, and after the last, which they hold in their jitter buffer when the
// call is hung up.
const (
	leadIn  = 300 * time.Millisecond
	leadOut = 400 * time.Millisecond
)

// earpiece is the caller of a conversation: it implements [ivr.Caller] on a
// stream, with keys from RTP, tones and INFO alike.
type earpiece struct {
	stream *media.Stream
	hangUp func()
	keys   chan rune
	open   chan struct{} // closed when it is known where to send sound
	closed chan struct{} // closed when the caller has hung up

	openOnce, closeOnce, leadOnce sync.Once
	events                        atomic.Bool // the phone sends keys as telephone events

	mu        sync.Mutex
	interrupt context.CancelFunc // ends what is playing
}

func newEarpiece(stream *media.Stream, hangUp func()) *earpiece {
	e := &earpiece{
		stream: stream, hangUp: hangUp,
		keys: make(chan rune, maxKeys), open: make(chan struct{}), closed: make(chan struct{}),
	}
	stream.Listen(media.Ear{Digit: e.press, InBand: true})
	return e
}

// ready says that sound can be sent, and whether keys come as telephone events.
func (e *earpiece) ready(events bool) {
	e.events.Store(events)
	e.openOnce.Do(func() { close(e.open) })
}

// gone says that the caller has hung up.
func (e *earpiece) gone() { e.closeOnce.Do(func() { close(e.closed) }) }

// press takes a key. It ends what is playing (barge-in).
func (e *earpiece) press(key rune) {
	select {
	case e.keys <- key:
	default:
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.interrupt != nil {
		e.interrupt()
	}
}

// Play implements [ivr.Caller].
func (e *earpiece) Play(ctx context.Context, pcm []int16) error {
	select {
	case <-e.open:
	case <-e.closed:
		return ivr.ErrGone
	case <-ctx.Done():
		return e.over(ctx)
	}
	playing, stop := context.WithCancel(ctx)
	defer stop()
	e.setInterrupt(stop)
	defer e.setInterrupt(nil)
	if len(e.keys) > 0 {
		return nil
	}
	e.leadOnce.Do(func() { pcm = append(silence(leadIn), pcm...) })
	err := e.stream.Play(playing, pcm)
	switch {
	case ctx.Err() != nil:
		return e.over(ctx)
	case errors.Is(err, context.Canceled): // by a key
		return nil
	case errors.Is(err, media.ErrClosed):
		return ivr.ErrGone
	}
	return err
}

func (e *earpiece) setInterrupt(f context.CancelFunc) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.interrupt = f
}

// Digit implements [ivr.Caller].
func (e *earpiece) Digit(ctx context.Context, wait time.Duration) (rune, error) {
	select {
	case key := <-e.keys: // also of one who has hung up since
		return key, nil
	default:
	}
	if wait <= 0 {
		return 0, e.silence(ctx)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case key := <-e.keys:
		return key, nil
	case <-timer.C:
		return 0, ivr.ErrSilence
	case <-e.closed:
		return 0, ivr.ErrGone
	case <-ctx.Done():
		return 0, e.over(ctx)
	}
}

// silence tells a caller who presses no key from one who is gone.
func (e *earpiece) silence(ctx context.Context) error {
	if err := e.over(ctx); err != nil {
		return err
	}
	return ivr.ErrSilence
}

// over tells a caller who hung up from a call that was ended.
func (e *earpiece) over(ctx context.Context) error {
	select {
	case <-e.closed:
		return ivr.ErrGone
	default:
		return ctx.Err()
	}
}

// Hangup implements [ivr.Caller].
func (e *earpiece) Hangup() {
	select {
	case <-e.open:
		playing, stop := context.WithTimeout(context.Background(), 2*leadOut)
		defer stop()
		_ = e.stream.Play(playing, silence(leadOut)) // fails when the caller is gone, and then nobody waits
	default:
	}
	e.hangUp()
}

func silence(length time.Duration) []int16 {
	return make([]int16, int(length.Seconds()*g711.Rate))
}
