package switchboard

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// pleaFor bounds how long one call waits for what another says.
const pleaFor = 4 * time.Second

// plea asks the call that a leg belongs to for the party at its other end. It
// comes to that call as an event of the leg. Of the two calls only one decides
// that it is over: the asking one when it waits no longer, else the asked one.
type plea struct {
	leg    *dialog.Leg
	by     *party // of the asking call
	from   *call
	closed *atomic.Bool
}

// Messages to the inbox of the call that asked.
type (
	// granted hands over a party. What the party has said since follows it.
	granted struct {
		party *party
		// dialled is set instead when the asked call still rings: it has ended, and
		// whom it called is to be called anew.
		dialled string
	}
	// refused says why not.
	refused struct {
		code   int
		reason string
	}
)

// Of implements [dialog.Event].
func (p plea) Of() *dialog.Leg { return p.leg }

func (p plea) close() bool { return p.closed.CompareAndSwap(false, true) }

func (p plea) refuse(code int, reason string) {
	if p.close() {
		_ = p.from.post(refused{code, reason})
	}
}

// sameHolder tells whether two parties of a domain are the same person's, or
// the same device.
func sameHolder(a, b identity) bool {
	return a.device.ID != "" && (a.device.ID == b.device.ID || a.user != nil && b.user != nil && a.user.ID == b.user.ID)
}

// ask puts a plea to the call of a leg and waits for what that says.
func (c *call) ask(leg *dialog.Leg, by *party) (granted, outcome) {
	p := c.newPlea(leg, by)
	if !leg.Post(p) {
		return granted{}, outcomeNoDialog()
	}
	reply, o := c.reply(p)
	got, _ := reply.(granted)
	if got.party != nil {
		c.parties = append(c.parties, got.party)
	}
	return got, o
}

func (c *call) newPlea(leg *dialog.Leg, by *party) plea {
	return plea{leg: leg, by: by, from: c, closed: new(atomic.Bool)}
}

// reply waits for the answer to a plea, which is a refusal when none comes.
func (c *call) reply(p plea) (any, outcome) {
	timer := time.NewTimer(pleaFor)
	defer timer.Stop()
	for {
		message, timeout := c.next(timer.C)
		switch m := message.(type) {
		case granted, welcome, parked:
			return m, outcome{}
		case refused:
			return nil, outcome{code: m.code, reason: m.reason, result: callrecord.Failed}
		default:
			if timeout && p.close() {
				return nil, outcome{code: statusRequestTimeout, reason: "Request Timeout", result: callrecord.Failed}
			}
			if !timeout {
				c.aside(message)
			}
		}
	}
}

// plead answers a plea for the party at the other end of a leg. With that party
// gone the call is over.
func (t *talking) plead(p plea) (over bool) {
	asked := t.partyOf(p.leg)
	other := t.other(asked)
	switch {
	case other == nil || p.from == t.call:
		p.refuse(statusNoDialog, "Call/Transaction Does Not Exist")
	case p.from.domain.ID != t.domain.ID || !sameHolder(p.by.identity, asked.identity):
		p.refuse(statusForbidden, "Somebody Else's Call")
	case t.busy():
		t.putOff = append(t.putOff, p)
	case p.close():
		t.give(other, p.from)
		t.record.EndedBy = asked.place
		return true
	}
	return false
}

// plead lets a caller who transfers to somebody whose phone still rings do so as
// if nobody had been called yet: the call is over, and the other one calls anew.
func (r *ringing) plead(p plea) (over bool) {
	switch {
	case r.transfer != nil || p.leg != r.caller.leg || p.from.domain.ID != r.domain.ID || !sameHolder(p.by.identity, r.caller.identity):
		p.refuse(statusForbidden, "Somebody Else's Call")
	case p.close():
		_ = p.from.post(granted{dialled: r.dialled})
		return true
	}
	return false
}

// give hands a party over to another call, with all that has come from it and
// was not dealt with.
func (c *call) give(p *party, to *call) {
	c.parties = slices.DeleteFunc(c.parties, func(other *party) bool { return other == p })
	p.leg.Redirect(to.event, func() {
		if !to.post(granted{party: p}) { // that call is lost, and this party with it
			p.leg.Bye()
			p.leave()
			return
		}
		for _, message := range c.unread(p.leg) {
			_ = to.post(message)
		}
	})
}

// unread takes the events of a leg out of what waits to be read.
func (c *call) unread(leg *dialog.Leg) []any {
	c.pending = append(c.pending, c.inbox.take()...)
	var taken, left []any
	for _, message := range c.pending {
		if event, ok := message.(dialog.Event); ok && event.Of() == leg {
			taken = append(taken, message)
		} else {
			left = append(left, message)
		}
	}
	c.pending = left
	return taken
}
