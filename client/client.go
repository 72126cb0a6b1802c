// Package client speaks the REST API of a Hotdesk server. Each operation of its
// OpenAPI document, openapi.json, is a method of what [New] makes.
//
// The methods named ...WithResponse read the answer: what it holds is in
// JSON200 or JSON201, or nil when nothing has changed (304), and its ETag is in
// Headers200 or Headers201. The others, without that name, hand out the
// [http.Response] to be read as it comes and closed, as events, backups and
// sounds want it. A refusal is an error of either, a [*ProblemError].
package client

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

// New makes a client of the server at an address such as
// "https://pbx.example.com", which shows an API key, "hdk_…", with each
// request. An address that is none is an error of the first request.
func New(baseURL, key string) *ClientWithResponses {
	return NewOver(&http.Client{}, baseURL, key)
}

// NewOver is [New] with an HTTP client of your own, for its time-outs,
// certificates or another way to the server. Without a key none is shown.
func NewOver(h *http.Client, baseURL, key string) *ClientWithResponses {
	c := &Client{Server: strings.TrimSuffix(baseURL, "/") + "/", Client: refusing{h}}
	if key != "" {
		c.RequestEditors = []RequestEditorFn{func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+key)
			return nil
		}}
	}
	return &ClientWithResponses{c}
}

// ProblemError is a refusal of the server (RFC 9457).
type ProblemError struct {
	Status int      `json:"status"` // of HTTP
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

// refusing makes refusals errors.
type refusing struct{ http *http.Client }

// Do implements [HttpRequestDoer].
func (r refusing) Do(req *http.Request) (*http.Response, error) {
	resp, err := r.http.Do(req)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	defer func() { _ = resp.Body.Close() }()
	problem := &ProblemError{}
	if json.NewDecoder(resp.Body).Decode(problem) != nil || problem.Detail == "" {
		return nil, &ProblemError{Status: resp.StatusCode, Detail: "the server answered " + resp.Status}
	}
	return nil, problem
}
