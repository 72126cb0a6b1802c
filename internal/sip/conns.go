package sip

import (
	"container/list"
	"maps"
	"net/netip"
	"slices"
	"sync"
)

// conns are the open stream connections. Those that have delivered no message
// yet are few, and the oldest of them makes room for the newest: whoever opens
// thousands and says nothing pushes out only its like.
type conns struct {
	limits  Limits
	readers *sync.WaitGroup

	mu        sync.Mutex
	all       map[Flow]*stream
	unproven  *list.List // of *stream, the oldest first
	perSource map[netip.Addr]int
	proven    int
	closed    bool
}

type standing int

const (
	unproven standing = iota
	proven
)

func newConns(l Limits, readers *sync.WaitGroup) *conns {
	return &conns{limits: l, readers: readers, all: map[Flow]*stream{}, unproven: list.New(), perSource: map[netip.Addr]int{}}
}

func (c *conns) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.all)
}

func (c *conns) find(f Flow) *stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[f]
}

// add takes a connection in, and counts its reader; false when there is one of that flow, or when the
// engine stops. The one returned has to make room.
func (c *conns) add(s *stream, as standing) (victim *stream, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.all[s.flow] != nil {
		return nil, false
	}
	if as == proven { // ours: it was dialled
		c.proven++
		c.perSource[source(s.flow.Remote.Addr())]++
		s.proven = true
	} else {
		s.place = c.unproven.PushBack(s)
		if c.unproven.Len() > c.limits.Unproven {
			victim, _ = c.unproven.Remove(c.unproven.Front()).(*stream)
			victim.place = nil
		}
	}
	c.all[s.flow] = s
	c.readers.Add(1) // under the lock, so that closeAll comes before or after
	return victim, true
}

// prove counts a connection among those that have delivered a message; false
// when there are too many of them.
func (c *conns) prove(s *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.proven || s.place == nil {
		return s.proven
	}
	from := source(s.flow.Remote.Addr())
	if c.proven >= c.limits.Connections || c.perSource[from] >= c.limits.PerSource {
		return false
	}
	c.unproven.Remove(s.place)
	s.place, s.proven = nil, true
	c.proven++
	c.perSource[from]++
	return true
}

// drop takes a connection out; false when it was out.
func (c *conns) drop(s *stream) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.all[s.flow] != s {
		return false
	}
	delete(c.all, s.flow)
	if s.place != nil {
		c.unproven.Remove(s.place)
		s.place = nil
	}
	if s.proven {
		s.proven = false
		c.proven--
		from := source(s.flow.Remote.Addr())
		if c.perSource[from]--; c.perSource[from] == 0 {
			delete(c.perSource, from)
		}
	}
	return true
}

func (c *conns) closeAll() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.closeIf(func(Flow) bool { return true })
}

func (c *conns) closeIf(which func(Flow) bool) {
	c.mu.Lock()
	all := slices.Collect(maps.Values(c.all))
	c.mu.Unlock()
	for _, s := range all {
		if which(s.flow) {
			s.close()
		}
	}
}
