package dialog

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// ask is a request of ours in a dialog, with the tries it takes.
type ask struct {
	peer    *peer
	method  sip.Method
	kind    string // of the body
	body    []byte
	headers []sip.Header
	proof   proof
	done    func(sip.Reply) // the outcome, in the inbox; for INVITE each further 2xx too

	cseq     uint32
	tx       *sip.ClientTx
	ack      *sip.Request // for INVITE: sent again for each 2xx that comes again
	lapsed   bool         // whoever asked has gone
	owed     bool         // for INVITE: the ACK waits for the owner's answer
	finished bool
}

// build makes the request of the ask, with the next CSeq.
func (g *Leg) build(a *ask, flow sip.Flow) *sip.Request {
	g.cseq++
	a.cseq = g.cseq
	req := g.blank(a.peer, a.method, a.cseq)
	if makesTarget(a.method) {
		req.AppendHeader(sip.NewHeader("Contact", g.contactValue(flow)))
	}
	if a.method == sip.INVITE || a.method == sip.UPDATE {
		req.AppendHeader(sip.NewHeader("Allow", g.layer.allow))
		req.AppendHeader(sip.NewHeader("Supported", g.layer.supported))
		appendHeaders(req, g.session.request())
	}
	appendHeaders(req, a.headers)
	appendHeaders(req, a.proof.headers)
	setBody(req, a.kind, a.body)
	return req
}

// makesTarget tells which requests carry a Contact (RFC 3261 12.2.1.1, 6665 4.4, 3515 2.4).
func makesTarget(method sip.Method) bool {
	return method == sip.INVITE || method == sip.UPDATE || method == sip.REFER || method == sip.SUBSCRIBE || method == sip.NOTIFY
}

// blank makes a request to a peer with the headers each has (RFC 3261 12.2.1.1).
func (g *Leg) blank(p *peer, method sip.Method, cseq uint32) *sip.Request {
	uri, routes := sip.RouteTo(p.target, p.routes)
	headers := make([]sip.Header, 0, 5+len(routes))
	for _, r := range routes {
		headers = append(headers, sip.NewHeader("Route", r))
	}
	headers = append(headers,
		sip.NewHeader("Max-Forwards", "70"),
		sip.NewHeader("From", g.value),
		sip.NewHeader("To", p.value),
		sip.NewHeader("Call-ID", g.callID),
		sip.NewHeader("CSeq", strconv.FormatUint(uint64(cseq), 10)+" "+string(method)))
	return sip.NewRequest(method, uri, headers...)
}

// send sends the request of an ask; its outcome comes to done.
func (g *Leg) send(a *ask) {
	g.reach(a.peer.way(g.layer.engine.Alive), func(flow sip.Flow, err error) {
		if err == nil {
			a.tx, err = g.layer.engine.Send(g.build(a, flow), flow, func(r sip.Reply) {
				g.box.post(func() { g.replied(a, r) })
			})
		}
		if err != nil {
			g.complete(a, sip.Reply{Err: err})
		}
	})
}

// reach opens the connection of a flow where there is none, and goes on then.
func (g *Leg) reach(flow sip.Flow, then func(sip.Flow, error)) {
	if g.layer.engine.Alive(flow) {
		then(flow, nil)
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 16*g.timers().T1)
		defer cancel()
		err := g.layer.engine.Connect(ctx, flow)
		g.box.post(func() { then(flow, err) })
	}()
}

// replied takes what came back to an ask.
func (g *Leg) replied(a *ask, r sip.Reply) {
	if r.Err == nil {
		code := r.Response.StatusCode
		if code < 200 {
			return
		}
		if a.ack != nil { // our ACK to this 2xx was lost
			g.write(a.peer, a.ack)
			return
		}
		if a.proof.answer(g.creds, a.tx.Request(), r.Response) {
			g.send(a)
			return
		}
		if a.method == sip.INVITE && code < 300 && len(a.body) > 0 {
			a.ack = g.acknowledge(a.peer, a.cseq, a.proof.headers, nil)
		}
	}
	g.complete(a, r)
}

func (g *Leg) complete(a *ask, r sip.Reply) {
	if !a.finished {
		a.finished = true
		a.done(r)
	}
}

// write sends a message outside of transactions. One that is lost on the way, or
// cannot be sent now, is asked for again by the peer's repeating.
func (g *Leg) write(p *peer, m sip.Message) {
	g.reach(p.way(g.layer.engine.Alive), func(flow sip.Flow, err error) {
		if err == nil {
			_ = g.layer.engine.Write(m, flow)
		}
	})
}

// acknowledge sends the ACK to a 2xx (RFC 3261 13.2.2.4), and gives it for the
// times the 2xx comes again. It carries the credentials of the INVITE.
func (g *Leg) acknowledge(p *peer, cseq uint32, auth []sip.Header, sdp []byte) *sip.Request {
	ack := g.blank(p, sip.ACK, cseq)
	appendHeaders(ack, auth)
	setBody(ack, sdpType, sdp)
	g.write(p, ack)
	return ack
}

// Do sends a request in the dialog and waits for its final response, or ctx.
// Before a call we make is answered it goes to the phone heard last. An UPDATE
// with an offer is sent again after 491 (RFC 3311 5.2). A 481, and for UPDATE a
// 408 or silence too, ends the leg.
func (g *Leg) Do(ctx context.Context, method, contentType string, body []byte, headers ...sip.Header) (*sip.Response, error) {
	a := ask{method: sip.Method(method), kind: contentType, body: body, headers: headers}
	if a.method != sip.UPDATE || contentType != sdpType || len(body) == 0 {
		res, err := g.perform(ctx, &a)
		return res, wrap(a.method, err)
	}
	tried, err := g.negotiate(ctx, a)
	if err != nil {
		return nil, err
	}
	return tried.res, nil
}

