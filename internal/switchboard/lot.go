package switchboard

import (
	"fmt"
	"sync"
)

// The slots of a parking lot: numbers that no extension of the domain may hide.
const (
	firstSlot = 701
	lastSlot  = 720
)

// lot is where calls are parked. Its zero value is empty; it is safe for
// concurrent use.
type lot struct {
	mu    sync.Mutex
	calls map[place]*call
}

type place struct{ domainID, slot string }

// park takes the first free slot of a domain that is no number of a user.
func (l *lot) park(c *call) (slot string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for n := firstSlot; n <= lastSlot; n++ {
		at := place{c.domain.ID, fmt.Sprint(n)}
		if l.calls[at] != nil {
			continue
		}
		if l.calls == nil {
			l.calls = map[place]*call{}
		}
		l.calls[at] = c
		return at.slot, true
	}
	return "", false
}

func (l *lot) leave(c *call, slot string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.calls, place{c.domain.ID, slot})
}

// in is the call in a slot, or nil.
func (l *lot) in(domainID, slot string) *call {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls[place{domainID, slot}]
}
