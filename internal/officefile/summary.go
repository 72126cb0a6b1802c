package officefile

import (
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// summary says what an edit did, in the words of the file.
func summary(e directory.Edit) Result {
	r := Result{Domain: e.After.Domain.Name}
	before, after := e.Before.Domain, e.After.Domain
	before.Version = after.Version
	switch {
	case e.Before.Domain.ID == "":
		r.Added = append(r.Added, "domain "+after.Name)
	case before != after:
		r.Changed = append(r.Changed, "domain "+after.Name)
	}
	b, c := e.Before, e.Change
	count(&r, b.Users, c.PutUsers, c.DropUsers, nameOfUser)
	count(&r, b.Devices, c.PutDevices, c.DropDevices, func(d directory.Device) (id, name string) { return d.ID, "device " + d.Name })
	count(&r, b.Phones, c.PutPhones, c.DropPhones, func(p directory.Phone) (id, name string) { return p.ID, "phone " + directory.FormatMAC(p.MAC) })
	count(&r, b.Numbers, c.PutNumbers, c.DropNumbers, func(n directory.Number) (id, name string) { return n.ID, "number " + n.Number })
	count(&r, b.Trunks, c.PutTrunks, c.DropTrunks, func(t directory.Trunk) (id, name string) { return t.ID, "trunk " + t.Name })
	return r
}

func nameOfUser(u directory.User) (id, name string) {
	return u.ID, fmt.Sprintf("user %s (%s)", u.Extension, u.Name)
}

// count adds what became of the objects of one kind.
func count[T any](r *Result, before, put []T, drop []string, named func(T) (id, name string)) {
	names := make(map[string]string, len(before))
	for _, t := range before {
		id, name := named(t)
		names[id] = name
	}
	for _, t := range put {
		if id, name := named(t); names[id] != "" {
			r.Changed = append(r.Changed, name)
		} else {
			r.Added = append(r.Added, name)
		}
	}
	for _, id := range drop {
		r.Removed = append(r.Removed, names[id])
	}
}
