package switchboard

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

// parkedName is shown as the caller to whom the slot is told, with that as the number.
const parkedName = "Parked call"

// fetches takes back a call that is parked in a slot.
func (c *call) fetches(slot string) bool {
	host := c.board.lot.in(c.domain.ID, slot)
	if host == nil {
		return false
	}
	v := visit{plea: c.newPlea(nil, c.caller), purpose: toFetch}
	return c.visits(v, func(v visit) bool { return host.post(v) }).code == 0
}

// parks does what the code for parking asks for: with a transfer, the party that
// is kept is parked; else the call that the calling device has on hold.
func (c *call) parks(ctx context.Context, slot string) outcome {
	switch {
	case c.transfer != nil && slot == "":
		return c.parkKept(ctx)
	case slot != "": // else [call.joins] had found it
		return c.announce(ctx, ivr.NothingParked, outcome{statusNotFound, "Nobody Is Parked There", callrecord.NotFound})
	}
	for _, live := range c.board.CallsOf(c.caller.device.ID) {
		host := c.board.find(live.ID)
		if host == nil || host == c {
			continue
		}
		v := visit{plea: c.newPlea(nil, c.caller), purpose: toPark}
		if !host.post(v) {
			continue
		}
		reply, o := c.reply(v.plea)
		if at, ok := reply.(parked); ok {
			return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
				return c.board.cfg.Conversations.Parked(ctx, caller, desk, at.slot)
			})
		}
		if o.code == statusBusyHere {
			return c.announce(ctx, ivr.LotFull, o)
		}
	}
	return c.announce(ctx, ivr.NothingToPark, outcome{statusNotFound, "No Call On Hold", callrecord.NotFound})
}

// parksFor parks the other party of a phone that asks for it from another line.
func (t *talking) parksFor(ctx context.Context, v visit) {
	var by *party
	for _, p := range []*party{t.caller, t.callee} {
		if p.device.ID == v.by.device.ID && p.holds {
			by = p
		}
	}
	kept := t.other(by)
	switch {
	case kept == nil:
		v.refuse(statusNotFound, "No Call On Hold")
		return
	case t.busy():
		t.putOff = append(t.putOff, v)
		return
	}
	slot, ok := t.board.lot.park(t.call)
	switch {
	case !ok:
		v.refuse(statusBusyHere, "No Slot Is Free")
	case !v.close():
		t.board.lot.leave(t.call, slot)
	default:
		_ = v.from.post(parked{slot})
		t.transfer, t.waiting = &transfer{by: by, kept: kept, silent: true}, kept
		t.waits(ctx, slot, func() {})
		if t.transfer != nil {
			t.transfer.over = true
		}
	}
}

// parkKept parks the party that is kept in a transfer.
func (c *call) parkKept(ctx context.Context) outcome {
	slot, ok := c.board.lot.park(c)
	if !ok {
		return outcome{statusBusyHere, "No Slot Is Free", callrecord.Failed}
	}
	x := c.transfer
	telling, noLonger := context.WithCancel(ctx)
	defer noLonger()
	c.tellSlot(telling, x, slot)
	c.waits(ctx, slot, noLonger)
	x.over = true
	return outcome{}
}

// waits keeps a party until somebody fetches it. When nobody does, whoever
// parked it is called, wherever that person is now. That the slot is empty is
// told first.
func (c *call) waits(ctx context.Context, slot string, empty func()) {
	x := c.transfer
	defer c.board.lot.leave(c, slot)
	c.log.Info("parked", slog.String("slot", slot))
	media.Part(x.kept.stream)
	c.drop(x.by)
	c.soothe(&x.kept.side)
	defer x.kept.hush()
	timer := time.NewTimer(c.board.cfg.ParkFor)
	defer timer.Stop()
	for !x.kept.gone() && !c.stopping {
		message, timeout := c.next(timer.C)
		if timeout {
			empty()
			c.board.lot.leave(c, slot)
			c.comeBack(ctx, x)
			return
		}
		v, ok := message.(visit)
		switch {
		case !ok:
			c.aside(message)
		case v.purpose != toFetch || v.by.leg.RemoteSDP() == nil:
			v.refuse(statusNoDialog, "Call/Transaction Does Not Exist")
		default:
			if p := c.admit(v); p != nil {
				if c.takeIn(ctx, x, p) {
					c.record.Via = callrecord.Retrieved
					return
				}
				c.soothe(&x.kept.side)
			}
		}
	}
}

