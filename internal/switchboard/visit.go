package switchboard

import (
	"context"
	"log/slog"
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// purpose is what somebody who dials in wants with a call of others.
type purpose int

const (
	toAnswer  purpose = iota // what rings there
	toReplace                // one of the two who talk, or to answer
	toFetch                  // who is parked
	toPark                   // the other party of the own call; it brings no party
)

// visit asks a call to take in a caller of another, who then has a part in it and
// makes no call of their own.
type visit struct {
	plea
	purpose purpose
	userID  string // toAnswer: whose phones ring; "" for anybody's
	early   bool   // toReplace: only while it rings
}

// Messages to the inbox of the call that asked.
type (
	// welcome says that the caller is to be handed over.
	welcome struct{ to *call }
	// parked says where the other party waits now.
	parked struct{ slot string }
)

// joins lets the caller have a part in another call, where that is what the
// INVITE asks for. Done is false for a call of its own.
func (c *call) joins() (o outcome, done bool) {
	if c.caller.leg == nil || c.caller.device.ID == "" || c.foreign {
		return outcome{}, false
	}
	if values := sip.Values(c.caller.leg.Invitation(), "Replaces"); len(values) > 0 {
		return c.replaces(values), true
	}
	action := c.wish
	if _, ok := permit(standingOf(c.caller.user, c.domain.HotDesking), action.Kind); !ok {
		return outcome{}, false
	}
	switch action.Kind {
	case dialplan.Pickup:
		return outcome{}, c.picksUp(action.Number)
	case dialplan.Park, dialplan.Extension:
		return outcome{}, c.fetches(action.Number)
	default:
		return outcome{}, false
	}
}

// visits asks a call to take the caller in, and hands the caller over.
func (c *call) visits(v visit, ask func(visit) bool) outcome {
	if !ask(v) {
		return outcomeNoDialog()
	}
	reply, o := c.reply(v.plea)
	host, ok := reply.(welcome)
	if !ok {
		return o
	}
	c.absorbed = true
	c.give(c.caller, host.to)
	return outcome{}
}

// picksUp answers a call that rings at an extension.
func (c *call) picksUp(extension string) bool {
	user, ok := c.board.cfg.Directory.UserByExtension(c.domain.ID, extension)
	if !ok {
		return false
	}
	for _, live := range c.board.CallsOf(user.ID) {
		host := c.board.find(live.ID)
		if host == nil || host == c || live.Caller.DeviceID == c.caller.device.ID || !rings(live, user.ID) {
			continue
		}
		v := visit{plea: c.newPlea(nil, c.caller), purpose: toAnswer, userID: user.ID}
		if o := c.visits(v, func(v visit) bool { return host.post(v) }); o.code == 0 {
			return true
		}
	}
	return false
}

func rings(live LiveCall, userID string) bool {
	for _, p := range live.Ringing {
		if p.UserID == userID {
			return true
		}
	}
	return false
}

// replaces takes the place of one side of a call, or answers what rings (RFC 3891).
func (c *call) replaces(values []string) outcome {
	c.absorbed = true
	wish, ok := readReplaces(values[0])
	if !ok || len(values) > 1 {
		return outcome{statusBadRequest, "Replaces Broken", callrecord.Failed}
	}
	v := visit{plea: c.newPlea(nil, c.caller), purpose: toReplace, early: wish.earlyOnly}
	// The busy lamps name a call by the ID of its record, since a call has no dialog of its own.
	if host := c.board.find(wish.id.CallID); host != nil {
		return c.visits(v, func(v visit) bool { return host.post(v) })
	}
	leg := c.board.cfg.Legs.Find(wish.id)
	if leg == nil {
		return outcomeNoDialog()
	}
	v.leg = leg
	return c.visits(v, func(v visit) bool { return leg.Post(v) })
}

// receive waits for a party that another call hands over. What else comes
// meanwhile is read later. It is nil when that other call is lost.
func (c *call) receive() *party {
	var later []any
	defer func() { c.pending = append(later, c.pending...) }()
	for !c.stopping {
		message, _ := c.next(nil)
		if got, ok := message.(granted); ok {
			c.parties = append(c.parties, got.party)
			return got.party
		}
		later = append(later, message)
	}
	return nil
}

// admit takes the caller of another call in. It is nil when that has hung up.
func (c *call) admit(v visit) *party {
	if !v.close() {
		return nil
	}
	_ = v.from.post(welcome{to: c})
	p := c.receive()
	if p != nil && p.gone() {
		c.drop(p)
		return nil
	}
	return p
}

// visited lets somebody else answer what rings. Taken says that nothing rings
// any more, even if nobody has answered in the end.
func (r *ringing) visited(v visit) (winner *party, taken bool) {
	p := v.by
	switch {
	case v.from.domain.ID != r.domain.ID:
		v.refuse(statusNoDialog, "Call/Transaction Does Not Exist")
	case r.offer == nil || p.leg.RemoteSDP() == nil:
		v.refuse(statusNotAcceptableHere, "Not Acceptable Here")
	case v.purpose == toFetch || v.purpose == toPark || !r.ringsFor(v):
		v.refuse(statusNoDialog, "Call/Transaction Does Not Exist")
	default:
		return r.pickedUp(v)
	}
	return nil, false
}

func (r *ringing) ringsFor(v visit) bool {
	for leg, b := range r.branches {
		mine := v.userID == "" || b.user != nil && b.user.ID == v.userID
		if b.code == 0 && mine && (v.leg == nil || v.leg == leg) {
			return true
		}
	}
	return false
}

// pickedUp connects whoever waits with a phone that has dialled in. Both have
// made an offer; the phone gets an answer of ours, and then the other's offer.
func (r *ringing) pickedUp(v visit) (winner *party, taken bool) {
	p := r.admit(v)
	if p == nil {
		return nil, false
	}
	r.stop(nil, completedElsewhere())
	r.record.Via = callrecord.PickedUp
	if r.record.Diverted == (callrecord.Party{}) && r.transfer == nil {
		r.record.Diverted = r.record.Callee
	}
	if err := r.greet(p); err != nil || r.waiting.gone() {
		r.log.Info("a call cannot be picked up", slog.Any("error", err))
		_ = p.leg.Reject(statusNotAcceptableHere, "Not Acceptable Here")
		r.drop(p)
		return nil, true
	}
	return p, true
}

// pickupFailed is how a call ends that somebody was about to pick up.
func (r *ringing) pickupFailed() outcome {
	if r.waiting.gone() {
		return outcomeCancelled()
	}
	return outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed}
}

