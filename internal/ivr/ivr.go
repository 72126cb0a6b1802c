package ivr

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// Desk is the device that a conversation takes place at, as the switchboard
// knows it when the call comes in.
type Desk struct {
	CallID   string
	DomainID string
	Domain   string         // its SIP name, for replaced prompts
	Language string         // of the prompts
	Zone     *time.Location // in which times of day are spoken
	DeviceID string
}

// Said is the fact that a sentence was spoken to a caller. It is published
// when the sentence starts.
type Said struct {
	CallID   string
	DomainID string
	DeviceID string
	Text     string
}

// Kind names the fact.
func (Said) Kind() string { return "sentence.said" }

// Publisher takes facts.
type Publisher interface {
	Publish(fact events.Fact)
}

// Config is what the conversations need.
type Config struct {
	Prompts *prompts.Library
	Events  Publisher
	Now     func() time.Time
	Log     *slog.Logger
}

// Conversations speaks with callers. It is safe for concurrent use.
type Conversations struct{ cfg Config }

// New makes the conversations.
func New(cfg Config) *Conversations { return &Conversations{cfg: cfg} }

// Login asks who is there and logs that person in at the desk. With an
// extension already dialled ("*88" + extension) it asks only for the PIN.
// Whatever happens is spoken, and the caller is hung up at the end; the error
// is for the call's log: [ErrGone] when the caller hung up midway.
func (c *Conversations) Login(ctx context.Context, caller Caller, desk Desk, extension string) error {
	return nil
}

// Release gives the desk back ("*89"), or, at a person's own device, ends that
// person's sessions, and says what happened.
func (c *Conversations) Release(ctx context.Context, caller Caller, desk Desk) error {
	return nil
}

// Announce speaks one sentence and hangs up.
func (c *Conversations) Announce(ctx context.Context, caller Caller, desk Desk, sentence Sentence) error {
	return nil
}

// Sentence names a plain sentence for [Conversations.Announce].
type Sentence string

// The sentences to announce.
const (
	LoginOnly       Sentence = "login_only"       // this phone can only log in and make emergency calls
	NoMailbox       Sentence = "no_mailbox"       // the mailbox is not available
	NoOutsideLine   Sentence = "no_outside_line"  // calls outside are not possible from here
	NotInService    Sentence = "not_in_service"   // nobody has that number
	EmergencyFailed Sentence = "emergency_failed" // the emergency call found no line
	CallNotAllowed  Sentence = "call_not_allowed" // a desk nobody holds may not call there
	SomethingFailed Sentence = "something_failed" // an error of ours
	NobodyAvailable Sentence = "nobody_available" // the person called has no phone that answers
)
