// Package voicemail keeps the mailboxes: each person's messages, greeting and
// spoken name. It knows nothing of SIP, RTP, SQL or files.
package voicemail

import (
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// The refusals of a [Service].
var (
	ErrFull     = errors.New("the mailbox is full")
	ErrTooShort = errors.New("too short to count as a message")
	ErrNotFound = errors.New("no such message")
	ErrNoSound  = errors.New("the sound cannot be read")
)

// Shortest is the length from which a recording counts.
const Shortest = time.Second

// State is what has become of a message.
type State string

// The states. Only new and saved messages are seen by anybody.
const (
	StateRecording State = "recording" // the caller speaks, or has not decided yet
	StateNew       State = "new"       // not yet listened to
	StateSaved     State = "saved"
	StateDeleted   State = "deleted" // its sound is about to go
)

// Party is who left a message, as shown to the callee then.
type Party struct {
	UserID string // "" for a caller from outside
	Number string // extension or number; "" when withheld
	Name   string
}

// Message is what a caller said into a mailbox.
type Message struct {
	ID       string
	DomainID string
	UserID   string // whose mailbox it is in
	CallID   string
	From     Party
	LeftAt   time.Time // when the caller began to speak
	Length   time.Duration
	State    State
}

// Mailbox is what a person has said for the callers.
type Mailbox struct {
	UserID   string
	DomainID string
	Greeting string // the name of its sound; "": the standard greeting
	Name     string // of the sound in which the person says the own name; "": none
}

// Counts are the messages of a mailbox, as lamps show them (RFC 3842).
type Counts struct {
	New   int // not yet listened to
	Saved int
}

// Changed is the fact that a mailbox holds other messages than before.
type Changed struct {
	DomainID string
	UserID   string
	Counts   Counts
}

// Kind names the fact.
func (Changed) Kind() string { return "mailbox.changed" }

// Has reports whether a user has a mailbox: people have, unless the domain or
// the user wants none. One of a disabled user keeps its messages and is closed.
func Has(domain directory.Domain, user directory.User) bool {
	return domain.Mailboxes.Enabled && user.DomainID == domain.ID && !user.Disabled &&
		!user.Answering.NoMailbox && !user.IsDeskAccount(domain.HotDesking)
}
