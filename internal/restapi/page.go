package restapi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Page is the part of a request that asks for a part of a list.
type Page struct {
	After string `query:"after" doc:"Only what comes behind: the word next of the answer before."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many."`
}

// Span is the part of a request that asks for a span of time.
type Span struct {
	From string `query:"from" doc:"Only from that day on in the domain's time zone, or that moment (RFC 3339)." example:"2026-11-25"`
	To   string `query:"to" doc:"Only until the end of that day, or before that moment."`
}

// times reads a span.
func (s Span) times(zone *time.Location) (from, to time.Time, err error) {
	if s.From != "" {
		if from, err = history.ParseFrom(s.From, zone); err != nil {
			return from, to, inQuery("from", err)
		}
	}
	if s.To != "" {
		if to, err = history.ParseTo(s.To, zone); err != nil {
			return from, to, inQuery("to", err)
		}
	}
	return from, to, nil
}

// listOf answers with items, and with where to go on when there are more.
func listOf[T any](ctx context.Context, items []T, next string) *list[T] {
	if items == nil {
		items = []T{}
	}
	l := &list[T]{Body: resource.List[T]{Items: items, Next: next}}
	l.ETag = tagOf(l.Body)
	if next != "" {
		to := askedOf(ctx).url
		query := to.Query()
		query.Set("after", next)
		to.RawQuery = query.Encode()
		l.Link = "<" + to.RequestURI() + `>; rel="next"`
	}
	return l
}

// pageOf answers with a page of all items, which are in the order of their keys.
func pageOf[T any](ctx context.Context, in Page, all []T, key func(T) string) (*list[T], error) {
	after, err := base64.RawURLEncoding.DecodeString(in.After)
	if err != nil {
		return nil, inQuery("after", errNoNext)
	}
	for len(all) > 0 && in.After != "" && key(all[0]) <= string(after) {
		all = all[1:]
	}
	if len(all) <= in.Limit {
		return listOf(ctx, all, ""), nil
	}
	all = all[:in.Limit]
	return listOf(ctx, all, base64.RawURLEncoding.EncodeToString([]byte(key(all[len(all)-1])))), nil
}

// digitsKey is a key for digits in the order of their value.
func digitsKey(digits string) string { return fmt.Sprintf("%02d%s", len(digits), digits) }

// errNoNext is the refusal of a place in a list.
var errNoNext = errors.New("this is no word next of an answer")

// place is where a page of a list ends that is in the order of time, newest first.
type place struct {
	at time.Time
	id string
}

func (p place) String() string { return strconv.FormatInt(p.at.UnixMilli(), 10) + "." + p.id }

func parsePlace(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	at, id, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" {
		return place{}, inQuery("after", errNoNext)
	}
	return place{time.UnixMilli(ms), id}, nil
}

// newest answers with a page of views of what was found, of which one more than
// the page holds was asked for, to know whether there is more. What is not for
// the peer to see is left out, which makes the page shorter.
func newest[F, T any](ctx context.Context, in Page, found []F, at func(F) place, view func(F) (T, bool)) *list[T] {
	next := ""
	if len(found) > in.Limit {
		found = found[:in.Limit]
		next = at(found[in.Limit-1]).String()
	}
	items := []T{}
	for _, f := range found {
		if item, wanted := view(f); wanted {
			items = append(items, item)
		}
	}
	return listOf(ctx, items, next)
}

// filtered is the views of what is wanted.
func filtered[F, T any](all []F, view func(F) T, wanted func(T) bool) []T {
	var items []T
	for _, f := range all {
		if v := view(f); wanted(v) {
			items = append(items, v)
		}
	}
	return items
}

// has reports whether a text is in one of the fields, in any case.
func has(text string, fields ...string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, f := range fields {
		if strings.Contains(strings.ToLower(f), text) {
			return true
		}
	}
	return false
}

// Flag is a filter that is true, false or not given.
type Flag struct{ Value, Given bool }

// Schema implements [huma.SchemaProvider].
func (*Flag) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[bool]())
}

// Receiver implements [huma.ParamWrapper].
func (f *Flag) Receiver() reflect.Value { return reflect.ValueOf(&f.Value).Elem() }

// OnParamSet implements [huma.ParamReactor].
func (f *Flag) OnParamSet(given bool, _ any) { f.Given = given }

func (f *Flag) is(thing bool) bool { return !f.Given || f.Value == thing }
