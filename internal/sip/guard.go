package sip

import (
	"net/netip"
	"sync"
	"time"
)

// guard counts what each source sends, and knows who is banned, before anything
// is parsed. Its memory is bounded: of two generations of sources the older is
// forgotten when the newer is full. A forgotten source starts afresh, which
// favours the sender; the sum of all is bounded by the mailboxes behind.
type guard struct {
	rate, burst float64
	max         int
	trusted     []netip.Prefix
	now         func() time.Time

	mu       sync.Mutex
	young    map[netip.Addr]bucket
	old      map[netip.Addr]bucket
	banned   map[netip.Addr]time.Time
	nextTidy time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newGuard(l Limits, now func() time.Time) *guard {
	return &guard{
		rate: float64(l.Rate), burst: float64(l.Burst), max: l.Sources, trusted: l.Trusted, now: now,
		young: map[netip.Addr]bucket{}, old: map[netip.Addr]bucket{}, banned: map[netip.Addr]time.Time{},
	}
}

// source is whom a message counts for: IPv6 peers own at least a /64.
func source(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// take takes a token of addr's and returns how long to wait for it: 0 now;
// negative never, for the banned.
func (g *guard) take(addr netip.Addr) time.Duration {
	if g.trusts(addr) {
		return 0
	}
	addr = source(addr)
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if until, ok := g.banned[addr]; ok {
		if now.Before(until) {
			return -1
		}
		delete(g.banned, addr)
	}
	if g.rate < 0 {
		return 0
	}
	b, ok := g.young[addr]
	if !ok {
		b, ok = g.old[addr]
		if !ok {
			b = bucket{tokens: g.burst, at: now}
		}
		if len(g.young) >= g.max/2 {
			g.old, g.young = g.young, make(map[netip.Addr]bucket, g.max/2)
		}
	}
	b.tokens = min(g.burst, b.tokens+g.rate*now.Sub(b.at).Seconds())
	b.at = now
	wait := time.Duration(0)
	if b.tokens < 1 {
		wait = time.Duration((1 - b.tokens) / g.rate * float64(time.Second))
		wait = max(wait, time.Nanosecond)
	} else {
		b.tokens--
	}
	g.young[addr] = b
	return wait
}

// trusts is about one address, also of IPv6: its neighbours may be anybody.
func (g *guard) trusts(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	for _, p := range g.trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// ban drops everything from addr until d has passed. Where too many are banned
// the new one is not: a table that attackers can fill must not grow.
func (g *guard) ban(addr netip.Addr, d time.Duration) {
	if g.trusts(addr) {
		return
	}
	addr = source(addr)
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.banned) >= g.max && now.After(g.nextTidy) {
		g.nextTidy = now.Add(time.Second)
		for a, until := range g.banned {
			if !now.Before(until) {
				delete(g.banned, a)
			}
		}
	}
	if len(g.banned) < g.max {
		g.banned[addr] = now.Add(d)
	}
}

// isBanned reports whether addr is banned, taking no token.
func (g *guard) isBanned(addr netip.Addr) bool {
	if g.trusts(addr) {
		return false
	}
	addr = source(addr)
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.banned[addr]
	return ok && g.now().Before(until)
}
