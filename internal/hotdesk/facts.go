package hotdesk

import "time"

// LoggedIn is the fact that a session started.
type LoggedIn struct{ Session Session }

// Kind names the fact.
func (LoggedIn) Kind() string { return "session.login" }

// Extended is the fact that a session got a later end.
type Extended struct{ Session Session }

// Kind names the fact.
func (Extended) Kind() string { return "session.extended" }

// Ended is the fact that a session is over; it says when, why and by whom.
type Ended struct{ Session Session }

// Kind names the fact.
func (Ended) Kind() string { return "session.ended" }

// Refused is the fact that a login was refused.
type Refused struct {
	DomainID string
	DeviceID string
	UserID   string // "" when nobody was proven
	Account  string // the extension that was keyed in, or ""
	Door     Door
	Code     string // as [RefusalCode], or of whoever refused: "pin_wrong"
	At       time.Time
}

// Kind names the fact.
func (Refused) Kind() string { return "session.refused" }
