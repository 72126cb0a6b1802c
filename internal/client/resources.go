package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Apply makes a domain as an office file says.
func (c *Client) Apply(ctx context.Context, office []byte) (resource.OfficeResult, error) {
	return c.apply(ctx, office, "")
}

// Try tells what [Client.Apply] would do.
func (c *Client) Try(ctx context.Context, office []byte) (resource.OfficeResult, error) {
	return c.apply(ctx, office, "?dry_run=true")
}

// Export writes a domain as an office file.
func (c *Client) Export(ctx context.Context, domain string) ([]byte, error) {
	return c.send(ctx, http.MethodGet, path("domains", domain, "office"), "", nil)
}

// Import adds and changes people, desks or phones of a domain as a CSV table
// says, or with dryRun tells what it would do.
func (c *Client) Import(ctx context.Context, domain string, table []byte, dryRun bool) (resource.ImportResult, error) {
	var result resource.ImportResult
	reply, err := c.send(ctx, http.MethodPost, path("domains", domain, "import")+"?dry_run="+strconv.FormatBool(dryRun), "text/csv", table)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(reply, &result); err != nil {
		return result, fmt.Errorf("read the server's answer: %w", err)
	}
	return result, nil
}

// ExportUsers writes the people and desks of a domain as a CSV table.
func (c *Client) ExportUsers(ctx context.Context, domain string) ([]byte, error) {
	return c.send(ctx, http.MethodGet, path("domains", domain, "users.csv"), "", nil)
}

// ExportPhones writes the phones of a domain as a CSV table.
func (c *Client) ExportPhones(ctx context.Context, domain string) ([]byte, error) {
	return c.send(ctx, http.MethodGet, path("domains", domain, "phones.csv"), "", nil)
}

// Backup writes a copy of the whole server's data, as a tar archive.
func (c *Client) Backup(ctx context.Context, to io.Writer) error {
	return c.receive(ctx, to, http.MethodPost, path("backup"), "", nil)
}

// Domains makes, lists, changes and removes domains by their names.
func (c *Client) Domains() Collection[resource.Domain, resource.DomainInput] {
	return Collection[resource.Domain, resource.DomainInput]{c, []string{"domains"}}
}

// Users makes, lists, changes and removes users of a domain by their extensions.
func (c *Client) Users(domain string) Collection[resource.User, resource.UserInput] {
	return Collection[resource.User, resource.UserInput]{c, []string{"domains", domain, "users"}}
}

// Devices makes, lists, changes and removes devices of a domain by their names.
func (c *Client) Devices(domain string) Collection[resource.Device, resource.DeviceInput] {
	return Collection[resource.Device, resource.DeviceInput]{c, []string{"domains", domain, "devices"}}
}

// Phones makes, lists, changes and removes phones of a domain by their MAC addresses.
func (c *Client) Phones(domain string) Collection[resource.Phone, resource.PhoneInput] {
	return Collection[resource.Phone, resource.PhoneInput]{c, []string{"domains", domain, "phones"}}
}

// Numbers makes, lists, changes and removes public numbers of a domain by
// themselves: "+14165550101".
func (c *Client) Numbers(domain string) Collection[resource.Number, resource.NumberInput] {
	return Collection[resource.Number, resource.NumberInput]{c, []string{"domains", domain, "numbers"}}
}

// Trunks makes, lists, changes and removes trunks of a domain by their names.
func (c *Client) Trunks(domain string) Collection[resource.Trunk, resource.TrunkInput] {
	return Collection[resource.Trunk, resource.TrunkInput]{c, []string{"domains", domain, "trunks"}}
}

// Keys makes, lists and revokes API keys, which are named by their IDs.
func (c *Client) Keys() Collection[resource.Key, resource.KeyInput] {
	return Collection[resource.Key, resource.KeyInput]{c, []string{"keys"}}
}

// Collection is all resources of a kind; Input is what makes or changes one.
type Collection[View, Input any] struct {
	client *Client
	at     []string
}

func (l Collection[View, Input]) one(name string) string {
	return path(append(append([]string{}, l.at...), name)...)
}

// List reads all of them.
func (l Collection[View, Input]) List(ctx context.Context) ([]View, error) {
	return pages[View](ctx, l.client, path(l.at...), url.Values{}, 0)
}

