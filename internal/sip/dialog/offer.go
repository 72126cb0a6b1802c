package dialog

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// exchange is an offer of the peer's, by re-INVITE or UPDATE, that the owner has
// to answer.
type exchange struct {
	peer  *peer
	tx    *sip.ServerTx
	offer []byte
	terms terms
}

// idle tells whether we may make an offer now: RFC 3261 14.1, RFC 3311 5.1.
func (g *Leg) idle() bool {
	return g.asked == nil && g.exchange == nil && g.unacked == nil && g.peer.offer == settled
}

// glare is how long to wait after a 491 (RFC 3261 14.1): whoever made the
// Call-ID waits longer than the other.
func (g *Leg) glare() time.Duration {
	const unit = 10 * time.Millisecond
	if g.uac != nil {
		return 2100*time.Millisecond + g.layer.cfg.Jitter(1900*time.Millisecond).Round(unit)
	}
	return g.layer.cfg.Jitter(2 * time.Second).Round(unit)
}

// Reoffer changes the session by a re-INVITE and waits for its final response. A
// nil sdp asks the peer for an offer, and answerOffer makes the answer for the
// ACK; else it may be nil. While an offer of either side is not answered it
// waits, and after 491 it tries again, until ctx is done: then it cancels. The
// session stays as it was after a response above 299, but for 481 and 408, which
// end the leg.
func (g *Leg) Reoffer(ctx context.Context, sdp []byte, answerOffer func(offer []byte) []byte, headers ...sip.Header) (*sip.Response, error) {
	if answerOffer == nil {
		answerOffer = func([]byte) []byte { return g.LocalSDP() }
	}
	tried, err := g.negotiate(ctx, ask{method: sip.INVITE, kind: sdpType, body: sdp, headers: headers})
	if err != nil {
		return nil, err
	}
	if len(sdp) == 0 && tried.res.StatusCode < 300 {
		offer, _ := description(tried.res)
		answer := answerOffer(offer)
		g.box.call(func() { g.answerInACK(tried.ask, offer, answer) })
	}
	return tried.res, nil
}

// answerInACK acknowledges the 2xx to an INVITE of ours that asked for an offer.
func (g *Leg) answerInACK(a *ask, offer, answer []byte) {
	if !a.owed {
		return
	}
	a.owed = false
	a.ack = g.acknowledge(a.peer, a.cseq, a.proof.headers, answer)
	a.peer.offer = settled
	if offer != nil {
		a.peer.local, a.peer.remote = answer, offer
	}
	g.wake()
}

// tried is what came of an offer.
type tried struct {
	ask   *ask
	res   *sip.Response
	again <-chan struct{} // set when it is to be made anew, once this is closed
}

// negotiate makes an offer, as often as it takes.
func (g *Leg) negotiate(ctx context.Context, template ask) (tried, error) {
	for {
		t, err := g.offerOnce(ctx, template)
		if err != nil || t.again == nil {
			return t, wrap(template.method, err)
		}
		select {
		case <-t.again:
		case <-ctx.Done():
			return t, wrap(template.method, ctx.Err())
		case <-g.ended:
			return t, wrap(template.method, ErrGone)
		}
	}
}

func (g *Leg) offerOnce(ctx context.Context, template ask) (t tried, err error) {
	result := make(chan sip.Reply, 1)
	t.ask = &template
	g.box.call(func() { t.again, err = g.beginOffer(t.ask, result) })
	if t.again != nil || err != nil {
		return t, err
	}
	var r sip.Reply
	select {
	case r = <-result:
	case <-ctx.Done():
		g.box.call(func() { g.abandon(t.ask) })
		return t, ctx.Err()
	case <-g.ended:
		r = g.late(result)
	}
	if r.Err != nil {
		return t, r.Err
	}
	t.res = r.Response
	g.box.call(func() { t.again = g.offerAgain(t.res) })
	return t, nil
}

// beginOffer sends the offer, or tells what to wait for.
func (g *Leg) beginOffer(a *ask, result chan sip.Reply) (<-chan struct{}, error) {
	if err := g.ready(); err != nil {
		return nil, err
	}
	if a.method == sip.INVITE && g.phase != answered {
		return nil, ErrEarly
	}
	if !g.idle() {
		free := make(chan struct{})
		g.waiting = append(g.waiting, free)
		return free, nil
	}
	a.peer = g.peer
	g.asked = a
	if len(a.body) > 0 {
		a.peer.offer = ours
	}
	a.done = func(r sip.Reply) {
		g.concluded(a, r)
		result <- r
	}
	g.send(a)
	return nil, nil
}

// offerAgain tells when to repeat an offer that was refused for now.
func (g *Leg) offerAgain(res *sip.Response) <-chan struct{} {
	again := make(chan struct{})
	switch {
	case g.done:
		return nil
	case res.StatusCode == 491:
		time.AfterFunc(g.glare(), func() { close(again) })
	case res.StatusCode == 422 && g.session.raise(res):
		close(again)
	default:
		return nil
	}
	return again
}

// abandon cancels an offer whose maker waits no longer.
func (g *Leg) abandon(a *ask) {
	a.lapsed = true
	switch {
	case a.owed:
		g.answerInACK(a, nil, a.peer.local)
	case a.method == sip.INVITE && a.tx != nil && !a.finished:
		a.tx.Cancel()
	}
}

