package portal

import (
	"cmp"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/checksync"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/phonemodel"
)

// path is the address of a phone's page.
func (p hardwareView) path() string {
	return "/domains/" + p.DomainName + "/inventory/phones/" + directory.FormatMAC(p.MAC)
}

// phoneOf is the phone that the address names.
func (v *visit) phoneOf() (directory.Phone, error) {
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	phone := office.PhoneByMAC(v.r.PathValue("mac"))
	if phone == nil || !v.sees(directory.ActManageAccounts, phone.Site) {
		return directory.Phone{}, errNowhere
	}
	return *phone, nil
}

// phonePage shows a phone to be changed.
func (v *visit) phonePage() error {
	phone, err := v.phoneOf()
	if err != nil {
		return err
	}
	view := v.viewPhone(v.domain, phone)
	f := newForm("mac", directory.FormatMAC(phone.MAC), "model", phone.Model, "name", phone.Name, "site", phone.Site, "place", phone.Place,
		"devices", strings.Join(phone.Devices, ", "))
	if office, found := v.cfg.Directory.Office(v.domain.ID); found {
		f.Values.Set(tagField, phoneTag(&office, phone))
	}
	switch len(view.Owners) {
	case 0:
		f.Values.Set("owner", "")
	case 1:
		f.Values.Set("owner", view.Owners[0].Extension)
	}
	return v.showPhone(view, f)
}

// phoneTag is another one as soon as the phone, or whose its devices are, has changed.
func phoneTag(o *directory.Office, phone directory.Phone) string {
	values := []any{phone}
	for _, name := range phone.Devices {
		if device := o.DeviceByName(name); device != nil {
			values = append(values, device.OwnerID)
		}
	}
	return directory.Tag(values...)
}

func (v *visit) showPhone(view hardwareView, f *form) error {
	return v.show(f.status, view.label(), phonePage(v.domain, view, v.offers(), f))
}

// addHardwarePage shows an empty form. It carries the IDs and the password of what
// it makes, so that a second click finds it made.
func (v *visit) addHardwarePage() error {
	password, err := credential.DevicePassword(rand.Reader)
	if err != nil {
		return err
	}
	query := v.r.URL.Query()
	f := newForm("owner", "", "site", cmp.Or(query.Get("site"), v.user.Site), idField, directory.NewID(), "device_id", directory.NewID(), "password", password,
		"model", query.Get("model"), "place", query.Get("place"), "devices", query.Get("devices"))
	return v.showAddPhone(f)
}

func (v *visit) showAddPhone(f *form) error {
	return v.show(f.status, "Add phone", addPhoneForm(v.domain, v.offers(), f))
}

// phoneless is the first hot desk that is on no phone of the inventory; "" for none.
func (v *visit) phoneless() string {
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	for _, device := range office.Devices {
		if _, has := v.cfg.Directory.PhoneOf(device.ID); !has && v.cfg.Directory.IsHotDesk(device) && v.sees(directory.ActManageAccounts, v.cfg.Directory.SiteOf(device)) {
			return device.Name
		}
	}
	return ""
}

// addHardware puts a phone into the inventory, and makes a device for it where one
// is asked for.
func (v *visit) addHardware() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	done, err := v.changeAsking(f, id, func(o *directory.Office) error {
		if o.Phone(id) != nil {
			return nil // it is made already
		}
		o.Phones = append(o.Phones, directory.Phone{ID: id})
		return fillPhone(o, &o.Phones[len(o.Phones)-1], f)
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showAddPhone(f)
	}
	return v.phoneMade(f)
}

// phoneMade leads on after a phone was saved: to the list, or to the form for the
// next phone, which stands at the same place. The password of a device that was
// made with it is shown now and never again.
func (v *visit) phoneMade(f *form) error {
	next := domainPath(v.domain) + "/inventory"
	if f.Values.Get("then") == "another" {
		same := url.Values{"model": {f.text("model")}, "place": {f.text("place")}, "site": {f.text("site")}}
		if f.text("devices") != "" { // the next phone is most likely for the next desk
			same.Set("devices", v.phoneless())
		}
		next += "/add-phone?" + same.Encode()
	}
	device, found := v.cfg.Directory.Device(f.text("device_id"))
	if !found || device.DomainID != v.domain.ID || f.text("new_device") == "" {
		return v.done(next, directory.FormatMAC(directory.NormalMAC(f.text("mac")))+" is saved.")
	}
	return v.showSecret(device, f.text("password"), next)
}

