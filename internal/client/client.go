// Package client speaks the REST API of a running server over the socket in
// its data folder, for the command line and for tests. It sends requests by the
// client that is generated for everybody, reads whole lists, and says why a
// server cannot be reached.
package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// ErrNotRunning says that no server answers in the data folder.
var ErrNotRunning = errors.New("the server is not running")

// Client speaks to one server.
type Client struct {
	http *http.Client
	api  *api.ClientWithResponses
}

// New makes a client for the server of a data folder. [Client.Close] ends it.
func New(folder string) *Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(folder, resource.SocketName))
			if err != nil {
				return nil, explain(err, folder)
			}
			return conn, nil
		},
	}
	h := &http.Client{Transport: transport}
	return &Client{http: h, api: api.NewOver(h, "http://hotdesk", "")}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// dialError says in words why a server cannot be reached.
type dialError struct{ error }

func (e dialError) Unwrap() error { return e.error }

func explain(err error, folder string) error {
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return dialError{fmt.Errorf("%w in %s: start it with \"hotdesk serve --data %s\", or name its folder with --data", ErrNotRunning, folder, folder)}
	case errors.Is(err, os.ErrPermission):
		return dialError{fmt.Errorf("the server in %s belongs to another user: run this command as that user", folder)}
	}
	return dialError{fmt.Errorf("speak to the server in %s: %w", folder, err)}
}

// told is why a request was not answered with success, in words for people.
func told(err error) error {
	if problem, is := errors.AsType[*api.ProblemError](err); is {
		return problem
	}
	if unreached, is := errors.AsType[dialError](err); is {
		return unreached.error
	}
	return fmt.Errorf("speak to the server: %w", err)
}

// answer is what the generated methods return.
type answer interface{ Bytes() []byte }

// text is an answer that is no JSON.
func text(reply answer, err error) ([]byte, error) {
	if err != nil {
		return nil, told(err)
	}
	return reply.Bytes(), nil
}

// read is the value of an answer.
func read[T any](reply answer, err error) (T, error) {
	var value T
	body, err := text(reply, err)
	if err != nil {
		return value, err
	}
	if err := json.Unmarshal(body, &value); err != nil {
		return value, fmt.Errorf("read the server's answer: %w", err)
	}
	return value, nil
}

// done is an answer that says no more than that it is done.
func done(reply answer, err error) error {
	_, err = text(reply, err)
	return err
}

// receive copies an answer as it comes.
func receive(to io.Writer, from io.Reader) error {
	if _, err := io.Copy(to, from); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// longestPage is how much of a list the server answers with at once.
const longestPage = 1000

// pages reads a list page by page: at most so many of it; 0: all.
func pages[T any](most int, ask func(page api.RequestEditorFn) (answer, error)) ([]T, error) {
	all := []T{}
	after := ""
	for {
		size := longestPage
		if most != 0 {
			size = min(size, most-len(all))
		}
		page, err := read[resource.List[T]](ask(ofPage(size, after)))
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if after = page.Next; after == "" || most != 0 && len(all) >= most {
			return all, nil
		}
	}
}

// ofPage has a request ask for a page of a list.
func ofPage(size int, after string) api.RequestEditorFn {
	return func(_ context.Context, req *http.Request) error {
		query := req.URL.Query()
		query.Set("limit", strconv.Itoa(size))
		if after != "" {
			query.Set("after", after)
		}
		req.URL.RawQuery = query.Encode()
		return nil
	}
}

// given is what a filter asks for; nil when it asks for nothing.
func given[T comparable](value T) *T {
	var nothing T
	if value == nothing {
		return nil
	}
	return &value
}
