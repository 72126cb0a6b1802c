package media_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = time.Minute
	events   = 101
)

// phone is the other side of a stream: two sockets and an RTP sender.
type phone struct {
	t         testing.TB
	rtp, rtcp *net.UDPConn
	to        netip.AddrPort
	ssrc, ts  uint32
	seq       uint16
	payload   uint8
}

func newPhone(tb testing.TB, to netip.AddrPort) *phone {
	tb.Helper()
	p := &phone{t: tb, to: to, ssrc: 0xabcd, seq: 65530, ts: 0xffffff00}
	for p.rtcp == nil {
		p.rtp = socket(tb, 0)
		p.rtcp = socket(tb, port(p.rtp)+1)
	}
	return p
}

// socket opens a UDP socket; nil when the port is taken.
func socket(tb testing.TB, at uint16) *net.UDPConn {
	tb.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback(), at)))
	if err != nil {
		return nil
	}
	tb.Cleanup(func() { c.Close() })
	return c
}

func loopback() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

func port(c *net.UDPConn) uint16 { return c.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

func (p *phone) addr() netip.AddrPort { return netip.AddrPortFrom(loopback(), port(p.rtp)) }

// remote is what the phone's SDP says.
func (p *phone) remote() media.Remote {
	return media.Remote{Addr: p.addr(), Payloads: []uint8{0, 8, 18, events}, Codec: g711.ULaw, Events: events}
}

// packet makes the next RTP packet.
func (p *phone) packet(body []byte) []byte {
	pkt := []byte{0x80, p.payload}
	pkt = binary.BigEndian.AppendUint16(pkt, p.seq)
	pkt = binary.BigEndian.AppendUint32(pkt, p.ts)
	pkt = binary.BigEndian.AppendUint32(pkt, p.ssrc)
	p.seq++
	p.ts += uint32(len(body))
	return append(pkt, body...)
}

func (p *phone) send(pkt []byte) {
	p.t.Helper()
	if _, err := p.rtp.WriteToUDPAddrPort(pkt, p.to); err != nil {
		p.t.Fatal(err)
	}
}

// say sends n packets of sound that all hold b, and gives the last.
func (p *phone) say(n int, b byte) []byte {
	p.t.Helper()
	var pkt []byte
	for range n {
		pkt = p.packet(bytes.Repeat([]byte{b}, 160))
		p.send(pkt)
	}
	return pkt
}

// receive waits for a datagram.
func receive(tb testing.TB, c *net.UDPConn) []byte {
	tb.Helper()
	buf := make([]byte, 2048)
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		tb.Fatal(err)
	}
	n, _, err := c.ReadFromUDPAddrPort(buf)
	if err != nil {
		tb.Fatalf("nothing came: %v", err)
	}
	return buf[:n]
}

func (p *phone) expect(want []byte) {
	p.t.Helper()
	if got := receive(p.t, p.rtp); !bytes.Equal(got, want) {
		p.t.Fatalf("received % x, want % x", got[:12], want[:12])
	}
}

// rtpPacket is the header of a received packet.
type rtpPacket struct {
	marker   bool
	payload  uint8
	seq      uint16
	ts, ssrc uint32
	body     []byte
}

func (p *phone) hear() rtpPacket {
	p.t.Helper()
	b := receive(p.t, p.rtp)
	if len(b) < 12 || b[0] != 0x80 {
		p.t.Fatalf("no plain RTP packet: % x", b)
	}
	return rtpPacket{
		marker: b[1]&0x80 != 0, payload: b[1] & 0x7f, seq: binary.BigEndian.Uint16(b[2:]),
		ts: binary.BigEndian.Uint32(b[4:]), ssrc: binary.BigEndian.Uint32(b[8:]), body: b[12:],
	}
}

func newPorts(tb testing.TB, cfg media.PortsConfig) *media.Ports {
	tb.Helper()
	ports, err := media.NewPorts(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return ports
}

func open(tb testing.TB, ports *media.Ports) *media.Stream {
	tb.Helper()
	s, err := ports.Open()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// leg is a stream with its phone, as after offer and answer.
func leg(tb testing.TB, ports *media.Ports) (*media.Stream, *phone) {
	tb.Helper()
	s := open(tb, ports)
	p := newPhone(tb, s.Addr())
	s.Update(p.remote())
	return s, p
}

// until waits for a counter, which other goroutines move.
func until(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !done(); <-tick.C {
		if time.Now().After(deadline) {
			tb.Fatal("waited in vain: " + what)
		}
	}
}

func rtcpOf(s *media.Stream) netip.AddrPort {
	return netip.AddrPortFrom(s.Addr().Addr(), s.Addr().Port()+1)
}
