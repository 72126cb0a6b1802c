package resource

import "time"

// HourUse is how many desks were in use in an hour of a day of the week.
type HourUse struct {
	Day   string  `json:"day" example:"Monday"`
	Hour  int     `json:"hour" doc:"That begins then, in the domain's time zone."`
	Desks float64 `json:"desks" doc:"In use on the average."`
}

// Level is how many desks were in use in some time.
type Level struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Average float64   `json:"average"`
	Peak    int       `json:"peak" doc:"In use at once."`
}

// DeskUse is how a desk was used.
type DeskUse struct {
	Device    string     `json:"device"`
	Name      string     `json:"name"`
	Place     string     `json:"place,omitempty" doc:"Missing: emergency calls from there cannot say where it is."`
	Sessions  int        `json:"sessions"`
	Seconds   int        `json:"seconds" doc:"It was in use, on these days."`
	LastLogin *time.Time `json:"last_login,omitempty"`
}

// PersonUse is how a person used desks and called.
type PersonUse struct {
	User        string     `json:"user" doc:"The extension."`
	Name        string     `json:"name"`
	Sessions    int        `json:"sessions"`
	Seconds     int        `json:"seconds" doc:"At desks, on these days."`
	LastLogin   *time.Time `json:"last_login,omitempty"`
	Made        int        `json:"calls_made"`
	Received    int        `json:"calls_received"`
	Missed      int        `json:"calls_missed"`
	TalkSeconds int        `json:"talk_seconds"`
}

// Moment is one thing that happened at a desk or to a person: one of session,
// entry and call is there.
type Moment struct {
	At      time.Time   `json:"at"`
	Session *Session    `json:"session,omitempty" doc:"Began then; it says how it ended, too."`
	Entry   *AuditEntry `json:"entry,omitempty" doc:"A refusal, or an emergency call."`
	Call    *Call       `json:"call,omitempty"`
}
