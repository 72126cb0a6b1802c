package directory

import "slices"

func userID(u *User) string     { return u.ID }
func deviceID(d *Device) string { return d.ID }
func phoneID(p *Phone) string   { return p.ID }
func numberID(n *Number) string { return n.ID }
func trunkID(t *Trunk) string   { return t.ID }

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
	c.PutNumbers, c.DropNumbers = changes(before.Numbers, after.Numbers, numberID, func(a, b *Number) bool { return *a == *b })
	c.PutTrunks, c.DropTrunks = changes(before.Trunks, after.Trunks, trunkID, func(a, b *Trunk) bool { return *a == *b })
	return c
}

// accounts is how much of a change is users and what belongs to them.
func (c *Change) accounts() int {
	return len(c.PutUsers) + len(c.PutDevices) + len(c.PutPhones) + len(c.PutNumbers) +
		len(c.DropUsers) + len(c.DropDevices) + len(c.DropPhones) + len(c.DropNumbers)
}

func (c *Change) trunks() int { return len(c.PutTrunks) + len(c.DropTrunks) }

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
	return a.ID == b.ID && a.MAC == b.MAC && a.Model == b.Model && a.Name == b.Name && a.Site == b.Site && a.Place == b.Place &&
		slices.Equal(a.Devices, b.Devices)
}

// allowed reports whether an actor may do all that an edit does, but for the
// scopes it gives: see [mayGrantAll].
func allowed(actor Actor, e Edit) bool {
	domain := Target{DomainID: e.After.Domain.ID}
	was, is := e.Before.Domain, e.After.Domain
	switch {
	case was.ID == "" || was.Default != is.Default || was.ResellerID != is.ResellerID:
		return May(actor, ActManageServer, domain)
	case was.HotDesking.ActivatePhone != is.HotDesking.ActivatePhone && !May(actor, ActActivatePhones, domain):
		return false
	case (was != is || e.Change.trunks() > 0) && !May(actor, ActManageDomain, domain):
		return false
	}
	return e.Change.accounts() == 0 || mayManageAll(actor, e) || changesOwn(actor, e)
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
	c := e.Change
	was, is := e.Before.Domain, e.After.Domain
	was.Version = is.Version
	return Changed{
		DomainID: is.ID,
		Version:  is.Version,
		Settings: was != is,
		Users:    touched(c.DropUsers, c.PutUsers, userID),
		Devices:  touched(c.DropDevices, c.PutDevices, deviceID),
		Phones:   touched(c.DropPhones, c.PutPhones, phoneID),
		Numbers:  touched(c.DropNumbers, c.PutNumbers, numberID),
		Trunks:   touched(c.DropTrunks, c.PutTrunks, trunkID),
	}
}

// touched lists the IDs of what was removed and what was put.
func touched[T any](dropped []string, put []T, id func(*T) string) []string {
	ids := slices.Clone(dropped)
	for i := range put {
		ids = append(ids, id(&put[i]))
	}
	return ids
}
