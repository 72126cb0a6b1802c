package hotdesk

import (
	"fmt"
	"sync"
	"time"
)

// locks makes acts on the same key wait for one another. Different keys may
// share a lock; nobody takes two keys of the same locks.
type locks [64]sync.Mutex

// lock takes a key's lock and returns what gives it back.
func (l *locks) lock(key string) (unlock func()) {
	hash := uint32(2166136261) // FNV-1a
	for i := range len(key) {
		hash = (hash ^ uint32(key[i])) * 16777619
	}
	mu := &l[hash%uint32(len(l))]
	mu.Lock()
	return mu.Unlock
}

// zones keeps time zones once they are read: [time.LoadLocation] reads the
// database of zones each time.
type zones struct{ byName sync.Map }

func (z *zones) find(name string) (*time.Location, error) {
	if known, found := z.byName.Load(name); found {
		if zone, is := known.(*time.Location); is {
			return zone, nil
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q: %w", name, err)
	}
	z.byName.Store(name, zone)
	return zone, nil
}
