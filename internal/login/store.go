// Package login proves who someone is: PINs and passwords, and the lock-out
// that protects them. It knows nothing of SIP, SQL or HTTP.
package login

import (
	"context"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Failures is how often a subject failed, for the lock-out. A subject is an
// account ("account:DOMAIN-ID/EXTENSION", also of an account that does not
// exist, so that both look alike) or a device ("device:DEVICE-ID").
type Failures struct {
	Subject  string
	Count    int // wrong tries since the last right one
	Rounds   int // lock-outs since the last right one; each is longer
	LastAt   time.Time
	LockedTo time.Time // zero: not locked
}

// Store keeps failures.
type Store interface {
	// Failures reads subjects; one that never failed is not in the answer.
	Failures(ctx context.Context, subjects ...string) ([]Failures, error)
	// Locked reads the subjects that are locked at a time.
	Locked(ctx context.Context, now time.Time) ([]Failures, error)
	// Save replaces subjects; a Count and Rounds of 0 forget one.
	Save(ctx context.Context, fs ...Failures) error
	// SaveAndTell replaces subjects, and stores a fact that is told outside.
	SaveAndTell(ctx context.Context, fact outbox.Fact, fs ...Failures) error
	// Lift forgets subjects, and stores the entry that says who wanted that.
	Lift(ctx context.Context, entry audit.Entry, subjects ...string) error
	// Forget forgets the subjects whose last try and last lock-out lie before a
	// time.
	Forget(ctx context.Context, before time.Time) error
}
