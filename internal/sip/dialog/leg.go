package dialog

import (
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// phase is how far a leg has come.
type phase int

const (
	trying   phase = iota // the INVITE has no final response
	answered              // a 2xx was sent or taken
	over
)

// Leg is one INVITE dialog of ours, in either role. Its methods are safe from
// any goroutine, never wait for the network except those that take a context,
// and may be called from a sink. All its state belongs to its inbox.
type Leg struct {
	layer    *Layer
	callID   string
	localTag string
	invite   *sip.Request // as it came; nil on the calling side
	contact  string       // user part of our Contact
	creds    *Credentials
	ended    chan struct{}

	box inbox
	out outbox

	phase   phase
	value   string // our From or To value, with the tag
	address string // the address called, without tag, for forks to come
	cseq    uint32
	peer    *peer // the confirmed one, or the early one heard last
	uac     *uac  // calling side
	uas     *uas  // called side

	asked    *ask      // our re-INVITE or UPDATE with an offer under way
	exchange *exchange // theirs
	waiting  []chan struct{}
	unacked  *unacked // our 2xx that waits for its ACK
	bye      *ask     // held until the ACK has come
	session  session
	lost     *time.Timer
	done     bool // the last event was given
}

func newLeg(l *Layer, callID, localTag string, sink func(Event)) *Leg {
	return &Leg{
		layer: l, callID: callID, localTag: localTag,
		ended: make(chan struct{}),
		box:   inbox{log: l.cfg.Log},
		out:   outbox{log: l.cfg.Log, sink: sink},
	}
}

// after posts f to the inbox in a while. Whoever sets a timer stops it; f checks
// nevertheless whether it is still wanted, for it may be under way by then.
func (g *Leg) after(d time.Duration, f func()) *time.Timer {
	return time.AfterFunc(d, func() { g.box.post(f) })
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

func (g *Leg) timers() sip.Timers { return g.layer.engine.Timers() }

// patience is the time after which a peer that does not answer is given up
// (RFC 3261 13.3.1.4 and others).
func (g *Leg) patience() time.Duration { return 64 * g.timers().T1 }

// emit gives an event to the owner, unless the last one was given.
func (g *Leg) emit(ev Event) {
	if !g.done {
		g.out.put(ev)
	}
}

// Post hands the leg's owner an event that the leg knows nothing of, in order
// with its own. It is a way to the owner of a leg that [Layer.Find] has found.
// False says that the leg is over, and that the event will not come.
func (g *Leg) Post(ev Event) (posted bool) {
	g.box.call(func() {
		if posted = !g.done; posted {
			g.out.put(ev)
		}
	})
	return posted
}

// Redirect gives the leg another owner, whom all comes to that has not come to
// the present one. Before runs when that has had its last event, and before the
// first that goes to the other, so that what it has not dealt with can be handed
// on in order. It must not be called from within a sink.
func (g *Leg) Redirect(sink func(Event), before func()) { g.out.redirect(sink, before) }

// finish gives the last event and stops all that is under way but a BYE.
func (g *Leg) finish(last Event) {
	if g.done {
		return
	}
	g.out.put(last)
	g.done, g.phase = true, over
	close(g.ended)
	g.session.stop()
	stop(g.lost)
	if g.uas != nil {
		g.uas.stop()
	}
	if g.uac != nil {
		g.settleACK()
		g.uac.inv = Invite{Target: g.uac.inv.Target, Routes: g.uac.inv.Routes}
		g.outlive()
	}
	if ex := g.exchange; ex != nil {
		g.exchange = nil
		_ = ex.tx.Reply(487, "Request Terminated")
	}
	if g.peer != nil {
		g.layer.travels(g, g.peer.flow, sip.Flow{})
	}
	g.wake()
}

// wake lets those go on who wait for an exchange of offers to end.
func (g *Leg) wake() {
	for _, ch := range g.waiting {
		close(ch)
	}
	g.waiting = nil
}

// turn makes p the peer the leg speaks with.
func (g *Leg) turn(p *peer) {
	from := sip.Flow{}
	if g.peer != nil {
		from = g.peer.flow
	}
	g.peer = p
	g.layer.travels(g, from, p.flow)
}

// move notes a new way to the peer.
func (g *Leg) move(p *peer, flow sip.Flow) {
	if p == g.peer && !g.done {
		g.layer.travels(g, p.flow, flow)
		stop(g.lost)
		g.lost = nil
	}
	p.flow = flow
	if p == g.peer {
		g.checkFlow()
	}
}

// checkFlow makes good that the end of a connection may be told before the last
// message that came over it.
func (g *Leg) checkFlow() {
	if !g.layer.engine.Alive(g.peer.flow) {
		g.flowClosed(g.peer.flow)
	}
}

// flowClosed begins the wait for the peer to come back.
func (g *Leg) flowClosed(flow sip.Flow) {
	switch {
	case g.done || g.peer == nil || g.peer.flow != flow:
	case g.uas != nil && g.phase == trying:
		g.givenUp("")
	case g.phase == answered && g.lost == nil:
		var wait *time.Timer
		wait = g.after(g.patience(), func() {
			if g.lost == wait {
				g.hangUp(ByLayer, "connection lost")
			}
		})
		g.lost = wait
	}
}

// hangUp ends an answered leg with a BYE.
func (g *Leg) hangUp(by By, reason string, headers ...sip.Header) {
	if g.done {
		return
	}
	g.finish(Ended{Leg: g, By: by, Reason: reason})
	bye := &ask{peer: g.peer, method: sip.BYE, headers: headers, done: func(sip.Reply) { g.layer.remove(g) }}
	if u := g.unacked; u != nil && u.initial {
		// RFC 3261 15: the called side must not send BYE before it has the ACK.
		g.bye = bye
		return
	}
	g.drop()
	g.send(bye)
}

// drop stops resending a 2xx.
func (g *Leg) drop() {
	if g.unacked != nil {
		stop(g.unacked.timer)
		g.unacked = nil
	}
}

// Bye ends the leg: an answered one by BYE, a call we make that nobody has
// answered by [Leg.Cancel], one we have not answered by 480. It may be called
// again and after the end.
func (g *Leg) Bye(headers ...sip.Header) {
	g.box.call(func() {
		switch {
		case g.done:
		case g.phase == answered:
			g.hangUp(ByOwner, "", headers...)
		case g.uac != nil:
			g.cancel(headers)
		default:
			_ = g.reject(480, "Temporarily Unavailable", headers)
		}
	})
}

// ID names the dialog. RemoteTag is empty while a call we make has got no
// response that had one.
func (g *Leg) ID() ID {
	id := ID{CallID: g.callID, LocalTag: g.localTag}
	g.box.call(func() {
		if g.peer != nil {
			id.RemoteTag = g.peer.tag
		}
	})
	return id
}

// CallID is the Call-ID.
func (g *Leg) CallID() string { return g.callID }

// Invitation is the INVITE that came, nil for a call we make. It is not to be
// changed.
func (g *Leg) Invitation() *sip.Request { return g.invite }

// Local is our address (From or To) with our tag.
func (g *Leg) Local() sip.Address { return address(g.value) }

// Remote is the peer's address (To or From), with its tag where it has one yet.
func (g *Leg) Remote() sip.Address {
	value := g.address
	g.box.call(func() {
		if g.peer != nil {
			value = g.peer.value
		}
	})
	return address(value)
}

// Target is the URI the peer wants requests in the dialog sent to (its Contact).
// It is zero while a call we make has no dialog.
func (g *Leg) Target() (uri sip.URI) {
	g.read(func(p *peer) { uri = p.target })
	return uri
}

// Flow is the way to the peer. It is zero while a call we make has no dialog.
func (g *Leg) Flow() (flow sip.Flow) {
	g.read(func(p *peer) { flow = p.flow })
	return flow
}

// LocalSDP is the description of ours that stands, or nil.
func (g *Leg) LocalSDP() (sdp []byte) {
	g.read(func(p *peer) { sdp = p.local })
	return sdp
}

// RemoteSDP is the description of the peer's that stands, or nil. Before a call
// we make is answered it may be that of early media.
func (g *Leg) RemoteSDP() (sdp []byte) {
	g.read(func(p *peer) {
		if sdp = p.remote; sdp == nil {
			sdp = p.early
		}
	})
	return sdp
}

// Answered tells whether the leg was answered and has not ended.
func (g *Leg) Answered() (yes bool) {
	g.box.call(func() { yes = g.phase == answered })
	return yes
}

// Allows tells whether the peer has said that it takes a method.
func (g *Leg) Allows(method string) (yes bool) {
	g.read(func(p *peer) { yes = p.allows(method) })
	return yes
}

// Move gives the leg another way to its peer, as when a phone whose connection
// was lost has registered anew.
func (g *Leg) Move(flow sip.Flow) { g.read(func(p *peer) { g.move(p, flow) }) }

func (g *Leg) read(f func(p *peer)) {
	g.box.call(func() {
		if g.peer != nil {
			f(g.peer)
		}
	})
}

func address(value string) sip.Address {
	a, err := sip.ParseAddress(value)
	if err != nil {
		return sip.Address{}
	}
	return a
}

// contactValue is our Contact as the peer of a flow can reach it.
func (g *Leg) contactValue(flow sip.Flow) string { return g.layer.engine.Contact(g.contact, flow) }

// reasonOf joins the Reason headers of a request (RFC 3326).
func reasonOf(req *sip.Request) string { return strings.Join(sip.Values(req, "Reason"), ", ") }
