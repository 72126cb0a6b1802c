package outbox

// The kinds of facts whose payloads stand here, because one package tells of
// them and another, which must not import it, acts on them.
const (
	KindMessageLeft   = "message.left"
	KindEmergencyCall = "call.emergency"
	// KindPasswordForgotten is for the person alone, by e-mail.
	KindPasswordForgotten = "password.forgotten"
)

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
