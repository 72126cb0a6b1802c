// Package ivr holds the spoken conversations: logging in at a hot desk,
// releasing it, and plain announcements, each as straight-line code. It knows
// nothing of SIP or RTP: it plays sound to a [Caller] and reads keys from it.
package ivr

import (
	"context"
	"errors"
	"time"
)

// Errors of a [Caller].
var (
	ErrSilence = errors.New("no key was pressed")
	ErrGone    = errors.New("the caller has hung up")
)

// Quiet is how long nothing comes in before [Caller.Hear] says so.
const Quiet = 200 * time.Millisecond

// Caller is the person on the line.
type Caller interface {
	// Play speaks 8 kHz mono sound and returns when it has been sent. It
	// returns early, without an error, as soon as a key waits to be read; a
	// key that waits at its start plays nothing. It fails with [ErrGone] when
	// the caller has hung up.
	Play(ctx context.Context, pcm []int16) error
	// Digit takes the next key, one of 0-9, *, # and A-D, in the order in
	// which they were pressed, also those pressed during Play. It fails with
	// [ErrSilence] when none comes within the wait (at once when that is 0
	// and none waits), with [ErrGone] when the caller has hung up.
	Digit(ctx context.Context, wait time.Duration) (rune, error)
	// Hear hands what the caller says to take, piece by piece in order, 8 kHz
	// mono. A piece that is empty says that nothing has come in for [Quiet]. It
	// returns when take returns false or a key waits to be read, and fails with
	// [ErrGone] when the caller has hung up and take has got all.
	Hear(ctx context.Context, take func(pcm []int16) bool) error
	// Hangup ends the call. Every conversation ends with it.
	Hangup()
}
