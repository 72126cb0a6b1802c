package restapi

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InTrunk is the part of a request that names a trunk.
type InTrunk struct {
	InDomain
	Trunk string `path:"trunk" doc:"The trunk's name." example:"carrier"`
}

func (a *API) listTrunks(ctx context.Context, in *struct {
	InDomain
	Page
	Q          string `query:"q" doc:"Only those with that in the name or host, in any case."`
	Registered Flag   `query:"registered" doc:"Only those that are registered at the carrier, or are not."`
},
) (*list[resource.Trunk], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	found := filtered(a.cfg.Directory.Trunks(d.ID), a.viewTrunk, func(t resource.Trunk) bool {
		return has(in.Q, t.Name, t.Host) && in.Registered.is(t.State == resource.TrunkRegistered)
	})
	return pageOf(ctx, in.Page, found, func(t resource.Trunk) string { return fmt.Sprintf("%012d %s", t.Priority, t.Name) })
}

// trunk finds the trunk that a request names.
func (a *API) trunk(ctx context.Context, in InTrunk) (directory.Trunk, error) {
	o, err := a.wholeOffice(ctx, in.Domain)
	if err != nil {
		return directory.Trunk{}, err
	}
	t := o.TrunkByName(in.Trunk)
	if t == nil {
		return directory.Trunk{}, none("trunk", in.Trunk)
	}
	return *t, nil
}

func (a *API) getTrunk(ctx context.Context, in *InTrunk) (*one[resource.Trunk], error) {
	t, err := a.trunk(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewTrunk(t)), nil
}

func (a *API) addTrunk(ctx context.Context, in *struct {
	InDomain
	Body resource.TrunkInput
},
) (*one[resource.Trunk], error) {
	d, err := a.whole(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	trunk := directory.Trunk{ID: directory.NewID()}
	setTrunk(&trunk, in.Body)
	return a.saveTrunk(ctx, d.ID, trunk.ID, func(o *directory.Office) error {
		o.Trunks = append(o.Trunks, trunk)
		return nil
	})
}

func (a *API) setTrunk(ctx context.Context, in *struct {
	InTrunk
	Body resource.TrunkInput
},
) (*one[resource.Trunk], error) {
	trunk, err := a.trunk(ctx, in.InTrunk)
	if err != nil {
		return nil, err
	}
	return a.saveTrunk(ctx, trunk.DomainID, trunk.ID, func(o *directory.Office) error {
		t := o.Trunk(trunk.ID)
		if t == nil {
			return none("trunk", in.Trunk)
		}
		if err := matches(ctx, a.viewTrunk(*t)); err != nil {
			return err
		}
		setTrunk(t, in.Body)
		return nil
	})
}

// saveTrunk edits the office and answers with the trunk as it is then.
func (a *API) saveTrunk(ctx context.Context, domainID, id string, change func(*directory.Office) error) (*one[resource.Trunk], error) {
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, domainID, change)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return oneOf(a.viewTrunk(*e.After.Trunk(id))), nil
}

func (a *API) deleteTrunk(ctx context.Context, in *InTrunk) (*struct{}, error) {
	t, err := a.trunk(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.drop(ctx, t.DomainID, func(o *directory.Office) error { return current(ctx, o.Trunk(t.ID), a.viewTrunk) }, func(o *directory.Office) { o.RemoveTrunk(t.ID) })
}

func (a *API) viewTrunk(t directory.Trunk) resource.Trunk {
	view := resource.Trunk{
		ID: t.ID, Name: t.Name, Host: t.Host, Transport: t.Transport, Register: t.Register, User: t.User,
		HasPassword: t.Password != "", Priority: t.Priority, MaxCalls: t.MaxCalls, Disabled: t.Disabled,
		State: resource.TrunkOff,
	}
	state, on := a.cfg.Trunks.State(t.ID)
	if !on {
		return view
	}
	view.Why, view.Since = state.Reason, &state.Since
	switch {
	case state.Registered:
		view.State = resource.TrunkRegistered
	case !state.Answers:
		view.State = resource.TrunkSilent
	default:
		view.State = resource.TrunkAnswers
	}
	return view
}

func setTrunk(t *directory.Trunk, in resource.TrunkInput) {
	set(&t.Name, in.Name)
	set(&t.Host, in.Host)
	set(&t.Transport, in.Transport)
	set(&t.Register, in.Register)
	set(&t.Priority, in.Priority)
	set(&t.MaxCalls, in.MaxCalls)
	set(&t.Disabled, in.Disabled)
	if in.User != nil {
		t.SetUser(*in.User)
	}
	set(&t.Password, in.Password)
}
