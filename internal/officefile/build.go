package officefile

import (
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// builder makes the office of a plan from the office there is. All that takes
// long, the hashing, is done before.
type builder struct {
	plan      Plan
	hashes    []hashes          // of plan.users
	generated map[string]string // device name -> password
	uses      map[string]bool   // the generated passwords that went into the office
	tables    map[string]*table // ID of an object -> where the file has it
}

// build changes an office into the plan's. It may be called again.
func (b *builder) build(o *directory.Office) error {
	b.uses, b.tables = map[string]bool{}, map[string]*table{}
	old := o.Clone()
	have := index(old)
	*o = directory.Office{Domain: b.domain(old.Domain)}
	for i, p := range b.plan.users {
		u := p.user
		before := take(have.users, u.Extension)
		u.ID, u.CreatedAt = b.id(before.ID, p.at), before.CreatedAt
		u.PINHash = or(b.hashes[i].pin, before.PINHash)
		u.PasswordHash = or(b.hashes[i].password, before.PasswordHash)
		o.Users = append(o.Users, u)
		for _, d := range p.devices {
			b.device(o, have, d, u.ID)
		}
	}
	for _, d := range b.plan.devices {
		b.device(o, have, d, "")
	}
	for _, p := range b.plan.phones {
		phone := p.phone
		phone.Devices = slices.Clone(phone.Devices)
		phone.ID = b.id(take(have.phones, phone.MAC).ID, p.at)
		o.Phones = append(o.Phones, phone)
	}
	b.lines(o, have)
	return nil
}

// domain is the plan's domain with what the file leaves as it is.
func (b *builder) domain(old directory.Domain) directory.Domain {
	d := b.plan.Domain
	d.ID, d.Version, d.ResellerID = old.ID, old.Version, old.ResellerID
	if d.Mail.Address == old.Mail.Address && d.Mail.User == old.Mail.User { // another server must not get it
		d.Mail.Password = old.Mail.Password
	}
	d.Mail.Password = or(b.plan.mail, d.Mail.Password)
	if d.SignOn.Issuer == old.SignOn.Issuer && d.SignOn.ClientID == old.SignOn.ClientID {
		d.SignOn.ClientSecret = old.SignOn.ClientSecret
	}
	d.SignOn.ClientSecret = or(b.plan.signOn, d.SignOn.ClientSecret)
	return d
}

// lines makes the numbers and trunks.
func (b *builder) lines(o *directory.Office, have existing) {
	extensions := make(map[string]string, len(o.Users))
	for _, u := range o.Users {
		extensions[u.Extension] = u.ID
	}
	for _, p := range b.plan.numbers {
		n := p.number
		n.ID = b.id(take(have.numbers, n.Number).ID, p.at)
		if n.UserID = extensions[p.user]; n.UserID == "" {
			n.UserID = p.user // which is nobody's ID, and refused as such
		}
		o.Numbers = append(o.Numbers, n)
	}
	for _, p := range b.plan.trunks {
		t := p.trunk
		before := take(have.trunks, t.Name)
		t.ID = b.id(before.ID, p.at)
		if t.User == before.User {
			t.Password = before.Password
		}
		t.Password = or(p.password, t.Password)
		o.Trunks = append(o.Trunks, t)
	}
}

// id is the ID of an object, a new one when it had none, and remembers where the
// file has the object.
func (b *builder) id(before string, at *table) string {
	if before == "" {
		before = directory.NewID()
	}
	b.tables[before] = at
	return before
}

func (b *builder) device(o *directory.Office, have existing, p devicePlan, ownerID string) {
	d := p.device
	before := take(have.devices, d.Name)
	d.ID, d.CreatedAt, d.OwnerID = b.id(before.ID, p.at), before.CreatedAt, ownerID
	password := ""
	switch {
	case p.password != nil:
		password = *p.password
	case d.HA1MD5+d.HA1SHA256 != "": // given as an export wrote it
	case before.HA1MD5 != "":
		d.HA1MD5, d.HA1SHA256 = before.HA1MD5, before.HA1SHA256
		d.FullHA1MD5, d.FullHA1SHA256 = before.FullHA1MD5, before.FullHA1SHA256
	default:
		password = b.generated[d.Name]
		b.uses[d.Name] = true
	}
	if password != "" {
		d.HA1MD5, d.HA1SHA256 = credential.HA1(d.Name, o.Domain.Name, password)
		d.FullHA1MD5, d.FullHA1SHA256 = credential.HA1(d.Name+"@"+o.Domain.Name, o.Domain.Name, password)
	}
	o.Devices = append(o.Devices, d)
}

// existing finds what an office has by the names that the file uses.
type existing struct {
	users   map[string]directory.User
	devices map[string]directory.Device
	phones  map[string]directory.Phone
	numbers map[string]directory.Number
	trunks  map[string]directory.Trunk
}

func index(o directory.Office) existing {
	return existing{
		users:   byName(o.Users, func(u directory.User) string { return u.Extension }),
		devices: byName(o.Devices, func(d directory.Device) string { return d.Name }),
		phones:  byName(o.Phones, func(p directory.Phone) string { return p.MAC }),
		numbers: byName(o.Numbers, func(n directory.Number) string { return n.Number }),
		trunks:  byName(o.Trunks, func(t directory.Trunk) string { return t.Name }),
	}
}

func byName[T any](all []T, name func(T) string) map[string]T {
	m := make(map[string]T, len(all))
	for _, t := range all {
		m[name(t)] = t
	}
	return m
}

// take finds an object once: of two in the file that have one name, the second
// is a new one, and refused as such.
func take[T any](all map[string]T, name string) T {
	t := all[name]
	delete(all, name)
	return t
}

func or(given *string, otherwise string) string {
	if given != nil {
		return *given
	}
	return otherwise
}
