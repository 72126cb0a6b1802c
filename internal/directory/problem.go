package directory

import (
	"errors"
	"strings"
)

// ErrForbidden says that the actor's scope does not reach that far.
var ErrForbidden = errors.New("this is not yours to change")

// Kind is a kind of object in an office.
type Kind string

// The kinds of object.
const (
	KindDomain Kind = "domain"
	KindUser   Kind = "user"
	KindDevice Kind = "device"
	KindPhone  Kind = "phone"
	KindNumber Kind = "number"
	KindTrunk  Kind = "trunk"
)

// Problem is one thing wrong with an office, in words for the person who
// entered it.
type Problem struct {
	Kind  Kind
	ID    string // of the object that must change
	Name  string // what people call it: the extension, the device's name, the MAC address, the number
	Field string // as the office file calls it: "extension", "hot_desking.desk_range"
	Wrong string // what is wrong, a sentence without its full stop
	Fix   string // what to do about it, a sentence without its full stop
}

// String is the problem on one line.
func (p Problem) String() string {
	return string(p.Kind) + " " + p.Name + ", " + p.Field + ": " + p.Wrong + "; " + p.Fix
}

// InvalidError is the refusal of an edit: every problem of the office that the
// edit would have made.
type InvalidError struct{ Problems []Problem }

// Error lists the problems, one per line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// invalid is an [InvalidError] of one problem.
func invalid(p Problem) error { return &InvalidError{Problems: []Problem{p}} }
