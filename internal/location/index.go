package location

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// shards is the number of parts of an index; each has its own lock.
const shards = 64

// seeded picks the shard of a key.
type seeded struct {
	once sync.Once
	seed maphash.Seed
}

func (s *seeded) shard(key string) int {
	s.once.Do(func() { s.seed = maphash.MakeSeed() })
	return int(maphash.String(s.seed, key) % shards)
}

// device is one device's bindings.
type device struct {
	id       string
	mu       sync.Mutex // held by whoever changes the bindings
	left     bool       // guarded by mu: no longer in the index
	bindings atomic.Pointer[[]*holding]
}

// held returns the bindings; the list is never changed.
func (d *device) held() []*holding {
	if list := d.bindings.Load(); list != nil {
		return *list
	}
	return nil
}

func (d *device) set(list []*holding) { d.bindings.Store(&list) }

// devices is the index of devices that have bindings. Its zero value is empty.
type devices struct {
	seeded

	parts [shards]struct {
		mu   sync.RWMutex
		byID map[string]*device
	}
}

// find returns a device, or nil.
func (x *devices) find(deviceID string) *device {
	part := &x.parts[x.shard(deviceID)]
	part.mu.RLock()
	defer part.mu.RUnlock()
	return part.byID[deviceID]
}

// make returns a device, a new one if need be.
func (x *devices) make(deviceID string) *device {
	part := &x.parts[x.shard(deviceID)]
	part.mu.Lock()
	defer part.mu.Unlock()
	if d := part.byID[deviceID]; d != nil {
		return d
	}
	if part.byID == nil {
		part.byID = make(map[string]*device)
	}
	d := &device{id: strings.Clone(deviceID)}
	part.byID[d.id] = d
	return d
}

// lock returns a device locked for a change.
func (x *devices) lock(deviceID string) *device {
	for {
		d := x.find(deviceID)
		if d == nil {
			d = x.make(deviceID)
		}
		d.mu.Lock()
		if !d.left {
			return d
		}
		d.mu.Unlock() // it lost its last binding meanwhile
	}
}

// tryLock returns a device locked for a change, nil when it has no bindings or
// somebody else has the lock.
func (x *devices) tryLock(deviceID string) *device {
	d := x.find(deviceID)
	if d == nil || !d.mu.TryLock() {
		return nil
	}
	if d.left {
		d.mu.Unlock()
		return nil
	}
	return d
}

// unlock ends a change. A device without bindings leaves the index.
func (x *devices) unlock(d *device) {
	if len(d.held()) == 0 {
		part := &x.parts[x.shard(d.id)]
		part.mu.Lock()
		delete(part.byID, d.id)
		part.mu.Unlock()
		d.left = true
	}
	d.mu.Unlock()
}

// expired lists the devices with bindings that are no longer valid.
func (x *devices) expired(now time.Time) []string {
	var found []string
	for i := range x.parts {
		part := &x.parts[i]
		part.mu.RLock()
		for deviceID, d := range part.byID {
			if slices.ContainsFunc(d.held(), func(h *holding) bool { return !h.validAt(now) }) {
				found = append(found, deviceID)
			}
		}
		part.mu.RUnlock()
	}
	return found
}

// flows is the index from a flow to the devices that registered over it. Its
// zero value is empty.
type flows struct {
	seeded

	parts [shards]struct {
		mu     sync.RWMutex
		byFlow map[string]deviceSet
	}
}

// deviceSet is the devices of one flow: nearly always a single one, and a
// hundred thousand behind a proxy.
type deviceSet struct {
	one  string
	more map[string]struct{}
}

func (f *flows) add(flow, deviceID string) {
	part := &f.parts[f.shard(flow)]
	part.mu.Lock()
	defer part.mu.Unlock()
	if part.byFlow == nil {
		part.byFlow = make(map[string]deviceSet)
	}
	set, found := part.byFlow[flow]
	switch {
	case !found:
		part.byFlow[flow] = deviceSet{one: deviceID}
	case set.one == deviceID:
	case set.more == nil:
		part.byFlow[flow] = deviceSet{one: set.one, more: map[string]struct{}{deviceID: {}}}
	default:
		set.more[deviceID] = struct{}{}
	}
}

func (f *flows) remove(flow, deviceID string) {
	part := &f.parts[f.shard(flow)]
	part.mu.Lock()
	defer part.mu.Unlock()
	set, found := part.byFlow[flow]
	if !found {
		return
	}
	delete(set.more, deviceID)
	if set.one != deviceID {
		return
	}
	delete(part.byFlow, flow)
	for other := range set.more {
		delete(set.more, other)
		part.byFlow[flow] = deviceSet{one: other, more: set.more}
		return
	}
}

func (f *flows) devices(flow string) []string {
	part := &f.parts[f.shard(flow)]
	part.mu.RLock()
	defer part.mu.RUnlock()
	set, found := part.byFlow[flow]
	if !found {
		return nil
	}
	return append(slices.Collect(maps.Keys(set.more)), set.one)
}
