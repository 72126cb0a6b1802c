package client

import (
	"context"
	"io"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Domains makes, lists, changes and removes domains by their names.
func (c *Client) Domains() Collection[resource.Domain, resource.DomainInput] {
	return Collection[resource.Domain, resource.DomainInput]{
		list: func(ctx context.Context, page api.RequestEditorFn) (answer, error) {
			return c.api.ListDomainsWithResponse(ctx, nil, page)
		},
		get: func(ctx context.Context, name string) (answer, error) {
			return c.api.GetDomainWithResponse(ctx, name, nil)
		},
		add: func(ctx context.Context, body io.Reader) (answer, error) {
			return c.api.AddDomainWithBodyWithResponse(ctx, nil, isJSON, body)
		},
		set: func(ctx context.Context, name string, body io.Reader) (answer, error) {
			return c.api.SetDomainWithBodyWithResponse(ctx, name, nil, isJSON, body)
		},
		remove: func(ctx context.Context, name string) (answer, error) {
			return c.api.DeleteDomainWithResponse(ctx, name, nil)
		},
	}
}

// Users makes, lists, changes and removes users of a domain by their extensions.
func (c *Client) Users(domain string) Collection[resource.User, resource.UserInput] {
	return Collection[resource.User, resource.UserInput]{
		list:   listed(domain, c.api.ListUsersWithResponse),
		get:    named(domain, c.api.GetUserWithResponse),
		add:    made(domain, c.api.AddUserWithBodyWithResponse),
		set:    changed(domain, c.api.SetUserWithBodyWithResponse),
		remove: named(domain, c.api.DeleteUserWithResponse),
	}
}

// Devices makes, lists, changes and removes devices of a domain by their names.
func (c *Client) Devices(domain string) Collection[resource.Device, resource.DeviceInput] {
	return Collection[resource.Device, resource.DeviceInput]{
		list:   listed(domain, c.api.ListDevicesWithResponse),
		get:    named(domain, c.api.GetDeviceWithResponse),
		add:    made(domain, c.api.AddDeviceWithBodyWithResponse),
		set:    changed(domain, c.api.SetDeviceWithBodyWithResponse),
		remove: named(domain, c.api.DeleteDeviceWithResponse),
	}
}

// Phones makes, lists, changes and removes phones of a domain by their MAC addresses.
func (c *Client) Phones(domain string) Collection[resource.Phone, resource.PhoneInput] {
	return Collection[resource.Phone, resource.PhoneInput]{
		list:   listed(domain, c.api.ListPhonesWithResponse),
		get:    named(domain, c.api.GetPhoneWithResponse),
		add:    made(domain, c.api.AddPhoneWithBodyWithResponse),
		set:    changed(domain, c.api.SetPhoneWithBodyWithResponse),
		remove: named(domain, c.api.DeletePhoneWithResponse),
	}
}

// Numbers makes, lists, changes and removes public numbers of a domain by
// themselves: "+14165550101".
func (c *Client) Numbers(domain string) Collection[resource.Number, resource.NumberInput] {
	return Collection[resource.Number, resource.NumberInput]{
		list:   listed(domain, c.api.ListNumbersWithResponse),
		get:    named(domain, c.api.GetNumberWithResponse),
		add:    made(domain, c.api.AddNumberWithBodyWithResponse),
		set:    changed(domain, c.api.SetNumberWithBodyWithResponse),
		remove: named(domain, c.api.DeleteNumberWithResponse),
	}
}

// Trunks makes, lists, changes and removes trunks of a domain by their names.
func (c *Client) Trunks(domain string) Collection[resource.Trunk, resource.TrunkInput] {
	return Collection[resource.Trunk, resource.TrunkInput]{
		list:   listed(domain, c.api.ListTrunksWithResponse),
		get:    named(domain, c.api.GetTrunkWithResponse),
		add:    made(domain, c.api.AddTrunkWithBodyWithResponse),
		set:    changed(domain, c.api.SetTrunkWithBodyWithResponse),
		remove: named(domain, c.api.DeleteTrunkWithResponse),
	}
}

// Keys are the API keys.
type Keys struct{ client *Client }

// Keys makes, lists and revokes API keys, which are named by their IDs.
func (c *Client) Keys() Keys { return Keys{c} }

// List reads all of them.
func (k Keys) List(ctx context.Context) ([]resource.Key, error) {
	return pages[resource.Key](0, func(page api.RequestEditorFn) (answer, error) {
		return k.client.api.ListKeysWithResponse(ctx, nil, page)
	})
}

// Add makes one.
func (k Keys) Add(ctx context.Context, in resource.KeyInput) (resource.Key, error) {
	body, err := written(in)
	if err != nil {
		return resource.Key{}, err
	}
	return read[resource.Key](k.client.api.AddKeyWithBodyWithResponse(ctx, nil, isJSON, body))
}

// Delete revokes one.
func (k Keys) Delete(ctx context.Context, id string) error {
	return done(k.client.api.DeleteKeyWithResponse(ctx, id, nil))
}