// comeBack ends a call that nobody has fetched, at the person who parked it or
// in that person's mailbox.
func (c *call) comeBack(ctx context.Context, x *transfer) {
	if x.by.user == nil {
		x.over = true
		c.record.EndedBy = "system"
		return
	}
	c.recall(ctx, x)
}

// tellSlot says to whoever parks a call where it is. It does so as a call of its
// own, so that the parked one can be fetched meanwhile; and a phone that has hung
// up is called back for it, until the context ends.
func (c *call) tellSlot(ctx context.Context, x *transfer, slot string) {
	who := x.by.identity
	back := func() { c.board.callBackWithSlot(ctx, c.domain, who, slot) }
	if x.by.gone() {
		go back()
		return
	}
	told := *x
	n := c.board.blankCall(x.by.identity, c.domain)
	n.parties = nil
	if !c.board.adopt(n) {
		x.tell(statusOK, "OK")
		return
	}
	by := x.by
	c.vacate(x)
	c.give(by, n)
	go func() {
		heard := false
		n.farewell(context.WithoutCancel(ctx), func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			err := c.board.cfg.Conversations.Parked(ctx, transferor{caller, &told}, desk, slot)
			heard = err == nil
			return err
		})
		if !heard {
			back()
		}
	}()
}

// callBackWithSlot rings once at the phone that has parked a call and says where.
// It shows the slot as the caller, so that calling back fetches the call.
func (s *Switchboard) callBackWithSlot(ctx context.Context, domain directory.Domain, who identity, slot string) {
	if ctx.Err() != nil {
		return
	}
	result := s.summon(ctx, summons{
		domain: domain, shown: callrecord.Party{Number: slot, Name: parkedName}, ringFor: min(warnRing, s.cfg.RingFor),
		find: func(ctx context.Context, c *call) ([]target, error) {
			holder, err := s.cfg.Sessions.HolderOf(ctx, who.device)
			if err != nil || partyOf(who.device, holder).UserID != who.shown.UserID {
				return nil, err
			}
			return c.phones(ctx, who.device, holder), nil
		},
		speak: func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			return s.cfg.Conversations.Parked(ctx, caller, desk, slot)
		},
	})
	s.cfg.Log.InfoContext(ctx, "who parked a call was called back", slog.String("slot", slot), slog.String("result", string(result)))
}

// transferor is told of the success of a transfer when all has been said.
type transferor struct {
	ivr.Caller
	transfer *transfer
}

// Hangup implements [ivr.Caller].
func (t transferor) Hangup() {
	t.transfer.tell(statusOK, "OK")
	t.Caller.Hangup()
}

// vacate leaves the place of whoever transfers to nobody, until somebody takes it.
func (c *call) vacate(x *transfer) {
	nobody := &party{identity: x.by.identity, place: x.by.place}
	if x.by == c.caller {
		c.caller = nobody
	} else {
		c.callee = nobody
	}
	x.by, x.silent = nobody, true
}

// farewell speaks with a party that another call has handed over, and hangs up.
func (c *call) farewell(ctx context.Context, speak speech) {
	defer c.board.remove(c)
	defer c.leave()
	defer c.hangUpAll()
	p := c.receive()
	if p == nil {
		return
	}
	c.caller, c.waiting = p, p
	v := c.speaker()
	offer, err := p.anew(v.endpoint.Offer())
	if err != nil {
		return
	}
	answer, err := c.reoffer(p, offer)
	if err != nil {
		return
	}
	if agreed, err := v.endpoint.Agree(answer); err == nil {
		v.agree(agreed)
		v.hold(ctx, speak)
	}
}
