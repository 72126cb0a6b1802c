package portal

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// firstStartPage lets whoever holds the link that the server has printed make
// the first domain and its super user.
func (v *visit) firstStartPage() error {
	if !v.cfg.FirstStart.Opens(v.r.PathValue("token")) {
		return errNowhere
	}
	return v.showFirstStart(newForm("timezone", "", "country", "", "extension", "1000"))
}

func (v *visit) showFirstStart(f *form) error {
	return v.show(f.status, "First start", firstStartForm(v.r.URL.Path, f))
}

// firstStart makes them, and signs the super user in.
func (v *visit) firstStart() error {
	if !v.cfg.FirstStart.Opens(v.r.PathValue("token")) {
		return errNowhere
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	user := directory.User{
		ID: directory.NewID(), Extension: f.text("extension"), Name: f.text("name"), Email: f.text("email"), Scope: directory.ScopeSuperUser,
	}
	if err := directory.SetPassword(&user, f.Values.Get("password")); err != nil {
		f.refuse("password", err.Error())
	}
	if f.Values.Get("password") != f.Values.Get("repeated") {
		f.refuse("repeated", "the two passwords are not the same")
	}
	if !f.right() {
		return v.showFirstStart(f)
	}
	var domain directory.Domain
	open, err := v.cfg.FirstStart.Use(func() (err error) {
		domain, err = v.makeSuperUser(v.r.Context(), f, user)
		return err
	})
	switch {
	case err != nil:
		if err = f.takeAt(err, firstField); err != nil {
			return err
		}
		return v.showFirstStart(f)
	case !open:
		return errNowhere
	}
	user.DomainID = domain.ID
	if err := v.admit(user); err != nil {
		return err
	}
	return v.done(domainPath(domain), "Welcome, "+user.Name+". Sign in as "+user.Extension+"@"+domain.Name+" from now on.")
}

// makeSuperUser adds the user to the domain of the form, which it makes unless
// it is there.
func (v *visit) makeSuperUser(ctx context.Context, f *form, user directory.User) (directory.Domain, error) {
	if domain, found := v.cfg.Directory.DomainByName(f.text("domain")); found {
		_, err := v.cfg.Directory.Edit(ctx, directory.System(), domain.ID, func(o *directory.Office) error {
			o.Users = append(o.Users, user)
			return nil
		})
		return domain, err
	}
	edit, err := v.cfg.Directory.Create(ctx, directory.System(), func(o *directory.Office) error {
		o.Domain = directory.Defaults(f.text("domain"))
		o.Domain.TimeZone, o.Domain.Country = f.text("timezone"), f.text("country")
		o.Users = append(o.Users, user)
		return nil
	})
	return edit.After.Domain, err
}

// firstField is where a problem of the domain or of its first user stands.
func firstField(p directory.Problem) string {
	if p.Kind == directory.KindDomain && p.Field == "name" {
		return "domain"
	}
	return p.Field
}
