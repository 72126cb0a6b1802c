package portal

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// devicePath is the address of a device's page.
func devicePath(domain, device string) string {
	return "/domains/" + domain + "/inventory/devices/" + device
}

// deviceView is a device as the inventory shows it.
type deviceView struct {
	directory.Device

	DomainName   string
	Site         string
	Owner        directory.User // zero: nobody
	Phone        directory.Phone
	HotDesk      bool
	Registration *registrationView
}

func (p *Portal) viewDevice(domain directory.Domain, device directory.Device) deviceView {
	view := deviceView{
		Device: device, DomainName: domain.Name, HotDesk: p.cfg.Directory.IsHotDesk(device), Registration: p.registration(domain, device.ID),
	}
	view.Site = p.cfg.Directory.SiteOf(device)
	view.Owner, _ = p.cfg.Directory.User(device.OwnerID)
	view.Phone, _ = p.cfg.Directory.PhoneOf(device.ID)
	return view
}

func deviceChoices() []choice {
	return []choice{
		{"", "All devices"},
		{"hot_desk", "Hot desks"},
		{"own", "People's own"},
		{onlyUnassigned, "Nobody's (shared)"},
		{onlyRegistered, "Registered"},
		{onlyUnregistered, "Not registered"},
		{"disabled", "Disabled"},
	}
}

// shows tells whether a device belongs into a list.
func (d deviceView) shows(l *listing) bool {
	chosen, known := map[string]bool{
		"hot_desk": d.HotDesk, "own": !d.HotDesk, onlyUnassigned: d.OwnerID == "",
		onlyRegistered: d.Registration != nil, onlyUnregistered: d.Registration == nil, "disabled": d.Disabled,
	}[l.Only]
	return (chosen || !known) && l.finds(d.Name, d.Owner.Name, d.Owner.Extension, d.Phone.Name, d.Phone.Model, directory.FormatMAC(d.Phone.MAC), d.Site)
}

// deviceRows are the devices of a page of the list.
func (v *visit) deviceRows() (listing, []deviceView) {
	l := v.listing(domainPath(v.domain) + "/inventory/devices")
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	var rows []deviceView
	for _, device := range office.Devices {
		if view := v.viewDevice(v.domain, device); v.sees(directory.ActManageAccounts, view.Site) && view.shows(&l) {
			rows = append(rows, view)
		}
	}
	return l, cut(&l, rows)
}

// devices lists the devices of a domain.
func (v *visit) devices() error {
	l, rows := v.deviceRows()
	return v.show(http.StatusOK, "Devices", deviceList(v.inventory(), l, rows))
}

// devicesLive keeps an open list up to date.
func (v *visit) devicesLive() error {
	return v.keepUp(v.movesInventory, func() (templ.Component, bool, error) {
		_, rows := v.deviceRows()
		return devicesNow(rows), false, nil
	})
}

// deviceNamed is the device that the address names.
func (v *visit) deviceNamed() (directory.Device, error) {
	device, found := v.cfg.Directory.DeviceByName(v.domain.ID, strings.ToLower(v.r.PathValue("device")))
	if !found || !v.sees(directory.ActManageAccounts, v.cfg.Directory.SiteOf(device)) {
		return directory.Device{}, errNowhere
	}
	return device, nil
}

// device shows one device to be changed: at a hot desk with the banner of its
// session.
func (v *visit) device() error {
	device, err := v.deviceNamed()
	if err != nil {
		return err
	}
	view := v.viewDevice(v.domain, device)
	f := newForm("name", device.Name, "owner", view.Owner.Extension, "enabled", strconv.FormatBool(!device.Disabled), tagField, directory.Tag(device))
	return v.showDevice(device, f)
}

func (v *visit) showDevice(device directory.Device, f *form) error {
	desk, is, err := v.deskOf(v.r.Context(), v.domain, device.ID)
	if err != nil {
		return err
	}
	if !is {
		desk = v.desk(v.domain, device, nil)
	}
	return v.show(f.status, device.Name, devicePage(v.domain, v.viewDevice(v.domain, device), desk, v.line(device.Name, ""), v.offers(), f))
}

