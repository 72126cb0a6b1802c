package portal

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// maxForm bounds what a form may send, in bytes.
const maxForm = 1 << 20

// idField holds, in a form that makes something, the ID of what will be made.
const idField = "id"

// tagField holds, in a form that changes something, the tag of what was shown.
const tagField = "tag"

// form is what stands in the fields of a page, and what was wrong with it when
// it was last sent. Fields are called as in the office file, so that a problem
// of the directory finds its field by name.
//
// A page that changes something goes this way: the GET shows the form with the
// object's values and its tag; the POST reads the same form, calls [visit.change]
// and, when that did not do it, shows the page again with the status and the
// form that it left: what was typed stays, and what is wrong stands at its
// field. A form that makes something carries the new object's ID, so that a
// second click finds it made.
type form struct {
	Values url.Values
	Wrong  map[string]string // by field
	Whole  []string          // what is wrong with no single field
	Effect *effectView       // whom saving would log out, and who is asked about that; nil: nobody
	status int
	parts  map[part]string // the fields that hold something of other objects than the form's own
}

// part is a field of an object.
type part struct{ id, field string }

// newForm is a form that stands before nobody has typed into it.
func newForm(pairs ...string) *form {
	f := &form{Values: url.Values{}, Wrong: map[string]string{}, parts: map[part]string{}, status: http.StatusOK}
	for pair := range slices.Chunk(pairs, 2) {
		f.Values.Set(pair[0], pair[1])
	}
	return f
}

// readForm reads what was sent.
func (v *visit) readForm() (*form, error) {
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
	if err := v.r.ParseForm(); err != nil {
		return nil, &badRequestError{err: err}
	}
	f := newForm()
	f.Values = v.r.PostForm
	return f, nil
}

// badRequestError is for a request that no page of ours sends.
type badRequestError struct{ err error }

func (e *badRequestError) Error() string { return e.err.Error() }

func (e *badRequestError) Unwrap() error { return e.err }

// newID is the ID that a form brings for what it makes.
func (f *form) newID() (string, error) {
	id := f.Values.Get(idField)
	if err := uuid.Validate(id); err != nil {
		return "", &badRequestError{err: err}
	}
	return id, nil
}

// wrongError is what a page itself finds wrong with a field.
type wrongError struct{ field, why string }

func (e *wrongError) Error() string { return e.field + ": " + e.why }

// refusal is that of a service which says what is wrong with which field.
type refusal interface {
	error
	Where() string
}

// text is what stands in a field, without the spaces around it.
func (f *form) text(field string) string { return strings.TrimSpace(f.Values.Get(field)) }

// ticked tells whether a box is ticked: its value is "true".
func (f *form) ticked(field string) bool { return f.Values.Get(field) == "true" }

// whole is the whole number that stands in a field, 0 where nothing does. What is
// none is marked.
func (f *form) whole(field string) int {
	text := f.text(field)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		f.refuse(field, "this is no whole number; write digits only")
	}
	return n
}

// refuse marks a field, or with none the whole form.
func (f *form) refuse(field, why string) {
	f.status = http.StatusUnprocessableEntity
	if field == "" {
		f.Whole = append(f.Whole, why)
		return
	}
	if f.Wrong[field] == "" {
		f.Wrong[field] = why
	}
}

// refuseError marks a field with an error, if there is one.
func (f *form) refuseError(field string, err error) {
	if err != nil {
		f.refuse(field, err.Error())
	}
}

// right tells whether nothing is marked.
func (f *form) right() bool { return len(f.Wrong)+len(f.Whole) == 0 }

// take writes the refusal of a service into the form. Problems of the object of
// that ID go to their fields; what is no refusal is returned.
func (f *form) take(err error, id string) error {
	return f.takeAt(err, func(p directory.Problem) string {
		if p.ID == id {
			return p.Field
		}
		return f.parts[part{p.ID, p.Field}]
	})
}

// holds says that a field holds what another object than the form's own calls by
// a name of its own.
func (f *form) holds(field, id, of string) { f.parts[part{id, of}] = field }

// takeAt is [form.take] for a form about several objects: field says at which of
// its fields a problem stands, "" for none.
func (f *form) takeAt(err error, field func(directory.Problem) string) error {
	var invalid *directory.InvalidError
	var wrong *wrongError
	var at refusal
	switch {
	case errors.As(err, &wrong):
		f.refuse(wrong.field, wrong.why)
	case errors.As(err, &at):
		f.refuse(at.Where(), at.Error())
	case errors.As(err, &invalid):
		for _, p := range invalid.Problems {
			f.takeProblem(p, field(p))
		}
	case errors.Is(err, directory.ErrTaken), errors.Is(err, directory.ErrForbidden):
		f.refuse("", err.Error())
	case errors.Is(err, directory.ErrStale):
		f.refuse("", "Somebody else has changed this meanwhile, so nothing was saved. Open the page again to see how it is now.")
		f.status = http.StatusPreconditionFailed
	default:
		return err
	}
	return nil
}

func (f *form) takeProblem(p directory.Problem, field string) {
	what := p.Wrong + "; " + p.Fix
	if field == "" {
		what = string(p.Kind) + " " + p.Name + ": " + what
	}
	f.refuse(field, what)
}

// change edits the domain's office for a form about the object of an ID. It
// tells whether that is done; if not, the form says why.
func (v *visit) change(f *form, id string, change func(*directory.Office) error) (bool, error) {
	if !f.right() {
		return false, nil
	}
	_, err := v.cfg.Directory.Edit(v.r.Context(), v.actor(), v.domain.ID, change)
	if err != nil {
		return false, f.take(err, id)
	}
	return true, nil
}

// unchanged refuses when a form was filled in before somebody else changed the
// object.
func (f *form) unchanged(object any) error {
	if f.Values.Get(tagField) != directory.Tag(object) {
		return directory.ErrStale
	}
	return nil
}

// done leads on after a step, to a page that says what has happened.
func (v *visit) done(path, notice string) error {
	v.leave(notice)
	return v.to(path)
}