// greet answers a phone that has dialled in, and makes it the offer of whoever waits.
func (r *ringing) greet(p *party) error {
	if err := r.openSound(p, r.local(p)); err != nil {
		return err
	}
	ours := sdp.Endpoint{At: p.at, Origin: p.origin, Formats: []sdp.Format{sdp.PCMU(), sdp.PCMA(), sdp.TelephoneEvent()}}
	body, _, err := ours.Answer(p.leg.RemoteSDP())
	if err != nil {
		return err
	}
	if err := p.leg.Accept(body, sip.NewHeader("P-Asserted-Identity", r.address(r.waiting.shown).String())); err != nil {
		return err
	}
	offer, err := p.anew(r.offer)
	if err != nil {
		return err
	}
	_, err = r.reoffer(p, offer)
	return err
}

// visited lets somebody take the place of one who talks.
func (t *talking) visited(ctx context.Context, v visit) {
	leaves := t.partyOf(v.leg)
	stays := t.other(leaves)
	switch {
	case v.purpose == toPark:
		t.parksFor(ctx, v)
	case stays == nil || v.purpose != toReplace || v.from.domain.ID != t.domain.ID:
		v.refuse(statusNoDialog, "Call/Transaction Does Not Exist")
	case v.early:
		v.refuse(statusBusyHere, "Busy Here")
	case !sameHolder(v.by.identity, leaves.identity):
		v.refuse(statusForbidden, "Somebody Else's Call")
	case v.by.leg.RemoteSDP() == nil:
		v.refuse(statusNotAcceptableHere, "Not Acceptable Here")
	case t.busy():
		t.putOff = append(t.putOff, v)
	default:
		t.replace(ctx, v, leaves, stays)
	}
}

func (t *talking) replace(ctx context.Context, v visit, leaves, stays *party) {
	x := &transfer{by: leaves, kept: stays, silent: true}
	p := t.admit(v)
	if p == nil {
		return
	}
	t.transfer = x
	if !t.takeIn(ctx, x, p) {
		t.transfer = nil
	}
}

// takeIn answers a phone that has dialled in with the sound of the party that is
// kept, and lets it take the other's place.
func (c *call) takeIn(ctx context.Context, x *transfer, p *party) bool {
	media.Part(x.kept.stream)
	if err := c.acquaint(x.kept, p); err != nil {
		c.log.Info("a call cannot be taken over", slog.Any("error", err))
		_ = p.leg.Reject(statusNotAcceptableHere, "Not Acceptable Here")
		c.drop(p)
		if slices.Contains(c.parties, x.by) && !x.by.gone() { // else there is nobody to go back to: the party was parked
			c.relay(&x.kept.side, &x.by.side)
		}
		return false
	}
	x.reached = p
	c.occupy(p)
	c.handedOn(ctx, x)
	return true
}

// acquaint makes a party that talks already the offer of one that has dialled
// in, and answers that.
func (c *call) acquaint(kept, p *party) error {
	if err := c.openSound(p, c.local(p)); err != nil {
		return err
	}
	theirs := p.leg.RemoteSDP()
	offer, err := kept.anew(theirs)
	if err != nil {
		return err
	}
	answer, err := c.reoffer(kept, offer)
	if err != nil {
		return err
	}
	body, err := c.settle(&p.side, &kept.side, theirs, answer)
	if err != nil {
		return err
	}
	if err := p.leg.Accept(body, sip.NewHeader("P-Asserted-Identity", c.address(kept.shown).String())); err != nil {
		return err
	}
	c.relay(&p.side, &kept.side)
	return nil
}
