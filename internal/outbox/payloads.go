package outbox

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// The kinds of facts that are told outside, as the facts' Kind. Their payloads
// stand here, because those who tell of them and those who act on them must not
// import each other.
const (
	KindLogin         = "session.login"
	KindEnded         = "session.ended"
	KindRefused       = "session.refused"
	KindMessageLeft   = "message.left"
	KindEmergencyCall = "call.emergency"
	KindCallStarted   = "call.started"
	KindCallAnswered  = "call.answered"
	KindCallEnded     = "call.ended"
	KindRegistered    = "binding.registered"
	KindUnregistered  = "binding.unregistered"
	// KindPasswordForgotten is for the person alone, by e-mail.
	KindPasswordForgotten = "password.forgotten"
)

// Session is the payload of [KindLogin] and [KindEnded].
type Session struct {
	SessionID string     `json:"session_id"`
	DeviceID  string     `json:"device_id"`
	UserID    string     `json:"user_id"`
	Door      string     `json:"door"`
	StartedAt time.Time  `json:"started_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
}

// Refusal is the payload of [KindRefused].
type Refusal struct {
	DeviceID string `json:"device_id"`
	UserID   string `json:"user_id,omitempty"`
	Account  string `json:"account,omitempty"`
	Door     string `json:"door"`
	Reason   string `json:"reason"`
}

// MessageLeft is the payload of [KindMessageLeft]: somebody has left a
// voicemail message, at the time of the fact.
type MessageLeft struct {
	MessageID    string `json:"message_id"`
	UserID       string `json:"user_id"` // whose mailbox it is in
	CallerNumber string `json:"caller_number,omitempty"`
	CallerName   string `json:"caller_name,omitempty"`
	Seconds      int    `json:"seconds"` // how long it is
}

// EmergencyCall is the payload of [KindEmergencyCall]: somebody has dialled an
// emergency number, at the time of the fact.
type EmergencyCall struct {
	CallID   string `json:"call_id"`
	DeviceID string `json:"device_id"`
	UserID   string `json:"user_id,omitempty"` // the person the device acts for, if any
	Dialled  string `json:"dialled"`
	CallerID string `json:"caller_id,omitempty"` // the number that is shown, at which to call back
	Place    string `json:"place,omitempty"`     // where the desk stands; "" when nobody has said
	Line     string `json:"line,omitempty"`      // the name of the trunk it is tried over first; "" when there is none
}

// PasswordForgotten is the payload of [KindPasswordForgotten]: somebody, who
// need not be the user, has asked for a link to choose a new password.
type PasswordForgotten struct {
	UserID string `json:"user_id"`
}

// Call is the payload of [KindCallStarted], [KindCallAnswered] and
// [KindCallEnded]: what is known of it by then.
type Call struct {
	CallID     string     `json:"call_id"`
	Caller     Party      `json:"caller"`
	Dialled    string     `json:"dialled,omitempty"`
	Callee     Party      `json:"callee"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Result     string     `json:"result,omitempty"`
	Way        string     `json:"way,omitempty"`
	MessageID  string     `json:"message_id,omitempty"`
}

// Party is one end of a call.
type Party struct {
	Number    string `json:"number,omitempty"`
	Name      string `json:"name,omitempty"`
	UserID    string `json:"user_id,omitempty"`
	DeviceID  string `json:"device_id,omitempty"`
	SessionID string `json:"session_id,omitempty"`
}

// PartyOf is an end of a call as it is told.
func PartyOf(p callrecord.Party) Party {
	return Party{Number: p.Number, Name: p.Name, UserID: p.UserID, DeviceID: p.DeviceID, SessionID: p.SessionID}
}

// Binding is the payload of [KindRegistered] and [KindUnregistered].
type Binding struct {
	DeviceID  string `json:"device_id"`
	Flow      string `json:"flow"`
	UserAgent string `json:"user_agent,omitempty"`
	Expired   bool   `json:"expired,omitempty"` // it was not refreshed in time
}

// New makes a fact.
func New(domainID, kind string, at time.Time, payload any) (Fact, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return Fact{}, fmt.Errorf("encode the fact %s: %w", kind, err)
	}
	return Fact{ID: uuid.Must(uuid.NewV7()).String(), DomainID: domainID, Kind: kind, At: at.UTC(), Payload: text}, nil
}

// OfCall is the fact that a call is over.
func OfCall(r callrecord.Record) (Fact, error) {
	callee := r.Callee
	if callee == (callrecord.Party{}) {
		callee.Number = r.Dialled
	}
	call := Call{
		CallID: r.ID, Caller: PartyOf(r.Caller), Dialled: r.Dialled, Callee: PartyOf(callee), StartedAt: &r.StartedAt, EndedAt: &r.EndedAt,
		Result: string(r.Result), Way: string(r.Way), MessageID: r.MessageID,
	}
	if !r.AnsweredAt.IsZero() {
		call.AnsweredAt = &r.AnsweredAt
	}
	return New(r.DomainID, KindCallEnded, r.EndedAt, call)
}
