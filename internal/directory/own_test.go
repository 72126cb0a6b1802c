package directory_test

import (
	"errors"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// TestPeopleChangeTheirOwn holds what of an account its owner may change, and
// that nothing else goes with it.
func TestPeopleChangeTheirOwn(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	made := create(t, s)
	ana, desk := made.UserByExtension("1001"), made.UserByExtension("5401")
	_, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
		o.Domain.MainNumber = "+14165550190"
		o.User(ana.ID).CallerID = "+14165550199"
		o.Numbers = []directory.Number{{Number: "+14165550191", UserID: ana.ID}, {Number: "+14165550192", UserID: desk.ID}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	of := func(change func(*directory.User)) func(*directory.Office) {
		return func(o *directory.Office) { change(o.User(ana.ID)) }
	}
	shows := func(number string) func(*directory.Office) {
		return of(func(u *directory.User) { u.CallerID = number })
	}
	for name, c := range map[string]struct {
		change func(*directory.Office)
		may    bool
	}{
		"PIN": {of(func(u *directory.User) {
			if err := directory.SetPIN(u, "52780"); err != nil {
				t.Error(err)
			}
		}), true},
		"password": {of(func(u *directory.User) {
			if err := directory.SetPassword(u, "a new portal password"); err != nil {
				t.Error(err)
			}
		}), true},
		"do not disturb":         {of(func(u *directory.User) { u.Answering.DoNotDisturb = true }), true},
		"ring here only":         {of(func(u *directory.User) { u.Answering.RingHereOnly = true }), true},
		"forward all":            {of(func(u *directory.User) { u.Answering.ForwardAll = "1234" }), true},
		"forward when busy":      {of(func(u *directory.User) { u.Answering.ForwardBusy = "1234" }), true},
		"forward unanswered":     {of(func(u *directory.User) { u.Answering.ForwardNoAnswer = "1234" }), true},
		"shows the own number":   {shows("+14165550191"), true},
		"shows the main number":  {shows("+14165550190"), true},
		"shows none":             {shows(directory.Withheld), true},
		"shows what is left":     {shows(""), true},
		"shows another's number": {shows("+14165550192"), false},
		"shows the White House":  {shows("+12024561414"), false},
		"number and its caller ID": {func(o *directory.Office) {
			o.User(ana.ID).CallerID, o.Numbers[0].UserID, o.Numbers[1].UserID = "+14165550192", desk.ID, ana.ID
		}, false},
		"name":      {of(func(u *directory.User) { u.Name = "Queen" }), false},
		"extension": {of(func(u *directory.User) { u.Extension = "1009" }), false},
		"e-mail":    {of(func(u *directory.User) { u.Email = "ana@evil.test" }), false},
		"scope":     {of(func(u *directory.User) { u.Scope = directory.ScopeOfficeManager }), false},
		"place":     {of(func(u *directory.User) { u.Place = "Here" }), false},
		"class":     {of(func(u *directory.User) { u.Class = directory.ClassAll }), false},
		"disabled":  {of(func(u *directory.User) { u.Disabled = true }), false},
		"hot desks": {of(func(u *directory.User) { u.NoHotDesking = !u.NoHotDesking }), false},
		"mailbox":   {of(func(u *directory.User) { u.Answering.NoMailbox = true }), false},
		"no PIN":    {of(func(u *directory.User) { u.Answering.MailboxWithoutPIN = true }), false},
		"ringing":   {of(func(u *directory.User) { u.Answering.RingSeconds = 120 }), false},
		"made when": {of(func(u *directory.User) { u.CreatedAt = u.CreatedAt.Add(time.Hour); u.Name = "Q" }), false},
		"removed":   {func(o *directory.Office) { o.RemoveUser(ana.ID) }, false},
		"a device":  {func(o *directory.Office) { o.DeviceByName("spare").OwnerID = ana.ID }, false},
		"another's": {func(o *directory.Office) { o.User(desk.ID).Answering.DoNotDisturb = true }, false},
		"both": {func(o *directory.Office) {
			o.User(ana.ID).Answering.DoNotDisturb, o.User(desk.ID).Answering.DoNotDisturb = true, true
		}, false},
		"the domain too": {func(o *directory.Office) {
			o.User(ana.ID).Answering.DoNotDisturb, o.Domain.KeepCalls = true, 1
		}, false},
	} {
		change := func(o *directory.Office) error { c.change(o); return nil }
		for scope, may := range map[directory.Scope]bool{
			ana.Scope: c.may, directory.ScopeNoPortal: false,
		} {
			actor := directory.Actor{Name: ana.ID, Scope: scope, UserID: ana.ID, DomainID: made.Domain.ID}
			if _, err := s.Try(actor, made.Domain.ID, change); may != (err == nil) || !may && !errors.Is(err, directory.ErrForbidden) {
				t.Errorf("%s by %s: %v", name, scope, err)
			}
		}
		stranger := directory.Actor{Scope: directory.ScopeBasicUser, UserID: desk.ID, DomainID: made.Domain.ID}
		if _, err := s.Try(stranger, made.Domain.ID, change); !errors.Is(err, directory.ErrForbidden) && name != "another's" {
			t.Errorf("%s by another: %v", name, err)
		}
	}
}
