package switchboard

import (
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// full says which limit keeps a call from a line.
type full int

const (
	notFull full = iota
	userFull
	domainFull
	lineFull
)

// lineUse is a call's use of an outside line.
type lineUse struct {
	call      *call
	userID    string // by whose right, or ""
	trunk     directory.Trunk
	emergency bool
	since     uint64        // orders the uses of a domain
	gone      chan struct{} // closed when the line is free again
}

// lineUses counts what is on the outside lines. It is safe for concurrent use.
type lineUses struct {
	mu      sync.Mutex
	domains map[string]*domainLines
}

// domainLines are the uses of one domain's lines.
type domainLines struct {
	uses   map[*lineUse]struct{}
	users  map[string]int
	trunks map[string]int
	last   uint64
}

// take puts a call on a line, unless that has as many as it may, or the domain
// or the user has. An emergency call has no limit.
func (l *lineUses) take(u *lineUse, limits directory.Outside) full {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.domains == nil {
		l.domains = map[string]*domainLines{}
	}
	d := l.domains[u.trunk.DomainID]
	if d == nil {
		d = &domainLines{uses: map[*lineUse]struct{}{}, users: map[string]int{}, trunks: map[string]int{}}
		l.domains[u.trunk.DomainID] = d
	}
	if f := d.full(u, limits); f != notFull && !u.emergency {
		return f
	}
	d.last++
	u.since, u.gone = d.last, make(chan struct{})
	d.uses[u] = struct{}{}
	d.users[u.userID]++
	d.trunks[u.trunk.ID]++
	return notFull
}

func (d *domainLines) full(u *lineUse, limits directory.Outside) full {
	switch {
	case u.userID != "" && limits.UserCalls > 0 && d.users[u.userID] >= limits.UserCalls:
		return userFull
	case limits.MaxCalls > 0 && len(d.uses) >= limits.MaxCalls:
		return domainFull
	case u.trunk.MaxCalls > 0 && d.trunks[u.trunk.ID] >= u.trunk.MaxCalls:
		return lineFull
	default:
		return notFull
	}
}

// give takes a call off its line.
func (l *lineUses) give(u *lineUse) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.domains[u.trunk.DomainID]
	delete(d.uses, u)
	decrease(d.users, u.userID)
	decrease(d.trunks, u.trunk.ID)
	if len(d.uses) == 0 {
		delete(l.domains, u.trunk.DomainID)
	}
	close(u.gone)
}

func decrease(counts map[string]int, key string) {
	if counts[key]--; counts[key] == 0 {
		delete(counts, key)
	}
}

// inTheWay finds the use that makes room for an emergency call: the newest that
// is none itself, on the line when that is full, on any line of the domain when
// the domain is. It is nil when there is room, or none can be made.
func (l *lineUses) inTheWay(u *lineUse, limits directory.Outside) *lineUse {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.domains[u.trunk.DomainID]
	if d == nil {
		return nil
	}
	f := d.full(&lineUse{trunk: u.trunk}, limits)
	if f == notFull {
		return nil
	}
	var newest *lineUse
	for other := range d.uses {
		elsewhere := f == lineFull && other.trunk.ID != u.trunk.ID
		if !other.emergency && !elsewhere && (newest == nil || other.since > newest.since) {
			newest = other
		}
	}
	return newest
}
