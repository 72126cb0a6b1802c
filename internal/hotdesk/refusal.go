package hotdesk

import (
	"errors"
	"fmt"
	"time"
)

// The refusals of a login. The wrong PIN and the lock-out are not among them:
// who somebody is, is proven before the rules are asked.
var (
	// ErrSwitchedOff says that the domain has hot desking switched off.
	ErrSwitchedOff = errors.New("hot desking is switched off")
	// ErrNotHotDesk says that the device is somebody's own, or disabled.
	ErrNotHotDesk = errors.New("this phone is not a hot desk")
	// ErrNotAllowed says that the user is disabled, a desk account, of another
	// domain, or not allowed to use hot desks.
	ErrNotAllowed = errors.New("this user may not use hot desks")
	// ErrHeld says that somebody else holds the desk; it comes as a [*TakenError].
	ErrHeld = errors.New("somebody else is logged in at this desk")
	// ErrElsewhere says that the person is at another desk and must leave it
	// first; it comes as an [*ElsewhereError].
	ErrElsewhere = errors.New("this user is logged in at another desk")
)

// ErrNoSession says that there is no open session to end.
var ErrNoSession = errors.New("nobody is logged in")

// TakenError is the refusal of a desk that somebody else holds. It is [ErrHeld].
type TakenError struct {
	UserID  string // who holds the desk
	Name    string
	Since   time.Time
	UsedAt  time.Time // when the desk was last used
	InCall  bool      // the desk is in a call
	Offered bool      // the desk may be taken over: ask, then try again with TakeOver
}

// Error says who holds the desk and since when.
func (e *TakenError) Error() string {
	return fmt.Sprintf("%s has been logged in at this desk since %s", e.Name, e.Since.UTC().Format(time.RFC3339))
}

// Unwrap returns [ErrHeld].
func (e *TakenError) Unwrap() error { return ErrHeld }

// ElsewhereError is the refusal of a person who is at another desk. It is
// [ErrElsewhere].
type ElsewhereError struct {
	DeviceID string
	Name     string // of the device
	Since    time.Time
}

// Error says where the person is logged in.
func (e *ElsewhereError) Error() string {
	return fmt.Sprintf("this user has been logged in at %s since %s", e.Name, e.Since.UTC().Format(time.RFC3339))
}

// Unwrap returns [ErrElsewhere].
func (e *ElsewhereError) Unwrap() error { return ErrElsewhere }

// RefusalCode is the word for a refusal in the audit log, in facts and in
// metrics, or "" when the error is none.
func RefusalCode(err error) string {
	switch {
	case errors.Is(err, ErrSwitchedOff):
		return "switched_off"
	case errors.Is(err, ErrNotHotDesk):
		return "not_hot_desk"
	case errors.Is(err, ErrNotAllowed):
		return "not_allowed"
	case errors.Is(err, ErrHeld):
		return "held"
	case errors.Is(err, ErrElsewhere):
		return "elsewhere"
	default:
		return ""
	}
}
