package restapi

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InPhone is the part of a request that names a phone.
type InPhone struct {
	InDomain
	MAC string `path:"mac" example:"80:5e:c0:11:22:33"`
}

func (a *API) listPhones(ctx context.Context, in *InDomain) (*list[resource.Phone], error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	phones := make([]resource.Phone, 0, len(o.Phones))
	for _, p := range o.Phones {
		if a.manages(ctx, o.Domain.ID, p.Site) {
			phones = append(phones, viewPhone(p))
		}
	}
	return listOf(phones), nil
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
	return &one[resource.Phone]{Body: viewPhone(p)}, nil
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
	return &one[resource.Phone]{Body: viewPhone(*e.After.Phone(id))}, nil
}

func (a *API) deletePhone(ctx context.Context, in *InPhone) (*struct{}, error) {
	o, p, err := a.phone(ctx, *in)
	if err != nil {
		return nil, err
	}
	_, err = a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, o.Domain.ID, func(o *directory.Office) error {
		o.RemovePhone(p.ID)
		return nil
	})
	if err != nil {
		return nil, a.problem(ctx, err, p.ID)
	}
	return &struct{}{}, nil
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
