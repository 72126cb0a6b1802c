package switchboard

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// talking is the part of a call in which two phones are connected.
type talking struct {
	*call
	late     []byte      // the offer of the callee's 200, until the caller answers it
	offering bool        // an offer of one side is on its way to the other
	asked    *offerAsked // an offer whose answer one side's ACK will bring
	putOff   []any       // what waits until no offer is on its way

	returned   *transfer // has failed
	returnedAt time.Time
}

// talk connects whoever waits with the phone that answered, and then both until
// one hangs up.
func (c *call) talk(ctx context.Context, callee *party) outcome {
	c.occupy(callee)
	if c.transfer != nil {
		c.transfer.reached = callee
		return outcome{}
	}
	c.callee, callee.place = callee, "callee"
	c.record.Callee = callee.shown
	c.record.AnsweredAt = c.now()
	c.save(ctx) // before the caller hears of it: an answered call is on disk
	t := &talking{call: c}
	if err := t.accept(c.caller.leg.RemoteSDP()); err != nil {
		c.log.Info("the phones cannot be joined", slog.Any("error", err))
		callee.leg.Bye()
		c.record.AnsweredAt = time.Time{} // the caller never heard an answer
		if errors.Is(err, dialog.ErrGone) {
			return outcomeCancelled()
		}
		return outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed}
	}
	c.tellAnswered()
	return t.until(ctx)
}

// tellAnswered tells who talks now.
func (c *call) tellAnswered() {
	c.publish(Answered{CallID: c.record.ID, DomainID: c.domain.ID, Caller: c.caller.shown, Callee: c.callee.shown, Withheld: c.withheld, At: c.now()})
}

// accept answers the caller with what the phone answered. A caller without an
// offer gets the phone's, and its ACK brings the answer.
func (t *talking) accept(offer []byte) error {
	remote := t.callee.leg.RemoteSDP()
	identity := t.connected()
	if offer != nil {
		body, err := t.bridge(t.callee, remote, offer)
		if err != nil {
			return err
		}
		return t.caller.leg.Accept(body, identity...)
	}
	body, err := t.caller.offer(remote)
	if err != nil {
		return err
	}
	t.late = remote
	return t.caller.leg.Accept(body, identity...)
}

// connected tells the caller who has answered. Outside that is nobody's affair.
func (t *talking) connected() []sip.Header {
	if t.caller.trunkID != "" {
		return nil
	}
	return []sip.Header{sip.NewHeader("P-Asserted-Identity", t.address(t.record.Callee).String())}
}

// bridge relays the sound between the caller and a phone that has answered the
// caller's offer, and gives the answer for the caller.
func (c *call) bridge(callee *party, answer, offer []byte) ([]byte, error) {
	body, err := c.settle(&c.caller.side, &callee.side, offer, answer)
	if err != nil {
		return nil, err
	}
	c.relay(&c.caller.side, &callee.side)
	return body, nil
}

// until passes on what each phone wants, until one of them hangs up.
func (t *talking) until(ctx context.Context) outcome {
	for t.retakes(ctx); !t.over(); t.retakes(ctx) {
		t.takeUp()
		message, _ := t.next(nil)
		switch m := message.(type) {
		case dialog.Canceled: // while our 200 waited for a PRACK
			t.record.AnsweredAt = time.Time{}
			t.callee.leg.Bye()
			return outcomeCancelled()
		case plea:
			if t.plead(m) {
				return outcome{code: 0, result: callrecord.Answered}
			}
		case visit:
			t.visited(ctx, m)
		case dialog.Requested:
			t.requested(ctx, m)
		default:
			t.negotiate(ctx, message)
		}
	}
	if t.stopping && !t.caller.gone() && !t.callee.gone() {
		return outcome{code: 0, result: callrecord.Interrupted}
	}
	return outcome{code: 0, result: callrecord.Answered}
}

// negotiate takes what one phone wants to agree on with the other.
func (t *talking) negotiate(ctx context.Context, message any) {
	switch m := message.(type) {
	case dialog.Acked:
		t.acked(m)
	case dialog.Reoffered:
		t.reoffered(ctx, m)
	case offerAsked:
		t.offerAsked(m)
	case offerAnswered:
		t.offerAnswered(m)
	default:
		t.declineOffer(message)
	}
}

// over hangs up one side when the other has, and both when the server stops.
func (t *talking) over() bool {
	caller, callee := t.caller, t.callee
	switch {
	case caller.gone():
		t.endedBy(caller)
		callee.bye(reasonOf(*caller.ended)...)
	case callee.gone():
		t.endedBy(callee)
		caller.bye(reasonOf(*callee.ended)...)
	case t.stopping:
		callee.bye()
	case t.transfer != nil && t.transfer.over:
		t.transfer.kept.leg.Bye()
	default:
		return false
	}
	return true
}

// endedBy notes who hung up.
func (c *call) endedBy(p *party) {
	if c.record.EndedBy == "" {
		c.record.EndedBy = endedBy(*p.ended, p.place)
	}
}

// reasonOf passes on why a phone hung up (RFC 3326).
func reasonOf(m dialog.Ended) []sip.Header {
	if m.BYE == nil {
		return nil
	}
	return reasonsOf(m.Reason)
}

// reasonsOf is the Reason header of a phone's CANCEL or BYE, where it gave one.
func reasonsOf(values string) []sip.Header {
	if values == "" {
		return nil
	}
	return []sip.Header{sip.NewHeader("Reason", values)}
}

func endedBy(m dialog.Ended, who string) string {
	if m.By == dialog.ByPeer {
		return who
	}
	return "system"
}

// acked takes the answer of a phone that had asked for an offer.
func (t *talking) acked(m dialog.Acked) {
	switch {
	case t.asked != nil && t.asked.near.leg == m.Leg:
		t.answerCame(m.SDP)
	case t.late != nil && m.Leg == t.caller.leg:
		t.lateAnswer(m.SDP)
	}
}

// lateAnswer gives the callee the answer of a caller who called without an offer.
func (t *talking) lateAnswer(answer []byte) {
	offer := t.late
	t.late = nil
	body, err := t.settle(&t.callee.side, &t.caller.side, offer, answer)
	if err == nil {
		err = t.callee.leg.Ack(body)
	}
	if err != nil {
		t.log.Info("the caller's late answer does not fit", slog.Any("error", err))
		t.caller.leg.Bye()
		t.callee.leg.Bye()
		return
	}
	t.relay(&t.caller.side, &t.callee.side)
}
