package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// CallFilter selects calls; empty fields select all.
type CallFilter struct {
	User      string // an extension, or the ID of a user who is gone
	Direction string // with a user: "inbound", "outbound" or "missed"
	Device    string // a name, or the ID of a device that is gone
	From, To  string // a day such as "2026-11-25", or a moment (RFC 3339)
	Result    string // such as "answered"
	Way       string // "inside", "inbound" or "outbound"
	Text      string // part of a number or name
	Open      bool   // only calls that go on
}

func (f CallFilter) query() url.Values {
	query := url.Values{}
	for name, value := range map[string]string{
		"user": f.User, "direction": f.Direction, "device": f.Device, "from": f.From, "to": f.To,
		"result": f.Result, "way": f.Way, "text": f.Text,
	} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.Open {
		query.Set("open", "true")
	}
	return query
}

// Calls lists at most so many calls, newest first; 0: all.
func (c *Client) Calls(ctx context.Context, domain string, filter CallFilter, limit int) ([]resource.Call, error) {
	return pages[resource.Call](ctx, c, path("domains", domain, "calls"), filter.query(), limit)
}

// ExportCalls writes calls as a file for spreadsheets (RFC 4180), newest first.
func (c *Client) ExportCalls(ctx context.Context, domain string, filter CallFilter, to io.Writer) error {
	return c.receive(ctx, to, http.MethodGet, path("domains", domain, "calls.csv")+"?"+filter.query().Encode(), "", nil)
}
