package switchboard

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// passFor bounds how long a phone may take to answer what the other one asks.
const passFor = 35 * time.Second

// insertFor bounds how long a digit waits for sound that it can go with.
const insertFor = 5 * time.Second

// Messages to the inbox about an offer that one phone makes in the call.
type (
	// offerAsked says that the far phone has made the offer that the near one
	// asked for; the answer goes to the channel.
	offerAsked struct {
		exchange
		offer  []byte
		answer chan<- []byte
	}
	// offerAnswered says how the far phone took the offer.
	offerAnswered struct {
		exchange
		response *sip.Response
		err      error
	}
)

// exchange is one offer in the call: the phone that made it, and the other.
type exchange struct {
	event     dialog.Reoffered
	near, far *side
}

// sides finds the side of a leg and the other one; false for a leg that has no part.
func (t *talking) sides(leg *dialog.Leg) (near, far *side, ok bool) {
	switch leg {
	case t.caller.leg:
		return &t.caller.side, &t.callee.side, true
	case t.callee.leg:
		return &t.callee.side, &t.caller.side, true
	default:
		return nil, nil, false
	}
}

// declineOffer answers what a phone asks before the call is answered.
func (c *call) declineOffer(message any) {
	switch m := message.(type) {
	case dialog.Reoffered:
		c.rejectOffer(m, statusRequestPending, "Request Pending")
	case dialog.Pracked:
		if m.Answer == nil {
			return
		}
		if err := m.Answer(statusNotAcceptableHere, nil); err != nil {
			c.log.Debug("refuse an offer", slog.Any("error", err))
		}
	case dialog.Requested:
		if m.Tx.Request().Method == sip.OPTIONS {
			c.respond(m.Tx, statusOK, "OK")
			return
		}
		c.respond(m.Tx, statusRequestPending, "Request Pending")
	case plea:
		m.refuse(statusRequestPending, "Request Pending")
	case visit:
		m.refuse(statusRequestPending, "Request Pending")
	}
}

// aside takes what does not concern the present part of a call.
func (c *call) aside(message any) {
	if m, ok := message.(dialog.Ended); ok {
		if c.transfer != nil && m.Leg == c.transfer.by.leg {
			c.transfer.by.leave() // who transferred a call and has hung up is free
		}
		return
	}
	c.declineOffer(message)
}

func (c *call) rejectOffer(m dialog.Reoffered, code int, reason string) {
	if err := m.Reject(code, reason); err != nil {
		c.log.Debug("refuse an offer", slog.Any("error", err))
	}
}

func (c *call) respond(tx *sip.ServerTx, code int, reason string) {
	if err := tx.Reply(code, reason); err != nil {
		c.log.Debug("answer in the call", slog.Any("error", err))
	}
}

// reoffered passes a hold, a resume or any other change on to the other phone.
func (t *talking) reoffered(ctx context.Context, m dialog.Reoffered) {
	near, far, ok := t.sides(m.Leg)
	if !ok || t.offering || t.late != nil {
		t.rejectOffer(m, statusRequestPending, "Request Pending")
		return
	}
	x := exchange{event: m, near: near, far: far}
	var body []byte
	if m.Offer != nil {
		var err error
		if body, err = far.proposal(m.Offer); err != nil {
			t.rejectOffer(m, statusNotAcceptableHere, "Not Acceptable Here")
			return
		}
	}
	t.offering = true
	go t.carry(ctx, x, body)
}

// carry waits for the far phone; it runs beside the call's goroutine and
// touches nothing of the call but the inbox.
func (t *talking) carry(ctx context.Context, x exchange, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, passFor)
	defer cancel()
	response, err := x.far.leg.Reoffer(ctx, body, func(offer []byte) []byte {
		answer := make(chan []byte, 1)
		t.post(offerAsked{exchange: x, offer: offer, answer: answer})
		select {
		case body := <-answer:
			if body != nil {
				return body
			}
		case <-ctx.Done():
		}
		return x.far.leg.LocalSDP() // the ACK must hold an answer: what stood
	})
	t.post(offerAnswered{exchange: x, response: response, err: err})
}

// offerAsked gives the near phone the offer it asked for; its ACK brings the answer.
func (t *talking) offerAsked(m offerAsked) {
	body, err := m.near.proposal(m.offer)
	if err == nil {
		err = m.event.Answer(body)
	}
	if err != nil {
		t.log.Info("pass on an offer that was asked for", slog.Any("error", err))
		m.answer <- nil
		return
	}
	t.asked = &m
}

