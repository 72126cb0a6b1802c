package switchboard

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// byItself is how soon after the news that a transfer has failed no person hangs
// up, but some phones do.
const byItself = 500 * time.Millisecond

// transfer is the wish of one side that the other talk with somebody else.
type transfer struct {
	by, kept *party
	silent   bool             // by is told nothing of how it goes
	event    string           // names the REFER in each NOTIFY
	told     int              // the status that by was told last
	reached  *party           // who has answered
	to       callrecord.Party // whose mailbox has answered instead
	over     bool             // the system has spoken with kept, and that was the end of the call
}

// tell notifies whoever transfers of how it goes (RFC 3515 2.4.5). A phone that
// has hung up is told no more.
func (x *transfer) tell(code int, reason string) {
	if x.silent || code == x.told || x.by.gone() {
		return
	}
	x.told = code
	state := "active;expires=60"
	if code >= 200 {
		state = "terminated;reason=noresource"
	}
	body := fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", code, reason)
	x.by.leg.Ask(string(sip.NOTIFY), "message/sipfrag;version=2.0", body, func(*sip.Response, error) {},
		sip.NewHeader("Event", x.event), sip.NewHeader("Subscription-State", state))
}

// refer takes the wish of one phone to transfer the other.
func (t *talking) refer(ctx context.Context, m dialog.Requested) {
	by := t.partyOf(m.Leg)
	kept := t.other(by)
	wish, ok := readReferral(m.Tx.Request())
	switch {
	case kept == nil:
		t.respond(m.Tx, statusNoDialog, "Call/Transaction Does Not Exist")
		return
	case !ok:
		t.respond(m.Tx, statusBadRequest, "Refer-To Missing Or Broken")
		return
	}
	x := &transfer{by: by, kept: kept, silent: wish.silent, event: fmt.Sprintf("refer;id=%d", m.Tx.Request().CSeq().Number)}
	if wish.replaces != nil {
		t.attended(ctx, m, x, *wish.replaces)
		return
	}
	action, o := t.mayRefer(by, wish)
	if o.code != 0 {
		t.respond(m.Tx, o.code, o.reason)
		return
	}
	if !t.accepts(m, x) {
		return
	}
	t.blind(ctx, x, action)
}

// accepts answers the REFER with 202 and begins the transfer.
func (t *talking) accepts(m dialog.Requested, x *transfer) bool {
	var headers []sip.Header
	if x.silent {
		headers = append(headers, sip.NewHeader("Refer-Sub", "false"))
	}
	if err := m.Tx.Reply(statusAccepted, "Accepted", headers...); err != nil {
		t.log.Info("accept a transfer", slog.Any("error", err))
		return false
	}
	t.transfer, t.waiting = x, x.kept
	x.tell(statusTrying, "Trying")
	return true
}

// other is the party that one talks with, or nil.
func (t *talking) other(p *party) *party {
	switch p {
	case t.caller:
		return t.callee
	case t.callee:
		return t.caller
	default:
		return nil
	}
}

// mayRefer tells what a party wants to transfer the call to, or why it may not.
func (t *talking) mayRefer(by *party, wish referral) (dialplan.Action, outcome) {
	if by.device.ID == "" {
		return dialplan.Action{}, outcome{statusForbidden, "Not From An Outside Line", callrecord.Failed}
	}
	if !t.ours(by, wish.target) {
		return dialplan.Action{}, outcome{statusForbidden, "Not To Another Domain", callrecord.Failed}
	}
	action := t.read(sip.URIUser(wish.target))
	switch action.Kind {
	case dialplan.Nothing, dialplan.Invalid:
		return action, outcome{statusBadRequest, "Refer-To Names No Number", callrecord.Failed}
	case dialplan.Extension, dialplan.Outside, dialplan.ToMailbox, dialplan.Park:
	default:
		return action, outcome{statusNotFound, "No Call Goes There", callrecord.Failed}
	}
	if d, ok := permit(standingOf(by.user, t.domain.HotDesking), action.Kind); !ok {
		return action, d.outcome
	}
	return action, outcome{}
}

