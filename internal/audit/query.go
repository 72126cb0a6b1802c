package audit

import (
	"context"
	"time"
)

// Query selects entries; empty fields select all.
type Query struct {
	DomainID string
	UserID   string // whom the entry concerns
	DeviceID string
	Action   string
	From, To time.Time // At lies in it, From included, To not; zero: no such end
	After    Cursor    // only what comes behind
	Limit    int       // newest first; 0: all
}

// Cursor is a place between two entries; the zero value is before all.
type Cursor struct {
	At time.Time
	ID string
}

// Log is the stored audit log.
type Log interface {
	// Entries reads entries, newest first.
	Entries(ctx context.Context, q Query) ([]Entry, error)
}
