// Package callrecord says what is kept of a call: who spoke to whom, at which
// desk, when and how it ended. It knows nothing of SIP or SQL.
package callrecord

import (
	"context"
	"time"
)

// Party is one end of a call as it was when the call was made: the person, the
// device and the session are decided then and never change.
type Party struct {
	UserID    string // the holder; "" when nobody held the device
	DeviceID  string // "" while no device has answered
	SessionID string // the hot desk session it was made in, or ""
	Number    string // extension or number shown
	Name      string
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
}

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
	Interrupted Result = "interrupted" // the server stopped during the call
)

// Query selects records; empty fields select all.
type Query struct {
	DomainID string
	UserID   string // as caller or callee
	Open     bool   // only calls that go on
	Limit    int    // newest first; 0: all
}

// Store keeps records. Put returns when the record is on disk; many share one sync.
type Store interface {
	// Put writes a record, new or again, whole.
	Put(ctx context.Context, r Record) error
	Records(ctx context.Context, q Query) ([]Record, error)
	// CloseOpen ends every open record as Interrupted, for the start of the server.
	CloseOpen(ctx context.Context, at time.Time) (int, error)
}
