package portal

import (
	"net/http"
	"strconv"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// answeringPage shows what becomes of the calls to a user.
func (v *visit) answeringPage() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	a := user.Answering
	f := newForm("forward_all", a.ForwardAll, "forward_busy", a.ForwardBusy, "forward_no_answer", a.ForwardNoAnswer,
		"ring_seconds", "", "do_not_disturb", strconv.FormatBool(a.DoNotDisturb), "ring_here_only", strconv.FormatBool(a.RingHereOnly),
		"mailbox", strconv.FormatBool(!a.NoMailbox), "mailbox_pin", strconv.FormatBool(!a.MailboxWithoutPIN), "class", string(user.Class),
		tagField, directory.Tag(user))
	if a.RingSeconds > 0 {
		f.Values.Set("ring_seconds", strconv.Itoa(a.RingSeconds))
	}
	return v.showAnswering(user, f)
}

func (v *visit) showAnswering(user directory.User, f *form) error {
	return v.show(f.status, user.Name, answeringForm(v.domain, v.viewUser(user), f))
}

// saveAnswering changes what becomes of the calls to a user.
func (v *visit) saveAnswering() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	answering := readAnswering(f)
	done, err := v.change(f, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil {
			return errNowhere
		}
		if err := f.unchanged(*u); err != nil {
			return err
		}
		u.Answering, u.Class = answering, directory.Class(f.text("class"))
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showAnswering(user, f)
	}
	return v.done(userPath(v.domain, user)+"/answering", "The call settings of "+user.Name+" are saved.")
}

func readAnswering(f *form) directory.Answering {
	a := directory.Answering{
		ForwardAll: f.text("forward_all"), ForwardBusy: f.text("forward_busy"), ForwardNoAnswer: f.text("forward_no_answer"),
		DoNotDisturb: f.ticked("do_not_disturb"), RingHereOnly: f.ticked("ring_here_only"),
		NoMailbox: !f.ticked("mailbox"), MailboxWithoutPIN: !f.ticked("mailbox_pin"),
	}
	if text := f.text("ring_seconds"); text != "" {
		seconds, err := strconv.Atoi(text)
		if err != nil {
			f.refuse("ring_seconds", "this is no number of seconds")
		}
		a.RingSeconds = seconds
	}
	return a
}

// classes are the classes of service that a user can have.
func classes(domain directory.Domain) []choice {
	return []choice{
		{"", "Default: " + className(domain.Outside.Class)},
		{string(directory.ClassInside), className(directory.ClassInside)},
		{string(directory.ClassNational), className(directory.ClassNational)},
		{string(directory.ClassAll), className(directory.ClassAll)},
	}
}

func className(class directory.Class) string {
	switch class {
	case directory.ClassInside:
		return "inside only"
	case directory.ClassNational:
		return "within the country"
	case directory.ClassAll:
		return "everywhere"
	default:
		return string(class)
	}
}

// securityPage shows how a user proves to be that user.
func (v *visit) securityPage() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	return v.showSecurity(user, newForm(seedField, newSeed(), tagField, directory.Tag(user)))
}

func (v *visit) showSecurity(user directory.User, f *form) error {
	until, err := v.cfg.Passwords.LockedUntil(v.r.Context(), user)
	if err != nil {
		return err
	}
	return v.show(f.status, user.Name, securityPage(v.domain, v.viewUser(user), f, v.clock(v.domain, until)))
}

// renewSecrets gives a user a PIN or a portal password, typed or generated,
// and shows it once; or takes it away.
func (v *visit) renewSecrets() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	seed, err := f.seed()
	if err != nil {
		return err
	}
	m := made{User: user}
	if err := renewed(f, seed, &m); err != nil {
		return err
	}
	done, err := v.change(f, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil {
			return errNowhere
		}
		if err := f.unchanged(*u); err != nil {
			return err
		}
		u.PINHash, u.PasswordHash = m.User.PINHash, m.User.PasswordHash
		return nil
	})
	if err != nil {
		return err
	}
	return v.showRenewed(user, f, m, done)
}

// showRenewed shows what came of new secrets.
func (v *visit) showRenewed(user directory.User, f *form, m made, done bool) error {
	switch {
	case !done && (f.status != http.StatusPreconditionFailed || !m.renewedBefore(user)):
		return v.showSecurity(user, f)
	case m.PIN == "" && m.Password == "":
		return v.done(userPath(v.domain, user)+"/security", user.Name+" is saved.")
	}
	return v.show(http.StatusOK, user.Name, secretsRenewed(v.domain, m))
}

// renewedBefore tells whether a user has these secrets already: the form was
// sent twice.
func (m *made) renewedBefore(user directory.User) bool {
	same := func(secret, hash string) bool { return secret == "" || credential.Verify(secret, hash) }
	return m.PIN+m.Password != "" && same(m.PIN, user.PINHash) && same(m.Password, user.PasswordHash)
}

// renewed takes from a form what becomes of a user's PIN and password.
func renewed(f *form, seed seed, m *made) (err error) {
	pin, password := &m.User.PINHash, &m.User.PasswordHash
	if m.PIN, err = renewal(f, "pin", pin, func() (string, error) { return seed.pin(m.User.Extension) }); err != nil {
		return err
	}
	if m.Password, err = renewal(f, "password", password, func() (string, error) { return seed.password("portal") }); err != nil {
		return err
	}
	if m.PIN != "" {
		f.refuseError("pin", directory.SetPIN(&m.User, m.PIN))
	}
	if m.Password != "" {
		f.refuseError("password", directory.SetPassword(&m.User, m.Password))
	}
	return nil
}

// renewal is a new secret as a form wants it; "" where the one there is stays,
// or its hash is taken away.
func renewal(f *form, field string, hash *string, generate func() (string, error)) (string, error) {
	switch f.text(field + "_to") {
	case "given":
		if f.Values.Get(field) == "" {
			f.refuse(field, "Type the new one here.")
		}
		return f.Values.Get(field), nil
	case "generated":
		return generate()
	case "none":
		*hash = ""
	}
	return "", nil
}

// unlock lets a user try again who was locked out.
func (v *visit) unlock() error {
	user, err := v.userOf()
	if err != nil {
		return err
	}
	if err := v.cfg.Passwords.LiftUser(v.r.Context(), v.user.ID, user); err != nil {
		return err
	}
	return v.done(userPath(v.domain, user)+"/security", user.Name+" can try again at once.")
}
