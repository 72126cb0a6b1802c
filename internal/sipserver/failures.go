package sipserver

import (
	"net/netip"
	"sync"
	"time"
)

// failures counts the wrong passwords of each source. Its memory is bounded: of
// two generations the older is forgotten when the younger is full or old.
type failures struct {
	policy BanPolicy
	now    func() time.Time

	mu           sync.Mutex
	young, older map[netip.Addr]int
	since        time.Time
}

func newFailures(policy BanPolicy, now func() time.Time) *failures {
	return &failures{policy: policy, now: now, young: make(map[netip.Addr]int), since: now()}
}

// add counts a failure and tells whether it was one too many; the count then
// starts anew.
func (f *failures) add(source netip.Addr) bool {
	source = owner(source)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn()
	count := f.young[source] + f.older[source] + 1
	delete(f.older, source)
	if count >= f.policy.Failures {
		delete(f.young, source)
		return true
	}
	f.young[source] = count
	return false
}

// clear forgets the failures of a source that has proven itself.
func (f *failures) clear(source netip.Addr) {
	source = owner(source)
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.young, source)
	delete(f.older, source)
}

func (f *failures) turn() {
	now := f.now()
	if now.Sub(f.since) < f.policy.Within && len(f.young) < f.policy.Sources/2 {
		return
	}
	if now.Sub(f.since) >= 2*f.policy.Within {
		f.young = nil // older than it may count
	}
	f.older, f.young, f.since = f.young, make(map[netip.Addr]int), now
}

// owner is whom an address stands for: who has one of IPv6 has at least a /64.
func owner(addr netip.Addr) netip.Addr {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		if p, err := addr.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return addr
}
