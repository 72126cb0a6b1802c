package dialog

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// Layer finds the dialog each request belongs to. Its methods ServeSIP, ServeACK
// and FlowClosed are called by the handler of the engine. All are safe for
// concurrent use.
type Layer struct {
	engine *sip.Engine
	cfg    Config

	allow, supported string // the values of these headers

	mu     sync.RWMutex
	legs   map[key]*Leg
	flows  map[sip.Flow]map[*Leg]struct{} // stream flows only: a UDP flow is never closed
	merged map[invitation]*Leg            // INVITEs taken and not answered yet
}

// key finds a leg: the remote tag is left to the leg, which may have several.
type key struct{ callID, localTag string }

// invitation names an INVITE by what a fork upstream leaves alone (RFC 3261 8.2.2.2).
type invitation struct {
	callID, fromTag string
	cseq            uint32
}

// New makes the layer of an engine.
func New(e *sip.Engine, cfg Config) *Layer {
	cfg = cfg.withDefaults()
	return &Layer{
		engine: e, cfg: cfg,
		allow:     strings.Join(cfg.Allow, ", "),
		supported: strings.Join(append([]string{"100rel", "timer"}, cfg.Supported...), ", "),
		legs:      map[key]*Leg{},
		flows:     map[sip.Flow]map[*Leg]struct{}{},
		merged:    map[invitation]*Leg{},
	}
}

// ServeSIP takes a request that belongs to a dialog, or answers one that belongs
// to none any more with 481. It reports false for requests outside of dialogs,
// and for SUBSCRIBE and NOTIFY of dialogs that are not ours: those are for
// somebody else to take.
func (l *Layer) ServeSIP(tx *sip.ServerTx) bool {
	req := tx.Request()
	localTag := sip.Tag(req.To().Params)
	if localTag == "" {
		return l.serveOutside(tx)
	}
	if leg := l.leg(key{req.CallID(), localTag}); leg != nil {
		leg.box.post(func() { leg.serve(tx) })
		return true
	}
	switch req.Method {
	case sip.SUBSCRIBE, sip.NOTIFY, sip.REGISTER, sip.PUBLISH:
		return false
	default:
		refuseUnknown(tx)
		return true
	}
}

func (l *Layer) serveOutside(tx *sip.ServerTx) bool {
	req := tx.Request()
	switch req.Method {
	case sip.BYE, sip.PRACK, sip.UPDATE:
		refuseUnknown(tx)
		return true
	case sip.INVITE:
		l.mu.RLock()
		_, twice := l.merged[invitationOf(req)]
		l.mu.RUnlock()
		if twice {
			_ = tx.Reply(482, "Loop Detected")
		}
		return twice
	default:
		return false
	}
}

// refuseUnknown answers a request to a dialog we do not know. An answer that
// cannot be sent is lost like any other: the peer's timer tells it.
func refuseUnknown(tx *sip.ServerTx) {
	_ = tx.Reply(481, "Call/Transaction Does Not Exist")
}

// ServeACK takes the ACK to a 2xx. One that belongs to nothing is dropped.
func (l *Layer) ServeACK(req *sip.Request, flow sip.Flow) {
	leg := l.leg(key{req.CallID(), sip.Tag(req.To().Params)})
	if leg != nil {
		leg.box.post(func() { leg.serveACK(req, flow) })
	}
}

// FlowClosed takes note that a stream connection is gone. An unanswered caller
// on it has given up; an answered leg gets the time of 64*T1 to come back by
// another, by a request of its own or by [Leg.Move].
func (l *Layer) FlowClosed(flow sip.Flow) {
	l.mu.RLock()
	legs := make([]*Leg, 0, len(l.flows[flow]))
	for leg := range l.flows[flow] {
		legs = append(legs, leg)
	}
	l.mu.RUnlock()
	for _, leg := range legs {
		leg.box.post(func() { leg.flowClosed(flow) })
	}
}

// Find returns the leg of a dialog, or nil; an empty RemoteTag matches any. It
// serves Replaces (RFC 3891), whose to-tag is our LocalTag.
func (l *Layer) Find(id ID) *Leg {
	leg := l.leg(key{id.CallID, id.LocalTag})
	if leg == nil || id.RemoteTag != "" && leg.ID().RemoteTag != id.RemoteTag {
		return nil
	}
	return leg
}

// Len is how many legs there are, those included whose BYE is not answered yet.
func (l *Layer) Len() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.legs)
}

func (l *Layer) leg(k key) *Leg {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.legs[k]
}

func (l *Layer) add(g *Leg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.legs[key{g.callID, g.localTag}] = g
	if g.uas != nil {
		l.merged[invitationOf(g.invite)] = g
	}
}

// settle ends the time in which another copy of the INVITE counts as merged.
func (l *Layer) settle(g *Leg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.merged, invitationOf(g.invite))
}

func (l *Layer) remove(g *Leg) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.legs, key{g.callID, g.localTag})
}

// travels keeps the list of whom the end of a stream connection concerns.
func (l *Layer) travels(g *Leg, from, to sip.Flow) {
	if from == to {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if legs := l.flows[from]; legs != nil {
		delete(legs, g)
		if len(legs) == 0 {
			delete(l.flows, from)
		}
	}
	if !to.Transport.Reliable() || to == (sip.Flow{}) {
		return
	}
	if l.flows[to] == nil {
		l.flows[to] = map[*Leg]struct{}{}
	}
	l.flows[to][g] = struct{}{}
}

// supports is the Supported header of an INVITE.
func (l *Layer) supports(inv Invite) string {
	if inv.Unreliable {
		return strings.TrimPrefix(l.supported, "100rel, ")
	}
	return l.supported
}

// unsupported lists what a Require header names that we do not know.
func (l *Layer) unsupported(req *sip.Request) []string {
	var unknown []string
	for _, tag := range sip.Values(req, "Require") {
		known := strings.EqualFold(tag, "100rel") || strings.EqualFold(tag, "timer") ||
			slices.ContainsFunc(l.cfg.Supported, func(s string) bool { return strings.EqualFold(s, tag) })
		if !known {
			unknown = append(unknown, tag)
		}
	}
	return unknown
}

func invitationOf(req *sip.Request) invitation {
	return invitation{req.CallID(), sip.Tag(req.From().Params), req.CSeq().Number}
}

func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 32)
	return uint32(n), err == nil
}
