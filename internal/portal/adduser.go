package portal

import (
	"errors"
	"net/http"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

var errNoSeed = errors.New("the form brings no seed")

// offered is how many free extensions are proposed.
const offered = 3

// made is an account as it was made, with the secrets that are shown once.
type made struct {
	User          directory.User
	Desk          bool
	PIN, Password string
	Line          *line // nil for an account without a phone
}

// addUserPage shows the form for a new person or desk account.
func (v *visit) addUserPage() error {
	f := newForm(idField, directory.NewID(), seedField, newSeed(), "kind", kindPerson, "scope", string(directory.ScopeBasicUser))
	if v.r.URL.Query().Get("kind") == kindDesk {
		f.Values.Set("kind", kindDesk)
		f.Values.Set("device", "true")
	}
	if v.user.Scope == directory.ScopeSiteManager {
		f.Values.Set("site", v.user.Site)
	}
	return v.showAddUser(f)
}

func (v *visit) showAddUser(f *form) error {
	hint := ""
	if f.Wrong["extension"] == "" {
		_, hint = v.aboutExtension(f.text("kind"), f.text("extension"))
	}
	return v.show(f.status, "Add User", addUserForm(v.domain, f, v.grantable(), v.sites(), hint))
}

// addUserHint says, while somebody types, what an extension makes.
func (v *visit) addUserHint() error {
	query := v.r.URL.Query()
	wrong, hint := v.aboutExtension(query.Get("kind"), strings.TrimSpace(query.Get("extension")))
	return v.part(http.StatusOK, extensionHint(wrong, hint))
}

// aboutExtension says what an extension would make, or why it will not do for
// a person or a desk account.
func (v *visit) aboutExtension(kind, extension string) (wrong bool, hint string) {
	desk := kind == kindDesk
	desks := v.domain.HotDesking.DeskRange
	taken, is := v.cfg.Directory.UserByExtension(v.domain.ID, extension)
	switch {
	case extension == "":
		return false, v.free(kind, extension)
	case is:
		return true, extension + " is the extension of " + taken.Name + ". " + v.free(kind, extension)
	case desks.Contains(extension) && !desk:
		return true, extension + " lies in the desk range " + desks.String() + ": this makes a desk account. " + v.free(kindPerson, extension)
	case desks.Contains(extension):
		return false, "This makes a desk account: nobody logs in as it, people log in at its phone."
	case desk:
		return true, "A desk account has an extension of the desk range " + desks.String() + ". " + v.free(kindDesk, extension)
	default:
		return false, ""
	}
}

// free proposes extensions that nobody has.
func (v *visit) free(kind, wanted string) string {
	users := v.cfg.Directory.Users(v.domain.ID)
	whose, free := "a person", directory.FreeForPerson(v.domain, users, wanted, offered)
	if kind == kindDesk {
		whose, free = "a desk", directory.FreeForDesk(v.domain, users, offered)
	}
	if len(free) == 0 {
		return "No extension is free there."
	}
	return "Free for " + whose + ": " + strings.Join(free, ", ") + "."
}

// addUser makes a person or a desk account.
func (v *visit) addUser() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	m, devices, err := v.readAccount(f)
	if err != nil {
		return err
	}
	if before, found := v.cfg.Directory.User(m.User.ID); found {
		return v.madeBefore(before, m)
	}
	done, err := v.change(f, m.User.ID, func(o *directory.Office) error {
		o.Users = append(o.Users, m.User)
		o.Devices = append(o.Devices, devices...)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		if f.Values.Get("password") != "" {
			f.refuse("password", "Please type it again: a page never shows a password.")
		}
		return v.showAddUser(f)
	}
	return v.show(http.StatusOK, m.User.Name, userMade(v.domain, m))
}

// madeBefore answers a form that was sent twice.
func (v *visit) madeBefore(before directory.User, m made) error {
	switch {
	case before.DomainID != v.domain.ID:
		return errNowhere
	case before.Extension == m.User.Extension && (m.PIN == "" || credential.Verify(m.PIN, before.PINHash)):
		return v.show(http.StatusOK, before.Name, userMade(v.domain, m))
	}
	return v.done(userPath(v.domain, before), before.Name+" is there already.")
}

// readAccount is the account that a form describes, and its device. What is
// wrong with it the form says.
func (v *visit) readAccount(f *form) (made, []directory.Device, error) {
	id, err := f.newID()
	if err != nil {
		return made{}, nil, err
	}
	m := made{Desk: f.text("kind") == kindDesk, User: directory.User{
		ID: id, Extension: f.text("extension"), Email: f.text("email"), Site: f.text("site"),
		Name: strings.TrimSpace(f.text("name") + " " + f.text("last_name")), Scope: directory.ScopeBasicUser,
	}}
	if wrong, why := v.aboutExtension(f.text("kind"), m.User.Extension); wrong {
		if _, found := v.cfg.Directory.User(id); !found {
			f.refuse("extension", why)
		}
	}
	seed, err := f.seed()
	if err != nil {
		return made{}, nil, err
	}
	if m.Desk {
		m.User.Name, m.User.Place = f.text("name"), f.text("place")
		v.warnOfNoPhone(f)
	} else {
		m.User.Scope = directory.Scope(f.text("scope"))
		if err := readSecrets(f, seed, &m); err != nil {
			return made{}, nil, err
		}
	}
	if !f.ticked("device") {
		return m, nil, nil
	}
	device, l, err := v.newDevice(seed, m.User.Extension, id)
	m.Line = &l
	return m, []directory.Device{device}, err
}

// warnOfNoPhone keeps a desk account without a phone from being made unless it
// is meant.
func (v *visit) warnOfNoPhone(f *form) {
	if !f.ticked("device") && !f.ticked("anyway") {
		f.refuse("device", "No phone can stand at this desk without a phone extension. Tick it, or tick below that you mean it.")
	}
}

// readSecrets gives a person the PIN and the password that a form holds, or
// generated ones.
func readSecrets(f *form, seed seed, m *made) (err error) {
	m.PIN, m.Password = f.text("pin"), f.Values.Get("password")
	if m.PIN == "" {
		if m.PIN, err = seed.pin(m.User.Extension); err != nil {
			return err
		}
	}
	f.refuseError("pin", directory.SetPIN(&m.User, m.PIN))
	switch {
	case m.User.Scope == directory.ScopeNoPortal:
		m.Password = ""
		return nil
	case m.Password == "":
		if m.Password, err = seed.password("portal"); err != nil {
			return err
		}
	}
	f.refuseError("password", directory.SetPassword(&m.User, m.Password))
	return nil
}

// newDevice is a device with a generated password, and what its phone is told.
func (v *visit) newDevice(seed seed, name, ownerID string) (directory.Device, line, error) {
	d := directory.Device{ID: directory.NewID(), Name: strings.ToLower(name), OwnerID: ownerID}
	password, err := seed.password("device " + d.Name)
	if err != nil {
		return d, line{}, err
	}
	return d, v.line(d.Name, password), directory.SetDevicePassword(&d, v.domain.Name, password)
}
