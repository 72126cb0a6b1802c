package media

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	datagramSize   = 2048 // longer than any packet that an Ethernet path carries whole
	maxReadErrors  = 100  // in a row; then the socket is beyond hope
	rtpHeaderSize  = 12
	rtcpHeaderSize = 8
)

// Stream is the sound of one leg: an RTP and an RTCP socket and what is known
// about the other side. All methods are safe for use by several goroutines.
type Stream struct {
	ports *Ports
	log   *slog.Logger
	pair
	local netip.AddrPort

	route   atomic.Pointer[route] // nil until the first Update
	peer    atomic.Pointer[Stream]
	hears   atomic.Bool
	hearing hearing
	voice   voice
	inserts inserts
	out     outgoing
	counts  counts

	mu         sync.Mutex // guards changes of route, what follows, and closing
	candidates [maxCandidates]candidate
	reading    bool // somebody reads the sockets

	closed  chan struct{}
	readers atomic.Int32
	broken  atomic.Bool // a socket fails
}

type counts struct {
	received, receivedBytes, lost, strangers, sent, sentBytes atomic.Uint64
	reception                                                 reception
}

func newStream(p *Ports, at pair) (*Stream, error) {
	s := &Stream{ports: p, log: p.cfg.Log, pair: at, local: localAddr(at.rtp), closed: make(chan struct{})}
	if err := s.voice.prepare(s, p.cfg); err != nil {
		p.giveBack(at)
		return nil, err
	}
	s.hearing.prepare(p.cfg.Now)
	s.out.now = p.cfg.Now
	return s, nil
}

// Addr is the local RTP address; RTCP is on the next port. With Ports bound to
// an unspecified IP only the port is meaningful.
func (s *Stream) Addr() netip.AddrPort { return s.local }

// Peer is where RTP is sent now: the learned address, before that the one in
// the SDP. It is the zero value while nothing may be sent.
func (s *Stream) Peer() netip.AddrPort {
	if r := s.route.Load(); r != nil {
		return r.rtp
	}
	return netip.AddrPort{}
}

// Listen makes ear hear what comes in from now on, in the place of the ear
// before; the zero Ear hears nothing. It works while the stream is joined, too.
func (s *Stream) Listen(ear Ear) {
	s.hears.Store(ear.Digit != nil || ear.Sound != nil)
	s.hearing.listen(ear)
}

// Stats gives the counters as they are now.
func (s *Stream) Stats() Stats {
	c := &s.counts
	return Stats{
		Received: c.received.Load(), ReceivedBytes: c.receivedBytes.Load(),
		Lost: c.lost.Load(), Strangers: c.strangers.Load(),
		Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(),
	}
}

// Close frees the port pair; what plays ends with ErrClosed. The Ear may still
// be told what had come before: Listen(Ear{}) first where that matters.
// Closing again does nothing.
func (s *Stream) Close() {
	s.mu.Lock()
	first, reading := !s.isClosed(), s.reading
	if first {
		close(s.closed)
	}
	s.mu.Unlock()
	if !first {
		return
	}
	s.leave()
	s.voice.stop(ErrClosed)
	if !reading {
		s.end()
		return
	}
	longAgo := time.Unix(1, 0)
	if errors.Join(s.rtp.SetReadDeadline(longAgo), s.rtcp.SetReadDeadline(longAgo)) != nil {
		s.broken.Store(true)
		_, _ = s.rtp.Close(), s.rtcp.Close()
	}
}

func (s *Stream) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

// end gives the ports back when nobody reads any more.
func (s *Stream) end() {
	s.hears.Store(false)
	s.hearing.end()
	if s.broken.Load() {
		s.closeSockets()
	}
	s.ports.giveBack(s.pair)
}

// startReading takes what comes in from now on. What came before the first
// Update is for nobody, so a stream that is never joined needs no reader; s.mu
// is held.
func (s *Stream) startReading() {
	if s.reading || s.isClosed() {
		return
	}
	s.reading = true
	for _, conn := range []*net.UDPConn{s.rtp, s.rtcp} {
		_ = conn.SetReadDeadline(time.Time{}) // it fails as the reader will
		s.counts.strangers.Add(drain(conn))
	}
	s.readers.Store(2)
	go s.read(s.rtp, s.rtpCame)
	go s.read(s.rtcp, s.rtcpCame)
}

// read hands every datagram of one socket to take until the stream is closed.
// The reader that ends last gives the ports back.
func (s *Stream) read(conn *net.UDPConn, take func([]byte, netip.AddrPort)) {
	defer func() {
		if s.readers.Add(-1) == 0 {
			s.end()
		}
	}()
	pooled := s.ports.buffers.Get()
	defer s.ports.buffers.Put(pooled)
	buf := pooled.(*[datagramSize]byte)[:] //nolint:forcetypeassert // nothing else is put there
	for failures := 0; failures < maxReadErrors; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			failures = 0
			take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		case s.isClosed():
			return
		default:
			failures++
		}
	}
	s.log.Error("media socket fails", slog.String("local", s.local.String()))
	s.broken.Store(true)
	<-s.closed
}

// rtpCame is the hot path of the relay: it must not allocate.
func (s *Stream) rtpCame(pkt []byte, from netip.AddrPort) {
	r := s.admit(pkt, from)
	if r == nil {
		s.counts.strangers.Add(1)
		return
	}
	if isRTCP(pkt) { // RFC 5761: multiplexed on the RTP port, and so it stays
		if peer := s.peer.Load(); peer != nil {
			s.translateFor(peer, pkt)
			peer.send(pkt)
		}
		return
	}
	s.counts.received.Add(1)
	s.counts.receivedBytes.Add(uint64(len(pkt)))
	s.counts.lost.Store(s.counts.reception.note(pkt))
	if s.hears.Load() {
		s.hearing.packet(pkt, r)
	}
	// Two legs whose SDP names each other's ports here would pass a packet round for ever.
	if peer := s.peer.Load(); peer != nil && from != peer.local {
		peer.relay(pkt, s)
	}
}

func (s *Stream) rtcpCame(pkt []byte, from netip.AddrPort) {
	if !s.admitRTCP(pkt, from) {
		s.counts.strangers.Add(1)
		return
	}
	if peer := s.peer.Load(); peer != nil {
		s.translateFor(peer, pkt)
		peer.sendRTCP(pkt)
	}
}

// translateFor makes RTCP that came here fit what the joined stream sends.
func (s *Stream) translateFor(peer *Stream, pkt []byte) {
	translate(pkt, peer.out.of(s), s.out.of(peer))
}

// speak sends an RTP packet of this stream's own or of a joined one. It changes the packet's header.
func (s *Stream) speak(pkt []byte, speaker *Stream) {
	if r := s.route.Load(); r == nil || !r.rtp.IsValid() { // on hold no number is used up
		return
	}
	s.out.carry(pkt, speaker)
	s.send(pkt)
}

// send writes one datagram to the other side's RTP address; sound is perishable, so a failure is only a lost packet.
func (s *Stream) send(pkt []byte) {
	r := s.route.Load()
	if r == nil || !r.rtp.IsValid() {
		return
	}
	if _, err := s.rtp.WriteToUDPAddrPort(pkt, r.rtp); err == nil {
		s.counts.sent.Add(1)
		s.counts.sentBytes.Add(uint64(len(pkt)))
	}
}

func (s *Stream) sendRTCP(pkt []byte) {
	if r := s.route.Load(); r != nil && r.rtcp.IsValid() {
		_, _ = s.rtcp.WriteToUDPAddrPort(pkt, r.rtcp)
	}
}
