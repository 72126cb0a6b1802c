package media_test

import (
	"bytes"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

func TestRelay(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	for _, payload := range []uint8{0, 8, 18, events, 97} { // the last after the lock: any codec passes
		phoneA.payload, phoneB.payload = payload, payload
		phoneB.expect(phoneA.say(1, 0x55))
		phoneA.expect(phoneB.say(1, 0x66))
	}
	odd := phoneA.packet([]byte("an extension, and padding"))
	odd[0] |= 0x30
	phoneA.send(odd)
	phoneB.expect(odd)
}

func TestRelayRTCP(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	phoneA.expect(phoneB.say(1, 1)) // B is locked
	phoneB.expect(phoneA.say(1, 1))
	report := receiverReport()
	toRTCP := rtcpOf(a)
	if _, err := phoneA.rtcp.WriteToUDPAddrPort(report, toRTCP); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, phoneB.rtcp); !bytes.Equal(got, report) {
		t.Errorf("received % x", got)
	}
	phoneA.send(report) // multiplexed: to the RTP port, and so on
	phoneB.expect(report)
	stranger := newPhone(t, toRTCP)
	stranger.send(report)
	until(t, "the stranger's report", func() bool { return a.Stats().Strangers == 1 })
}

// TestRTCPFromAnotherPort is a NAT that gave the RTCP socket another port than the SDP said.
func TestRTCPFromAnotherPort(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	phoneB.expect(phoneA.say(1, 1))
	other := socket(t, 0)
	for range 2 {
		if _, err := other.WriteToUDPAddrPort(receiverReport(), rtcpOf(a)); err != nil {
			t.Fatal(err)
		}
		receive(t, phoneB.rtcp)
	}
	phoneA.expect(phoneB.say(1, 1))
	if _, err := phoneB.rtcp.WriteToUDPAddrPort(receiverReport(), rtcpOf(b)); err != nil {
		t.Fatal(err)
	}
	receive(t, other)
}

func TestUnjoinAndRejoin(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	c, phoneC := leg(t, ports)
	first := media.Join(a, b)
	phoneB.expect(phoneA.say(1, 1))
	first.Unjoin()
	phoneA.say(1, 2)
	until(t, "packet to nobody", func() bool { return a.Stats().Received == 2 })
	if sent := b.Stats().Sent; sent != 1 || first.Joined() {
		t.Errorf("after Unjoin %d sent", sent)
	}
	second := media.Join(a, c)
	phoneC.expect(phoneA.say(1, 3))
	first.Unjoin() // late: no longer its business
	phoneC.expect(phoneA.say(1, 4))
	media.Join(b, a) // takes a out of the second
	phoneB.expect(phoneA.say(1, 5))
	if second.Joined() {
		t.Error("a stream is in two bridges")
	}
	phoneC.say(1, 6)
	until(t, "packet to nobody", func() bool { return c.Stats().Received == 1 })
	a.Close()
	phoneB.say(1, 7)
	until(t, "packet to nobody", func() bool { return b.Stats().Received == 1 })
}

// TestNoRoundabout is two legs whose SDP names each other's ports here.
func TestNoRoundabout(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, b := open(t, ports), open(t, ports)
	toA, toB := newPhone(t, a.Addr()).remote(), newPhone(t, b.Addr()).remote()
	toA.Addr, toB.Addr = b.Addr(), a.Addr()
	a.Update(toA)
	b.Update(toB)
	if err := a.Play(t.Context(), make([]int16, 320)); err != nil {
		t.Fatal(err)
	}
	media.Join(a, b)
	until(t, "the played packets", func() bool { return b.Stats().Received >= 2 })
	if a.Stats().Sent > 10 || b.Stats().Sent > 0 {
		t.Errorf("%d and %d sent", a.Stats().Sent, b.Stats().Sent)
	}
}

// BenchmarkRelay passes packets of a G.711 call one way through a bridge, as fast as
// they go. Half of the time goes into the benchmark's own sending and receiving.
func BenchmarkRelay(b *testing.B) {
	ports := newPorts(b, media.PortsConfig{})
	a, phoneA := leg(b, ports)
	c, phoneC := leg(b, ports)
	media.Join(a, c)
	phoneC.expect(phoneA.say(1, 1))
	pkt, buf := phoneA.packet(make([]byte, 160)), make([]byte, 2048)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := phoneA.rtp.WriteToUDPAddrPort(pkt, phoneA.to); err != nil {
			b.Fatal(err)
		}
		if _, _, err := phoneC.rtp.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}
