package switchboard

import (
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Started is the fact that somebody dialled.
type Started struct {
	CallID   string
	DomainID string
	Caller   callrecord.Party
	Dialled  string
	At       time.Time
}

// Kind names the fact.
func (Started) Kind() string { return outbox.KindCallStarted }

// Ringing is the fact that a device began to ring.
type Ringing struct {
	CallID   string
	DomainID string
	DeviceID string // "" for an outside line
	Caller   callrecord.Party
	Callee   callrecord.Party // for whom the device rings
	Withheld bool             // the caller is not to be shown
	At       time.Time
}

// Kind names the fact.
func (Ringing) Kind() string { return "call.ringing" }

// StoppedRinging is the fact that a device rings no longer, although its call
// has neither ended nor been answered: the call goes on to others.
type StoppedRinging struct {
	CallID   string
	DomainID string
	DeviceID string
	At       time.Time
}

// Kind names the fact.
func (StoppedRinging) Kind() string { return "call.stopped_ringing" }

// Answered is the fact that two parties talk, and that nothing rings for the
// call any more. It is told anew when another takes the place of one of them. A
// party without a device is no phone of the domain: the other end of an outside
// line, or the system.
type Answered struct {
	CallID   string
	DomainID string
	Caller   callrecord.Party
	Callee   callrecord.Party
	Withheld bool // the caller is not to be shown
	At       time.Time
}

// Kind names the fact.
func (Answered) Kind() string { return outbox.KindCallAnswered }

// Ended is the fact that a call is over; its record is on disk.
type Ended struct {
	Record callrecord.Record
}

// Kind names the fact.
func (Ended) Kind() string { return outbox.KindCallEnded }

// CallsChanged is the fact that the live calls of users and devices are other
// than before: see [Switchboard.CallsOf].
type CallsChanged struct {
	DomainID string
	Of       []string // the IDs of the users and devices
}

// Kind names the fact.
func (CallsChanged) Kind() string { return "calls.changed" }
