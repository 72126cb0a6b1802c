// Package hotdesk decides who may use which desk until when, and keeps the
// sessions. It knows nothing of SIP, SQL or HTTP.
package hotdesk

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Session is one person's use of one hot desk, from login to release.
type Session struct {
	ID        string
	DomainID  string
	DeviceID  string
	OwnerID   string // of the device when it started: a desk account, or "" for an unassigned device
	UserID    string
	Door      Door
	StartedAt time.Time
	EndsAt    time.Time // the clock ends it then; zero: no such limit
	EndsAs    Reason    // Nightly or HourLimit: which limit EndsAt is
	WarnAt    time.Time // the desk is warned of EndsAt then; zero: it is not
	WarnedAt  time.Time // when it was last warned, of whichever limit
	UsedAt    time.Time // last login, call or key press at the desk
	EndedAt   time.Time // zero while it lasts
	Ended     Reason    // why it ended; "" while it lasts
	EndedBy   string    // as [audit.Entry] Actor
}

// Door is the way somebody came in.
type Door string

// The doors.
const (
	DoorStarCode Door = "star_code"
	DoorPortal   Door = "portal"
	DoorREST     Door = "rest"
	DoorCLI      Door = "cli"
	DoorClock    Door = "clock"
	DoorWarning  Door = "warning"  // the call that warns a desk
	DoorActivate Door = "activate" // the call of "Activate Phone"
)

// Reason is why a session ended.
type Reason string

// The reasons.
const (
	Released     Reason = "released"       // by the holder
	EndedByAdmin Reason = "ended_by_admin" // by someone who may manage the domain
	Moved        Reason = "moved"          // the person logged in at another desk
	TakenOver    Reason = "taken_over"     // another person took the desk
	Nightly      Reason = "nightly"        // the release time came
	HourLimit    Reason = "hour_limit"
	IdleLimit    Reason = "idle_limit"
	Withdrawn    Reason = "withdrawn" // device, user or desk account deleted, disabled or given an owner, or hot desking switched off
)

// ErrTaken is returned by [Store.Commit] when the desk has an open session that
// the change does not end: another login won the race.
var ErrTaken = errors.New("the desk has just been taken")

// ErrEnded is returned by [Store.Commit] when the session that a change
// extends is no longer open: it ended in the same instant.
var ErrEnded = errors.New("the session has just ended")

// Ending closes one open session. A session that is already closed stays as it
// is, and then Audit and Fact are not written either: an end is told once.
type Ending struct {
	SessionID string
	At        time.Time
	Reason    Reason
	By        string
	Audit     audit.Entry
	Fact      outbox.Fact
}

// Extension gives an open session a later end.
type Extension struct {
	SessionID string
	EndsAt    time.Time // zero: no limit
	EndsAs    Reason    // "" when there is no limit
	WarnAt    time.Time // zero: no warning
	UsedAt    time.Time
}

// Change is what one act writes, in one transaction. The endings come first,
// so that a desk can pass from one person to the next.
type Change struct {
	End    []Ending   // each with its own audit entry and fact
	Start  *Session   // nil: nothing starts
	Extend *Extension // nil: nothing is extended
	Audit  []audit.Entry
	Facts  []outbox.Fact
}

// Query selects sessions; empty fields select all.
type Query struct {
	ID       string
	DomainID string
	DeviceID string
	UserID   string
	Open     bool // only sessions that last

	UsedBefore time.Time // only sessions whose UsedAt is before it; zero: any
	NotWarned  bool      // only sessions that were not warned since they were used
	Since      time.Time // only sessions that lasted longer than until then; zero: any
	From, To   time.Time // StartedAt lies in it, From included, To not; zero: no such end
	After      Cursor    // only what comes behind
	Limit      int       // newest first; 0: all
}

// Cursor is a place between two sessions; the zero value is before all.
type Cursor struct {
	StartedAt time.Time
	ID        string
}

// Near selects the open sessions whose desks are to be warned of EndsAt.
type Near struct {
	Now       time.Time // WarnAt is not after it, EndsAt is
	EndsBy    time.Time // EndsAt is not after it; bounds the search
	UsedSince time.Time
	Limit     int
}

// Store keeps sessions.
type Store interface {
	// Sessions reads sessions, newest first.
	Sessions(ctx context.Context, q Query) ([]Session, error)
	// Commit writes a change: all of it or nothing. It fails with [ErrTaken]
	// when the unique index "one open session per device" refuses the start, and
	// with [ErrEnded] when the session to extend is no longer open.
	// It returns the IDs of the sessions that this change really closed.
	Commit(ctx context.Context, c Change) (closed []string, err error)
	// Due reads open sessions whose EndsAt is not after now, oldest first.
	Due(ctx context.Context, now time.Time, limit int) ([]Session, error)
	// Warnable reads sessions not yet warned, in the order in which they end.
	Warnable(ctx context.Context, near Near) ([]Session, error)
	// Warn notes that the desk of an open session is warned, unless that was
	// noted since the session was read: then it reports false.
	Warn(ctx context.Context, session Session, at time.Time) (bool, error)
	// Use notes that desks were used, in one transaction. It never moves a
	// session's UsedAt back.
	Use(ctx context.Context, sessionIDs []string, at time.Time) error
}
