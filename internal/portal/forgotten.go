package portal

import (
	"errors"
	"net/http"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// NewPasswordPath, with a token of [login.Resets] behind it, is where somebody
// chooses a new password.
const NewPasswordPath = "/new-password/"

func (v *visit) forgottenPage() error {
	return v.show(http.StatusOK, "Forgotten password", forgottenCard(newForm()))
}

// forgotten has a link mailed. It tells nobody whether there is such an account.
func (v *visit) forgotten() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if f.text("name") == "" {
		f.refuse("name", "Give the name that you sign in with, such as 1001@acme.test.")
		return v.show(f.status, "Forgotten password", forgottenCard(f))
	}
	var user directory.User
	if domain, extension, ok := v.cfg.Directory.ForLogin(f.text("name"), v.r.Host); ok {
		user, _ = v.cfg.Directory.UserByExtension(domain.ID, extension)
	}
	if err := v.cfg.Passwords.AskReset(v.r.Context(), v.source(), user); err != nil {
		return err
	}
	return v.show(http.StatusOK, "Look into your mail", forgottenSent(f.text("name")))
}

// reset finds whose link it is; where it is none, or not any more, a page says
// what to do.
func (v *visit) reset() (directory.User, bool, error) {
	user, err := v.cfg.Resets.Who(v.r.PathValue("token"))
	if errors.Is(err, login.ErrLink) {
		return user, false, v.show(http.StatusGone, "Link is not valid", linkIsOver())
	}
	return user, err == nil, err
}

func (v *visit) newPasswordPage() error {
	user, ok, err := v.reset()
	if !ok {
		return err
	}
	return v.show(http.StatusOK, "New password", newPasswordCard(v.r.URL.Path, user, newForm()))
}

// newPassword stores it, ends all web sessions of the user, and begins one.
func (v *visit) newPassword() error {
	user, ok, err := v.reset()
	if !ok {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	if f.Values.Get("password") != f.Values.Get("repeated") {
		f.refuse("repeated", "the two passwords are not the same")
	}
	changed := user
	if err := directory.SetPassword(&changed, f.Values.Get("password")); err != nil {
		f.refuse("password", err.Error())
	}
	v.domain, _ = v.cfg.Directory.Domain(user.DomainID)
	// The link has proven the right to do this.
	v.user = directory.User{ID: user.ID, Scope: directory.ScopeSuperUser, DomainID: user.DomainID}
	done, err := v.change(f, user.ID, func(o *directory.Office) error {
		u := o.User(user.ID)
		if u == nil || u.PasswordHash != user.PasswordHash {
			return directory.ErrStale
		}
		u.PasswordHash = changed.PasswordHash
		return nil
	})
	v.user = directory.User{}
	if err != nil {
		return err
	}
	if !done {
		return v.show(f.status, "New password", newPasswordCard(v.r.URL.Path, user, f))
	}
	if err := errors.Join(v.cfg.Passwords.LiftUser(v.r.Context(), user.ID, user), v.cfg.Web.End(v.r.Context(), user.ID, "")); err != nil {
		return err
	}
	if err := v.admit(user); err != nil {
		return err
	}
	return v.done("/", "Your new password is set.")
}