// addDevicePage shows an empty form. It carries the ID and the password of what
// it makes, so that a second click finds it made.
func (v *visit) addDevicePage() error {
	password, err := credential.DevicePassword(rand.Reader)
	if err != nil {
		return err
	}
	return v.showAddDevice(newForm("owner", v.r.URL.Query().Get("owner"), idField, directory.NewID(), "password", password))
}

func (v *visit) showAddDevice(f *form) error {
	return v.show(f.status, "Add device", addDeviceForm(v.domain, v.offers(), f))
}

// addDevice makes a device and shows its password once.
func (v *visit) addDevice() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	id, err := f.newID()
	if err != nil {
		return err
	}
	done, err := v.change(f, id, func(o *directory.Office) error {
		if o.Device(id) != nil {
			return nil // it is made already
		}
		d := directory.Device{ID: id, Name: strings.ToLower(f.text("name"))}
		if d.OwnerID, err = userIn(o, f, "owner"); err != nil {
			return err
		}
		if err := directory.SetDevicePassword(&d, o.Domain.Name, f.text("password")); err != nil {
			return &wrongError{"password", err.Error()}
		}
		o.Devices = append(o.Devices, d)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showAddDevice(f)
	}
	device, _ := v.cfg.Directory.Device(id)
	return v.showSecret(device, f.text("password"), domainPath(v.domain)+"/inventory/devices")
}

// saveDevice changes a device as a form says. One that gets another name gets
// another password with it, which is shown once.
func (v *visit) saveDevice() error {
	device, err := v.deviceNamed()
	if err != nil {
		return err
	}
	f, err := v.readForm()
	if err != nil {
		return err
	}
	password, err := credential.DevicePassword(rand.Reader)
	if err != nil {
		return err
	}
	renamed := false
	done, err := v.changeAsking(f, device.ID, func(o *directory.Office) error {
		d := o.Device(device.ID)
		if d == nil {
			return errNowhere
		}
		if err := f.unchanged(*d); err != nil {
			return err
		}
		name := strings.ToLower(f.text("name"))
		if renamed = name != d.Name; renamed {
			o.RenameDevice(d, name)
			if err := directory.SetDevicePassword(d, o.Domain.Name, password); err != nil {
				return &wrongError{"name", err.Error()}
			}
		}
		d.Disabled = !f.ticked("enabled")
		d.OwnerID, err = userIn(o, f, "owner")
		return err
	})
	switch {
	case err != nil:
		return err
	case !done:
		return v.showDevice(device, f)
	case renamed:
		device, _ = v.cfg.Directory.Device(device.ID)
		return v.showSecret(device, password, devicePath(v.domain.Name, device.Name))
	default:
		return v.done(devicePath(v.domain.Name, device.Name), device.Name+" is saved.")
	}
}

// renewPassword gives a device another password and shows it once.
func (v *visit) renewPassword() error {
	device, err := v.deviceNamed()
	if err != nil {
		return err
	}
	password, err := credential.DevicePassword(rand.Reader)
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.change(f, device.ID, func(o *directory.Office) error {
		d := o.Device(device.ID)
		if d == nil {
			return errNowhere
		}
		return directory.SetDevicePassword(d, o.Domain.Name, password)
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showDevice(device, f)
	}
	return v.showSecret(device, password, devicePath(v.domain.Name, device.Name))
}

// deleteDevice removes a device.
func (v *visit) deleteDevice() error {
	device, err := v.deviceNamed()
	if err != nil {
		return err
	}
	f := newForm()
	done, err := v.change(f, device.ID, func(o *directory.Office) error {
		o.RemoveDevice(device.ID)
		return nil
	})
	if err != nil {
		return err
	}
	if !done {
		return v.showDevice(device, f)
	}
	return v.done(domainPath(v.domain)+"/inventory/devices", device.Name+" is removed.")
}

// showSecret shows the password of a device, which nobody can show again.
func (v *visit) showSecret(device directory.Device, password, next string) error {
	return v.show(http.StatusOK, "Password of "+device.Name, secretPage(device, v.line(device.Name, password), next))
}
