package restapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
)

// onceHeader names the header with which a request that is sent again is done once.
const onceHeader = "Idempotency-Key"

// mostBody is how large the body of a request may be, unless its operation says
// otherwise.
const mostBody = 1 << 20

// once describes the header of [onceHeader].
func once() *huma.Param {
	return &huma.Param{
		Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
		Description: "A text of yours, such as a UUID: the request is done once, and sending it again within 24 hours is answered as the first time.",
	}
}

// onlyOnce has a request that names a key done once.
func (r router) onlyOnce(ctx huma.Context, next func(huma.Context)) {
	key := ctx.Header(onceHeader)
	if key == "" {
		next(ctx)
		return
	}
	if len(key) > idempotency.LongestKey {
		r.refuse(ctx, huma.Error422UnprocessableEntity("the key is too long", &huma.ErrorDetail{Message: "at most 255 bytes", Location: "header." + onceHeader}))
		return
	}
	request, w := humago.Unwrap(ctx)
	body, err := io.ReadAll(http.MaxBytesReader(w, request.Body, mostBody))
	if err != nil {
		_, tooLarge := errors.AsType[*http.MaxBytesError](err)
		if status := http.StatusBadRequest; !tooLarge {
			r.refuse(ctx, huma.NewError(status, "the body of the request could not be read"))
			return
		}
		r.refuse(ctx, huma.NewError(http.StatusRequestEntityTooLarge, "the body of the request is too large"))
		return
	}
	p := peerOf(ctx.Context())
	asked := []byte(request.Method + " " + request.URL.RequestURI() + "\n")
	call := idempotency.Call{Sender: p.key, Secret: p.secret, Key: key, Asked: append(asked, body...)}
	text, err := r.a.cfg.Once.Do(ctx.Context(), call, func() ([]byte, bool) {
		again := request.Clone(ctx.Context())
		again.Body = io.NopCloser(bytes.NewReader(body))
		answer := &kept{Headers: http.Header{}, w: w}
		next(humago.NewContext(ctx.Operation(), again, answer))
		return answer.text(), answer.Status < http.StatusInternalServerError
	})
	if err != nil {
		r.refuse(ctx, r.a.notOnce(ctx.Context(), err))
		return
	}
	r.a.repeat(ctx.Context(), w, text)
}

// refuse answers with a problem.
func (r router) refuse(ctx huma.Context, err huma.StatusError) {
	if problem, is := errors.AsType[*huma.ErrorModel](err); is {
		details := make([]error, len(problem.Errors))
		for i, d := range problem.Errors {
			details[i] = d
		}
		_ = huma.WriteErr(r.api, ctx, problem.Status, problem.Detail, details...)
		return
	}
	_ = huma.WriteErr(r.api, ctx, err.GetStatus(), err.Error())
}

// notOnce turns a refusal to do a request once into the answer.
func (a *API) notOnce(ctx context.Context, err error) huma.StatusError {
	switch {
	case errors.Is(err, idempotency.ErrOther):
		return huma.Error422UnprocessableEntity(err.Error(), &huma.ErrorDetail{Message: err.Error(), Location: "header." + onceHeader})
	case errors.Is(err, idempotency.ErrRunning), errors.Is(err, idempotency.ErrCut):
		return huma.Error409Conflict(err.Error())
	}
	a.cfg.Log.ErrorContext(ctx, "a request was not noted", slog.Any("error", err))
	return huma.Error503ServiceUnavailable("the request could not be noted, and was not done; try again")
}

// kept is an answer that is kept, to be given again.
type kept struct {
	Status  int         `json:"status"`
	Headers http.Header `json:"headers"`
	Body    []byte      `json:"body"`

	w http.ResponseWriter // of the request it answers, for its deadlines
}

// Header implements [http.ResponseWriter].
func (k *kept) Header() http.Header { return k.Headers }

// WriteHeader implements [http.ResponseWriter].
func (k *kept) WriteHeader(status int) {
	if k.Status == 0 {
		k.Status = status
	}
}

// Write implements [http.ResponseWriter].
func (k *kept) Write(p []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.Body = append(k.Body, p...)
	return len(p), nil
}

// Unwrap is for [http.ResponseController].
func (k *kept) Unwrap() http.ResponseWriter { return k.w }

func (k *kept) text() []byte {
	k.WriteHeader(http.StatusOK)
	text, err := json.Marshal(k)
	if err != nil {
		return nil
	}
	return text
}

// repeat answers as it was answered before.
func (a *API) repeat(ctx context.Context, w http.ResponseWriter, text []byte) {
	var answer kept
	if err := json.Unmarshal(text, &answer); err != nil {
		a.cfg.Log.ErrorContext(ctx, "a kept answer cannot be read", slog.Any("error", err))
		a.refuse(w, http.StatusInternalServerError, "the server failed; its log says why")
		return
	}
	maps.Copy(w.Header(), answer.Headers)
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}
