package resource

import "time"

// The types of events.
const (
	EventLogin        = "login"    // a session started
	EventRefused      = "refused"  // a login was refused
	EventReleased     = "released" // a session was ended by its person, by who manages the domain, or by a change of the domain
	EventMoved        = "moved"    // a session made way: its person went to another desk, or another person took this one
	EventExpired      = "expired"  // a session was ended by the clock
	EventMessage      = "message"  // a voicemail message was left
	EventCallStarted  = "call_started"
	EventCallAnswered = "call_answered"
	EventCall         = "call"      // a call is over
	EventEmergency    = "emergency" // somebody has dialled an emergency number
	EventRegistered   = "registered"
	EventUnregistered = "unregistered"
)

// Event is something that has happened, as streams and webhooks tell of it.
type Event struct {
	ID        string    `json:"id" doc:"The same wherever and however often it is told."`
	Type      string    `json:"type" enum:"login,refused,released,moved,expired,message,call_started,call_answered,call,emergency,registered,unregistered,test"`
	Timestamp time.Time `json:"timestamp"`
	Domain    string    `json:"domain" example:"acme.test"`
	Data      any       `json:"data" doc:"SessionEvent for login, released, moved and expired; else by the type RefusedEvent, MessageEvent, CallEvent, EmergencyEvent or RegistrationEvent."`
}

// SessionEvent tells of a session.
type SessionEvent struct {
	Session   string     `json:"session"`
	Device    string     `json:"device" doc:"The name of the hot desk."`
	User      string     `json:"user" doc:"The person's extension."`
	UserName  string     `json:"user_name"`
	Door      string     `json:"door"`
	StartedAt time.Time  `json:"started_at"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Reason    string     `json:"reason,omitempty"`
	EndedBy   string     `json:"ended_by,omitempty"`
}

// RefusedEvent tells of a login that was refused.
type RefusedEvent struct {
	Device  string `json:"device"`
	Account string `json:"account,omitempty" doc:"What was keyed in as the account number."`
	User    string `json:"user,omitempty" doc:"The extension of the person, when that was proven."`
	Door    string `json:"door"`
	Reason  string `json:"reason" example:"pin_wrong"`
}

// MessageEvent tells of a voicemail message.
type MessageEvent struct {
	Message      string `json:"message" doc:"The message's ID."`
	User         string `json:"user" doc:"Whose mailbox it is in."`
	CallerNumber string `json:"caller_number,omitempty"`
	CallerName   string `json:"caller_name,omitempty"`
	Seconds      int    `json:"seconds"`
}

// CallEvent tells of a call, as far as it has gone.
type CallEvent struct {
	Call       string     `json:"call" doc:"The call's ID."`
	Caller     Party      `json:"caller"`
	Dialled    string     `json:"dialled,omitempty"`
	Callee     Party      `json:"callee"`
	StartedAt  *time.Time `json:"started_at,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	EndedAt    *time.Time `json:"ended_at,omitempty"`
	Result     string     `json:"result,omitempty"`
	Way        string     `json:"way,omitempty"`
	Message    string     `json:"message,omitempty" doc:"The voicemail message that was left."`
}

// EmergencyEvent tells of an emergency call at its beginning.
type EmergencyEvent struct {
	Call     string `json:"call"`
	Device   string `json:"device"`
	User     string `json:"user,omitempty"`
	UserName string `json:"user_name,omitempty"`
	Dialled  string `json:"dialled"`
	CallerID string `json:"caller_id,omitempty" doc:"The number that is shown, at which to call back."`
	Place    string `json:"place,omitempty"`
	Trunk    string `json:"trunk,omitempty"`
}

// RegistrationEvent tells that a device answers at a place, or no longer.
type RegistrationEvent struct {
	Device    string `json:"device"`
	User      string `json:"user,omitempty" doc:"The extension of its owner."`
	Flow      string `json:"flow"`
	UserAgent string `json:"user_agent,omitempty"`
	Expired   bool   `json:"expired,omitempty" doc:"It was not refreshed in time."`
}

// WebhookEvents are the events of which webhooks are told.
func WebhookEvents() []string {
	return []string{EventLogin, EventRefused, EventReleased, EventMoved, EventExpired, EventMessage, EventCall, EventEmergency}
}
