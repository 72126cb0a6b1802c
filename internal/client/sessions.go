package client

import (
	"context"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// SessionFilter selects sessions; empty fields select all.
type SessionFilter struct {
	Device string // the name of a device
	User   string // an extension
	Open   bool   // only sessions that last
}

// Sessions lists sessions, newest first.
func (c *Client) Sessions(ctx context.Context, domain string, filter SessionFilter) ([]resource.Session, error) {
	return pages[resource.Session](0, func(page api.RequestEditorFn) (answer, error) {
		return c.api.ListSessionsWithResponse(ctx, domain, &api.ListSessionsParams{
			Device: given(filter.Device), User: given(filter.User), Open: given(filter.Open),
		}, page)
	})
}

// StartSession logs a person in at a hot desk.
func (c *Client) StartSession(ctx context.Context, domain string, in resource.SessionInput) (resource.Session, error) {
	body, err := written(in)
	if err != nil {
		return resource.Session{}, err
	}
	return read[resource.Session](c.api.StartSessionWithBodyWithResponse(ctx, domain, nil, isJSON, body))
}

// EndSession ends a session by its ID or by the name of the device it is at.
func (c *Client) EndSession(ctx context.Context, domain, session string) (resource.Session, error) {
	return read[resource.Session](c.api.EndSessionWithResponse(ctx, domain, session, nil))
}

// UnlockUser lets a user try again who was locked out after wrong PINs or passwords.
func (c *Client) UnlockUser(ctx context.Context, domain, extension string) error {
	return done(c.api.UnlockUserWithResponse(ctx, domain, extension, nil))
}

// UnlockDevice lets people try again at a device that was locked after wrong PINs.
func (c *Client) UnlockDevice(ctx context.Context, domain, device string) error {
	return done(c.api.UnlockDeviceWithResponse(ctx, domain, device, nil))
}

// Resync has the phones registered as a device fetch their settings, and tells
// how each took it.
func (c *Client) Resync(ctx context.Context, domain, device string) ([]resource.PhoneAnswer, error) {
	all, err := read[resource.List[resource.PhoneAnswer]](c.api.ResyncDeviceWithResponse(ctx, domain, device, nil))
	return all.Items, err
}

// Reboot has the phones registered as a device start anew, and tells how each
// took it.
func (c *Client) Reboot(ctx context.Context, domain, device string) ([]resource.PhoneAnswer, error) {
	all, err := read[resource.List[resource.PhoneAnswer]](c.api.RebootDeviceWithResponse(ctx, domain, device, nil))
	return all.Items, err
}
