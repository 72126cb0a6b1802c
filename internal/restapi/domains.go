package restapi

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InDomain is the part of a request that names a domain. The OpenAPI document
// is made from exported types only.
type InDomain struct {
	Domain string `path:"domain" doc:"The domain's name." example:"acme.test"`
}

// The shapes of answers.
type (
	list[T any] struct{ Body resource.List[T] }
	one[T any]  struct{ Body T }
)

func listOf[T any](items []T) *list[T] {
	if items == nil {
		items = []T{}
	}
	return &list[T]{Body: resource.List[T]{Items: items}}
}

// domain finds the domain that a request names. To somebody who may not see
// it, it does not exist.
func (a *API) domain(ctx context.Context, name string) (directory.Domain, error) {
	d, found := a.cfg.Directory.DomainByName(name)
	if !found || !directory.May(peerOf(ctx).actor, directory.ActManageAccounts, directory.Target{DomainID: d.ID}) {
		return directory.Domain{}, none("domain", name)
	}
	return d, nil
}

// office finds the whole office of the domain that a request names.
func (a *API) office(ctx context.Context, name string) (directory.Office, error) {
	d, err := a.domain(ctx, name)
	if err != nil {
		return directory.Office{}, err
	}
	o, found := a.cfg.Directory.Office(d.ID)
	if !found {
		return directory.Office{}, none("domain", name)
	}
	return o, nil
}

func (a *API) listDomains(ctx context.Context, _ *struct{}) (*list[resource.Domain], error) {
	var all []resource.Domain
	for _, d := range a.cfg.Directory.Domains() {
		if directory.May(peerOf(ctx).actor, directory.ActManageAccounts, directory.Target{DomainID: d.ID}) {
			all = append(all, viewDomain(d))
		}
	}
	return listOf(all), nil
}

func (a *API) getDomain(ctx context.Context, in *InDomain) (*one[resource.Domain], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	return &one[resource.Domain]{Body: viewDomain(d)}, nil
}

func (a *API) addDomain(ctx context.Context, in *struct{ Body resource.DomainInput }) (*one[resource.Domain], error) {
	id := directory.NewID()
	e, err := a.cfg.Directory.Create(ctx, peerOf(ctx).actor, func(o *directory.Office) error {
		o.Domain = directory.Defaults("")
		o.Domain.ID = id
		return setDomain(&o.Domain, in.Body)
	})
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return &one[resource.Domain]{Body: viewDomain(e.After.Domain)}, nil
}

func (a *API) setDomain(ctx context.Context, in *struct {
	InDomain
	Body resource.DomainInput
},
) (*one[resource.Domain], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, d.ID, func(o *directory.Office) error { return setDomain(&o.Domain, in.Body) })
	if err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	return &one[resource.Domain]{Body: viewDomain(e.After.Domain)}, nil
}

func (a *API) deleteDomain(ctx context.Context, in *InDomain) (*struct{}, error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	if err := a.cfg.Directory.Drop(ctx, peerOf(ctx).actor, d.ID); err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	return &struct{}{}, nil
}

func viewDomain(d directory.Domain) resource.Domain {
	h := d.HotDesking
	return resource.Domain{
		ID: d.ID, Name: d.Name, TimeZone: d.TimeZone, Country: d.Country, Language: d.Language, Default: d.Default,
		HotDesking: resource.HotDesking{
			Enabled: h.Enabled, ActivatePhone: h.ActivatePhone, DeskRange: h.DeskRange.String(),
			LoginCode: h.LoginCode, ReleaseCode: h.ReleaseCode, MailboxCode: h.MailboxCode, AnyMailboxCode: h.AnyMailboxCode,
			ReleaseAt: h.ReleaseAt.String(), MaxHours: h.MaxHours, IdleMinutes: h.IdleMinutes,
			WhenTaken: string(h.WhenTaken), TakeOverIdle: h.TakeOverIdle, WhenElsewhere: string(h.WhenElsewhere),
		},
	}
}

// set overwrites a value with one that was given.
func set[T any](to, given *T) {
	if given != nil {
		*to = *given
	}
}

func setDomain(d *directory.Domain, in resource.DomainInput) error {
	set(&d.Name, in.Name)
	set(&d.TimeZone, in.TimeZone)
	set(&d.Country, in.Country)
	set(&d.Language, in.Language)
	set(&d.Default, in.Default)
	if in.HotDesking == nil {
		return nil
	}
	return setHotDesking(&d.HotDesking, *in.HotDesking)
}

func setHotDesking(h *directory.HotDesking, in resource.HotDeskingInput) (err error) {
	set(&h.Enabled, in.Enabled)
	set(&h.ActivatePhone, in.ActivatePhone)
	set(&h.LoginCode, in.LoginCode)
	set(&h.ReleaseCode, in.ReleaseCode)
	set(&h.MailboxCode, in.MailboxCode)
	set(&h.AnyMailboxCode, in.AnyMailboxCode)
	set(&h.MaxHours, in.MaxHours)
	set(&h.IdleMinutes, in.IdleMinutes)
	set((*string)(&h.WhenTaken), in.WhenTaken)
	set(&h.TakeOverIdle, in.TakeOverIdle)
	set((*string)(&h.WhenElsewhere), in.WhenElsewhere)
	if in.DeskRange != nil {
		if h.DeskRange, err = directory.ParseExtensionRange(*in.DeskRange); err != nil {
			return inField("hot_desking.desk_range", err)
		}
	}
	if in.ReleaseAt != nil {
		h.ReleaseAt, err = directory.ParseClockTime(*in.ReleaseAt)
	}
	return inField("hot_desking.release_at", err)
}