// answerCame gives the far phone the near one's answer to the offer it asked for.
func (t *talking) answerCame(answer []byte) {
	m := t.asked
	t.asked = nil
	body, err := t.agree(m.near, m.far, exchanged{m.offer, answer, m.far})
	if err != nil {
		t.log.Info("pass on an answer", slog.Any("error", err))
	}
	m.answer <- body
}

// settle takes what an offer and its answer came to, and gives the answer as
// the offering side is told it.
func (c *call) settle(offering, answering *side, offer, answer []byte) ([]byte, error) {
	return c.settleAs(offering, answering, offer, answer, answer)
}

// settleAs is [call.settle] where the offering side is told another answer than
// was given.
func (c *call) settleAs(offering, answering *side, offer, answer, told []byte) ([]byte, error) {
	body, err := offering.answer(told, offer)
	if err != nil {
		return nil, err
	}
	if err := offering.heard(offer); err != nil {
		return nil, err
	}
	return body, answering.heard(answer)
}

// offerAnswered tells the near phone how the far one took its offer.
func (t *talking) offerAnswered(m offerAnswered) {
	t.offering = false
	switch {
	case m.event.Offer == nil && m.err == nil && m.response.IsSuccess():
		return // the offer went the other way, and its answer with the ACK
	case m.err != nil:
		t.log.Info("pass on an offer", slog.Any("error", m.err))
		t.rejectOffer(m.event, statusRequestPending, "Request Pending")
	case !m.response.IsSuccess():
		t.rejectOffer(m.event, m.response.StatusCode, m.response.Reason)
	default:
		t.answerOffer(m)
	}
}

func (t *talking) answerOffer(m offerAnswered) {
	body, err := t.agree(m.near, m.far, exchanged{m.event.Offer, m.response.Body(), m.near})
	if err == nil {
		err = m.event.Answer(body)
	}
	if err != nil {
		t.log.Info("pass on an answer", slog.Any("error", err))
		t.rejectOffer(m.event, statusNotAcceptableHere, "Not Acceptable Here")
	}
}

// requested takes a request of a phone in the call.
func (t *talking) requested(ctx context.Context, m dialog.Requested) {
	switch {
	case m.Tx.Request().Method != sip.REFER:
		t.pass(m)
	case t.busy():
		t.putOff = append(t.putOff, m)
	default:
		t.refer(ctx, m)
	}
}

// takeUp goes on with what was put off, when nothing is in its way any more.
func (t *talking) takeUp() {
	if len(t.putOff) > 0 && !t.busy() {
		t.pending, t.putOff = append(t.putOff, t.pending...), nil
	}
}

// busy tells whether the phones are about to agree on something.
func (t *talking) busy() bool { return t.offering || t.late != nil || t.asked != nil }

// pass hands a request of one phone to the other, and its answer back: INFO
// with digits, MESSAGE, and whatever else phones say to one another.
func (t *talking) pass(m dialog.Requested) {
	_, far, ok := t.sides(m.Leg)
	req := m.Tx.Request()
	switch {
	case req.Method == sip.OPTIONS: // asks whether we are still there
		t.respond(m.Tx, statusOK, "OK")
	case !ok || req.Method != sip.INFO && req.Method != sip.MESSAGE:
		t.respond(m.Tx, statusNotImplemented, "Not Implemented")
	default:
		far.leg.Ask(string(req.Method), sip.Value(req, "Content-Type"), req.Body(), func(res *sip.Response, err error) {
			if err != nil {
				t.respond(m.Tx, statusUnavailable, "Temporarily Unavailable")
				return
			}
			digit, is := digitOf(req)
			if is && takesNoInfo(res.StatusCode) {
				t.insert(m.Tx, far, digit, res)
				return
			}
			t.respond(m.Tx, res.StatusCode, res.Reason)
		})
	}
}

func takesNoInfo(code int) bool {
	return code == statusMethodNotAllowed || code == statusUnsupportedMedia || code == statusNotImplemented
}

// insert puts a digit that came by INFO into the sound of a phone that takes
// none by INFO.
func (t *talking) insert(tx *sip.ServerTx, far *side, digit rune, refusal *sip.Response) {
	ctx, cancel := context.WithTimeout(context.Background(), insertFor)
	far.stream.InsertDigit(ctx, digit, func(err error) {
		defer cancel()
		if err != nil {
			t.log.Info("a digit cannot be handed on", slog.Any("error", err))
			t.respond(tx, refusal.StatusCode, refusal.Reason)
			return
		}
		t.respond(tx, statusOK, "OK")
	})
}
