package dialog

import (
	"fmt"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// reliability reads the RSeq of a provisional response that wants a PRACK (RFC 3262 4).
func reliability(res *sip.Response) (rseq uint32, reliable bool) {
	if !sip.HasOption(res, "Require", "100rel") {
		return 0, false
	}
	return number(sip.Value(res, "RSeq"))
}

// follows takes the RSeq of a reliable response and reports whether it is the
// next one (RFC 3262 4).
func (p *peer) follows(rseq uint32) bool {
	if p.rseq != 0 && rseq != p.rseq+1 {
		return false
	}
	p.rseq = rseq
	return true
}

// relied takes the description of a reliable response. It acknowledges it, or
// gives what does where the owner has to answer an offer first.
func (g *Leg) relied(t *attempt, p *peer, rseq uint32, sdp []byte) func([]byte) error {
	switch {
	case sdp == nil:
	case p.offer == ours:
		p.offer, p.remote = settled, sdp
	case p.offer == settled && p.local == nil:
		p.offer = theirs
		return func(answer []byte) error { return g.answerEarly(t, p, rseq, sdp, answer) }
	}
	g.prack(t, p, rseq, nil)
	return nil
}

// prack acknowledges a reliable provisional response. That it fails is the
// peer's matter: it repeats the response or refuses the call.
func (g *Leg) prack(t *attempt, p *peer, rseq uint32, sdp []byte) {
	g.send(&ask{
		peer: p, method: sip.PRACK, kind: sdpType, body: sdp,
		headers: []sip.Header{sip.NewHeader("RAck", fmt.Sprintf("%d %d INVITE", rseq, t.cseq))},
		done:    func(sip.Reply) {},
	})
}

// answerEarly answers the offer of a reliable provisional response in its PRACK.
func (g *Leg) answerEarly(t *attempt, p *peer, rseq uint32, offer, answer []byte) (err error) {
	g.box.call(func() {
		if g.phase != trying || p.offer != theirs || t != g.uac.now {
			err = ErrGone
			return
		}
		p.offer, p.local, p.remote = settled, answer, offer
		g.prack(t, p, rseq, answer)
	})
	return err
}

// reliable is the sending of reliable provisional responses by the called side:
// one at a time, each until its PRACK has come (RFC 3262 3).
type reliable struct {
	rseq    uint32
	queue   []*sip.Response
	pending *sip.Response
	timer   *time.Timer
	every   time.Duration
	waited  time.Duration
	asked   bool   // a PRACK's offer waits for the owner's answer
	then    func() // the 200 that has to wait for all that
}

func (r *reliable) stop() { stop(r.timer) }

// sendReliably sends a provisional response, or leaves it until those before it
// were acknowledged.
func (g *Leg) sendReliably(res *sip.Response) error {
	r := &g.uas.reliable
	if r.pending != nil {
		r.queue = append(r.queue, res)
		return nil
	}
	if r.rseq == 0 {
		// RFC 3262 3: anywhere in the lower half, so that it cannot wrap.
		r.rseq = 1 + uint32(g.layer.cfg.Jitter(1<<31-2)&(1<<31-1))
	} else {
		r.rseq++
	}
	res.AppendHeader(sip.NewHeader("Require", "100rel"))
	res.AppendHeader(sip.NewHeader("RSeq", fmt.Sprint(r.rseq)))
	if len(res.Body()) > 0 {
		p := g.peer
		if p.offer == theirs {
			p.offer = settled
		} else if p.remote == nil {
			p.offer = ours
		}
	}
	r.pending, r.every, r.waited = res, g.timers().T1, 0
	r.timer = g.after(r.every, g.repeatReliable)
	return g.uas.tx.Respond(res)
}

// repeatReliable sends the response again, each time after twice as long.
func (g *Leg) repeatReliable() {
	r := &g.uas.reliable
	if g.phase != trying || r.pending == nil {
		return
	}
	r.waited += r.every
	if r.waited >= g.patience() {
		_ = g.uas.tx.Respond(g.response(504, "Server Time-out", nil))
		g.finishUAS(Ended{Leg: g, By: ByLayer, Reason: "no PRACK"})
		return
	}
	_ = g.uas.tx.Respond(r.pending)
	r.every *= 2
	r.timer = g.after(r.every, g.repeatReliable)
}

// servePrack takes the PRACK of the response that waits for one.
func (g *Leg) servePrack(p *peer, tx *sip.ServerTx) {
	if g.uas == nil || !g.pracks(tx.Request()) {
		refuseUnknown(tx)
		return
	}
	sdp, ok := description(tx.Request())
	if !ok {
		refuseBody(tx)
		return
	}
	r := &g.uas.reliable
	r.stop()
	r.pending = nil
	ev := Pracked{Leg: g, SDP: sdp}
	if sdp != nil && p.offer != ours {
		p.offer, r.asked = theirs, true
		ev.Answer = func(code int, answer []byte) error { return g.answerPrack(p, tx, code, answer) }
		g.emit(ev)
		return
	}
	if p.offer == ours {
		p.offer, p.remote = settled, sdp
	}
	_ = tx.Reply(200, "OK")
	g.emit(ev)
	g.nextReliable()
}

// pracks reads the RAck header.
func (g *Leg) pracks(req *sip.Request) bool {
	r := &g.uas.reliable
	fields := strings.Fields(sip.Value(req, "RAck"))
	if r.pending == nil || len(fields) != 3 || fields[2] != string(sip.INVITE) {
		return false
	}
	rseq, ok := number(fields[0])
	cseq, fine := number(fields[1])
	return ok && fine && rseq == r.rseq && cseq == g.invite.CSeq().Number
}

// answerPrack answers the offer of a PRACK.
func (g *Leg) answerPrack(p *peer, tx *sip.ServerTx, code int, answer []byte) (err error) {
	g.box.call(func() {
		r := &g.uas.reliable
		if g.done || !r.asked {
			err = ErrGone
			return
		}
		p.offer, r.asked = settled, false
		reason := "OK"
		if code >= 300 {
			reason = "Not Acceptable Here"
			answer = nil
		}
		res := tx.Response(code, reason)
		if len(answer) > 0 {
			offer, _ := description(tx.Request())
			p.local, p.remote = answer, offer
		}
		setBody(res, sdpType, answer)
		err = tx.Respond(res)
		g.nextReliable()
	})
	return err
}

// nextReliable goes on with what waited for the PRACK.
func (g *Leg) nextReliable() {
	r := &g.uas.reliable
	switch {
	case r.then != nil:
		then := r.then
		r.then = nil
		then()
	case len(r.queue) > 0 && g.phase == trying:
		res := r.queue[0]
		r.queue = r.queue[1:]
		_ = g.sendReliably(res)
	}
}
