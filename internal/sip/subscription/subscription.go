// Package subscription is the notifier of event packages (RFC 6665) on the
// engine of package sip: it keeps the subscriptions that phones make by
// SUBSCRIBE and tells each of them the newest state, by one NOTIFY at a time. It
// knows nothing of devices, users or lamps: what a subscription shows, and who
// may have it, is its callers' matter.
package subscription

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// Errors of a [Source]. Any other is taken for one that passes: the state is
// asked for again after a while.
var (
	// ErrNoResource ends a subscription: what it shows is no longer there.
	ErrNoResource = errors.New("subscription: there is nothing to show any more")
	// ErrRejected ends a subscription: the subscriber may no longer see it.
	ErrRejected = errors.New("subscription: the subscriber may no longer see this")
)

// Topic is what a subscription shows: the state of a subject as an event package
// has it.
type Topic struct {
	Package string // "message-summary"
	Subject string // an ID of the callers'
}

// Body is the state of a topic as it stands in a NOTIFY.
type Body struct {
	Text []byte
	// VersionAt is where in Text the number belongs that counts the NOTIFYs of a
	// subscription (RFC 4235 4.1, RFC 3680 5.1); 0 for packages that do not count.
	VersionAt int
}

// Source tells what there is to show. It is asked when a NOTIFY is due and not
// before, so that what it says is always the newest.
type Source interface {
	Show(ctx context.Context, subscriber string, topic Topic) (Body, error)
}

// Package is an event package that is served.
type Package struct {
	Name        string // in Event
	ContentType string // of its bodies
}

// RefusedError is the response to a SUBSCRIBE that is not granted.
type RefusedError struct {
	Code   int
	Reason string
}

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }

// Wish is a SUBSCRIBE that may start a subscription.
type Wish struct {
	Package  string
	Resource sip.URI // the Request-URI
}

// Admit decides about a SUBSCRIBE: whose state it gets to see. It refuses by a
// *RefusedError; after any other error the phone is asked to try again later.
type Admit func(Wish) (subject string, err error)

// Config is what a [Layer] needs. All of it but the fields after Log is required.
type Config struct {
	Engine   *sip.Engine
	Source   Source
	Packages []Package
	Now      func() time.Time
	Log      *slog.Logger

	// Way is the way to a subscriber whose last SUBSCRIBE came over a flow: that
	// flow, unless it has registered over another. Default: that flow.
	Way func(subscriber string, target sip.URI, last sip.Flow) sip.Flow

	Shortest time.Duration    // below it a SUBSCRIBE is refused; 60 s
	Longest  time.Duration    // granted where a phone wants more or does not say; 10 min
	Again    time.Duration    // until a NOTIFY is tried again that failed for the moment; 5 s, then twice that and so on
	Each     int              // subscriptions of one subscriber; 256
	All      int              // subscriptions; 250,000
	Tick     <-chan time.Time // when to look what has expired; every second
}

func (c Config) withDefaults() Config {
	if c.Way == nil {
		c.Way = func(_ string, _ sip.URI, last sip.Flow) sip.Flow { return last }
	}
	c.Shortest = cmp.Or(c.Shortest, time.Minute)
	c.Longest = cmp.Or(c.Longest, 10*time.Minute)
	c.Again = cmp.Or(c.Again, 5*time.Second)
	c.Each = cmp.Or(c.Each, 256)
	c.All = cmp.Or(c.All, 250_000)
	return c
}

// reason is why a subscription ends (RFC 6665 4.1.3); "" while it lasts.
type reason string

const (
	timeout    reason = "timeout"
	noResource reason = "noresource"
	rejected   reason = "rejected"
)
