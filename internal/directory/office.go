package directory

import (
	"errors"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

// The lengths of a device password that somebody chose, in bytes. Generated
// ones are longer.
const (
	MinDevicePassword = 8
	MaxDevicePassword = 128
)

// ErrDevicePassword is the refusal of a device password.
var ErrDevicePassword = errors.New("a device password has 8 to 128 printable characters and is not the device's name")

// Clone is a copy that shares nothing with the office.
func (o *Office) Clone() Office {
	c := Office{
		Domain:  o.Domain,
		Users:   slices.Clone(o.Users),
		Devices: slices.Clone(o.Devices),
		Phones:  slices.Clone(o.Phones),
		Numbers: slices.Clone(o.Numbers),
		Trunks:  slices.Clone(o.Trunks),
	}
	for i := range c.Phones {
		c.Phones[i].Devices = slices.Clone(c.Phones[i].Devices)
	}
	return c
}

// User finds a user by ID to be changed in place; nil when there is none.
func (o *Office) User(id string) *User {
	return find(o.Users, func(u *User) bool { return u.ID == id })
}

// UserByExtension finds a user to be changed in place; nil when there is none.
func (o *Office) UserByExtension(extension string) *User {
	return find(o.Users, func(u *User) bool { return u.Extension == extension })
}

// Device finds a device by ID to be changed in place; nil when there is none.
func (o *Office) Device(id string) *Device {
	return find(o.Devices, func(d *Device) bool { return d.ID == id })
}

// DeviceByName finds a device to be changed in place; nil when there is none.
func (o *Office) DeviceByName(name string) *Device {
	name = normalName(name)
	return find(o.Devices, func(d *Device) bool { return d.Name == name })
}

// Phone finds a phone by ID to be changed in place; nil when there is none.
func (o *Office) Phone(id string) *Phone {
	return find(o.Phones, func(p *Phone) bool { return p.ID == id })
}

// PhoneByMAC finds a phone to be changed in place; nil when there is none.
func (o *Office) PhoneByMAC(mac string) *Phone {
	mac = NormalMAC(mac)
	return find(o.Phones, func(p *Phone) bool { return p.MAC == mac })
}

// Number finds a public number by ID to be changed in place; nil when there is none.
func (o *Office) Number(id string) *Number {
	return find(o.Numbers, func(n *Number) bool { return n.ID == id })
}

// NumberByE164 finds a public number to be changed in place; nil when there is none.
func (o *Office) NumberByE164(number string) *Number {
	number = NormalNumber(number)
	return find(o.Numbers, func(n *Number) bool { return n.Number == number })
}

// Trunk finds a trunk by ID to be changed in place; nil when there is none.
func (o *Office) Trunk(id string) *Trunk {
	return find(o.Trunks, func(t *Trunk) bool { return t.ID == id })
}

// TrunkByName finds a trunk to be changed in place; nil when there is none.
func (o *Office) TrunkByName(name string) *Trunk {
	name = normalName(name)
	return find(o.Trunks, func(t *Trunk) bool { return t.Name == name })
}

func find[T any](all []T, is func(*T) bool) *T {
	for i := range all {
		if is(&all[i]) {
			return &all[i]
		}
	}
	return nil
}

// RemoveUser removes a user. The devices of a person go too: their passwords
// were the person's, and must not open the house once the account is gone.
// The devices of a desk account stay, as unassigned ones: they stand in the
// office and must still reach the emergency services. The user's numbers stay
// too, and lead nowhere.
func (o *Office) RemoveUser(id string) {
	user := o.User(id)
	if user == nil {
		return
	}
	desk := user.IsDeskAccount(o.Domain.HotDesking)
	var gone []string
	for i := range o.Devices {
		d := &o.Devices[i]
		switch {
		case d.OwnerID != id:
		case desk:
			d.OwnerID = ""
		default:
			gone = append(gone, d.ID)
		}
	}
	o.Users = slices.DeleteFunc(o.Users, func(u User) bool { return u.ID == id })
	for _, id := range gone {
		o.RemoveDevice(id)
	}
	for i := range o.Numbers {
		if o.Numbers[i].UserID == id {
			o.Numbers[i].UserID = ""
		}
	}
}

// RemoveDevice removes a device, also from the phone it is on.
func (o *Office) RemoveDevice(id string) {
	device := o.Device(id)
	if device == nil {
		return
	}
	name := device.Name
	o.Devices = slices.DeleteFunc(o.Devices, func(d Device) bool { return d.ID == id })
	for i := range o.Phones {
		p := &o.Phones[i]
		p.Devices = slices.DeleteFunc(p.Devices, func(n string) bool { return n == name })
	}
}

// RenameDevice gives a device another name, also on the phone it is on. It needs
// a new password, too.
func (o *Office) RenameDevice(d *Device, name string) {
	for _, p := range o.Phones {
		for i, on := range p.Devices {
			if on == d.Name && on != "" {
				p.Devices[i] = name
			}
		}
	}
	d.Name = name
}

// RemovePhone removes a phone from the inventory. Its devices stay.
func (o *Office) RemovePhone(id string) {
	o.Phones = slices.DeleteFunc(o.Phones, func(p Phone) bool { return p.ID == id })
}

// RemoveNumber removes a public number.
func (o *Office) RemoveNumber(id string) {
	o.Numbers = slices.DeleteFunc(o.Numbers, func(n Number) bool { return n.ID == id })
}

// RemoveTrunk removes a trunk.
func (o *Office) RemoveTrunk(id string) {
	o.Trunks = slices.DeleteFunc(o.Trunks, func(t Trunk) bool { return t.ID == id })
}

// SetUser has a trunk log in as somebody, who has another password than whoever
// it was before.
func (t *Trunk) SetUser(user string) {
	if user != t.User {
		t.User, t.Password = user, ""
	}
}

// SetServer points to a mail server, and to an account there. The password goes
// with a new address or user name: whoever may change those must not get to
// see it.
func (m *MailServer) SetServer(address, user string) {
	if address != m.Address || user != m.User {
		m.Address, m.User, m.Password = address, user, ""
	}
}

// SetProvider points to a provider, and to our client there. The secret goes
// with another one.
func (s *SignOn) SetProvider(issuer, clientID string) {
	if issuer != s.Issuer || clientID != s.ClientID {
		s.Issuer, s.ClientID, s.ClientSecret = issuer, clientID, ""
	}
}

// SetPIN gives a user a PIN, or takes it away when it is "". The reasons for
// which it refuses are those of [credential.CheckPIN].
func SetPIN(u *User, pin string) error {
	if pin == "" {
		u.PINHash = ""
		return nil
	}
	if err := credential.CheckPIN(pin, u.Extension); err != nil {
		return err
	}
	hash, err := credential.HashPIN(pin)
	if err != nil {
		return err
	}
	u.PINHash = hash
	return nil
}

// SetPassword gives a user a portal password, or takes it away when it is
// "". It refuses with [credential.ErrPassword].
func SetPassword(u *User, password string) error {
	if password == "" {
		u.PasswordHash = ""
		return nil
	}
	hash, err := credential.HashPassword(password)
	if err != nil {
		return err
	}
	u.PasswordHash = hash
	return nil
}

// SetDevicePassword gives a device a password, of which only the HA1 for its name
// and realm, the domain's name, is kept. It refuses with [ErrDevicePassword].
func SetDevicePassword(d *Device, realm, password string) error {
	control := strings.ContainsFunc(password, func(r rune) bool { return r < ' ' || r == 0x7f })
	if len(password) < MinDevicePassword || len(password) > MaxDevicePassword || control ||
		strings.EqualFold(password, d.Name) || strings.ToValidUTF8(password, "") != password {
		return ErrDevicePassword
	}
	name := normalName(d.Name)
	d.HA1MD5, d.HA1SHA256 = credential.HA1(name, realm, password)
	d.FullHA1MD5, d.FullHA1SHA256 = credential.HA1(name+"@"+realm, realm, password)
	return nil
}
