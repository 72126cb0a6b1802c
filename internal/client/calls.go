package client

import (
	"context"
	"io"

	api "github.com/hotdesk-pbx/hotdesk/client"
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

// Calls lists at most so many calls, newest first; 0: all.
func (c *Client) Calls(ctx context.Context, domain string, f CallFilter, most int) ([]resource.Call, error) {
	return pages[resource.Call](most, func(page api.RequestEditorFn) (answer, error) {
		return c.api.ListCallsWithResponse(ctx, domain, &api.ListCallsParams{
			User: given(f.User), Direction: given(api.ListCallsParamsDirection(f.Direction)), Device: given(f.Device),
			From: given(f.From), To: given(f.To), Result: given(api.ListCallsParamsResult(f.Result)),
			Way: given(api.ListCallsParamsWay(f.Way)), Text: given(f.Text), Open: given(f.Open),
		}, page)
	})
}

// ExportCalls writes calls as a file for spreadsheets (RFC 4180), newest first.
func (c *Client) ExportCalls(ctx context.Context, domain string, f CallFilter, to io.Writer) error {
	resp, err := c.api.ExportCalls(ctx, domain, &api.ExportCallsParams{
		User: given(f.User), Direction: given(api.ExportCallsParamsDirection(f.Direction)), Device: given(f.Device),
		From: given(f.From), To: given(f.To), Result: given(api.ExportCallsParamsResult(f.Result)),
		Way: given(api.ExportCallsParamsWay(f.Way)), Text: given(f.Text), Open: given(f.Open),
	})
	if err != nil {
		return told(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return receive(to, resp.Body)
}

// AuditFilter selects entries of the audit log; empty fields select all.
type AuditFilter struct {
	User   string // an extension, or the ID of a user who is gone
	Device string // a name, or the ID of a device that is gone
	Action string // such as "session.refused"
	Limit  int    // 0: all
}

// Audit lists entries of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, domain string, f AuditFilter) ([]resource.AuditEntry, error) {
	return pages[resource.AuditEntry](f.Limit, func(page api.RequestEditorFn) (answer, error) {
		return c.api.ListAuditWithResponse(ctx, domain, &api.ListAuditParams{
			User: given(f.User), Device: given(f.Device), Action: given(f.Action),
		}, page)
	})
}
