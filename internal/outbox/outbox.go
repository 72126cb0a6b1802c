// Package outbox holds the facts that are told outside: by e-mail, to webhooks.
// A fact is stored in the transaction of the act it tells of, so that neither
// stands without the other.
package outbox

import "time"

// Fact is something that happened, stored to be told outside.
type Fact struct {
	ID       string
	DomainID string
	Kind     string // as the fact's Kind: "session.login", "session.ended", "session.refused", …
	At       time.Time
	Payload  []byte // JSON; its field names are a promise
}
