package directory

import (
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

// entry is a line of the audit log about a domain.
func (s *Service) entry(actor Actor, domainID, action, detail string) audit.Entry {
	return s.sign(actor, domainID, audit.Entry{Action: action, Detail: detail})
}

// sign fills in who wrote a line, and when.
func (s *Service) sign(actor Actor, domainID string, e audit.Entry) audit.Entry {
	e.ID, e.DomainID, e.At, e.Actor = NewID(), domainID, s.now().UTC(), actor.Name
	return e
}

// entries writes down each thing an edit added, changed or removed, by its
// name: what it holds may be a secret.
func (s *Service) entries(actor Actor, e Edit) []audit.Entry {
	var all []audit.Entry
	name := e.After.Domain.Name
	switch {
	case e.Before.Domain.ID == "":
		all = append(all, audit.Entry{Action: "domain.added", Detail: name})
	case e.Before.Domain != e.After.Domain:
		all = append(all, audit.Entry{Action: "domain.changed", Detail: name})
	}
	b, c := e.Before, e.Change
	all = slices.Concat(
		all,
		written(b.Users, c.PutUsers, userID, userEntry),
		written(b.Devices, c.PutDevices, deviceID, deviceEntry),
		written(b.Phones, c.PutPhones, phoneID, phoneEntry),
		written(b.Numbers, c.PutNumbers, numberID, numberEntry),
		written(b.Trunks, c.PutTrunks, trunkID, trunkEntry),
		removed(b.Users, c.DropUsers, userID, userEntry),
		removed(b.Devices, c.DropDevices, deviceID, deviceEntry),
		removed(b.Phones, c.DropPhones, phoneID, phoneEntry),
		removed(b.Numbers, c.DropNumbers, numberID, numberEntry),
		removed(b.Trunks, c.DropTrunks, trunkID, trunkEntry),
	)
	for i := range all {
		all[i] = s.sign(actor, e.After.Domain.ID, all[i])
	}
	return all
}

func userEntry(u *User) audit.Entry {
	return audit.Entry{Action: "user", Detail: u.Extension, UserID: u.ID}
}

func deviceEntry(d *Device) audit.Entry {
	return audit.Entry{Action: "device", Detail: d.Name, UserID: d.OwnerID, DeviceID: d.ID}
}

func phoneEntry(p *Phone) audit.Entry { return audit.Entry{Action: "phone", Detail: p.MAC} }

func numberEntry(n *Number) audit.Entry {
	return audit.Entry{Action: "number", Detail: n.Number, UserID: n.UserID}
}

func trunkEntry(t *Trunk) audit.Entry { return audit.Entry{Action: "trunk", Detail: t.Name} }

// written is a line for each thing that is new or other than it was.
func written[T any](before, put []T, id func(*T) string, entry func(*T) audit.Entry) []audit.Entry {
	old := byID(before, id)
	all := make([]audit.Entry, len(put))
	for i := range put {
		all[i] = entry(&put[i])
		if old[id(&put[i])] == nil {
			all[i].Action += ".added"
		} else {
			all[i].Action += ".changed"
		}
	}
	return all
}

// removed is a line for each thing that is gone.
func removed[T any](before []T, drop []string, id func(*T) string, entry func(*T) audit.Entry) []audit.Entry {
	old := byID(before, id)
	all := make([]audit.Entry, len(drop))
	for i := range drop {
		all[i] = entry(old[drop[i]])
		all[i].Action += ".removed"
	}
	return all
}