// Ask sends a request in the dialog, after those asked before it, and does not
// wait: done gets the final response or the error. It runs on a goroutine of the
// layer and must not block or call the leg. Otherwise Ask is as [Leg.Do]; it is
// not for offers.
func (g *Leg) Ask(method, contentType string, body []byte, done func(*sip.Response, error), headers ...sip.Header) {
	g.box.call(func() {
		err := g.ready()
		if err != nil {
			done(nil, wrap(sip.Method(method), err))
			return
		}
		a := &ask{peer: g.peer, method: sip.Method(method), kind: contentType, body: body, headers: headers}
		a.done = func(r sip.Reply) {
			g.judge(a, r)
			done(r.Response, wrap(a.method, r.Err))
		}
		g.send(a)
	})
}

// perform sends one ask and waits.
func (g *Leg) perform(ctx context.Context, a *ask) (*sip.Response, error) {
	result := make(chan sip.Reply, 1)
	var err error
	g.box.call(func() {
		if err = g.ready(); err != nil {
			return
		}
		a.peer = g.peer
		a.done = func(r sip.Reply) {
			g.judge(a, r)
			result <- r
		}
		g.send(a)
	})
	if err != nil {
		return nil, err
	}
	select {
	case r := <-result:
		return r.Response, r.Err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-g.ended:
		r := g.late(result)
		return r.Response, r.Err
	}
}

// late prefers the outcome of a request to the end of the leg that it brought.
func (g *Leg) late(result chan sip.Reply) sip.Reply {
	var r sip.Reply
	g.box.call(func() {
		select {
		case r = <-result:
		default:
			r.Err = ErrGone
		}
	})
	return r
}

// ready tells why a request cannot be sent now.
func (g *Leg) ready() error {
	switch {
	case g.done:
		return ErrGone
	case g.peer == nil || g.peer.tag == "" && g.uac != nil && g.phase == trying:
		return ErrEarly
	default:
		return nil
	}
}

func wrap(method sip.Method, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s in the dialog: %w", method, err)
}

// judge ends the leg where the outcome of a request says that the peer has lost
// it (RFC 3261 12.2.1.2, RFC 5057). Silence ends it only where the peer must
// answer for the session's sake: a phone that ignores INFO can go on talking.
func (g *Leg) judge(a *ask, r sip.Reply) {
	vital := a.method == sip.INVITE || a.method == sip.UPDATE
	switch {
	case g.done || g.phase != answered || a.peer != g.peer:
	case r.Err != nil:
		if vital && errors.Is(r.Err, sip.ErrTimeout) {
			g.hangUp(ByLayer, "no answer to "+string(a.method))
		}
	case r.Response.StatusCode == 481:
		g.hangUp(ByPeer, "the peer knows the dialog no longer")
	case r.Response.StatusCode == 408 && vital:
		g.hangUp(ByLayer, "no answer to "+string(a.method))
	}
}

// serve takes a request in the dialog.
func (g *Leg) serve(tx *sip.ServerTx) {
	req := tx.Request()
	p := g.peerOf(req)
	switch {
	case p == nil:
		refuseUnknown(tx)
		return
	case !p.inOrder(req.CSeq().Number):
		_ = tx.Reply(500, "CSeq Out Of Order")
		return
	}
	g.move(p, tx.Flow())
	if unknown := g.layer.unsupported(req); len(unknown) > 0 {
		_ = tx.Reply(420, "Bad Extension", sip.NewHeader("Unsupported", strings.Join(unknown, ", ")))
		return
	}
	switch {
	case req.Method == sip.BYE:
		g.serveBye(p, tx)
	case g.done:
		refuseUnknown(tx)
	case req.Method == sip.INVITE || req.Method == sip.UPDATE:
		g.serveOffer(p, tx)
	case req.Method == sip.PRACK:
		g.servePrack(p, tx)
	default:
		g.emit(Requested{Leg: g, Tx: tx})
	}
}

// peerOf finds the dialog of a request among those of the leg. A BYE may overtake
// the answer that makes its dialog.
func (g *Leg) peerOf(req *sip.Request) *peer {
	tag := sip.Tag(req.From().Params)
	if g.uac == nil {
		if g.peer.tag != tag {
			return nil
		}
		return g.peer
	}
	if p := g.uac.now.forks[tag]; p != nil {
		return p
	}
	if req.Method != sip.BYE || g.phase != trying || tag == "" {
		return nil
	}
	p := &peer{tag: tag, value: sip.Value(req, "From")}
	g.uac.now.forks[tag] = p
	return p
}

// serveBye answers a BYE, always (RFC 3261 15.1.2).
func (g *Leg) serveBye(p *peer, tx *sip.ServerTx) {
	_ = tx.Reply(200, "OK")
	req := tx.Request()
	switch {
	case g.done:
		g.bye = nil
		g.drop()
		g.layer.remove(g)
	case g.phase == answered && p == g.peer:
		g.drop()
		g.finish(Ended{Leg: g, By: ByPeer, Reason: reasonOf(req), BYE: req})
		g.layer.remove(g)
	case g.uas != nil: // the caller ends its early dialog instead of cancelling
		g.canceled(req)
	default:
		p.hungUp = true
	}
}
