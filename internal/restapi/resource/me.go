package resource

import "time"

// MeInput changes what people may change of their own account; what is missing
// stays as it is.
type MeInput struct {
	PIN             *string `json:"pin,omitempty"`
	Password        *string `json:"password,omitempty"`
	CallerID        *string `json:"caller_id,omitempty" doc:"One of the own numbers, the domain's main number, withheld, or empty."`
	DoNotDisturb    *bool   `json:"do_not_disturb,omitempty"`
	RingHereOnly    *bool   `json:"ring_here_only,omitempty"`
	ForwardAll      *string `json:"forward_all,omitempty"`
	ForwardBusy     *string `json:"forward_busy,omitempty"`
	ForwardNoAnswer *string `json:"forward_no_answer,omitempty"`
}

// Browser is one in which a person is signed in to the portal.
type Browser struct {
	ID         string    `json:"id"`
	Address    string    `json:"address" doc:"The IP address it signed in from."`
	UserAgent  string    `json:"user_agent" doc:"The browser, in its own words."`
	SignedInAt time.Time `json:"signed_in_at"`
	UsedAt     time.Time `json:"used_at" doc:"To a minute or so."`
}

// Message is a voicemail message.
type Message struct {
	ID           string    `json:"id"`
	CallerNumber string    `json:"caller_number" doc:"Empty when it was withheld."`
	CallerName   string    `json:"caller_name"`
	LeftAt       time.Time `json:"left_at"`
	Seconds      int       `json:"seconds"`
	State        string    `json:"state" enum:"new,saved"`
	Call         string    `json:"call" doc:"The ID of the call in which it was left."`
}

// MessageInput marks a message.
type MessageInput struct {
	State string `json:"state" enum:"new,saved"`
}

// Activation is a call to a hot desk at whose phone a person logs in.
type Activation struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	StartedAt time.Time `json:"started_at"`
	Stage     string    `json:"stage" doc:"ringing, answered, what it waits for then (account, pin, take_over), and done or failed."`
	Failure   string    `json:"failure,omitempty"`
	Session   string    `json:"session,omitempty" doc:"The ID of the session it led to."`
}

// ActivationInput asks for one.
type ActivationInput struct {
	Desk string `json:"desk" example:"5401" doc:"The extension of the hot desk, or the name of its device."`
}

// Effect is what a change of a domain would do to the sessions that are open.
type Effect struct {
	Ends []Ending  `json:"ends" nullable:"false" doc:"Those that end at once."`
	Stay []Session `json:"stay" nullable:"false" doc:"Those that keep the end they have, although the next login will get another."`
}

// Ending is a session that ends, and why.
type Ending struct {
	Session Session `json:"session"`
	Reason  string  `json:"reason"`
}