// Get reads one.
func (l Collection[View, Input]) Get(ctx context.Context, name string) (View, error) {
	var view View
	err := l.client.call(ctx, http.MethodGet, l.one(name), nil, &view)
	return view, err
}

// Add makes one.
func (l Collection[View, Input]) Add(ctx context.Context, in Input) (View, error) {
	var view View
	err := l.client.call(ctx, http.MethodPost, path(l.at...), in, &view)
	return view, err
}

// Set changes one; what the input lacks stays as it is.
func (l Collection[View, Input]) Set(ctx context.Context, name string, in Input) (View, error) {
	var view View
	err := l.client.call(ctx, http.MethodPatch, l.one(name), in, &view)
	return view, err
}

// Delete removes one.
func (l Collection[View, Input]) Delete(ctx context.Context, name string) error {
	return l.client.call(ctx, http.MethodDelete, l.one(name), nil, nil)
}

// SessionFilter selects sessions; empty fields select all.
type SessionFilter struct {
	Device string // the name of a device
	User   string // an extension
	Open   bool   // only sessions that last
}

// Sessions lists sessions, newest first.
func (c *Client) Sessions(ctx context.Context, domain string, filter SessionFilter) ([]resource.Session, error) {
	query := url.Values{}
	if filter.Device != "" {
		query.Set("device", filter.Device)
	}
	if filter.User != "" {
		query.Set("user", filter.User)
	}
	if filter.Open {
		query.Set("open", "true")
	}
	return pages[resource.Session](ctx, c, path("domains", domain, "sessions"), query, 0)
}

// StartSession logs a person in at a hot desk.
func (c *Client) StartSession(ctx context.Context, domain string, in resource.SessionInput) (resource.Session, error) {
	var session resource.Session
	err := c.call(ctx, http.MethodPost, path("domains", domain, "sessions"), in, &session)
	return session, err
}

// EndSession ends a session by its ID or by the name of the device it is at.
func (c *Client) EndSession(ctx context.Context, domain, session string) (resource.Session, error) {
	var ended resource.Session
	err := c.call(ctx, http.MethodDelete, path("domains", domain, "sessions", session), nil, &ended)
	return ended, err
}

// UnlockUser lets a user try again who was locked out after wrong PINs or passwords.
func (c *Client) UnlockUser(ctx context.Context, domain, extension string) error {
	return c.call(ctx, http.MethodPost, path("domains", domain, "users", extension, "unlock"), nil, nil)
}

// UnlockDevice lets people try again at a device that was locked after wrong PINs.
func (c *Client) UnlockDevice(ctx context.Context, domain, device string) error {
	return c.call(ctx, http.MethodPost, path("domains", domain, "devices", device, "unlock"), nil, nil)
}

// Resync has the phones registered as a device fetch their settings, and tells
// how each took it.
func (c *Client) Resync(ctx context.Context, domain, device string) ([]resource.PhoneAnswer, error) {
	return c.tell(ctx, domain, device, "resync")
}

// Reboot has the phones registered as a device start anew, and tells how each
// took it.
func (c *Client) Reboot(ctx context.Context, domain, device string) ([]resource.PhoneAnswer, error) {
	return c.tell(ctx, domain, device, "reboot")
}

func (c *Client) tell(ctx context.Context, domain, device, act string) ([]resource.PhoneAnswer, error) {
	var all resource.List[resource.PhoneAnswer]
	err := c.call(ctx, http.MethodPost, path("domains", domain, "devices", device, act), nil, &all)
	return all.Items, err
}

// AuditFilter selects entries of the audit log; empty fields select all.
type AuditFilter struct {
	User   string // an extension, or the ID of a user who is gone
	Device string // a name, or the ID of a device that is gone
	Action string // such as "session.refused"
	Limit  int    // 0: all
}

// Audit lists entries of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, domain string, filter AuditFilter) ([]resource.AuditEntry, error) {
	query := url.Values{}
	for name, value := range map[string]string{"user": filter.User, "device": filter.Device, "action": filter.Action} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return pages[resource.AuditEntry](ctx, c, path("domains", domain, "audit"), query, filter.Limit)
}
