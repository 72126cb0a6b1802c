package callrecord

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Query selects records, newest first; empty fields select all.
type Query struct {
	DomainID  string
	UserID    string    // who has a part in the call, as [View] knows it
	Direction Direction // as the user sees it; of no effect without a user
	DeviceID  string    // where the call was made or taken, whoever held the device; with a user: by the user
	From, To  time.Time // began at From or later, and before To
	Result    Result
	Way       Way
	Text      string // part of a number or name, in any case
	Open      bool   // only calls that go on
	After     Cursor // only what comes behind this record
	Limit     int    // 0: all
}

// Cursor is a place in the list of records; the zero value is before its start.
type Cursor struct {
	StartedAt time.Time
	ID        string
}

// Cursor is the place of the record.
func (r *Record) Cursor() Cursor { return Cursor{StartedAt: r.StartedAt, ID: r.ID} }

// String is the place as a text, for whoever asks for what comes behind it.
func (c Cursor) String() string { return strconv.FormatInt(c.StartedAt.UnixMilli(), 10) + "." + c.ID }

// ErrCursor says that a text is no place in the list of records.
var ErrCursor = errors.New("this is no place in a list of calls")

// ParseCursor reads what [Cursor.String] wrote; "" is the start. It fails with
// [ErrCursor].
func ParseCursor(text string) (Cursor, error) {
	if text == "" {
		return Cursor{}, nil
	}
	at, id, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" {
		return Cursor{}, ErrCursor
	}
	return Cursor{StartedAt: time.UnixMilli(ms), ID: id}, nil
}

// Store keeps records. Put and End return when the record is on disk; many share one sync.
type Store interface {
	// Put writes a record, new or again, whole.
	Put(ctx context.Context, r Record) error
	// End writes a record that is the end of the one put last ([Record.IsEndOf]),
	// which costs less. One that is not there is put.
	End(ctx context.Context, r Record) error
	Records(ctx context.Context, q Query) ([]Record, error)
	// CloseOpen ends every open record as Interrupted, for the start of the server.
	CloseOpen(ctx context.Context, at time.Time) (int, error)
	// Orphans lists the IDs of domains that are gone and have records still.
	Orphans(ctx context.Context) ([]string, error)
	// Forget removes records of a domain that began before a time and are over,
	// the oldest first and at most so many at once, and returns how many.
	Forget(ctx context.Context, domainID string, before time.Time, most int) (int, error)
}
