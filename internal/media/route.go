package media

import (
	"encoding/binary"
	"net/netip"
)

const (
	maxCandidates = 4
	trustNew      = 3  // consecutive packets after which a source that the SDP does not name (NAT) is believed
	trustFormer   = 25 // the same for the source before the last Update: half a second, so that its last packets are not taken for the new one's
	maxSeqStep    = 10 // packets that still count as consecutive may be so far apart
)

// route is where packets go and from where they are taken. It never changes; a
// new one takes its place.
type route struct {
	remote    Remote
	payloads  [2]uint64      // a bit for each payload type that may come in
	signalled netip.AddrPort // the last address in the SDP that was not a hold
	rtp, rtcp netip.AddrPort // where we send; invalid: nowhere
	source    netip.AddrPort // the source of RTP, which only one worth more replaces; invalid: not learned yet
	rtcpFrom  netip.AddrPort // the only source of RTCP; invalid: not learned yet
	former    netip.AddrPort // the source before signalled changed
}

// candidate is a source that has sent valid packets, but not yet enough.
type candidate struct {
	from  netip.AddrPort
	ssrc  uint32
	seq   uint16
	count int
}

// Update tells the result of an offer and answer. A new address makes the
// stream learn the source anew; with the same one it stays locked.
func (s *Stream) Update(remote Remote) {
	remote.Addr = netip.AddrPortFrom(remote.Addr.Addr().Unmap(), remote.Addr.Port())
	remote.RTCP = netip.AddrPortFrom(remote.RTCP.Addr().Unmap(), remote.RTCP.Port())
	remote.Host = remote.Host.Unmap()
	if remote.EventsIn == 0 {
		remote.EventsIn = remote.Events
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.route.Load()
	if old == nil {
		old = &route{}
	}
	next := &route{remote: remote, payloads: payloadSet(remote)}
	switch {
	case !usable(remote.Addr): // a hold: the lock outlives it
		next.signalled, next.source, next.former = old.signalled, old.source, old.former
		next.rtcp, next.rtcpFrom = old.rtcp, old.rtcpFrom
	case remote.Addr == old.signalled || remote.Addr == old.source:
		next.signalled, next.former = remote.Addr, old.former
		next.lock(old.source, old.rtcpFrom)
	default:
		next.signalled, next.former = remote.Addr, old.source
		next.lock(netip.AddrPort{}, netip.AddrPort{})
		s.candidates = [maxCandidates]candidate{}
		s.hearing.forget()
	}
	s.route.Store(next)
	s.startReading()
}

// lock sets the sources, as far as they are known, and from them and the SDP where to send.
func (r *route) lock(source, rtcpFrom netip.AddrPort) {
	r.source, r.rtcpFrom = source, rtcpFrom
	if !usable(r.remote.Addr) { // held: heard, but not sent to
		return
	}
	r.rtp = r.signalled
	if source.IsValid() {
		r.rtp = source
	}
	switch {
	case rtcpFrom.IsValid():
		r.rtcp = rtcpFrom
	case r.rtp == r.signalled && usable(r.remote.RTCP):
		r.rtcp = r.remote.RTCP
	default:
		r.rtcp = netip.AddrPortFrom(r.rtp.Addr(), r.rtp.Port()+1)
	}
}

// usable tells whether a packet may be sent to an address that a stranger wrote into an SDP.
func usable(a netip.AddrPort) bool {
	ip := a.Addr()
	broadcast := ip == netip.AddrFrom4([4]byte{255, 255, 255, 255})
	return a.IsValid() && a.Port() != 0 && !ip.IsUnspecified() && !ip.IsMulticast() && !broadcast
}

func payloadSet(r Remote) (set [2]uint64) {
	if len(r.Payloads) == 0 {
		return [2]uint64{^uint64(0), ^uint64(0)}
	}
	for _, pt := range append([]uint8{r.EventsIn}, r.Payloads...) {
		set[pt>>6&1] |= 1 << (pt & 63)
	}
	return set
}

// trusts tells how much a source is worth. One that is worth more takes the
// place of the one locked to: who is first is not always who is called.
func (r *route) trusts(from netip.AddrPort) int {
	switch {
	case from == r.signalled:
		return 2
	case from.Addr() == r.signalled.Addr() || from.Addr() == r.remote.Host:
		return 1
	default:
		return 0
	}
}

// settled tells whether another source than the one locked to has no chance.
func (r *route) settled(from netip.AddrPort) bool {
	return r.source.IsValid() && r.trusts(from) <= r.trusts(r.source)
}

func (r *route) takes(pt uint8) bool { return r.payloads[pt>>6&1]&(1<<(pt&63)) != 0 }

// admit gives the route if the packet is RTP from the other side, and nil if not.
func (s *Stream) admit(pkt []byte, from netip.AddrPort) *route {
	r := s.route.Load()
	if r == nil || len(pkt) < rtcpHeaderSize || pkt[0]>>6 != 2 {
		return nil
	}
	if len(pkt) < rtpHeaderSize && !isRTCP(pkt) {
		return nil
	}
	if r.source == from {
		return r
	}
	if r.settled(from) || isRTCP(pkt) || !r.takes(pkt[1]&0x7f) {
		return nil
	}
	return s.learn(pkt, from)
}

// learn counts a valid packet from a source, and locks to the source when there are enough.
func (s *Stream) learn(pkt []byte, from netip.AddrPort) *route {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.route.Load()
	if r.source == from { // an Update came in between
		return r
	}
	if r.settled(from) {
		return nil
	}
	need := trustNew
	switch from {
	case r.signalled:
		need = 1
	case r.former:
		need = trustFormer
	}
	if s.candidate(from).next(pkt) < need {
		return nil
	}
	locked := *r
	if r.source.IsValid() { // whose RTCP it is that was learned is open, too
		s.hearing.forget()
		locked.lock(from, netip.AddrPort{})
	} else {
		locked.lock(from, r.rtcpFrom)
	}
	s.route.Store(&locked)
	return &locked
}

// candidate finds the entry of a source, or takes the weakest one for it, so
// that strangers who mix their packets in cannot keep the true source out for long.
func (s *Stream) candidate(from netip.AddrPort) *candidate {
	weakest := &s.candidates[0]
	for i := range s.candidates {
		c := &s.candidates[i]
		if c.from == from {
			return c
		}
		if c.count < weakest.count {
			weakest = c
		}
	}
	*weakest = candidate{from: from}
	return weakest
}

// next tells how many consecutive packets of one SSRC there have been with this one.
func (c *candidate) next(pkt []byte) int {
	seq, ssrc := binary.BigEndian.Uint16(pkt[2:]), binary.BigEndian.Uint32(pkt[8:])
	step := seq - c.seq
	if c.count > 0 && (ssrc != c.ssrc || step == 0 || step > maxSeqStep) {
		c.count = 0
	}
	c.seq, c.ssrc = seq, ssrc
	c.count++
	return c.count
}

// admitRTCP tells whether a packet on the RTCP port is RTCP of the other side.
// Its port is learned once the RTP source is: same host, or as the SDP says.
func (s *Stream) admitRTCP(pkt []byte, from netip.AddrPort) bool {
	r := s.route.Load()
	if r == nil || len(pkt) < rtcpHeaderSize || pkt[0]>>6 != 2 || !isRTCP(pkt) {
		return false
	}
	if r.rtcpFrom.IsValid() {
		return r.rtcpFrom == from
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r = s.route.Load()
	if r.rtcpFrom.IsValid() || from != r.rtcp && (!r.source.IsValid() || from.Addr() != r.source.Addr()) {
		return r.rtcpFrom == from
	}
	locked := *r
	locked.rtcpFrom, locked.rtcp = from, from
	s.route.Store(&locked)
	return true
}

// isRTCP knows RTCP from RTP by its second octet (RFC 5761 section 4).
func isRTCP(pkt []byte) bool { return pkt[1] >= 192 && pkt[1] <= 223 }
