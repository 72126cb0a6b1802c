package switchboard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

const (
	// pieceTime is how often what was heard is handed on: what a crash can cost.
	pieceTime = 100 * time.Millisecond
	// maxHeard bounds the sound that waits to be written, in samples. A disk
	// that stands still for longer is out of order.
	maxHeard = 20 * g711.Rate
)

var errNotTaken = errors.New("sound is not taken as fast as it comes in")

// heard gathers the sound that comes in.
type heard struct {
	mu  sync.Mutex
	pcm []int16
	old []int16 // handed out before, to be filled again
}

// add is called for each packet, by the goroutine that reads the socket.
func (h *heard) add(pcm []int16) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.pcm) < maxHeard {
		h.pcm = append(h.pcm, pcm...)
	}
}

// take gives what has come in since the last time; it is valid until the next.
func (h *heard) take() []int16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.pcm
	h.pcm, h.old = h.old[:0], taken
	return taken
}

// Hear implements [ivr.Caller]. What the caller says may hold what sounds like
// a key, so tones count only from a phone that has no better way to send keys.
func (e *earpiece) Hear(ctx context.Context, take func(pcm []int16) bool) error {
	var came heard
	e.stream.Listen(media.Ear{Digit: e.press, InBand: !e.events.Load(), Sound: came.add})
	more, err := e.hear(ctx, &came, take)
	e.stream.Listen(media.Ear{Digit: e.press, InBand: true})
	if last := came.take(); more && len(last) > 0 {
		take(last)
	}
	return err
}

// hear hands on what comes in until a key waits, the call is over or nobody
// wants more.
func (e *earpiece) hear(ctx context.Context, came *heard, take func(pcm []int16) bool) (more bool, err error) {
	ticker := time.NewTicker(pieceTime)
	defer ticker.Stop()
	for quiet := time.Duration(0); len(e.keys) == 0; {
		if err := e.wait(ctx, ticker.C); err != nil {
			<-ticker.C // the last words may come in after the BYE that overtook them
			return true, err
		}
		pcm := came.take()
		if len(pcm) >= maxHeard {
			return false, errNotTaken
		}
		if quiet += pieceTime; len(pcm) == 0 && quiet < ivr.Quiet {
			continue
		}
		quiet = 0
		if !take(pcm) {
			return false, nil
		}
	}
	return true, nil
}

// wait waits for a tick, and fails when the call is over.
func (e *earpiece) wait(ctx context.Context, tick <-chan time.Time) error {
	select {
	case <-tick:
		return nil
	case <-e.closed:
		return ivr.ErrGone
	case <-ctx.Done():
		return e.over(ctx)
	}
}
