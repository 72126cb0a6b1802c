package directory

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
)

// office is one version of an office, made for look-ups. It never changes.
type office struct {
	Office
	users      map[string]*User   // by ID
	extensions map[string]*User   // by extension
	devices    map[string]*Device // by ID
	names      map[string]*Device // by name
	devicesOf  map[string][]Device
	phoneOf    map[string]*Phone   // by the ID of a device on it
	numbers    map[string]*Number  // by number
	numbersOf  map[string][]Number // by the ID of the user
	trunks     map[string]*Trunk   // by ID
}

func newOffice(o Office) *office {
	n := &office{
		Office:     o,
		users:      make(map[string]*User, len(o.Users)),
		extensions: make(map[string]*User, len(o.Users)),
		devices:    make(map[string]*Device, len(o.Devices)),
		names:      make(map[string]*Device, len(o.Devices)),
		devicesOf:  make(map[string][]Device),
		phoneOf:    make(map[string]*Phone, len(o.Phones)),
		numbers:    make(map[string]*Number, len(o.Numbers)),
		numbersOf:  make(map[string][]Number),
		trunks:     make(map[string]*Trunk, len(o.Trunks)),
	}
	n.lines()
	for i := range o.Users {
		u := &o.Users[i]
		n.users[u.ID], n.extensions[u.Extension] = u, u
	}
	for i := range o.Devices {
		d := &o.Devices[i]
		n.devices[d.ID], n.names[d.Name] = d, d
		if d.OwnerID != "" {
			n.devicesOf[d.OwnerID] = append(n.devicesOf[d.OwnerID], *d)
		}
	}
	for i := range o.Phones {
		for _, name := range o.Phones[i].Devices {
			if d := n.names[name]; d != nil {
				n.phoneOf[d.ID] = &o.Phones[i]
			}
		}
	}
	return n
}

// lines finds numbers and trunks.
func (o *office) lines() {
	for i := range o.Numbers {
		n := &o.Numbers[i]
		o.numbers[n.Number] = n
		if n.UserID != "" {
			o.numbersOf[n.UserID] = append(o.numbersOf[n.UserID], *n)
		}
	}
	for i := range o.Trunks {
		o.trunks[o.Trunks[i].ID] = &o.Trunks[i]
	}
}

// ids calls each with what finds the office from outside: the ID of every user,
// device and trunk, and every public number.
func (o *office) ids(each func(id string)) {
	if o == nil {
		return
	}
	for i := range o.Users {
		each(o.Users[i].ID)
	}
	for i := range o.Devices {
		each(o.Devices[i].ID)
	}
	for i := range o.Trunks {
		each(o.Trunks[i].ID)
	}
	for i := range o.Numbers {
		each(o.Numbers[i].Number)
	}
}

func (o *office) has(id string) bool {
	return o != nil && (o.users[id] != nil || o.devices[id] != nil || o.trunks[id] != nil || o.numbers[id] != nil)
}

// cell holds the newest version of one office; nil when the domain is gone.
type cell struct{ office atomic.Pointer[office] }

// index finds domains. It never changes.
type index struct {
	byID     map[string]*cell
	byName   map[string]*cell
	fallback *cell // takes requests whose host names no domain; nil: nobody
}

// put makes an index in which a domain is found, and drop one in which it is not.
func (x *index) put(domain Domain, c *cell) *index {
	n := &index{byID: maps.Clone(x.byID), byName: maps.Clone(x.byName)}
	n.byID[domain.ID], n.byName[domain.Name] = c, c
	return n.settle()
}

func (x *index) drop(domain Domain) *index {
	n := &index{byID: maps.Clone(x.byID), byName: maps.Clone(x.byName)}
	delete(n.byID, domain.ID)
	delete(n.byName, domain.Name)
	return n.settle()
}

// settle decides the fallback: the only domain, else the one marked default,
// the first by name should two servers have marked one each.
func (x *index) settle() *index {
	for _, name := range slices.Sorted(maps.Keys(x.byName)) {
		c := x.byName[name]
		o := c.office.Load()
		if len(x.byName) == 1 || o != nil && o.Domain.Default {
			x.fallback = c
			break
		}
	}
	return x
}

// owners finds the domain that a user, device or trunk belongs to by its ID,
// and a public number by itself. It is cut
// into shards so that an edit copies a few hundred entries, not all.
type owners struct {
	shards [512]atomic.Pointer[map[string]*cell]
}

// shardOf is FNV-1a, of which the lowest bits pick the shard.
func shardOf(id string) uint32 {
	hash := uint32(2166136261)
	for i := range len(id) {
		hash = (hash ^ uint32(id[i])) * 16777619
	}
	return hash % 512
}

func (w *owners) find(id string) *office {
	shard := w.shards[shardOf(id)].Load()
	if shard == nil {
		return nil
	}
	c := (*shard)[id]
	if c == nil {
		return nil
	}
	return c.office.Load()
}

// replace notes what a new version of an office brings and lacks. IDs are
// never used twice, so an entry that stays a little too long misleads nobody;
// a number may have gone to another domain, whose entry stays.
func (w *owners) replace(c *cell, before, after *office) {
	var put, drop [512][]string
	after.ids(func(id string) {
		if !before.has(id) {
			put[shardOf(id)] = append(put[shardOf(id)], id)
		}
	})
	before.ids(func(id string) {
		if !after.has(id) {
			drop[shardOf(id)] = append(drop[shardOf(id)], id)
		}
	})
	for i := range w.shards {
		if len(put[i])+len(drop[i]) > 0 {
			w.change(i, c, put[i], drop[i])
		}
	}
}

func (w *owners) change(shard int, c *cell, put, drop []string) {
	for {
		old := w.shards[shard].Load()
		size := len(put)
		if old != nil {
			size += len(*old)
		}
		entries := make(map[string]*cell, size)
		if old != nil {
			maps.Copy(entries, *old)
		}
		for _, id := range put {
			entries[id] = c
		}
		for _, id := range drop {
			if entries[id] == c {
				delete(entries, id)
			}
		}
		if w.shards[shard].CompareAndSwap(old, &entries) {
			return
		}
	}
}

// order sorts an office, so that lists read well and files compare.
func (o *Office) order() {
	slices.SortFunc(o.Users, func(a, b User) int { return compareNumbers(a.Extension, b.Extension) })
	slices.SortFunc(o.Devices, func(a, b Device) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(o.Phones, func(a, b Phone) int { return strings.Compare(a.MAC, b.MAC) })
	slices.SortFunc(o.Numbers, func(a, b Number) int { return compareNumbers(a.Number, b.Number) })
	slices.SortFunc(o.Trunks, func(a, b Trunk) int { return cmp.Or(a.Priority-b.Priority, strings.Compare(a.Name, b.Name)) })
}

// compareNumbers orders digits by value.
func compareNumbers(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
