package switchboard

import (
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// LiveCall is a call as it stands.
type LiveCall struct {
	ID         string // as in its record
	DomainID   string
	Dialled    string
	Caller     callrecord.Party
	Ringing    []callrecord.Party // whose phones ring
	Withheld   bool               // the caller is not to be shown
	Callee     callrecord.Party   // who talks with the caller; the zero value: nobody has answered
	StartedAt  time.Time
	AnsweredAt time.Time // zero: nobody has answered
}

// CallsOf returns the live calls in which a user or a device has a part, the
// oldest first: it has dialled, its phone rings, or it talks.
func (s *Switchboard) CallsOf(id string) []LiveCall { return s.table.of(id) }

// table holds the live calls as the facts have told them. Its zero value is empty.
type table struct {
	mu    sync.RWMutex
	calls map[string]*LiveCall // never changed, but replaced
	parts map[string][]string  // the IDs of the calls of a user or device
}

func (t *table) of(id string) []LiveCall {
	t.mu.RLock()
	defer t.mu.RUnlock()
	found := make([]LiveCall, 0, len(t.parts[id]))
	for _, call := range t.parts[id] {
		found = append(found, *t.calls[call])
	}
	return found
}

// note takes in what has happened to a call, and tells which users and devices
// have, or had until now, a part in it.
func (t *table) note(fact events.Fact) []string {
	switch f := fact.(type) {
	case Started:
		return t.change(f.CallID, func(c *LiveCall) {
			*c = LiveCall{ID: f.CallID, DomainID: f.DomainID, Dialled: f.Dialled, Caller: f.Caller, StartedAt: f.At}
		})
	case Ringing:
		return t.change(f.CallID, func(c *LiveCall) { c.Ringing, c.Withheld = append(slices.Clip(c.Ringing), f.Callee), f.Withheld })
	case StoppedRinging:
		return t.change(f.CallID, func(c *LiveCall) {
			c.Ringing = slices.DeleteFunc(slices.Clone(c.Ringing), func(p callrecord.Party) bool { return p.DeviceID == f.DeviceID })
		})
	case Answered:
		return t.change(f.CallID, func(c *LiveCall) {
			c.Caller, c.Callee, c.Withheld, c.Ringing = f.Caller, f.Callee, f.Withheld, nil
			if c.AnsweredAt.IsZero() {
				c.AnsweredAt = f.At
			}
		})
	case Ended:
		return t.remove(f.Record.ID)
	default:
		return nil
	}
}

// change replaces a call by a changed copy. A fact about a call that has ended
// makes an empty one, which nobody has a part in.
func (t *table) change(id string, change func(c *LiveCall)) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var next LiveCall
	before := t.calls[id]
	if before != nil {
		next = *before
	}
	change(&next)
	if next.ID == "" {
		return nil
	}
	if t.calls == nil {
		t.calls, t.parts = map[string]*LiveCall{}, map[string][]string{}
	}
	t.calls[id] = &next
	was, is := before.members(), next.members()
	concerned := slices.Clone(is)
	for _, member := range was {
		if !slices.Contains(is, member) {
			t.leave(member, id)
			concerned = append(concerned, member)
		}
	}
	for _, member := range is {
		if !slices.Contains(t.parts[member], id) {
			t.parts[member] = append(t.parts[member], id)
		}
	}
	return concerned
}

func (t *table) remove(id string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	members := t.calls[id].members()
	for _, member := range members {
		t.leave(member, id)
	}
	delete(t.calls, id)
	return members
}

func (t *table) leave(member, call string) {
	left := slices.DeleteFunc(t.parts[member], func(id string) bool { return id == call })
	if len(left) == 0 {
		delete(t.parts, member)
		return
	}
	t.parts[member] = left
}

// members are the IDs of the users and devices that have a part in a call.
func (c *LiveCall) members() []string {
	if c == nil {
		return nil
	}
	ids := make([]string, 0, 4+2*len(c.Ringing))
	add := func(p *callrecord.Party) {
		for _, id := range [...]string{p.UserID, p.DeviceID} {
			if id != "" && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	add(&c.Caller)
	add(&c.Callee)
	for i := range c.Ringing {
		add(&c.Ringing[i])
	}
	return ids
}
