package media_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

func TestSDPAddressIsBelievedAtOnce(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, p := leg(t, ports)
	p.say(1, 1)
	until(t, "first packet", func() bool { return s.Stats().Received == 1 })
	if s.Peer() != p.addr() {
		t.Errorf("peer is %v", s.Peer())
	}
}

// TestBehindNAT learns an address that no SDP told, after three packets.
func TestBehindNAT(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, p := leg(t, ports)
	remote := p.remote()
	remote.Addr = netip.MustParseAddrPort("127.0.0.2:4000") // what the phone thinks it is
	s.Update(remote)
	if s.Peer() != remote.Addr {
		t.Errorf("before learning the peer is %v", s.Peer())
	}
	p.say(2, 1)
	until(t, "two packets", func() bool { return s.Stats().Strangers == 2 })
	if s.Peer() != remote.Addr {
		t.Errorf("after two packets the peer is %v", s.Peer())
	}
	p.say(1, 1)
	until(t, "third packet", func() bool { return s.Stats().Received == 1 })
	if s.Peer() != p.addr() {
		t.Errorf("after three packets the peer is %v", s.Peer())
	}
}

func TestStrangerNeverCaptures(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, p := leg(t, ports)
	p.say(1, 1)
	until(t, "lock", func() bool { return s.Stats().Received == 1 })
	stranger := newPhone(t, s.Addr())
	stranger.say(100, 9)
	stranger.ssrc, stranger.seq = p.ssrc, p.seq // even one that knows all
	stranger.say(100, 9)
	until(t, "strange packets", func() bool { return s.Stats().Strangers == 200 })
	s.Update(p.remote()) // a re-INVITE with the same address opens no door
	stranger.say(100, 9)
	until(t, "strange packets", func() bool { return s.Stats().Strangers == 300 })
	if s.Peer() != p.addr() || s.Stats().Received != 1 {
		t.Errorf("peer is %v, %+v", s.Peer(), s.Stats())
	}
}

// TestStrangerWhoIsFirstGivesWay lets a stranger be learned before the phone has said anything.
func TestStrangerWhoIsFirstGivesWay(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	for name, tt := range map[string]struct {
		change func(*media.Remote)
		need   int
	}{
		"to the address in the SDP":  {func(*media.Remote) {}, 1},
		"to the host that SIP knows": {func(r *media.Remote) { r.Host, r.Addr = loopback(), netip.MustParseAddrPort("127.0.0.2:4000") }, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := leg(t, ports)
			remote := p.remote()
			tt.change(&remote)
			s.Update(remote)
			stranger := elsewhere(t, "127.0.0.3", s.Addr())
			stranger.say(10, 9)
			until(t, "the stranger", func() bool { return s.Stats().Received == 8 })
			p.say(tt.need, 1)
			until(t, "the phone", func() bool { return s.Stats().Received == 9 })
			stranger.say(100, 9)
			until(t, "strange packets", func() bool { return s.Stats().Strangers == uint64(2+tt.need-1+100) })
			if s.Peer() != p.addr() || s.Stats().Received != 9 {
				t.Errorf("peer is %v, %+v", s.Peer(), s.Stats())
			}
		})
	}
}

// elsewhere is a phone at another host.
func elsewhere(t *testing.T, host string, to netip.AddrPort) *phone {
	t.Helper()
	p := newPhone(t, to)
	var err error
	if p.rtp, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host)}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.rtp.Close() })
	return p
}

// TestStrangersCannotKeepThePhoneOut mixes packets of many strangers into the first of the phone.
func TestStrangersCannotKeepThePhoneOut(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, p := leg(t, ports)
	remote := p.remote()
	remote.Addr = netip.MustParseAddrPort("127.0.0.2:4000")
	s.Update(remote)
	for range 3 {
		for range 3 {
			newPhone(t, s.Addr()).say(1, 9)
		}
		p.say(1, 1)
	}
	until(t, "all packets", func() bool { return s.Stats().Strangers+s.Stats().Received == 12 })
	if s.Peer() != p.addr() {
		t.Errorf("peer is %v", s.Peer())
	}
}

