package restapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// asked is what of a request concerns every operation.
type asked struct {
	url                  url.URL
	ifMatch, ifNoneMatch string
}

type askedKey struct{}

func askedOf(ctx context.Context) asked {
	a, _ := ctx.Value(askedKey{}).(asked)
	return a
}

// conditions describes the headers that every operation of a method takes.
func conditions(method string) []*huma.Param {
	header := func(name, doc string) []*huma.Param {
		return []*huma.Param{{Name: name, In: "header", Description: doc, Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	switch method {
	case get:
		return header("If-None-Match", "The ETag of what you have: what is the same is answered 304, without a body.")
	case patch, remove:
		return header("If-Match", "The ETag of what you have read: when it has changed since, nothing is done, and the answer is 412.")
	default:
		return nil
	}
}

// one is the answer with one object, list that with some of many.
type (
	one[T any] struct {
		ETag string `header:"ETag"`
		Body T
	}
	list[T any] struct {
		ETag string `header:"ETag"`
		Link string `header:"Link" doc:"The next page, as rel=next, when there is one."`
		Body resource.List[T]
	}
)

// oneOf answers with an object and its tag.
func oneOf[T any](body T) *one[T] { return &one[T]{ETag: tagOf(body), Body: body} }

// unchanged tells whether an answer is what the peer has already.
func (o *one[T]) unchanged(ctx context.Context) bool {
	return !isLive(o.Body) && named(askedOf(ctx).ifNoneMatch, o.ETag)
}

func (l *list[T]) unchanged(ctx context.Context) bool { return named(askedOf(ctx).ifNoneMatch, l.ETag) }

// isLive tells of an object that a part of it changes by itself. Its tag leaves
// that part out, so that it is no reason to refuse a change.
func isLive(body any) bool {
	switch body.(type) {
	case resource.Trunk, resource.Device:
		return true
	default:
		return false
	}
}

// tagOf is another one as soon as somebody has changed the object.
func tagOf(body any) string {
	switch v := body.(type) {
	case resource.Trunk:
		v.State, v.Why, v.Since = "", "", nil
		body = v
	case resource.Device:
		v.Registrations = nil
		body = v
	}
	text, err := json.Marshal(body)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}

// named tells whether a list of tags names one. A proxy that packs answers makes
// tags weak, which changes nothing about what they stand for.
func named(tags, tag string) bool {
	for t := range strings.SplitSeq(tags, ",") {
		if t = strings.TrimSpace(t); t == "*" || tag != "" && strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}

// matches refuses a change of an object that is no longer what the peer has read.
func matches(ctx context.Context, body any) error {
	tag, wanted := tagOf(body), askedOf(ctx).ifMatch
	if wanted == "" || named(wanted, tag) {
		return nil
	}
	err := huma.NewError(http.StatusPreconditionFailed, "this has changed since you read it: read it again",
		&huma.ErrorDetail{Message: "it is " + tag + " now", Location: "header.If-Match"})
	return huma.ErrorWithHeaders(err, http.Header{"Etag": {tag}})
}

// current refuses a change of what is gone, or is no longer what the peer has read.
func current[T, V any](ctx context.Context, now *T, view func(T) V) error {
	if now == nil {
		return directory.ErrNotFound
	}
	return matches(ctx, view(*now))
}

// drop takes an object out of an office, unless a check refuses that.
func (a *API) drop(ctx context.Context, domainID string, check func(*directory.Office) error, take func(*directory.Office)) (*struct{}, error) {
	_, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, domainID, func(o *directory.Office) error {
		if err := check(o); err != nil {
			return err
		}
		take(o)
		return nil
	})
	if err != nil {
		return nil, a.problem(ctx, err, "")
	}
	return &struct{}{}, nil
}

// conditional has what the peer has already answered 304.
func conditional[I, O any](do func(context.Context, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if answer, is := any(out).(interface{ unchanged(context.Context) bool }); err == nil && is && answer.unchanged(ctx) {
			return nil, huma.ErrorWithHeaders(huma.Status304NotModified(), http.Header{"Etag": {askedOf(ctx).ifNoneMatch}})
		}
		return out, err
	}
}
