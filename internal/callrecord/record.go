// Package callrecord says what is kept of a call: who spoke to whom, at which
// desk, when and how it ended. It knows nothing of SIP or SQL.
package callrecord

import (
	"reflect"
	"slices"
	"time"
)

// Party is one end of a call as it was when the call was made: the person, the
// device and the session are decided then and never change.
type Party struct {
	UserID     string // the holder; "" when nobody held the device
	DeviceID   string // "" while no device has answered
	DeviceName string // which says where it was when the device is long gone
	SessionID  string // the hot desk session it was made in, or ""
	Number     string // extension or number shown
	Name       string
}

// Record is one call.
type Record struct {
	ID         string
	DomainID   string
	Caller     Party
	Dialled    string
	Callee     Party
	StartedAt  time.Time
	AnsweredAt time.Time // zero: never
	EndedAt    time.Time // zero: still going
	Result     Result    // "" while it goes on
	Cause      int       // the SIP status that ended an unanswered call, else 0
	EndedBy    string    // "caller", "callee" or "system"

	Way       Way    // "" is [Inside]
	TrunkID   string // the outside line, or ""
	Via       Via    // how the call came to its callee when not simply dialled
	Diverted  Party  // who was called first, when a forward or a pickup led on to the callee
	MessageID string // the voicemail message that was left, or ""

	Transfer            // the last one: to whom the call went on in the end
	Earlier  []Transfer // those before it, in their order
}

// Transfer is how one end of a call came to somebody else; the zero value is none.
type Transfer struct {
	Transferred   Party
	TransferredAt time.Time
	TransferredBy string // "caller" or "callee": at which end somebody left the call with that, and another came
}

// Transfers are all of a call, in their order.
func (r *Record) Transfers() []Transfer {
	if r.Transfer == (Transfer{}) {
		return nil
	}
	return append(slices.Clip(r.Earlier), r.Transfer)
}

// HandOn notes one more transfer.
func (r *Record) HandOn(next Transfer) { r.Earlier, r.Transfer = r.Transfers(), next }

// IsEndOf reports whether nothing has become of a call since it was another
// record but that it has ended.
func (r *Record) IsEndOf(begun *Record) bool {
	ended := *begun
	ended.EndedAt, ended.Result, ended.Cause, ended.EndedBy = r.EndedAt, r.Result, r.Cause, r.EndedBy
	return reflect.DeepEqual(&ended, r) && begun.EndedAt.IsZero() && !r.EndedAt.IsZero()
}

// Way is whether a call stays inside the domain.
type Way string

// The ways.
const (
	Inside  Way = "inside"
	Inbound Way = "inbound"  // from the public telephone network
	Outward Way = "outbound" // to it
)

// Via is how a call came to its callee.
type Via string

// The ways to a callee other than dialling.
const (
	Forwarded Via = "forward"
	PickedUp  Via = "pickup"
	Retrieved Via = "park" // parked, and taken back by the callee
	HandedOn  Via = "transfer"
)

// Result is how a call went.
type Result string

// The results.
const (
	Answered    Result = "answered"
	Busy        Result = "busy"
	Declined    Result = "declined"
	NoAnswer    Result = "no_answer"
	Cancelled   Result = "cancelled"
	NotFound    Result = "not_found"
	NotReached  Result = "not_reached" // nobody registered
	Failed      Result = "failed"
	Service     Result = "service"     // a conversation with the system: login, release
	Voicemail   Result = "voicemail"   // a mailbox answered
	Interrupted Result = "interrupted" // the server stopped during the call
)
