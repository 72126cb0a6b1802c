package restapi

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InDevice is the part of a request that names a device.
type InDevice struct {
	InDomain
	Name string `path:"name" example:"5401"`
}

func (a *API) listDevices(ctx context.Context, in *struct {
	InDomain
	Page
	Q          string `query:"q" doc:"Only those with that in the name, place or owner's extension, in any case."`
	User       string `query:"user" doc:"Only those of the user with that extension."`
	HotDesk    Flag   `query:"hot_desk" doc:"Only hot desks, or only others."`
	Registered Flag   `query:"registered" doc:"Only those that answer now, or do not."`
},
) (*list[resource.Device], error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	found := filtered(o.Devices, a.viewDevice, func(d resource.Device) bool {
		return a.manages(ctx, o.Domain.ID, d.Site) && has(in.Q, d.Name, d.Place, d.Owner) && (in.User == "" || in.User == d.Owner) &&
			in.HotDesk.is(d.HotDesk) && in.Registered.is(len(d.Registrations) > 0)
	})
	return pageOf(ctx, in.Page, found, func(d resource.Device) string { return d.Name })
}

// device finds the device that a request names.
func (a *API) device(ctx context.Context, in InDevice) (directory.Domain, directory.Device, error) {
	domain, err := a.domain(ctx, in.Domain)
	if err != nil {
		return domain, directory.Device{}, err
	}
	d, found := a.cfg.Directory.DeviceByName(domain.ID, strings.ToLower(in.Name))
	if !found || !a.manages(ctx, domain.ID, a.cfg.Directory.SiteOf(d)) {
		return domain, d, none("device", in.Name)
	}
	return domain, d, nil
}

func (a *API) getDevice(ctx context.Context, in *InDevice) (*one[resource.Device], error) {
	_, d, err := a.device(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewDevice(d)), nil
}

func (a *API) addDevice(ctx context.Context, in *struct {
	InDomain
	Body resource.DeviceInput
},
) (*one[resource.Device], error) {
	domain, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	in.Body.NewPassword = in.Body.NewPassword || in.Body.Password == nil
	id := directory.NewID()
	return a.saveDevice(ctx, domain, id, in.Body, func(o *directory.Office) (*directory.Device, error) {
		o.Devices = append(o.Devices, directory.Device{ID: id})
		return &o.Devices[len(o.Devices)-1], nil
	})
}

func (a *API) setDevice(ctx context.Context, in *struct {
	InDevice
	Body resource.DeviceInput
},
) (*one[resource.Device], error) {
	domain, d, err := a.device(ctx, in.InDevice)
	if err != nil {
		return nil, err
	}
	return a.saveDevice(ctx, domain, d.ID, in.Body, func(o *directory.Office) (*directory.Device, error) {
		return o.Device(d.ID), a.matchesDevice(ctx, d.ID)
	})
}

// saveDevice changes the device that a function finds in the office, or puts
// there, and answers with it as it is then.
func (a *API) saveDevice(
	ctx context.Context, domain directory.Domain, id string, in resource.DeviceInput, find func(*directory.Office) (*directory.Device, error),
) (*one[resource.Device], error) {
	generated, err := newPassword(&in)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, domain.ID, func(o *directory.Office) error {
		d, err := find(o)
		if err != nil {
			return err
		}
		if d == nil {
			return directory.ErrNotFound
		}
		return setDevice(o, d, in)
	})
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	answer := oneOf(a.viewDevice(*e.After.Device(id)))
	answer.Body.Password = generated
	return answer, nil
}

// newPassword generates a password where one is asked for.
func newPassword(in *resource.DeviceInput) (string, error) {
	if !in.NewPassword {
		return "", nil
	}
	if in.Password != nil {
		return "", inField("password", errors.New("a password is given and a new one asked for; leave one of the two"))
	}
	password, err := credential.DevicePassword(rand.Reader)
	in.Password = &password
	return password, err
}

func setDevice(o *directory.Office, d *directory.Device, in resource.DeviceInput) error {
	if in.Name != nil {
		o.RenameDevice(d, *in.Name)
	}
	set(&d.Disabled, in.Disabled)
	if in.Owner != nil {
		d.OwnerID = ""
		if *in.Owner != "" {
			owner := o.UserByExtension(*in.Owner)
			if owner == nil {
				return inField("owner", errors.New("there is no user "+*in.Owner))
			}
			d.OwnerID = owner.ID
		}
	}
	if in.Password != nil {
		return inField("password", directory.SetDevicePassword(d, o.Domain.Name, *in.Password))
	}
	return nil
}

func (a *API) deleteDevice(ctx context.Context, in *InDevice) (*struct{}, error) {
	domain, d, err := a.device(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.drop(ctx, domain.ID, func(*directory.Office) error { return a.matchesDevice(ctx, d.ID) }, func(o *directory.Office) { o.RemoveDevice(d.ID) })
}

func (a *API) matchesDevice(ctx context.Context, id string) error {
	d, found := a.cfg.Directory.Device(id)
	if !found {
		return directory.ErrNotFound
	}
	return matches(ctx, a.viewDevice(d))
}

func (a *API) viewDevice(d directory.Device) resource.Device {
	owner, _ := a.cfg.Directory.User(d.OwnerID)
	phone, _ := a.cfg.Directory.PhoneOf(d.ID)
	domain, _ := a.cfg.Directory.Domain(d.DomainID)
	registrations := []resource.Registration{}
	for _, b := range a.cfg.Locations.Lookup(d.ID) {
		registrations = append(registrations, resource.Registration{Flow: b.Flow, UserAgent: b.UserAgent, Since: b.Since(), RegisteredAt: b.RegisteredAt, ExpiresAt: b.ExpiresAt})
	}
	return resource.Device{
		ID: d.ID, Name: d.Name, Owner: owner.Extension, HotDesk: a.cfg.Directory.IsHotDesk(d), Site: a.cfg.Directory.SiteOf(d), Phone: directory.FormatMAC(phone.MAC), Disabled: d.Disabled,
		Place: domain.PlaceOf(phone, owner), Registrations: registrations,
	}
}
