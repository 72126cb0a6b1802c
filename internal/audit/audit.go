// Package audit names what is written down about acts that matter: who did
// what, to whom, when and how it went. It knows nothing of storage.
package audit

import "time"

// Entry is one line of the audit log. An entry is stored in the transaction of
// the act it tells of, so that neither stands without the other.
type Entry struct {
	ID       string
	DomainID string
	At       time.Time
	Actor    string // who did it: a user's ID, "system" for the clock, "cli" for the command line
	Action   string // what was done, as noun.verb: "session.login", "session.refused", "user.changed"
	DeviceID string // the device it was done to or at, or ""
	UserID   string // the user it concerns, or ""
	Detail   string // the outcome or reason, in the words of the code that decided: "pin_wrong"
}