func TestNotLearnedFrom(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	for name, send := range map[string]func(*phone){
		"other payload type": func(p *phone) { p.payload = 97; p.say(5, 1) },
		"changing SSRC": func(p *phone) {
			for range 5 {
				p.ssrc++
				p.say(1, 1)
			}
		},
		"one packet again and again": func(p *phone) {
			pkt := p.packet(make([]byte, 160))
			for range 5 {
				p.send(pkt)
			}
		},
		"jumping sequence": func(p *phone) {
			for range 5 {
				p.seq += 1000
				p.say(1, 1)
			}
		},
		"version 1": func(p *phone) {
			for range 5 {
				pkt := p.packet(make([]byte, 160))
				pkt[0] = 0x40
				p.send(pkt)
			}
		},
		"RTCP": func(p *phone) {
			for range 5 {
				p.send(receiverReport())
			}
		},
		"scraps": func(p *phone) {
			for i := range 5 {
				p.send(make([]byte, i))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := leg(t, ports)
			remote := p.remote()
			remote.Addr = netip.MustParseAddrPort("127.0.0.2:4000")
			s.Update(remote)
			send(p)
			until(t, "packets", func() bool { return s.Stats().Strangers == 5 })
			if s.Peer() != remote.Addr {
				t.Errorf("peer is %v", s.Peer())
			}
		})
	}
}

func TestBeforeTheFirstUpdateNothingIsTaken(t *testing.T) {
	t.Parallel()
	s := open(t, newPorts(t, media.PortsConfig{}))
	p := newPhone(t, s.Addr())
	p.say(10, 1)
	if s.Peer().IsValid() {
		t.Errorf("peer is %v", s.Peer())
	}
	s.Update(p.remote())
	p.say(1, 1)
	until(t, "a packet after it", func() bool { return s.Stats().Received == 1 })
	if n := s.Stats().Strangers; n != 10 {
		t.Errorf("%d packets were thrown away", n)
	}
}

// TestNewRemote moves a stream to another phone by a re-INVITE.
func TestNewRemote(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	s, before := leg(t, ports)
	before.say(1, 1)
	until(t, "lock", func() bool { return s.Stats().Received == 1 })
	after := newPhone(t, s.Addr())
	told := after.remote()
	told.Addr = netip.MustParseAddrPort("127.0.0.2:4000")
	s.Update(told)
	before.say(20, 1) // still on their way when the re-INVITE was answered
	until(t, "old packets", func() bool { return s.Stats().Strangers == 20 })
	after.say(3, 1)
	until(t, "lock on the new phone", func() bool { return s.Peer() == after.addr() })
	before.say(100, 1)
	until(t, "old packets", func() bool { return s.Stats().Strangers == 122 })
	if s.Peer() != after.addr() {
		t.Errorf("peer is %v", s.Peer())
	}
}

// TestSDPChangesButTheSourceStays is a phone behind NAT that tells another private address.
func TestSDPChangesButTheSourceStays(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	p.say(1, 1)
	until(t, "lock", func() bool { return s.Stats().Received == 1 })
	told := p.remote()
	told.Addr = netip.MustParseAddrPort("127.0.0.2:4000")
	s.Update(told)
	p.say(25, 1)
	until(t, "lock on the old source", func() bool { return s.Peer() == p.addr() })
}

func TestHold(t *testing.T) {
	t.Parallel()
	for _, held := range []string{"0.0.0.0:4000", "127.0.0.1:0", "224.0.0.1:4000", "255.255.255.255:4000"} {
		s, p := leg(t, newPorts(t, media.PortsConfig{}))
		p.say(1, 1)
		until(t, "lock", func() bool { return s.Stats().Received == 1 })
		hold := p.remote()
		hold.Addr = netip.MustParseAddrPort(held)
		s.Update(hold)
		if s.Peer().IsValid() {
			t.Errorf("%s: on hold the peer is %v", held, s.Peer())
		}
		p.say(1, 1)
		until(t, "packet on hold", func() bool { return s.Stats().Received == 2 })
		s.Update(p.remote())
		if s.Peer() != p.addr() {
			t.Errorf("%s: after hold the peer is %v", held, s.Peer())
		}
	}
}

func TestLost(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	p.say(10, 1)
	p.seq += 5 // lost, over the wrap of the sequence
	p.say(10, 1)
	p.ssrc, p.seq = 7, 40000 // a new source is no loss
	p.say(1, 1)
	p.seq += 2
	p.say(1, 1)
	until(t, "packets", func() bool { return s.Stats().Received == 22 })
	if got := s.Stats(); got.Lost != 7 || got.ReceivedBytes != 22*172 {
		t.Errorf("%+v", got)
	}
}

func receiverReport() []byte { return []byte{0x80, 201, 0, 1, 0, 0, 0, 7} }
