// Package client speaks the REST API of a running server over the socket in
// its data folder, for the command line and for tests. It knows nothing of how
// the server answers.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// ErrNotRunning says that no server answers in the data folder.
var ErrNotRunning = errors.New("the server is not running")

// ProblemError is a refusal of the server (RFC 9457).
type ProblemError struct {
	Status int      `json:"status"`
	Title  string   `json:"title"`
	Detail string   `json:"detail"`
	Errors []Detail `json:"errors"`
}

// Detail is one thing that is wrong, and where.
type Detail struct {
	Message  string `json:"message"`
	Location string `json:"location"` // "body.extension"
}

// Error is the refusal in words: each detail on a line of its own.
func (p *ProblemError) Error() string {
	if len(p.Errors) == 0 {
		return p.Detail
	}
	lines := make([]string, len(p.Errors))
	for i, d := range p.Errors {
		lines[i] = d.Message
		where := strings.TrimPrefix(strings.TrimPrefix(d.Location, "query."), "body") // which say nothing to people
		if where = strings.TrimPrefix(where, "."); where != "" {
			lines[i] = where + ": " + d.Message
		}
	}
	return strings.Join(lines, "\n")
}

// Client speaks to one server.
type Client struct {
	folder string
	http   *http.Client
}

// New makes a client for the server of a data folder. [Client.Close] ends it.
func New(folder string) *Client {
	socket := filepath.Join(folder, resource.SocketName)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
	}
	return &Client{folder: folder, http: &http.Client{Transport: transport}}
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// path joins parts, each escaped, behind the prefix of the API.
func path(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = url.PathEscape(part)
	}
	return "/api/v1/" + strings.Join(escaped, "/")
}

// call sends a JSON body, or none when it is nil, and reads the answer into a
// value, unless that is nil.
func (c *Client) call(ctx context.Context, method, target string, body, answer any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return fmt.Errorf("write the request: %w", err)
		}
	}
	reply, err := c.send(ctx, method, target, "application/json", text)
	if err != nil || answer == nil {
		return err
	}
	if err := json.Unmarshal(reply, answer); err != nil {
		return fmt.Errorf("read the server's answer: %w", err)
	}
	return nil
}

// longestPage is how much of a list the server answers with at once.
const longestPage = 1000

// pages reads a list page by page: at most so many of it; 0: all.
func pages[T any](ctx context.Context, c *Client, target string, query url.Values, most int) ([]T, error) {
	all := []T{}
	for {
		size := longestPage
		if most != 0 {
			size = min(size, most-len(all))
		}
		query.Set("limit", strconv.Itoa(size))
		var page resource.List[T]
		if err := c.call(ctx, http.MethodGet, target+"?"+query.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.Next == "" || most != 0 && len(all) >= most {
			return all, nil
		}
		query.Set("after", page.Next)
	}
}

func (c *Client) send(ctx context.Context, method, target, contentType string, body []byte) ([]byte, error) {
	var reply bytes.Buffer
	err := c.receive(ctx, &reply, method, target, contentType, body)
	return reply.Bytes(), err
}

// receive sends a request and copies what comes back with success.
func (c *Client) receive(ctx context.Context, to io.Writer, method, target, contentType string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://hotdesk"+target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.explain(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode < 300 {
		if _, err := io.Copy(to, resp.Body); err != nil {
			return fmt.Errorf("read the server's answer: %w", err)
		}
		return nil
	}
	problem := &ProblemError{}
	if json.NewDecoder(resp.Body).Decode(problem) != nil || problem.Detail == "" {
		return &ProblemError{Status: resp.StatusCode, Detail: "the server answered " + resp.Status}
	}
	return problem
}

// explain says in words why a server cannot be reached.
func (c *Client) explain(err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("%w in %s: start it with \"hotdesk serve --data %s\", or name its folder with --data", ErrNotRunning, c.folder, c.folder)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("the server in %s belongs to another user: run this command as that user", c.folder)
	}
	return fmt.Errorf("speak to the server in %s: %w", c.folder, err)
}

func (c *Client) apply(ctx context.Context, office []byte, query string) (resource.OfficeResult, error) {
	var result resource.OfficeResult
	reply, err := c.send(ctx, http.MethodPut, path("office")+query, "application/toml", office)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(reply, &result); err != nil {
		return result, fmt.Errorf("read the server's answer: %w", err)
	}
	return result, nil
}
