package directory

import (
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

func userID(u *User) string     { return u.ID }
func deviceID(d *Device) string { return d.ID }
func phoneID(p *Phone) string   { return p.ID }

func byID[T any](all []T, id func(*T) string) map[string]*T {
	m := make(map[string]*T, len(all))
	for i := range all {
		m[id(&all[i])] = &all[i]
	}
	return m
}

// diff is what must be written to get from one office to the other.
func diff(before, after Office) Change {
	c := Change{Domain: after.Domain}
	c.PutUsers, c.DropUsers = changes(before.Users, after.Users, userID, sameUser)
	c.PutDevices, c.DropDevices = changes(before.Devices, after.Devices, deviceID, sameDevice)
	c.PutPhones, c.DropPhones = changes(before.Phones, after.Phones, phoneID, samePhone)
	return c
}

func changes[T any](before, after []T, id func(*T) string, same func(a, b *T) bool) (put []T, drop []string) {
	old, kept := byID(before, id), byID(after, id)
	for i := range after {
		if o := old[id(&after[i])]; o == nil || !same(o, &after[i]) {
			put = append(put, after[i])
		}
	}
	for i := range before {
		if kept[id(&before[i])] == nil {
			drop = append(drop, id(&before[i]))
		}
	}
	return put, drop
}

func sameUser(a, b *User) bool {
	x := *b
	x.CreatedAt = a.CreatedAt
	return *a == x
}

func sameDevice(a, b *Device) bool {
	x := *b
	x.CreatedAt = a.CreatedAt
	return *a == x
}

func samePhone(a, b *Phone) bool {
	return a.ID == b.ID && a.MAC == b.MAC && a.Model == b.Model && a.Name == b.Name && a.Place == b.Place &&
		slices.Equal(a.Devices, b.Devices)
}

// allowed reports whether an actor may do all that an edit does.
func allowed(actor Actor, e Edit) bool {
	domain := Target{DomainID: e.After.Domain.ID}
	was, is := e.Before.Domain, e.After.Domain
	switch {
	case was.ID == "" || was.Default != is.Default:
		return May(actor, ActManageServer, domain)
	case was.HotDesking.ActivatePhone != is.HotDesking.ActivatePhone && !May(actor, ActActivatePhones, domain):
		return false
	case was != is && !May(actor, ActManageDomain, domain):
		return false
	}
	c := e.Change
	accounts := len(c.PutUsers)+len(c.PutDevices)+len(c.PutPhones)+len(c.DropUsers)+len(c.DropDevices)+len(c.DropPhones) > 0
	return !accounts || May(actor, ActManageAccounts, domain) && mayGrantAll(actor, e)
}

// mayGrantAll reports whether no user that the edit touches has, or had, a
// wider scope than the actor.
func mayGrantAll(actor Actor, e Edit) bool {
	old := byID(e.Before.Users, userID)
	for _, u := range e.Change.PutUsers {
		if !MayGrant(actor, u.Scope) || old[u.ID] != nil && !MayGrant(actor, old[u.ID].Scope) {
			return false
		}
	}
	for _, id := range e.Change.DropUsers {
		if !MayGrant(actor, old[id].Scope) {
			return false
		}
	}
	return true
}

// fact is what an edit tells the listeners.
func (e Edit) fact() Changed {
	f := Changed{
		DomainID: e.After.Domain.ID,
		Version:  e.After.Domain.Version,
		Users:    slices.Clone(e.Change.DropUsers),
		Devices:  slices.Clone(e.Change.DropDevices),
		Phones:   slices.Clone(e.Change.DropPhones),
	}
	was, is := e.Before.Domain, e.After.Domain
	was.Version = is.Version
	f.Settings = was != is
	for i := range e.Change.PutUsers {
		f.Users = append(f.Users, e.Change.PutUsers[i].ID)
	}
	for i := range e.Change.PutDevices {
		f.Devices = append(f.Devices, e.Change.PutDevices[i].ID)
	}
	for i := range e.Change.PutPhones {
		f.Phones = append(f.Phones, e.Change.PutPhones[i].ID)
	}
	return f
}

func (s *Service) entry(actor Actor, domainID, action, detail string) audit.Entry {
	return audit.Entry{ID: NewID(), DomainID: domainID, At: s.now().UTC(), Actor: actor.Name, Action: action, Detail: detail}
}

// entries writes down each thing an edit added, changed or removed.
func (s *Service) entries(actor Actor, e Edit) []audit.Entry {
	var all []audit.Entry
	add := func(action, detail, userID, deviceID string) {
		entry := s.entry(actor, e.After.Domain.ID, action, detail)
		entry.UserID, entry.DeviceID = userID, deviceID
		all = append(all, entry)
	}
	switch {
	case e.Before.Domain.ID == "":
		add("domain.added", e.After.Domain.Name, "", "")
	case e.Before.Domain != e.After.Domain:
		add("domain.changed", e.After.Domain.Name, "", "")
	}
	users, devices, phones := byID(e.Before.Users, userID), byID(e.Before.Devices, deviceID), byID(e.Before.Phones, phoneID)
	for _, u := range e.Change.PutUsers {
		add("user."+verb(users[u.ID] != nil), u.Extension, u.ID, "")
	}
	for _, d := range e.Change.PutDevices {
		add("device."+verb(devices[d.ID] != nil), d.Name, d.OwnerID, d.ID)
	}
	for _, p := range e.Change.PutPhones {
		add("phone."+verb(phones[p.ID] != nil), p.MAC, "", "")
	}
	for _, id := range e.Change.DropUsers {
		add("user.removed", users[id].Extension, id, "")
	}
	for _, id := range e.Change.DropDevices {
		add("device.removed", devices[id].Name, devices[id].OwnerID, id)
	}
	for _, id := range e.Change.DropPhones {
		add("phone.removed", phones[id].MAC, "", "")
	}
	return all
}

//nolint:revive // flag-parameter: the verb of an audit entry is this very difference
func verb(existed bool) string {
	if existed {
		return "changed"
	}
	return "added"
}
