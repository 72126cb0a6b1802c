package dialog

import (
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// uas is what a call that came to us needs until it is answered.
type uas struct {
	tx       *sip.ServerTx
	party    LocalParty
	terms    terms
	hasOffer bool
	rely     bool // the caller requires reliable provisional responses
	reliable reliable
	again    *time.Timer // for the provisional response of each minute
	accepted bool
}

func (u *uas) stop() {
	u.reliable.stop()
	stop(u.again)
}

// unacked is a 2xx of ours to an INVITE, sent until the ACK has come: nobody else
// repeats it, on stream transports either (RFC 3261 13.3.1.4).
type unacked struct {
	tx            *sip.ServerTx
	res           *sip.Response
	peer          *peer
	cseq          uint32
	every, waited time.Duration
	timer         *time.Timer
	initial       bool
	offer         bool // it holds our offer: the answer comes in the ACK
}

// Incoming takes an INVITE as the called side. Sink gets what happens on the
// leg from then on; if the caller has given up already, [Canceled] at once. With
// [ErrRefused] the request was answered.
func (l *Layer) Incoming(tx *sip.ServerTx, local LocalParty, sink func(Event)) (*Leg, error) {
	req := tx.Request()
	target, ok := contactOf(req)
	if !ok {
		return nil, refuse(tx, 400, "Contact Missing Or Broken")
	}
	if unknown := l.unsupported(req); len(unknown) > 0 {
		return nil, refuse(tx, 420, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(unknown, ", ")))
	}
	offer, ok := description(req)
	if !ok {
		return nil, refuse(tx, 415, "Unsupported Media Type", sip.NewHeader("Accept", sdpType))
	}
	sess := newSession(l.cfg, local.SessionExpires)
	terms, brief := sess.grant(req)
	if brief {
		return nil, refuse(tx, 422, "Session Interval Too Small", sess.minSE())
	}
	g := newLeg(l, req.CallID(), tx.Tag(), sink)
	g.invite, g.session, g.creds, g.contact = req, sess, local.Credentials, local.ContactUser
	g.value = sip.Value(req, "To")
	if sip.Tag(req.To().Params) == "" {
		g.value += ";tag=" + g.localTag
	}
	g.uas = &uas{tx: tx, party: local, terms: terms, hasOffer: offer != nil, rely: sip.HasOption(req, "Require", "100rel")}
	p := &peer{tag: sip.Tag(req.From().Params), value: sip.Value(req, "From"), target: target, routes: sip.Values(req, "Record-Route")}
	p.learn(req)
	p.inOrder(req.CSeq().Number)
	p.flow, p.remote = tx.Flow(), offer
	if offer != nil {
		p.offer = theirs
	}
	if hidden, ok := sentBy(req); ok {
		p.near = append(p.near, hidden)
	}
	l.add(g)
	g.box.call(func() {
		g.turn(p)
		g.checkFlow()
	})
	tx.OnCancel(func(cancel *sip.Request) { g.box.post(func() { g.canceled(cancel) }) })
	return g, nil
}

func refuse(tx *sip.ServerTx, code int, reason string, headers ...sip.Header) error {
	if err := tx.Reply(code, reason, headers...); err != nil {
		return err
	}
	return ErrRefused
}

func refuseBody(tx *sip.ServerTx) {
	_ = tx.Reply(415, "Unsupported Media Type", sip.NewHeader("Accept", sdpType))
}

// response makes a response to the INVITE.
func (g *Leg) response(code int, reason string, headers []sip.Header) *sip.Response {
	res := g.uas.tx.Response(code, reason)
	if code < 300 {
		res.AppendHeader(sip.NewHeader("Contact", g.contactValue(g.uas.tx.Flow())))
		res.AppendHeader(sip.NewHeader("Allow", g.layer.allow))
		res.AppendHeader(sip.NewHeader("Supported", g.layer.supported))
	}
	appendHeaders(res, g.uas.party.Headers)
	appendHeaders(res, headers)
	return res
}

// undecided tells why the INVITE cannot be answered any more.
func (g *Leg) undecided() error {
	switch {
	case g.uas == nil:
		return ErrRole
	case g.phase != trying || g.uas.accepted:
		return ErrGone
	default:
		return nil
	}
}

// Progress sends a provisional response to a call that came to us, with a
// description of early media or nil. Where the caller requires it, it is sent
// reliably (RFC 3262), and after those before it have come to the caller. It is
// repeated each minute, lest a proxy give up (RFC 3261 13.3.1.1).
func (g *Leg) Progress(code int, reason string, sdp []byte, headers ...sip.Header) (err error) {
	g.box.call(func() {
		if err = g.undecided(); err != nil {
			return
		}
		if code == 100 {
			err = g.uas.tx.Reply(100, reason)
			return
		}
		err = g.progress(code, reason, sdp, headers)
		stop(g.uas.again)
		g.remind(code, reason, headers)
	})
	return err
}

func (g *Leg) progress(code int, reason string, sdp []byte, headers []sip.Header) error {
	res := g.response(code, reason, headers)
	setBody(res, sdpType, sdp)
	if len(sdp) > 0 {
		g.peer.local = sdp
	}
	if g.uas.rely {
		return g.sendReliably(res)
	}
	return g.uas.tx.Respond(res)
}

