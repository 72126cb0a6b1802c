package audit

import "context"

// Query selects entries; empty fields select all.
type Query struct {
	DomainID string
	UserID   string // whom the entry concerns
	DeviceID string
	Action   string
	Limit    int // newest first; 0: all
}

// Log is the stored audit log.
type Log interface {
	// Entries reads entries, newest first.
	Entries(ctx context.Context, q Query) ([]Entry, error)
}
