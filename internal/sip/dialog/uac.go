package dialog

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// uac is what a call we make needs until it is answered, and for the answers that
// come late.
type uac struct {
	inv      Invite
	flows    []sip.Flow // still to try, the present one first
	now      *attempt
	proof    proof
	canceled bool
	owed     *attempt // the answered one whose ACK waits for the owner's answer
}

// attempt is one INVITE on one flow.
type attempt struct {
	flow  sip.Flow
	cseq  uint32
	tx    *sip.ClientTx
	auth  []sip.Header
	wait  *time.Timer             // for any response, where the caller has said how long
	forks map[string]*peer        // by To tag
	acks  map[string]*sip.Request // likewise: sent again for each 2xx that comes again
}

// Invite sends an INVITE. What becomes of it comes to sink; an error means that
// nothing was sent.
func (l *Layer) Invite(inv Invite, sink func(Event)) (*Leg, error) {
	if len(inv.Flows) == 0 {
		return nil, ErrNoFlow
	}
	if inv.CallID == "" {
		inv.CallID = sip.NewCallID()
	}
	if inv.To.URI.Host == "" && inv.To.URI.Raw() == "" {
		inv.To = sip.Address{Display: inv.To.Display, URI: inv.Target}
	}
	if inv.MaxForwards == 0 {
		inv.MaxForwards = 70
	}
	g := newLeg(l, inv.CallID, sip.NewTag(), sink)
	g.contact, g.creds = inv.ContactUser, inv.Credentials
	g.value = inv.From.String() + ";tag=" + g.localTag
	g.address = inv.To.String()
	g.session = newSession(l.cfg, inv.SessionExpires)
	g.uac = &uac{inv: inv, flows: inv.Flows}
	l.add(g)
	g.box.call(g.dial)
	return g, nil
}

// dial sends the INVITE on the first of the flows left.
func (g *Leg) dial() {
	u := g.uac
	t := &attempt{flow: u.flows[0], forks: map[string]*peer{}, acks: map[string]*sip.Request{}}
	u.now = t
	if g.peer != nil {
		g.layer.travels(g, g.peer.flow, sip.Flow{})
		g.peer = nil
	}
	g.reach(t.flow, func(flow sip.Flow, err error) {
		if t != u.now || g.done {
			return
		}
		if err == nil {
			t.tx, err = g.layer.engine.Send(g.invitation(t), flow, func(r sip.Reply) {
				g.box.post(func() { g.inviteReplied(t, r) })
			})
			g.limitSilence(t)
		}
		if err != nil {
			g.unreachable(err)
		}
	})
}

// limitSilence gives up an attempt that no response comes to. The INVITE's
// transaction goes on: a 2xx that comes late is answered with a BYE.
func (g *Leg) limitSilence(t *attempt) {
	if g.uac.inv.Patience <= 0 {
		return
	}
	t.wait = g.after(g.uac.inv.Patience, func() {
		if t.wait != nil && t == g.uac.now && g.phase == trying && !g.uac.canceled {
			g.unreachable(sip.ErrTimeout)
		}
	})
}

// invitation makes the INVITE of an attempt.
func (g *Leg) invitation(t *attempt) *sip.Request {
	u := g.uac
	g.cseq++
	t.cseq, t.auth = g.cseq, u.proof.headers
	headers := make([]sip.Header, 0, 16)
	for _, r := range u.inv.Routes {
		headers = append(headers, sip.NewHeader("Route", r))
	}
	headers = append(headers,
		sip.NewHeader("Max-Forwards", strconv.Itoa(u.inv.MaxForwards)),
		sip.NewHeader("From", g.value),
		sip.NewHeader("To", g.address),
		sip.NewHeader("Call-ID", g.callID),
		sip.NewHeader("CSeq", strconv.FormatUint(uint64(t.cseq), 10)+" INVITE"),
		sip.NewHeader("Contact", g.contactValue(t.flow)),
		sip.NewHeader("Allow", g.layer.allow),
		sip.NewHeader("Supported", g.layer.supports(u.inv)))
	req := sip.NewRequest(sip.INVITE, u.inv.Target, headers...)
	appendHeaders(req, g.session.request())
	appendHeaders(req, u.inv.Headers)
	appendHeaders(req, t.auth)
	setParts(req, u.inv.SDP, u.inv.Parts)
	return req
}

