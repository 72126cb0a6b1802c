package dialog

import (
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// past is what is left of a call we made when it was answered and is over. The
// transaction of its INVITE goes on for 64*T1, and an answer that comes meanwhile
// brings what else it takes to acknowledge it.
type past struct {
	layer *Layer
	creds *Credentials
	inv   Invite // Target and Routes
	flow  sip.Flow
	auth  []sip.Header
	acked map[string][]byte // by To tag, the description in the ACK
}

// outlive lets a leg go before its transaction.
func (g *Leg) outlive() {
	t := g.uac.now
	if len(t.acks) == 0 {
		return
	}
	p := &past{layer: g.layer, creds: g.creds, inv: g.uac.inv, flow: t.flow, auth: t.auth, acked: map[string][]byte{}}
	for tag, ack := range t.acks {
		p.acked[strings.Clone(tag)] = ack.Body() // as a piece of the answer it would hold all of that
	}
	t.tx.Redirect(p.replied)
}

// replied acknowledges a 2xx that comes again, and hangs up one of another fork
// (RFC 3261 13.2.2.4).
func (p *past) replied(r sip.Reply) {
	if r.Err != nil || !r.Response.IsSuccess() {
		return
	}
	g, t := p.leg(r.Response)
	tag := sip.Tag(r.Response.To().Params)
	if sdp, again := p.acked[tag]; again {
		g.acknowledge(g.fork(t, r.Response), t.cseq, t.auth, sdp)
		return
	}
	p.acked[strings.Clone(tag)] = nil
	g.box.post(func() { g.dismiss(t, g.fork(t, r.Response)) })
}

// leg is the leg as an answer shows it, long enough to reply.
func (p *past) leg(res *sip.Response) (*Leg, *attempt) {
	g := newLeg(p.layer, res.CallID(), sip.Tag(res.From().Params), nil)
	t := &attempt{flow: p.flow, cseq: res.CSeq().Number, auth: p.auth, forks: map[string]*peer{}, acks: map[string]*sip.Request{}}
	g.value, g.cseq, g.creds = sip.Value(res, "From"), t.cseq, p.creds
	g.uac = &uac{inv: p.inv, now: t}
	g.phase, g.done = over, true
	return g, t
}
