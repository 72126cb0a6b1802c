package restapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InDomain is the part of a request that names a domain. The OpenAPI document
// is made from exported types only.
type InDomain struct {
	Domain string `path:"domain" doc:"The domain's name." example:"acme.test"`
}

// domain finds the domain that a request names, and which its peer may see.
func (a *API) domain(ctx context.Context, name string) (directory.Domain, error) {
	d, found := a.cfg.Directory.DomainByName(name)
	if !found || !sees(peerOf(ctx).actor, d.ID) {
		return directory.Domain{}, none("domain", name)
	}
	return d, nil
}

// whole finds the domain that a request names, for what concerns all of it.
func (a *API) whole(ctx context.Context, name string) (directory.Domain, error) {
	d, err := a.domain(ctx, name)
	if err == nil && !a.manages(ctx, d.ID, "") {
		err = forSites()
	}
	return d, err
}

// manages tells whether the peer manages what belongs to a site of a domain, "" for none.
func (a *API) manages(ctx context.Context, domainID, site string) bool {
	return directory.May(peerOf(ctx).actor, directory.ActManageAccounts, directory.Target{DomainID: domainID, Site: site})
}

// callsOf finds the domain that a request names, for its calls.
func (a *API) callsOf(ctx context.Context, name string) (directory.Domain, error) {
	d, err := a.domain(ctx, name)
	if err == nil && !directory.May(peerOf(ctx).actor, directory.ActSeeCalls, directory.Target{DomainID: d.ID}) {
		err = forSites()
	}
	return d, err
}

// forSites refuses who manages a site.
func forSites() error {
	return huma.Error403Forbidden("this concerns the whole domain, not a site of it")
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

// wholeOffice is [API.office] for what concerns all of the domain.
func (a *API) wholeOffice(ctx context.Context, name string) (directory.Office, error) {
	if _, err := a.whole(ctx, name); err != nil {
		return directory.Office{}, err
	}
	return a.office(ctx, name)
}

func (a *API) listDomains(ctx context.Context, in *struct {
	Page
	Q string `query:"q" doc:"Only those with that in their name, in any case."`
},
) (*list[resource.Domain], error) {
	var mine []directory.Domain
	for _, d := range a.cfg.Directory.Domains() {
		if a.manages(ctx, d.ID, "") {
			mine = append(mine, d)
		}
	}
	found := filtered(mine, a.viewDomain, func(d resource.Domain) bool { return has(in.Q, d.Name) })
	return pageOf(ctx, in.Page, found, func(d resource.Domain) string { return d.Name })
}

func (a *API) getDomain(ctx context.Context, in *InDomain) (*one[resource.Domain], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewDomain(d)), nil
}

func (a *API) addDomain(ctx context.Context, in *struct{ Body resource.DomainInput }) (*one[resource.Domain], error) {
	id := directory.NewID()
	e, err := a.cfg.Directory.Create(ctx, peerOf(ctx).actor, func(o *directory.Office) error {
		o.Domain = directory.Defaults("")
		o.Domain.ID = id
		return a.fillDomain(&o.Domain, in.Body)
	})
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return oneOf(a.viewDomain(e.After.Domain)), nil
}

func (a *API) setDomain(ctx context.Context, in *struct {
	InDomain
	DryRun bool `query:"dry_run" doc:"Change nothing, and tell in effect what the change would do to the sessions that are open."`
	Body   resource.DomainInput
},
) (*one[resource.Domain], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	change := func(o *directory.Office) error {
		if err := a.matchesDomain(ctx, d.ID); err != nil {
			return err
		}
		return a.fillDomain(&o.Domain, in.Body)
	}
	if in.DryRun {
		return a.tryDomain(ctx, d.ID, change)
	}
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, d.ID, change)
	if err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	return oneOf(a.viewDomain(e.After.Domain)), nil
}

// tryDomain tells what a change would make of a domain and its open sessions.
func (a *API) tryDomain(ctx context.Context, id string, change func(*directory.Office) error) (*one[resource.Domain], error) {
	e, err := a.cfg.Directory.Try(peerOf(ctx).actor, id, change)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	effect, err := a.cfg.Sessions.Effect(ctx, e)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	view := a.viewDomain(e.After.Domain)
	view.Effect = &resource.Effect{Ends: []resource.Ending{}, Stay: []resource.Session{}}
	for _, c := range effect.Ends {
		view.Effect.Ends = append(view.Effect.Ends, resource.Ending{Session: a.viewSession(c.Session), Reason: string(c.Reason)})
	}
	for _, s := range effect.Stay {
		view.Effect.Stay = append(view.Effect.Stay, a.viewSession(s))
	}
	return &one[resource.Domain]{Body: view}, nil // without a tag: this is nobody's to have
}

// matchesDomain refuses a change of a domain that is not what the peer has read.
// It is asked while the edit is made, which starts anew when somebody else's is
// faster, and then asks again; so are those of the other objects.
func (a *API) matchesDomain(ctx context.Context, id string) error {
	d, found := a.cfg.Directory.Domain(id)
	if !found {
		return directory.ErrNotFound
	}
	return matches(ctx, a.viewDomain(d))
}

func (a *API) deleteDomain(ctx context.Context, in *InDomain) (*struct{}, error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	if err := a.matchesDomain(ctx, d.ID); err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	if err := a.cfg.Directory.Drop(ctx, peerOf(ctx).actor, d.ID); err != nil {
		return nil, a.problem(ctx, err, d.ID)
	}
	return &struct{}{}, nil
}
