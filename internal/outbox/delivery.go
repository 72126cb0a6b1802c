package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

// ErrNone says that no delivery is due.
var ErrNone = errors.New("no delivery is due")

// Delivery is one fact on its way to one recipient.
type Delivery struct {
	ID        string
	Fact      Fact
	Recipient string
	Lane      string // deliveries of one lane are tried one after the other; "": that of the domain
	Urgent    bool   // goes before those that are not
	Since     time.Time
	DueAt     time.Time // it is tried then
	Tries     int       // begun so far
	Failure   string    // of the last try; "" before the first
}

// Facts are those that wait for one consumer, such as the one that sends
// e-mail. Each consumer has its own.
type Facts interface {
	// Waiting reads the facts that the consumer has not taken, oldest first.
	Waiting(ctx context.Context, limit int) ([]Fact, error)
	// Take stores the deliveries that facts lead to, and has the facts wait no
	// longer: all of it or nothing. Of a fact that another server has taken
	// meanwhile nothing is stored.
	Take(ctx context.Context, facts []Fact, deliveries []Delivery) error
	// Prune forgets the facts from before a time that every consumer has done
	// with, and returns how many.
	Prune(ctx context.Context, before time.Time) (int, error)
}

// Deliveries are those of one consumer.
type Deliveries interface {
	// Due lists the lanes that have deliveries due, the longest due first.
	Due(ctx context.Context, now time.Time) (lanes []string, err error)
	// Claim takes on the next delivery of a lane that is due, or fails with
	// [ErrNone]. It counts a try, and puts the delivery off, so that nobody else
	// tries it meanwhile, and somebody does should this server die.
	Claim(ctx context.Context, lane string, now, until time.Time) (Delivery, error)
	// Delivered forgets a delivery that has arrived.
	Delivered(ctx context.Context, id string) error
	// PutOff has a delivery that failed wait until it is tried again.
	PutOff(ctx context.Context, id string, until time.Time, failure string) error
	// GiveUp forgets a delivery that will not arrive, and writes that down.
	GiveUp(ctx context.Context, id string, entry audit.Entry) error
}

// Store is the outbox as one consumer sees it.
type Store interface {
	Facts
	Deliveries
}