// savePhone changes a phone as a form says.
func (v *visit) savePhone() error {
	phone, err := v.phoneOf()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	done, err := v.changeAsking(f, phone.ID, func(o *directory.Office) error {
		p := o.Phone(phone.ID)
		switch {
		case p == nil:
			return errNowhere
		case f.Values.Get(tagField) != phoneTag(o, *p):
			return directory.ErrStale
		}
		return fillPhone(o, p, f)
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showPhone(v.viewPhone(v.domain, phone), f)
	}
	return v.phoneMade(f)
}

// fillPhone writes a form into a phone of an office, and whose its devices are.
// One that comes onto the phone stays with whom it has, unless somebody is named.
func fillPhone(o *directory.Office, p *directory.Phone, f *form) error {
	before := p.Devices
	p.MAC, p.Model, p.Name, p.Site, p.Place = f.text("mac"), f.text("model"), f.text("name"), f.text("site"), f.text("place")
	p.Devices = strings.FieldsFunc(strings.ToLower(f.text("devices")), func(r rune) bool { return r == ',' || r == ' ' })
	if name := strings.ToLower(f.text("new_device")); name != "" {
		if err := newDevice(o, f.text("device_id"), name, f.text("password")); err != nil {
			return err
		}
		f.holds("new_device", f.text("device_id"), "name")
		p.Devices = append(p.Devices, name)
	}
	if !f.Values.Has("owner") { // its devices belong to several
		return nil
	}
	owner, err := userIn(o, f, "owner")
	if err != nil {
		return err
	}
	for _, name := range p.Devices {
		if d := o.DeviceByName(name); d != nil && (owner != "" || slices.Contains(before, name)) {
			d.OwnerID = owner
		}
	}
	return nil
}

// newDevice adds a device on a phone that is being saved.
func newDevice(o *directory.Office, id, name, password string) error {
	if o.DeviceByName(name) != nil || o.Device(id) != nil {
		return &wrongError{"new_device", "there is a device " + name + " already; write its name above, or choose another"}
	}
	d := directory.Device{ID: id, Name: name}
	if err := directory.SetDevicePassword(&d, o.Domain.Name, password); err != nil {
		return &wrongError{"new_device", err.Error()}
	}
	o.Devices = append(o.Devices, d)
	return nil
}

// userIn is the ID of the user whose extension stands in a field; "" for nobody.
func userIn(o *directory.Office, f *form, field string) (string, error) {
	extension, _, _ := strings.Cut(f.text(field), " ")
	if extension == "" {
		return "", nil
	}
	user := o.UserByExtension(extension)
	if user == nil {
		return "", &wrongError{field, "nobody has the extension " + extension + "; name a user of this domain, or leave it empty"}
	}
	return user.ID, nil
}

// deletePhone takes a phone out of the inventory.
func (v *visit) deletePhone() error {
	phone, err := v.phoneOf()
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.change(f, phone.ID, func(o *directory.Office) error {
		o.RemovePhone(phone.ID)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.show(http.StatusUnprocessableEntity, "Phone", problems(f))
	}
	return v.done(domainPath(v.domain)+"/inventory", v.viewPhone(v.domain, phone).label()+" is removed. Its devices stay.")
}

func (v *visit) resyncPhone() error { return v.tellPhone(checksync.Resync) }

func (v *visit) rebootPhone() error { return v.tellPhone(checksync.Reboot) }

// tellPhone asks a phone to fetch its settings or to start anew.
func (v *visit) tellPhone(act checksync.Act) error {
	phone, err := v.phoneOf()
	if err != nil {
		return err
	}
	answers, err := v.cfg.Phones.TellPhone(v.r.Context(), v.user.ID, act, phone)
	if err != nil && !errors.Is(err, checksync.ErrNotRegistered) {
		return err
	}
	view := v.viewPhone(v.domain, phone)
	return v.done(view.path(), toldNotice(act, view.label(), answers))
}

// toldNotice says how a phone took what it was told.
func toldNotice(act checksync.Act, label string, answers []checksync.Answer) string {
	if len(answers) == 0 {
		return label + " is not registered, so nothing could be sent to it. It fetches its settings when it starts."
	}
	what := map[checksync.Act]string{checksync.Resync: "fetch its settings", checksync.Reboot: "start anew"}[act]
	lines := make([]string, len(answers))
	for i, a := range answers {
		lines[i] = a.String()
	}
	return label + " was asked to " + what + ": " + strings.Join(lines, "; ") + "."
}

// maxOffers is how many users a field suggests at most: a page is to stay small.
const maxOffers = 300

// offers are choices that fields suggest, and not the only ones.
type offers struct{ Models, Sites, Users []string }

// offers are what the fields of phones, devices and numbers suggest: the models,
// the sites, and whose it may be.
func (v *visit) offers() offers {
	o := offers{Models: phonemodel.Common(), Sites: v.sites()}
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	for _, u := range office.Users {
		if v.sees(directory.ActManageAccounts, u.Site) {
			o.Users = append(o.Users, u.Extension+" "+u.Name)
		}
	}
	if len(o.Users) > maxOffers {
		o.Users = nil
	}
	return o
}
