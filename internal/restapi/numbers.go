package restapi

import (
	"context"
	"errors"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InNumber is the part of a request that names a public number.
type InNumber struct {
	InDomain
	Number string `path:"number" example:"+14165550101"`
}

func (a *API) listNumbers(ctx context.Context, in *struct {
	InDomain
	Page
	Q    string `query:"q" doc:"Only those with that in them."`
	User string `query:"user" doc:"Only those that lead to the user with that extension."`
},
) (*list[resource.Number], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	mine := slices.DeleteFunc(slices.Clone(a.cfg.Directory.Numbers(d.ID)), func(n directory.Number) bool { return !a.seesNumber(ctx, n) })
	found := filtered(mine, a.viewNumber, func(n resource.Number) bool {
		return has(in.Q, n.Number) && (in.User == "" || in.User == n.User)
	})
	return pageOf(ctx, in.Page, found, func(n resource.Number) string { return digitsKey(n.Number) })
}

// number finds the number that a request names.
func (a *API) number(ctx context.Context, in InNumber) (directory.Number, error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return directory.Number{}, err
	}
	n, found := a.cfg.Directory.NumberByE164(directory.NormalNumber(in.Number))
	if !found || n.DomainID != d.ID || !a.seesNumber(ctx, n) {
		return n, none("number", in.Number)
	}
	return n, nil
}

// seesNumber tells whether the peer manages the user whom a number leads to.
func (a *API) seesNumber(ctx context.Context, n directory.Number) bool {
	user, _ := a.cfg.Directory.User(n.UserID)
	return a.manages(ctx, n.DomainID, user.Site)
}

func (a *API) getNumber(ctx context.Context, in *InNumber) (*one[resource.Number], error) {
	n, err := a.number(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewNumber(n)), nil
}

func (a *API) addNumber(ctx context.Context, in *struct {
	InDomain
	Body resource.NumberInput
},
) (*one[resource.Number], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	id := directory.NewID()
	return a.saveNumber(ctx, d.ID, id, in.Body, func(o *directory.Office) (*directory.Number, error) {
		o.Numbers = append(o.Numbers, directory.Number{ID: id})
		return &o.Numbers[len(o.Numbers)-1], nil
	})
}

func (a *API) setNumber(ctx context.Context, in *struct {
	InNumber
	Body resource.NumberInput
},
) (*one[resource.Number], error) {
	n, err := a.number(ctx, in.InNumber)
	if err != nil {
		return nil, err
	}
	return a.saveNumber(ctx, n.DomainID, n.ID, in.Body, func(o *directory.Office) (*directory.Number, error) {
		now := o.Number(n.ID)
		return now, current(ctx, now, a.viewNumber)
	})
}

// saveNumber changes the number that a function finds in the office, or puts
// there, and answers with it as it is then.
func (a *API) saveNumber(
	ctx context.Context, domainID, id string, in resource.NumberInput, find func(*directory.Office) (*directory.Number, error),
) (*one[resource.Number], error) {
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, domainID, func(o *directory.Office) error {
		n, err := find(o)
		if err != nil {
			return err
		}
		if n == nil {
			return directory.ErrNotFound
		}
		return setNumber(o, n, in)
	})
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return oneOf(a.viewNumber(*e.After.Number(id))), nil
}

func setNumber(o *directory.Office, n *directory.Number, in resource.NumberInput) error {
	set(&n.Number, in.Number)
	if in.User == nil {
		return nil
	}
	n.UserID = ""
	if *in.User == "" {
		return nil
	}
	user := o.UserByExtension(*in.User)
	if user == nil {
		return inField("user", errors.New("there is no user "+*in.User))
	}
	n.UserID = user.ID
	return nil
}

func (a *API) deleteNumber(ctx context.Context, in *InNumber) (*struct{}, error) {
	n, err := a.number(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.drop(ctx, n.DomainID, func(o *directory.Office) error { return current(ctx, o.Number(n.ID), a.viewNumber) }, func(o *directory.Office) { o.RemoveNumber(n.ID) })
}

func (a *API) viewNumber(n directory.Number) resource.Number {
	user, _ := a.cfg.Directory.User(n.UserID)
	return resource.Number{ID: n.ID, Number: n.Number, User: user.Extension}
}
