package restapi

import (
	"context"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InPhone is the part of a request that names a phone.
type InPhone struct {
	InDomain
	MAC string `path:"mac" example:"80:5e:c0:11:22:33"`
}

func (a *API) listPhones(ctx context.Context, in *struct {
	InDomain
	Page
	Q      string `query:"q" doc:"Only those with that in the MAC address, model, name or place, in any case."`
	Device string `query:"device" doc:"Only the one that the device of that name is on."`
},
) (*list[resource.Phone], error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	found := filtered(o.Phones, viewPhone, func(p resource.Phone) bool {
		return a.manages(ctx, o.Domain.ID, p.Site) && has(in.Q, p.MAC, directory.NormalMAC(p.MAC), p.Model, p.Name, p.Place) && (in.Device == "" || slices.Contains(p.Devices, strings.ToLower(in.Device)))
	})
	return pageOf(ctx, in.Page, found, func(p resource.Phone) string { return p.MAC })
}

// phone finds the phone that a request names, and its office.
func (a *API) phone(ctx context.Context, in InPhone) (directory.Office, directory.Phone, error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return o, directory.Phone{}, err
	}
	p := o.PhoneByMAC(in.MAC)
	if p == nil || !a.manages(ctx, o.Domain.ID, p.Site) {
		return o, directory.Phone{}, none("phone", in.MAC)
	}
	return o, *p, nil
}

func (a *API) getPhone(ctx context.Context, in *InPhone) (*one[resource.Phone], error) {
	_, p, err := a.phone(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(viewPhone(p)), nil
}

func (a *API) addPhone(ctx context.Context, in *struct {
	InDomain
	Body resource.PhoneInput
},
) (*one[resource.Phone], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	phone := directory.Phone{ID: directory.NewID()}
	setPhone(&phone, in.Body)
	return a.savePhone(ctx, d.ID, phone.ID, func(o *directory.Office) error {
		o.Phones = append(o.Phones, phone)
		return nil
	})
}

func (a *API) setPhone(ctx context.Context, in *struct {
	InPhone
	Body resource.PhoneInput
},
) (*one[resource.Phone], error) {
	o, phone, err := a.phone(ctx, in.InPhone)
	if err != nil {
		return nil, err
	}
	return a.savePhone(ctx, o.Domain.ID, phone.ID, func(o *directory.Office) error {
		p := o.Phone(phone.ID)
		if p == nil {
			return none("phone", in.MAC)
		}
		if err := matches(ctx, viewPhone(*p)); err != nil {
			return err
		}
		setPhone(p, in.Body)
		return nil
	})
}

// savePhone edits the office and answers with the phone as it is then.
func (a *API) savePhone(ctx context.Context, domainID, id string, change func(*directory.Office) error) (*one[resource.Phone], error) {
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, domainID, change)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return oneOf(viewPhone(*e.After.Phone(id))), nil
}

func (a *API) deletePhone(ctx context.Context, in *InPhone) (*struct{}, error) {
	o, p, err := a.phone(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.drop(ctx, o.Domain.ID, func(o *directory.Office) error { return current(ctx, o.Phone(p.ID), viewPhone) }, func(o *directory.Office) { o.RemovePhone(p.ID) })
}

func viewPhone(p directory.Phone) resource.Phone {
	return resource.Phone{ID: p.ID, MAC: directory.FormatMAC(p.MAC), Model: p.Model, Name: p.Name, Site: p.Site, Place: p.Place, Devices: append([]string{}, p.Devices...)}
}

func setPhone(p *directory.Phone, in resource.PhoneInput) {
	set(&p.MAC, in.MAC)
	set(&p.Model, in.Model)
	set(&p.Name, in.Name)
	set(&p.Site, in.Site)
	set(&p.Place, in.Place)
	if in.Devices != nil {
		p.Devices = append([]string{}, *in.Devices...)
	}
}
