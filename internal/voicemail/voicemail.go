// Package voicemail keeps the mailboxes: each person's messages, greeting and
// spoken name. It knows nothing of SIP, RTP, SQL or files.
package voicemail

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
