package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	api "github.com/hotdesk-pbx/hotdesk/client"
)

// Collection is all resources of a kind; Input is what makes or changes one.
type Collection[View, Input any] struct {
	list   func(ctx context.Context, page api.RequestEditorFn) (answer, error)
	get    func(ctx context.Context, name string) (answer, error)
	add    func(ctx context.Context, body io.Reader) (answer, error)
	set    func(ctx context.Context, name string, body io.Reader) (answer, error)
	remove func(ctx context.Context, name string) (answer, error)
}

// List reads all of them.
func (l Collection[View, Input]) List(ctx context.Context) ([]View, error) {
	return pages[View](0, func(page api.RequestEditorFn) (answer, error) { return l.list(ctx, page) })
}

// Get reads one.
func (l Collection[View, Input]) Get(ctx context.Context, name string) (View, error) {
	return read[View](l.get(ctx, name))
}

// Add makes one.
func (l Collection[View, Input]) Add(ctx context.Context, in Input) (View, error) {
	body, err := written(in)
	if err != nil {
		var none View
		return none, err
	}
	return read[View](l.add(ctx, body))
}

// Set changes one; what the input lacks stays as it is.
func (l Collection[View, Input]) Set(ctx context.Context, name string, in Input) (View, error) {
	body, err := written(in)
	if err != nil {
		var none View
		return none, err
	}
	return read[View](l.set(ctx, name, body))
}

// Delete removes one.
func (l Collection[View, Input]) Delete(ctx context.Context, name string) error {
	return done(l.remove(ctx, name))
}

const isJSON = "application/json"

// written is a request's body.
func written(in any) (io.Reader, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	return bytes.NewReader(body), nil
}

// The generated methods for one domain, without parameters; they differ in the
// types of their parameters and answers.

func listed[P any, A answer](domain string, do func(context.Context, string, *P, ...api.RequestEditorFn) (A, error)) func(context.Context, api.RequestEditorFn) (answer, error) {
	return func(ctx context.Context, page api.RequestEditorFn) (answer, error) {
		return do(ctx, domain, nil, page)
	}
}

func named[P any, A answer](domain string, do func(context.Context, string, string, *P, ...api.RequestEditorFn) (A, error)) func(context.Context, string) (answer, error) {
	return func(ctx context.Context, name string) (answer, error) { return do(ctx, domain, name, nil) }
}

func made[P any, A answer](domain string, do func(context.Context, string, *P, string, io.Reader, ...api.RequestEditorFn) (A, error)) func(context.Context, io.Reader) (answer, error) {
	return func(ctx context.Context, body io.Reader) (answer, error) {
		return do(ctx, domain, nil, isJSON, body)
	}
}

func changed[P any, A answer](domain string, do func(context.Context, string, string, *P, string, io.Reader, ...api.RequestEditorFn) (A, error)) func(context.Context, string, io.Reader) (answer, error) {
	return func(ctx context.Context, name string, body io.Reader) (answer, error) {
		return do(ctx, domain, name, nil, isJSON, body)
	}
}
