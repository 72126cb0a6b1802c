// Package idempotency has a request that is sent twice done once: the second
// gets the answer of the first. It knows nothing of HTTP or SQL.
package idempotency

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// Keep is how long an answer is kept.
	Keep = 24 * time.Hour
	// longestWork is longer than any request takes: one that has no answer after
	// it was cut off.
	longestWork = time.Minute
	// LongestKey bounds what a client sends as a key.
	LongestKey = 255
)

// The refusals of [Keeper.Do].
var (
	ErrOther   = errors.New("this key was sent with another request before: a new request takes a new key")
	ErrRunning = errors.New("the request with this key is still being done")
	ErrCut     = errors.New("the request with this key was cut off before its answer: look whether it was done, and take a new key")
)

// Request is one that was begun.
type Request struct {
	ID      string // stands for its sender and key
	Digest  string // of all that was asked
	BegunAt time.Time
	Answer  []byte // sealed; nil: there is none yet
}

// Store keeps requests.
type Store interface {
	// Begin stores a request unless there is one with its ID: then it returns
	// that, and false.
	Begin(ctx context.Context, r Request) (Request, bool, error)
	// Finish stores the answer to a request.
	Finish(ctx context.Context, id string, answer []byte) error
	// Drop forgets a request.
	Drop(ctx context.Context, id string) error
	// ForgetRequests forgets those begun before a time.
	ForgetRequests(ctx context.Context, before time.Time) error
}

// Keeper has requests done once. It is safe for concurrent use.
type Keeper struct {
	store Store
	now   func() time.Time
	log   *slog.Logger
}

// New makes a keeper. [Keeper.Run] forgets what is old.
func New(store Store, now func() time.Time, log *slog.Logger) *Keeper {
	return &Keeper{store: store, now: now, log: log}
}

// Call is a request that must be done once.
type Call struct {
	Sender string // who sends it: keys of different senders are different
	Secret string // what only the sender has; the server does not keep it
	Key    string
	Asked  []byte // all that is asked for
}

// Do does a request, unless that was done before, and returns its answer. The
// function says whether its answer is final: one that is not, such as a failure
// of the server, is not kept, so that the request can be sent again. The answer
// may hold a secret that is shown once, and so is sealed with what only the
// sender has. It fails with [ErrOther], [ErrRunning] or [ErrCut].
func (k *Keeper) Do(ctx context.Context, c Call, do func() (answer []byte, final bool)) ([]byte, error) {
	now := k.now().UTC()
	request := Request{ID: digest("id", c.Sender, c.Key), Digest: digest("asked", string(c.Asked)), BegunAt: now}
	before, first, err := k.store.Begin(ctx, request)
	if err == nil && !first && now.Sub(before.BegunAt) > Keep {
		if err = k.store.Drop(ctx, request.ID); err == nil {
			before, first, err = k.store.Begin(ctx, request)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("note a request: %w", err)
	}
	seal, err := sealer(c)
	if err != nil {
		return nil, err
	}
	if !first {
		return before.again(request, seal)
	}
	answer, final := do()
	ctx = context.WithoutCancel(ctx) // it is done, whether or not anybody waits for it
	if final {
		err = k.store.Finish(ctx, request.ID, seal.Seal(nil, nil, answer, nil)) //nolint:gosec // the cipher makes the nonce itself
	} else {
		err = k.store.Drop(ctx, request.ID)
	}
	if err != nil { // the request is done all the same
		k.log.ErrorContext(ctx, "the answer to a request was not kept", slog.Any("error", err))
	}
	return answer, nil
}

// again is the answer to a request that comes again.
func (r Request) again(now Request, seal cipher.AEAD) ([]byte, error) {
	switch {
	case r.Digest != now.Digest:
		return nil, ErrOther
	case r.Answer != nil:
		answer, err := seal.Open(nil, nil, r.Answer, nil)
		if err != nil {
			return nil, fmt.Errorf("open a kept answer: %w", err)
		}
		return answer, nil
	case now.BegunAt.Sub(r.BegunAt) < longestWork:
		return nil, ErrRunning
	default:
		return nil, ErrCut
	}
}

func sealer(c Call) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("answer\x00" + c.Secret + "\x00" + c.Key))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, fmt.Errorf("seal an answer: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func digest(parts ...string) string {
	hash := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(hash, "%d %s\x00", len(p), p)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Run forgets, hour by hour, what is old, until the context ends.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := k.store.ForgetRequests(ctx, k.now().Add(-Keep)); err != nil && ctx.Err() == nil {
			k.log.ErrorContext(ctx, "old requests were not forgotten", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
