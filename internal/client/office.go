package client

import (
	"bytes"
	"context"
	"io"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Apply makes a domain as an office file says.
func (c *Client) Apply(ctx context.Context, office []byte) (resource.OfficeResult, error) {
	return c.apply(ctx, office, nil)
}

// Try tells what [Client.Apply] would do.
func (c *Client) Try(ctx context.Context, office []byte) (resource.OfficeResult, error) {
	return c.apply(ctx, office, &api.ApplyOfficeParams{DryRun: new(true)})
}

func (c *Client) apply(ctx context.Context, office []byte, params *api.ApplyOfficeParams) (resource.OfficeResult, error) {
	return read[resource.OfficeResult](c.api.ApplyOfficeWithBodyWithResponse(ctx, params, "application/toml", bytes.NewReader(office)))
}

// Export writes a domain as an office file.
func (c *Client) Export(ctx context.Context, domain string) ([]byte, error) {
	return text(c.api.ExportOfficeWithResponse(ctx, domain, nil))
}

// Import adds and changes people, desks or phones of a domain as a CSV table
// says, or with dryRun tells what it would do.
func (c *Client) Import(ctx context.Context, domain string, table []byte, dryRun bool) (resource.ImportResult, error) {
	params := &api.ImportTableParams{DryRun: &dryRun}
	return read[resource.ImportResult](c.api.ImportTableWithBodyWithResponse(ctx, domain, params, "text/csv", bytes.NewReader(table)))
}

// ExportUsers writes the people and desks of a domain as a CSV table.
func (c *Client) ExportUsers(ctx context.Context, domain string) ([]byte, error) {
	return text(c.api.ExportUsersWithResponse(ctx, domain, nil))
}

// ExportPhones writes the phones of a domain as a CSV table.
func (c *Client) ExportPhones(ctx context.Context, domain string) ([]byte, error) {
	return text(c.api.ExportPhonesWithResponse(ctx, domain, nil))
}

// Backup writes a copy of the whole server's data, as a tar archive.
func (c *Client) Backup(ctx context.Context, to io.Writer) error {
	resp, err := c.api.Backup(ctx)
	if err != nil {
		return told(err)
	}
	defer func() { _ = resp.Body.Close() }()
	return receive(to, resp.Body)
}
