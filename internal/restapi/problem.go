package restapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/officecsv"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// fieldError is what is wrong with one field of the body.
type fieldError struct {
	field string
	err   error
}

func (e *fieldError) Error() string { return e.field + ": " + e.err.Error() }

func (e *fieldError) Unwrap() error { return e.err }

// whereError is the refusal of a service that names a field of the body.
type whereError interface {
	error
	Where() string
}

// inField says which field of the body an error is about; nil stays nil.
func inField(field string, err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{field: field, err: err}
}

// problem turns the refusal of a service into the answer to the request. The
// ID is that of the object the body describes: problems of other objects are
// named as such.
func (a *API) problem(ctx context.Context, err error, id string) error {
	if _, is := errors.AsType[huma.HeadersError](err); is {
		return err
	}
	if answer, is := errors.AsType[huma.StatusError](err); is {
		return answer
	}
	if invalid, is := errors.AsType[*directory.InvalidError](err); is {
		return invalidBody(invalid, id)
	}
	if answer := invalidUpload(err); answer != nil {
		return answer
	}
	if refused, is := errors.AsType[whereError](err); is {
		err = inField(refused.Where(), refused)
	}
	if field, is := errors.AsType[*fieldError](err); is {
		detail := &huma.ErrorDetail{Message: field.err.Error(), Location: "body." + field.field}
		return huma.Error422UnprocessableEntity(field.field+": "+field.err.Error(), detail)
	}
	switch {
	case errors.Is(err, hotdesk.ErrNoSession), errors.Is(err, directory.ErrNotFound), errors.Is(err, login.ErrNoKey),
		errors.Is(err, outbox.ErrNoWebhook), errors.Is(err, voicemail.ErrNotFound), errors.Is(err, voicemail.ErrNoSound):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, directory.ErrForbidden):
		return huma.Error403Forbidden(err.Error())
	case hotdesk.RefusalCode(err) != "", errors.Is(err, directory.ErrStale), errors.Is(err, directory.ErrTaken), errors.Is(err, hotdesk.ErrTaken), errors.Is(err, checksync.ErrNotRegistered):
		return huma.Error409Conflict(err.Error())
	case ctx.Err() != nil:
		return huma.NewError(http.StatusServiceUnavailable, "the request was given up before it was done")
	}
	a.cfg.Log.ErrorContext(ctx, "request failed", slog.Any("error", err))
	return huma.Error500InternalServerError("the server failed; its log says why")
}

func invalidBody(invalid *directory.InvalidError, id string) error {
	details := make([]error, 0, len(invalid.Problems))
	for _, p := range invalid.Problems {
		location := "body." + p.Field
		if p.ID != id {
			location = string(p.Kind) + " " + p.Name + ": " + p.Field
		}
		details = append(details, &huma.ErrorDetail{Message: p.Wrong + "; " + p.Fix, Location: location})
	}
	return huma.Error422UnprocessableEntity(invalid.Error(), details...)
}

// invalidUpload answers an office file or a table with mistakes; nil when err is
// of neither.
func invalidUpload(err error) error {
	if file, is := errors.AsType[*officefile.ProblemsError](err); is {
		return invalidFile(file.Problems)
	}
	if table, is := errors.AsType[*officecsv.ProblemsError](err); is {
		return invalidTable(table.Problems)
	}
	return nil
}

func invalidFile(problems []officefile.Problem) error {
	details := make([]error, 0, len(problems))
	for _, p := range problems {
		details = append(details, &huma.ErrorDetail{Message: p.String(), Location: "body"})
	}
	return huma.Error422UnprocessableEntity("the office file has mistakes", details...)
}

func invalidTable(problems []officecsv.Problem) error {
	details := make([]error, 0, len(problems))
	for _, p := range problems {
		location := "body"
		if p.Line > 0 {
			location = strings.TrimSuffix(fmt.Sprintf("body.%d.%s", p.Line, p.Field), ".")
		}
		details = append(details, &huma.ErrorDetail{Message: p.String(), Location: location})
	}
	return huma.Error422UnprocessableEntity("the table has mistakes", details...)
}

// none is the answer to the name of something that is not there.
func none(what, name string) huma.StatusError {
	return huma.Error404NotFound("there is no " + what + " \"" + name + "\"")
}
