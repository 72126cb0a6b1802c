package portal

import (
	"errors"
	"slices"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// profileForms are the forms of the page, each with what was typed into it.
type profileForms struct{ Calls, PIN, Password *form }

// browserView is a browser in which a person is signed in.
type browserView struct {
	ID     string
	Agent  string
	Source string
	Since  string
	Used   string
	Here   bool // it is the one that asks
}

// profileView is what people see and change of their own account.
type profileView struct {
	User      directory.User
	Forms     profileForms
	CallerIDs []choice
	Browsers  []browserView
	RingHere  bool // there is a choice: the person has own devices
}

// calling is what of an account the first form changes.
type calling struct {
	Answering directory.Answering
	CallerID  string
}

func callingOf(u directory.User) calling { return calling{u.Answering, u.CallerID} }

func (v *visit) profile() error { return v.showProfile(profileForms{}) }

func (v *visit) showProfile(forms profileForms) error {
	a := v.user.Answering
	if forms.Calls == nil {
		forms.Calls = newForm("forward_all", a.ForwardAll, "forward_busy", a.ForwardBusy, "forward_no_answer", a.ForwardNoAnswer,
			"do_not_disturb", strconv.FormatBool(a.DoNotDisturb), "ring_here_only", strconv.FormatBool(a.RingHereOnly),
			"caller_id", v.user.CallerID, tagField, directory.Tag(callingOf(v.user)))
	}
	status := forms.Calls.status
	for _, f := range []**form{&forms.PIN, &forms.Password} {
		if *f == nil {
			*f = newForm()
		}
		status = max(status, (*f).status)
	}
	view := profileView{User: v.user, Forms: forms, CallerIDs: v.callerIDs(), RingHere: len(v.cfg.Directory.DevicesOf(v.user.ID)) > 0}
	found, err := v.cfg.Web.Sessions(v.r.Context(), v.user.ID)
	if err != nil {
		return err
	}
	for _, s := range found {
		view.Browsers = append(view.Browsers, browserView{
			ID: s.ID, Agent: browserName(s.Agent), Source: s.Source, Here: s.ID == v.web.ID,
			Since: v.clock(v.domain, s.CreatedAt), Used: v.clock(v.domain, s.UsedAt),
		})
	}
	return v.show(status, "Profile", profilePage(view))
}

// callerIDs are the numbers that a person may show outside.
func (v *visit) callerIDs() []choice {
	choices := []choice{{Value: "", Label: "Default"}}
	add := func(value, label string) {
		if !slices.ContainsFunc(choices, func(c choice) bool { return c.Value == value }) {
			choices = append(choices, choice{value, label})
		}
	}
	numbers := v.cfg.Directory.NumbersOf(v.user.ID)
	unset := v.user
	unset.CallerID = ""
	if usual := v.domain.CallerIDOf(unset, numbers); usual != "" {
		choices[0].Label += ": " + usual
	}
	for _, n := range numbers {
		add(n.Number, n.Number)
	}
	add(v.domain.MainNumber, v.domain.MainNumber+" (main number)")
	add(directory.Withheld, "None: withhold my number")
	add(v.user.CallerID, v.user.CallerID+" (set by your office manager)")
	return choices
}

// saveProfile changes what becomes of calls to a person, and the number shown.
func (v *visit) saveProfile() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.change(f, v.user.ID, func(o *directory.Office) error {
		u := o.User(v.user.ID)
		if u == nil {
			return errNowhere
		}
		if err := f.unchanged(callingOf(*u)); err != nil {
			return err
		}
		u.CallerID = f.text("caller_id")
		u.Answering.DoNotDisturb, u.Answering.RingHereOnly = f.ticked("do_not_disturb"), f.ticked("ring_here_only")
		u.Answering.ForwardAll = f.text("forward_all")
		u.Answering.ForwardBusy, u.Answering.ForwardNoAnswer = f.text("forward_busy"), f.text("forward_no_answer")
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showProfile(profileForms{Calls: f})
	}
	return v.done("/profile", "Saved. This applies from the next call.")
}

// prove refuses a form unless the portal password of whoever is signed in stands
// in it. Who signs in elsewhere has none.
func (v *visit) prove(f *form) error {
	if v.user.PasswordHash == "" {
		return nil
	}
	_, err := v.cfg.Passwords.CheckPassword(v.r.Context(), v.user.DomainID, v.source(), v.user.Extension, f.Values.Get("current"))
	var locked *login.LockedError
	switch {
	case errors.As(err, &locked):
		f.refuse("current", "Too many wrong tries. Try again in "+waitOf(locked.Until.Sub(v.cfg.Now()))+".")
	case errors.Is(err, login.ErrWrong):
		f.refuse("current", "This is not your portal password.")
	case err != nil:
		return err
	}
	return nil
}

// secret changes a secret of whoever is signed in, which stands twice in a form.
func (v *visit) secret(f *form, field, again string, set func(*directory.User, string) error, put func(to *directory.User, from directory.User)) (bool, error) {
	wanted := f.Values.Get(field)
	changed := v.user
	switch err := set(&changed, wanted); {
	case wanted == "":
		f.refuse(field, "This is missing.")
	case err != nil:
		f.refuse(field, err.Error())
	case f.Values.Get(again) != wanted:
		f.refuse(again, "This is not what stands above.")
	}
	if f.right() { // else a typing mistake would count as a guess
		if err := v.prove(f); err != nil {
			return false, err
		}
	}
	return v.change(f, v.user.ID, func(o *directory.Office) error {
		u := o.User(v.user.ID)
		if u == nil {
			return errNowhere
		}
		put(u, changed)
		return nil
	})
}

func (v *visit) changePIN() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.secret(f, "pin", "pin_again", directory.SetPIN, func(to *directory.User, from directory.User) { to.PINHash = from.PINHash })
	if err != nil {
		return err
	}
	if !done {
		return v.showProfile(profileForms{PIN: f})
	}
	return v.done("/profile", "Your PIN is changed.")
}

// changePassword also signs the person out everywhere else.
func (v *visit) changePassword() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.secret(f, "password", "password_again", directory.SetPassword, func(to *directory.User, from directory.User) { to.PasswordHash = from.PasswordHash })
	if err != nil {
		return err
	}
	if !done {
		return v.showProfile(profileForms{Password: f})
	}
	if err := v.cfg.Web.EndOthers(v.r.Context(), v.user.ID, v.web.ID); err != nil {
		return err
	}
	return v.done("/profile", "Your password is changed. You are signed out everywhere else.")
}

// endBrowser signs a person out in one browser.
func (v *visit) endBrowser() error {
	id := v.r.PathValue("browser")
	if id == v.web.ID {
		return v.signOut()
	}
	if err := v.cfg.Web.End(v.r.Context(), v.user.ID, id); err != nil {
		return err
	}
	return v.done("/profile", "You are signed out there.")
}

func (v *visit) endOtherBrowsers() error {
	if err := v.cfg.Web.EndOthers(v.r.Context(), v.user.ID, v.web.ID); err != nil {
		return err
	}
	return v.done("/profile", "You are signed out everywhere else.")
}