// concluded takes the final response to an offer or refresh of ours.
func (g *Leg) concluded(a *ask, r sip.Reply) {
	p := a.peer
	g.asked = nil
	if p.offer == ours && len(a.body) > 0 {
		p.offer = settled
	}
	defer g.wake()
	if r.Err != nil || r.Response.StatusCode >= 300 {
		g.judge(a, r)
		return
	}
	sdp, _ := description(r.Response)
	p.learn(r.Response)
	switch {
	case len(a.body) > 0:
		p.local = a.body
		if sdp != nil {
			p.remote = sdp
		}
	case a.method == sip.INVITE && (a.lapsed || g.done):
		// Nobody is there to answer the offer: what stood is all there is.
		a.ack = g.acknowledge(p, a.cseq, a.proof.headers, p.local)
	case a.method == sip.INVITE:
		p.offer, a.owed = theirs, true
	}
	g.session.apply(g, g.session.granted(r.Response))
}

// serveOffer takes a re-INVITE or UPDATE.
func (g *Leg) serveOffer(p *peer, tx *sip.ServerTx) {
	req := tx.Request()
	offer, ok := description(req)
	if !ok {
		refuseBody(tx)
		return
	}
	terms, brief := g.session.grant(req)
	ex := &exchange{peer: p, tx: tx, offer: offer, terms: terms}
	refresh := offer == nil && req.Method == sip.UPDATE
	switch {
	case brief:
		_ = tx.Reply(422, "Session Interval Too Small", g.session.minSE())
	case !refresh && g.collides(p, req.Method, tx):
	case refresh:
		if g.agree(ex, nil, nil) == nil {
			g.emit(Updated{Leg: g, Request: req})
		}
	default:
		g.takeOffer(ex)
	}
}

// takeOffer answers an offer that changes nothing and hands on any other.
func (g *Leg) takeOffer(ex *exchange) {
	if g.unacked != nil && ex.tx.Request().Method == sip.INVITE {
		g.acked(g.unacked, nil) // only who has our 2xx goes on to the next INVITE
	}
	if p := ex.peer; ex.offer != nil && bytes.Equal(ex.offer, p.remote) && p.local != nil {
		_ = g.agree(ex, p.local, nil)
		return
	}
	g.await(ex)
}

// collides refuses an offer while another one waits (RFC 3261 14.2, RFC 3311 5.2).
func (g *Leg) collides(p *peer, method sip.Method, tx *sip.ServerTx) bool {
	switch {
	case g.asked != nil || p.offer == ours:
		_ = tx.Reply(491, "Request Pending")
	case g.exchange != nil || p.offer == theirs || method == sip.INVITE && g.phase == trying:
		seconds := int(g.layer.cfg.Jitter(10*time.Second) / time.Second)
		_ = tx.Reply(500, "Another Offer Is Pending", sip.NewHeader("Retry-After", strconv.Itoa(seconds)))
	default:
		return false
	}
	return true
}

// await hands an offer to the owner.
func (g *Leg) await(ex *exchange) {
	g.exchange = ex
	if ex.tx.Request().Method == sip.INVITE {
		ex.tx.OnCancel(func(*sip.Request) {
			g.box.post(func() {
				if g.exchange == ex {
					_ = g.refuseOffer(ex, 487, "Request Terminated", nil)
				}
			})
		})
	}
	g.emit(Reoffered{Leg: g, Tx: ex.tx, Offer: ex.offer, exchange: ex})
}

// agree answers a re-INVITE or UPDATE with 200.
func (g *Leg) agree(ex *exchange, sdp []byte, headers []sip.Header) error {
	p, req := ex.peer, ex.tx.Request()
	p.learn(req)
	res := ex.tx.Response(200, "OK")
	for _, h := range [][2]string{
		{"Contact", g.contactValue(ex.tx.Flow())}, {"Allow", g.layer.allow}, {"Supported", g.layer.supported},
	} {
		res.AppendHeader(sip.NewHeader(h[0], h[1]))
	}
	if g.phase == answered {
		appendHeaders(res, ex.terms.response())
		g.session.apply(g, ex.terms)
	}
	appendHeaders(res, headers)
	setBody(res, sdpType, sdp)
	if ex.offer != nil {
		p.local, p.remote = sdp, ex.offer
	}
	if req.Method != sip.INVITE {
		return ex.tx.Respond(res)
	}
	u := &unacked{tx: ex.tx, res: res, peer: p, cseq: req.CSeq().Number}
	if ex.offer == nil {
		p.local, p.offer, u.offer = sdp, ours, true
	}
	g.sendUntilAcked(u)
	return nil
}

func (g *Leg) refuseOffer(ex *exchange, code int, reason string, headers []sip.Header) error {
	g.exchange = nil
	g.wake()
	return ex.tx.Reply(code, reason, headers...)
}

// Answer accepts the offer with 200; for an offerless re-INVITE sdp is our offer.
// With [ErrGone] the peer has cancelled or the leg has ended, and nothing changed.
func (r Reoffered) Answer(sdp []byte, headers ...sip.Header) (err error) {
	g := r.Leg
	g.box.call(func() {
		if g.exchange != r.exchange {
			err = ErrGone
			return
		}
		g.exchange = nil
		err = g.agree(r.exchange, sdp, headers)
		g.wake()
	})
	return err
}

// Reject refuses the offer, as with 488; the session stays as it was.
func (r Reoffered) Reject(code int, reason string, headers ...sip.Header) (err error) {
	g := r.Leg
	g.box.call(func() {
		if g.exchange != r.exchange {
			err = ErrGone
			return
		}
		err = g.refuseOffer(r.exchange, code, reason, headers)
	})
	return err
}