func (g *Leg) remind(code int, reason string, headers []sip.Header) {
	g.uas.again = g.after(time.Minute, func() {
		if g.undecided() == nil {
			_ = g.progress(code, reason, nil, headers)
			g.remind(code, reason, headers)
		}
	})
}

// Accept answers a call that came to us with 200. Where the INVITE held an offer
// sdp is the answer, else it is our offer, whose answer comes with [Acked]. The
// 200 is sent until the ACK comes; without one the leg ends.
func (g *Leg) Accept(sdp []byte, headers ...sip.Header) (err error) {
	g.box.call(func() {
		if err = g.undecided(); err != nil {
			return
		}
		g.uas.accepted = true
		r := &g.uas.reliable
		r.queue = nil
		if r.asked || r.pending != nil && len(r.pending.Body()) > 0 {
			// RFC 3262 3: not while a description waits for its PRACK.
			r.then = func() { g.accept(sdp, headers) }
			return
		}
		g.accept(sdp, headers)
	})
	return err
}

func (g *Leg) accept(sdp []byte, headers []sip.Header) {
	if g.phase != trying {
		return
	}
	g.phase = answered
	g.uas.stop()
	g.layer.settle(g)
	p := g.peer
	res := g.response(200, "OK", headers)
	appendHeaders(res, g.uas.terms.response())
	u := &unacked{tx: g.uas.tx, res: res, peer: p, cseq: g.invite.CSeq().Number, initial: true}
	switch {
	case p.offer == theirs:
		p.offer, p.local = settled, sdp
	case !g.uas.hasOffer && p.remote == nil:
		p.offer, p.local, u.offer = ours, sdp, true
	default: // agreed upon in a reliable provisional response: RFC 6337 2
		sdp = nil
	}
	setBody(res, sdpType, sdp)
	g.session.apply(g, g.uas.terms)
	g.sendUntilAcked(u)
}

// sendUntilAcked sends a 2xx and goes on sending it. That it could not be sent
// shows in the ACK that does not come.
func (g *Leg) sendUntilAcked(u *unacked) {
	g.unacked = u
	_ = u.tx.Respond(u.res)
	u.every = g.timers().T1
	u.timer = g.after(u.every, func() { g.repeat(u) })
}

func (g *Leg) repeat(u *unacked) {
	if g.unacked != u {
		return
	}
	u.waited += u.every
	if u.waited >= g.patience() {
		g.unheard()
		return
	}
	_ = u.tx.Respond(u.res)
	u.every = min(2*u.every, g.timers().T2)
	u.timer = g.after(min(u.every, g.patience()-u.waited), func() { g.repeat(u) })
}

// unheard ends a leg whose 2xx was never acknowledged.
func (g *Leg) unheard() {
	g.drop()
	if bye := g.bye; bye != nil {
		g.bye = nil
		g.send(bye)
		return
	}
	g.hangUp(ByLayer, "no ACK")
}

// serveACK takes the ACK to our 2xx.
func (g *Leg) serveACK(req *sip.Request, flow sip.Flow) {
	u := g.unacked
	if u == nil || req.CSeq().Number != u.cseq || g.peerOf(req) != u.peer {
		return
	}
	g.move(u.peer, flow)
	sdp, _ := description(req)
	g.acked(u, sdp)
}

func (g *Leg) acked(u *unacked, sdp []byte) {
	g.drop()
	if u.offer {
		u.peer.offer = settled
		if sdp != nil {
			u.peer.remote = sdp
		}
	} else {
		sdp = nil
	}
	if u.initial || u.offer {
		g.emit(Acked{Leg: g, SDP: sdp})
	}
	if bye := g.bye; bye != nil {
		g.bye = nil
		g.send(bye)
	}
	g.wake()
}

// Reject refuses a call that came to us; the leg ends.
func (g *Leg) Reject(code int, reason string, headers ...sip.Header) (err error) {
	g.box.call(func() {
		if err = g.undecided(); err == nil {
			err = g.reject(code, reason, headers)
		}
	})
	return err
}

func (g *Leg) reject(code int, reason string, headers []sip.Header) error {
	err := g.uas.tx.Respond(g.response(code, reason, headers))
	g.finishUAS(Ended{Leg: g, By: ByOwner, Reason: reason})
	return err
}

// canceled ends a leg whose caller gave up, if it has not been answered.
func (g *Leg) canceled(req *sip.Request) {
	if g.phase == trying {
		g.givenUp(reasonOf(req))
	}
}

// givenUp ends the transaction too, whether or not the caller can hear of it.
func (g *Leg) givenUp(reason string) {
	_ = g.uas.tx.Respond(g.response(487, "Request Terminated", nil))
	g.finishUAS(Canceled{Leg: g, Reason: reason})
}

// finishUAS ends a leg that was not answered.
func (g *Leg) finishUAS(last Event) {
	g.finish(last)
	g.layer.settle(g)
	g.layer.remove(g)
}