// inviteReplied takes what came back to an attempt.
func (g *Leg) inviteReplied(t *attempt, r sip.Reply) {
	stop(t.wait)
	t.wait = nil
	if r.Err == nil && r.Response.StatusCode/100 == 2 {
		g.succeeded(t, r.Response)
		return
	}
	if t != g.uac.now || g.phase != trying {
		return
	}
	switch {
	case r.Err != nil:
		g.unreachable(r.Err)
	case r.Response.StatusCode >= 300:
		g.refused(t, r.Response)
	case r.Response.StatusCode > 100 && !g.uac.canceled:
		g.progressed(t, r.Response)
	}
}

// fork finds or makes the dialog a response belongs to (RFC 3261 12.1.2, 13.2.2.4).
func (g *Leg) fork(t *attempt, res *sip.Response) *peer {
	tag := sip.Tag(res.To().Params)
	p := t.forks[tag]
	if p == nil {
		p = &peer{tag: tag}
		t.forks[tag] = p
	}
	if p.target.Host == "" {
		p.value = sip.Value(res, "To")
		p.target, p.flow = g.uac.inv.Target, t.flow
		p.near = append(p.near, t.flow.Remote)
		if called, ok := flowOf(g.uac.inv.Target); ok && len(g.uac.inv.Routes) == 0 {
			p.near = append(p.near, called.Remote)
		}
		if len(g.uac.inv.SDP) > 0 {
			p.offer, p.local = ours, g.uac.inv.SDP
		}
	}
	p.learn(res)
	p.routes = sip.Values(res, "Record-Route")
	slices.Reverse(p.routes)
	return p
}

// progressed takes a provisional response above 100.
func (g *Leg) progressed(t *attempt, res *sip.Response) {
	sdp, _ := description(res)
	ev := Progressed{Leg: g, Response: res, SDP: sdp, Fork: sip.Tag(res.To().Params)}
	if ev.Fork == "" {
		g.emit(ev)
		return
	}
	p := g.fork(t, res)
	rseq, reliable := reliability(res)
	if reliable && !p.follows(rseq) {
		return // one we have had, or one that overtook another: it will come again
	}
	g.turn(p)
	if reliable {
		ev.Answer = g.relied(t, p, rseq, sdp)
	} else if sdp != nil {
		p.early = sdp
	}
	g.emit(ev)
}

// succeeded takes a 2xx: the first wins, one we have had is acknowledged again,
// any other was answered in vain and is hung up (RFC 3261 13.2.2.4).
func (g *Leg) succeeded(t *attempt, res *sip.Response) {
	u := g.uac
	tag := sip.Tag(res.To().Params)
	if ack := t.acks[tag]; ack != nil {
		g.write(t.forks[tag], ack)
		return
	}
	p := g.fork(t, res)
	switch {
	case u.owed == t && p == g.peer: // the owner has not answered its offer yet
	case g.phase == trying && t == u.now && !u.canceled:
		g.win(t, p, res)
	default:
		g.dismiss(t, p)
		if g.phase == trying && t == u.now { // RFC 3261 9.1: the 200 crossed our CANCEL
			g.fail(Failed{Code: 487, Reason: "Request Terminated", Response: res})
		}
	}
}

