package dialog

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// offerState tells whose offer waits for an answer (RFC 3264, RFC 3261 13.2.1).
type offerState int

const (
	settled offerState = iota
	ours
	theirs
)

// peer is the other side of one dialog: of a call that forks there are several.
type peer struct {
	tag    string
	value  string   // its From or To value, with the tag
	target sip.URI  // remote target
	routes []string // route set, as name-addr, nearest first
	flow   sip.Flow // the way its last message came
	near   []netip.AddrPort

	remoteCSeq uint32
	heard      bool // remoteCSeq is set

	allow  []string
	rseq   uint32
	offer  offerState
	local  []byte // descriptions that stand
	remote []byte
	early  []byte // from an unreliable provisional response: a hint of the answer
	hungUp bool   // a BYE overtook the answer
}

// learn takes the remote target and abilities from a message of the peer's that
// may refresh them (RFC 3261 12.2, RFC 3311 5).
func (p *peer) learn(m sip.Message) {
	if contact, ok := contactOf(m); ok {
		p.target = contact
	}
	if allow := sip.Values(m, "Allow"); len(allow) > 0 {
		p.allow = allow
	}
}

func (p *peer) allows(method string) bool {
	return slices.ContainsFunc(p.allow, func(m string) bool { return strings.EqualFold(m, method) })
}

// inOrder takes the CSeq of a request and reports whether it is higher than any
// before (RFC 3261 12.2.2).
func (p *peer) inOrder(cseq uint32) bool {
	if p.heard && cseq <= p.remoteCSeq {
		return false
	}
	p.remoteCSeq, p.heard = cseq, true
	return true
}

// way is the flow a request to the peer takes: that to the first route or the
// remote target (RFC 3261 12.2.1.1), but for what NAT makes of it. An open
// connection is used on; a peer that names itself by an address we cannot reach,
// by the one we called it by, or by the one its Via showed, is where its messages
// came from. So is one that gives a host name: looking it up in mid-call could
// only lead elsewhere.
func (p *peer) way(alive func(sip.Flow) bool) sip.Flow {
	if p.flow.Transport.Reliable() && alive(p.flow) {
		return p.flow
	}
	next := p.target
	if len(p.routes) > 0 {
		if first, err := sip.ParseAddress(p.routes[0]); err == nil {
			next = first.URI
		}
	}
	flow, ok := flowOf(next)
	if !ok || slices.Contains(p.near, flow.Remote) || beyondNAT(flow.Remote.Addr(), p.flow.Remote.Addr()) {
		return p.flow
	}
	return flow
}

// flowOf reads the flow out of a URI that holds an IP address.
func flowOf(uri sip.URI) (sip.Flow, bool) {
	addr, err := netip.ParseAddr(strings.Trim(uri.Host, "[]"))
	if err != nil {
		return sip.Flow{}, false
	}
	flow := sip.Flow{Transport: sip.UDP}
	if name, ok := sip.URIParam(uri, "transport"); ok {
		flow.Transport = sip.Transport(strings.ToLower(name))
	}
	port := uri.Port
	if strings.EqualFold(uri.Scheme, "sips") && flow.Transport != sip.WSS {
		flow.Transport = sip.TLS
	}
	if port == 0 {
		port = 5060
		if flow.Transport == sip.TLS || flow.Transport == sip.WSS {
			port = 5061
		}
	}
	if port > 65535 {
		return sip.Flow{}, false
	}
	flow.Remote = netip.AddrPortFrom(addr.Unmap(), uint16(port))
	return flow, true
}

// beyondNAT tells whether an address a peer gave is of a network that its
// messages did not come from.
func beyondNAT(given, seen netip.Addr) bool {
	if given.IsUnspecified() || given.IsMulticast() {
		return true
	}
	shared := netip.AddrFrom4([4]byte{100, 64, 0, 0}) // RFC 6598
	inner := func(a netip.Addr) bool {
		return a.IsPrivate() || a.IsLinkLocalUnicast() || netip.PrefixFrom(shared, 10).Contains(a)
	}
	return given.IsLoopback() && !seen.IsLoopback() || inner(given) && !inner(seen) && !seen.IsLoopback()
}

// sentBy is the address that the topmost Via names, which NAT hides behind another.
func sentBy(req *sip.Request) (netip.AddrPort, bool) {
	via := req.Via()
	if via == nil {
		return netip.AddrPort{}, false
	}
	flow, ok := flowOf(sip.URI{Host: via.Host, Port: via.Port})
	return flow.Remote, ok
}

func contactOf(m sip.Message) (sip.URI, bool) {
	address, err := sip.ParseAddress(sip.Value(m, "Contact"))
	if err != nil || address.URI.Wildcard || address.URI.Host == "" {
		return sip.URI{}, false
	}
	return address.URI, true
}
