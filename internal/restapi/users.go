package restapi

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// InUser is the part of a request that names a user.
type InUser struct {
	InDomain
	Extension string `path:"extension" example:"1001"`
}

func (a *API) listUsers(ctx context.Context, in *struct {
	InDomain
	Page
	Q           string `query:"q" doc:"Only those with that in the extension, name or e-mail address, in any case."`
	Scope       string `query:"scope" doc:"Only those with that scope."`
	DeskAccount Flag   `query:"desk_account" doc:"Only desk accounts, or only people."`
	Disabled    Flag   `query:"disabled" doc:"Only those that are switched off, or are not."`
},
) (*list[resource.User], error) {
	o, err := a.office(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	view := func(u directory.User) resource.User { return a.viewUser(o.Domain, u) }
	found := filtered(o.Users, view, func(u resource.User) bool {
		return a.manages(ctx, o.Domain.ID, u.Site) && has(in.Q, u.Extension, u.Name, u.Email) && (in.Scope == "" || in.Scope == u.Scope) && in.DeskAccount.is(u.DeskAccount) && in.Disabled.is(u.Disabled)
	})
	return pageOf(ctx, in.Page, found, func(u resource.User) string { return digitsKey(u.Extension) })
}

// user finds the user that a request names.
func (a *API) user(ctx context.Context, in InUser) (directory.Domain, directory.User, error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return d, directory.User{}, err
	}
	u, found := a.cfg.Directory.UserByExtension(d.ID, in.Extension)
	if !found || !a.manages(ctx, d.ID, u.Site) {
		return d, u, none("user", in.Extension)
	}
	return d, u, nil
}

func (a *API) getUser(ctx context.Context, in *InUser) (*one[resource.User], error) {
	d, u, err := a.user(ctx, *in)
	if err != nil {
		return nil, err
	}
	return oneOf(a.viewUser(d, u)), nil
}

func (a *API) addUser(ctx context.Context, in *struct {
	InDomain
	Body resource.UserInput
},
) (*one[resource.User], error) {
	d, err := a.domain(ctx, in.Domain)
	if err != nil {
		return nil, err
	}
	user := directory.User{ID: directory.NewID()}
	if err := setUser(&user, in.Body); err != nil {
		return nil, a.problem(ctx, err, user.ID)
	}
	return a.saveUser(ctx, d, user.ID, func(o *directory.Office) error {
		o.Users = append(o.Users, user)
		return nil
	})
}

func (a *API) setUser(ctx context.Context, in *struct {
	InUser
	Body resource.UserInput
},
) (*one[resource.User], error) {
	d, user, err := a.user(ctx, in.InUser)
	if err != nil {
		return nil, err
	}
	return a.saveUser(ctx, d, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil {
			return none("user", in.Extension)
		}
		if err := a.matchesUser(ctx, user.ID); err != nil {
			return err
		}
		return setUser(u, in.Body)
	})
}

// saveUser edits the office and answers with the user as it is then.
func (a *API) saveUser(ctx context.Context, d directory.Domain, id string, change func(*directory.Office) error) (*one[resource.User], error) {
	e, err := a.cfg.Directory.Edit(ctx, peerOf(ctx).actor, d.ID, change)
	if err != nil {
		return nil, a.problem(ctx, err, id)
	}
	return oneOf(a.viewUser(d, *e.After.User(id))), nil
}

func (a *API) deleteUser(ctx context.Context, in *InUser) (*struct{}, error) {
	d, u, err := a.user(ctx, *in)
	if err != nil {
		return nil, err
	}
	return a.drop(ctx, d.ID, func(*directory.Office) error { return a.matchesUser(ctx, u.ID) }, func(o *directory.Office) { o.RemoveUser(u.ID) })
}

func (a *API) matchesUser(ctx context.Context, id string) error {
	u, found := a.cfg.Directory.User(id)
	if !found {
		return directory.ErrNotFound
	}
	d, _ := a.cfg.Directory.Domain(u.DomainID)
	return matches(ctx, a.viewUser(d, u))
}

func (a *API) viewUser(d directory.Domain, u directory.User) resource.User {
	devices := []string{}
	for _, device := range a.cfg.Directory.DevicesOf(u.ID) {
		devices = append(devices, device.Name)
	}
	numbers := []string{}
	for _, n := range a.cfg.Directory.NumbersOf(u.ID) {
		numbers = append(numbers, n.Number)
	}
	return resource.User{
		ID: u.ID, Extension: u.Extension, Name: u.Name, Email: u.Email, Scope: string(u.Scope), Site: u.Site, Place: u.Place, CallerID: u.CallerID,
		DeskAccount: u.IsDeskAccount(d.HotDesking), HasPIN: u.PINHash != "", HasPassword: u.PasswordHash != "",
		HotDesking: !u.NoHotDesking, Disabled: u.Disabled, Devices: devices,
		Numbers: numbers, Class: string(u.Class), Answering: viewAnswering(u.Answering),
	}
}

func viewAnswering(a directory.Answering) resource.Answering {
	return resource.Answering{
		RingSeconds: a.RingSeconds, DoNotDisturb: a.DoNotDisturb,
		ForwardAll: a.ForwardAll, ForwardBusy: a.ForwardBusy, ForwardNoAnswer: a.ForwardNoAnswer,
		RingHereOnly: a.RingHereOnly, Mailbox: !a.NoMailbox, MailboxPIN: !a.MailboxWithoutPIN,
	}
}

func setAnswering(a *directory.Answering, in resource.AnsweringInput) {
	set(&a.RingSeconds, in.RingSeconds)
	set(&a.DoNotDisturb, in.DoNotDisturb)
	set(&a.ForwardAll, in.ForwardAll)
	set(&a.ForwardBusy, in.ForwardBusy)
	set(&a.ForwardNoAnswer, in.ForwardNoAnswer)
	set(&a.RingHereOnly, in.RingHereOnly)
	setNot(&a.NoMailbox, in.Mailbox)
	setNot(&a.MailboxWithoutPIN, in.MailboxPIN)
}

func setUser(u *directory.User, in resource.UserInput) error {
	set(&u.Extension, in.Extension)
	set(&u.Name, in.Name)
	set(&u.Email, in.Email)
	set((*string)(&u.Scope), in.Scope)
	set(&u.Site, in.Site)
	set(&u.Place, in.Place)
	set(&u.CallerID, in.CallerID)
	set(&u.Disabled, in.Disabled)
	setNot(&u.NoHotDesking, in.HotDesking)
	set((*string)(&u.Class), in.Class)
	setAnswering(&u.Answering, in.AnsweringInput)
	if in.PIN != nil {
		if err := directory.SetPIN(u, *in.PIN); err != nil {
			return inField("pin", err)
		}
	}
	if in.Password != nil {
		return inField("password", directory.SetPassword(u, *in.Password))
	}
	return nil
}