// ours tells whether a party means its own domain by a URI.
func (t *talking) ours(by *party, target sip.URI) bool {
	if target.Scheme == "tel" {
		return true
	}
	if named, ok := t.board.cfg.Directory.DomainByName(target.Host); ok {
		return named.ID == t.domain.ID
	}
	return target.Host == t.local(by).String()
}

// blind calls the target of a transfer for the party that is kept, and puts both
// together.
func (t *talking) blind(ctx context.Context, x *transfer, action dialplan.Action) {
	media.Part(x.kept.stream)
	t.soothe(&x.kept.side)
	o := t.act(ctx, action)
	x.kept.hush()
	switch {
	case x.over:
		return
	case x.reached == nil:
		t.giveBack(ctx, x, o)
		return
	}
	if err := t.retune(x.kept, x.reached); err != nil {
		t.log.Info("the transferred phone does not fit", slog.Any("error", err))
		t.drop(x.reached)
		x.reached = nil
		t.giveBack(ctx, x, outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed})
		return
	}
	t.handedOn(ctx, x)
}

// handedOn lets whoever transferred go, when the others are connected.
func (c *call) handedOn(ctx context.Context, x *transfer) {
	next := x.reached
	if next.place = x.by.place; x.by == c.caller {
		c.caller = next
	} else {
		c.callee = next
	}
	c.letGo(ctx, x, next.shown)
	c.transfer, c.waiting = nil, c.caller
	c.tellAnswered()
}

// letGo ends the part that whoever transferred has in the call.
func (c *call) letGo(ctx context.Context, x *transfer, to callrecord.Party) {
	c.record.HandOn(callrecord.Transfer{Transferred: to, TransferredAt: c.now(), TransferredBy: x.by.place})
	c.save(ctx)
	x.tell(statusOK, "OK")
	c.drop(x.by)
}

// converseOn hands the party that is kept to a conversation, which is the end of
// the call.
func (c *call) converseOn(ctx context.Context, speak speech) outcome {
	x := c.transfer
	v := c.speaker()
	offer, err := x.kept.anew(v.endpoint.Offer())
	if err != nil {
		return c.refusalOf(err)
	}
	answer, err := c.reoffer(x.kept, offer)
	if err != nil {
		c.log.Info("a conversation in the place of a party", slog.Any("error", err))
		return outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed}
	}
	agreed, err := v.endpoint.Agree(answer)
	if err != nil {
		return c.refusalOf(err)
	}
	v.agree(agreed)
	c.letGo(ctx, x, x.to)
	v.hold(ctx, speak)
	x.over = true
	return outcome{code: 0, result: callrecord.Service}
}

// giveBack connects the parties again whose transfer has failed. Whoever
// transferred and hung up is called back.
func (t *talking) giveBack(ctx context.Context, x *transfer, o outcome) {
	x.tell(o.code, o.reason)
	if x.by.gone() && !x.kept.gone() && !t.stopping && x.by.user != nil {
		x.silent = true
		t.recall(ctx, x)
		return
	}
	t.relay(&x.kept.side, &x.by.side)
	t.transfer, t.waiting = nil, t.caller
	t.returned, t.returnedAt = x, time.Now()
}

// retakes calls back whose phone has hung up by itself because a transfer failed.
func (t *talking) retakes(ctx context.Context) {
	x := t.returned
	if x == nil || !x.by.gone() {
		return
	}
	t.returned = nil
	if time.Since(t.returnedAt) < byItself && x.by.user != nil && !x.kept.gone() && !t.stopping {
		x.silent = true
		t.transfer, t.waiting = x, x.kept
		media.Part(x.kept.stream)
		t.recall(ctx, x)
	}
}

// recall rings at whoever transferred or parked the call, wherever that person
// is now. When nobody answers there either the call is over.
func (c *call) recall(ctx context.Context, x *transfer) {
	c.soothe(&x.kept.side)
	c.seek(ctx, *x.by.user)
	if x.reached != nil {
		err := c.retune(x.kept, x.reached)
		if err == nil {
			c.handedOn(ctx, x)
			return
		}
		c.log.Info("a call cannot be given back", slog.Any("error", err))
	}
	x.over = true
	if c.record.EndedBy == "" && !x.kept.gone() {
		c.record.EndedBy = "system"
	}
}