// win makes p the peer of the call.
func (g *Leg) win(t *attempt, p *peer, res *sip.Response) {
	g.phase = answered
	g.turn(p)
	sdp, _ := description(res)
	ev := Answered{Leg: g, Response: res, SDP: sdp}
	switch {
	case p.offer == ours:
		p.offer, p.remote = settled, sdp
	case len(g.uac.inv.SDP) == 0 && p.local == nil && sdp != nil:
		p.offer, p.remote = theirs, sdp
		g.uac.owed = t
	default: // agreed upon in a reliable provisional response: RFC 6337 2
		ev.SDP = nil
	}
	if g.uac.owed == nil {
		t.acks[p.tag] = g.acknowledge(p, t.cseq, t.auth, nil)
	}
	g.session.apply(g, g.session.granted(res))
	g.emit(ev)
	if p.hungUp {
		g.finish(Ended{Leg: g, By: ByPeer})
		g.layer.remove(g)
	}
}

// dismiss ends a dialog that nobody wants.
func (g *Leg) dismiss(t *attempt, p *peer) {
	t.acks[p.tag] = g.acknowledge(p, t.cseq, t.auth, nil)
	g.send(&ask{peer: p, method: sip.BYE, done: func(sip.Reply) {}})
}

// refused takes a final response above 299.
func (g *Leg) refused(t *attempt, res *sip.Response) {
	u := g.uac
	code := res.StatusCode
	switch {
	case u.canceled:
	case u.proof.answer(g.creds, t.tx.Request(), res):
		g.dial()
		return
	case code == 422 && g.session.raise(res):
		g.dial()
		return
	case (code == 503 || code == 430) && len(u.flows) > 1: // RFC 3263 4.3, RFC 5626 4.3
		u.flows = u.flows[1:]
		g.dial()
		return
	}
	g.fail(Failed{Code: code, Reason: res.Reason, Response: res})
}

// unreachable goes on after silence or a transport's error.
func (g *Leg) unreachable(err error) {
	u := g.uac
	switch {
	case u.canceled:
		g.fail(Failed{Code: 487, Reason: "Request Terminated", Err: err})
	case len(u.flows) > 1 && !errors.Is(err, sip.ErrClosed):
		u.flows = u.flows[1:]
		g.dial()
	case errors.Is(err, sip.ErrTimeout):
		g.fail(Failed{Code: 408, Reason: "Request Timeout", Err: err})
	default:
		g.fail(Failed{Code: 503, Reason: "Service Unavailable", Err: err})
	}
}

func (g *Leg) fail(ev Failed) {
	ev.Leg = g
	g.finish(ev)
	g.layer.remove(g)
}

// Cancel gives up a call we make that nobody has answered. [Failed] follows when
// the peer has said so, or keeps silent for 64*T1. It has no effect on a leg that
// was answered or has ended.
func (g *Leg) Cancel(headers ...sip.Header) {
	g.box.call(func() {
		if g.uac != nil {
			g.cancel(headers)
		}
	})
}

func (g *Leg) cancel(headers []sip.Header) {
	u := g.uac
	if g.phase != trying || u.canceled {
		return
	}
	u.canceled = true
	if u.now.tx == nil { // still connecting
		g.fail(Failed{Code: 487, Reason: "Request Terminated"})
		return
	}
	u.now.tx.Cancel(headers...)
}

// Ack answers the offer of the 2xx, where the INVITE held none. Before, the
// peer's offer is that of [Answered]. It does nothing when the ACK was sent.
func (g *Leg) Ack(sdp []byte) (err error) {
	g.box.call(func() {
		switch {
		case g.uac == nil:
			err = ErrRole
		case g.phase == over:
			err = ErrGone
		case g.phase == trying:
			err = ErrEarly
		case g.uac.owed != nil:
			g.peer.local = sdp
			g.settleACK()
			g.wake()
		}
	})
	return err
}

// settleACK sends the ACK that the owner owed.
func (g *Leg) settleACK() {
	t := g.uac.owed
	if t == nil {
		return
	}
	g.uac.owed = nil
	g.peer.offer = settled
	t.acks[g.peer.tag] = g.acknowledge(g.peer, t.cseq, t.auth, g.peer.local)
}
