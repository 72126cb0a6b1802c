package media_test

import (
	"bytes"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
)

// speakers is a phone that listens, and two that speak to it one after the other.
type speakers struct {
	t              *testing.T
	clock          atomic.Int64 // nanoseconds
	listener       *phone
	first, second  *phone
	to, one, other *media.Stream
}

func newSpeakers(t *testing.T) *speakers {
	t.Helper()
	s := &speakers{t: t}
	s.clock.Store(int64(time.Hour))
	ports := newPorts(t, media.PortsConfig{Now: func() time.Time { return time.Unix(0, s.clock.Load()) }})
	s.to, s.listener = leg(t, ports)
	s.one, s.first = leg(t, ports)
	s.other, s.second = leg(t, ports)
	s.first.ssrc, s.first.seq, s.first.ts = 0x1111, 65534, 0xffffff00
	s.second.ssrc, s.second.seq, s.second.ts = 0x2222, 40, 7
	return s
}

// hears checks the next packet that the listener gets.
func (s *speakers) hears(ssrc uint32, seq uint16, ts uint32) rtpPacket {
	s.t.Helper()
	got := s.listener.hear()
	if got.ssrc != ssrc || got.seq != seq || got.ts != ts {
		s.t.Fatalf("heard SSRC %x, number %d, time %d; want %x, %d, %d", got.ssrc, got.seq, got.ts, ssrc, seq, ts)
	}
	return got
}

// takesOver lets the second speak after the first has sent two packets.
func (s *speakers) takesOver() {
	s.t.Helper()
	media.Join(s.to, s.one)
	s.first.say(2, 1)
	s.hears(0x1111, 65534, 0xffffff00)
	s.hears(0x1111, 65535, 0xffffffa0)
	s.clock.Add(int64(40 * time.Millisecond))
	media.Join(s.to, s.other)
	s.second.say(1, 9)
	s.hears(0x1111, 0, 0x40)
}

func TestAnotherSpeakerContinuesTheStream(t *testing.T) {
	t.Parallel()
	s := newSpeakers(t)
	s.takesOver()
	s.second.payload = events
	s.second.ts++ // keeps its own distances
	began := s.second.ts
	for range 3 { // a digit has one time, in all its packets
		s.second.send(s.second.packet([]byte{5, 10, 0, 160}))
		s.second.ts = began
	}
	for n := range uint16(3) {
		if got := s.hears(0x1111, 1+n, 0xe1); got.payload != events || !bytes.Equal(got.body, []byte{5, 10, 0, 160}) {
			t.Errorf("packet %d is %+v", n, got)
		}
	}
	s.clock.Add(int64(time.Second))
	media.Join(s.to, s.one) // the first again, after a second of silence
	s.first.seq, s.first.ts = 9000, 9000
	s.first.say(1, 1)
	s.hears(0x1111, 4, 8*1040-0x100)
}

// TestFasterClock is a speaker whose times ran ahead, as Opus's do: the next one never goes back.
func TestFasterClock(t *testing.T) {
	t.Parallel()
	s := newSpeakers(t)
	media.Join(s.to, s.one)
	s.first.say(1, 1)
	s.hears(0x1111, 65534, 0xffffff00)
	s.first.ts = 48000
	s.first.say(1, 1)
	s.hears(0x1111, 65535, 48000)
	s.clock.Add(int64(time.Second))
	media.Join(s.to, s.other)
	s.second.say(1, 1)
	s.hears(0x1111, 0, 48160)
}

// TestANewSourceOfTheSamePhone is a phone that begins its stream anew, as some do after a hold.
func TestANewSourceOfTheSamePhone(t *testing.T) {
	t.Parallel()
	s := newSpeakers(t)
	s.takesOver()
	s.second.ssrc, s.second.seq, s.second.ts = 0x3333, 700, 7000
	s.second.say(1, 1)
	s.hears(0x3333, 700, 7000)
	media.Join(s.to, s.one)
	s.first.say(1, 1)
	s.hears(0x3333, 701, 7160)
}

// TestMusicAndASpeakerAreOneStream plays before and between two phones.
func TestMusicAndASpeakerAreOneStream(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	to, listener := leg(t, ports)
	play := func() {
		if err := to.Play(t.Context(), make([]int16, 480)); err != nil {
			t.Fatal(err)
		}
	}
	play()
	last := listener.hear()
	follows := func() {
		t.Helper()
		got := listener.hear()
		if got.ssrc != last.ssrc || got.seq != last.seq+1 || int32(got.ts-last.ts) < 160 {
			t.Fatalf("after %+v came %+v", last, got)
		}
		last = got
	}
	for seq := range uint16(2) {
		speaker, phone := leg(t, ports)
		phone.ssrc, phone.seq, phone.ts = uint32(seq)+1, 40000*seq, 0
		media.Join(to, speaker)
		for said := phone.say(3, 0x77)[12:]; !bytes.Equal(last.body, said); {
			follows()
		}
		follows()
		follows()
		speaker.Close()
		play()
		follows()
	}
}

func TestReportsFollowTheSpeaker(t *testing.T) {
	t.Parallel()
	s := newSpeakers(t)
	s.takesOver() // 40 became 0, 7 became 0x40
	s.listener.say(1, 1)
	s.second.hear()
	send := func(from *phone, packets ...rtcp.Packet) {
		pkt, err := rtcp.Marshal(packets)
		if err != nil {
			t.Fatal(err)
		}
		from.send(pkt) // multiplexed with RTP; TestRelayRTCP has the other way
	}
	gets := func(to *phone) []rtcp.Packet {
		packets, err := rtcp.Unmarshal(receive(t, to.rtp))
		if err != nil {
			t.Fatal(err)
		}
		return packets
	}
	send(s.second,
		&rtcp.SenderReport{SSRC: 0x2222, RTPTime: 167, Reports: []rtcp.ReceptionReport{{SSRC: 0xabcd, LastSequenceNumber: 65530}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
			Source: 0x2222, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "second"}},
		}}})
	got := gets(s.listener)
	report, description := got[0].(*rtcp.SenderReport), got[1].(*rtcp.SourceDescription)
	if report.SSRC != 0x1111 || report.RTPTime != 0x40+160 || description.Chunks[0].Source != 0x1111 {
		t.Errorf("the listener is told %v, %v", report, description)
	}
	if about := report.Reports[0]; about.SSRC != 0xabcd || about.LastSequenceNumber != 65530 {
		t.Errorf("what the listener sent itself has become %+v", about)
	}
	send(s.listener,
		&rtcp.ReceiverReport{SSRC: 0xabcd, Reports: []rtcp.ReceptionReport{
			{SSRC: 0x1111, LastSequenceNumber: 1<<16 + 5}, {SSRC: 0x7777, LastSequenceNumber: 5},
		}},
		&rtcp.TransportLayerNack{SenderSSRC: 0xabcd, MediaSSRC: 0x1111, Nacks: []rtcp.NackPair{{PacketID: 3}}})
	got = gets(s.second)
	reports, nack := got[0].(*rtcp.ReceiverReport).Reports, got[1].(*rtcp.TransportLayerNack)
	if reports[0].SSRC != 0x2222 || uint16(reports[0].LastSequenceNumber) != 45 {
		t.Errorf("the speaker is told %+v of its packets", reports[0])
	}
	if reports[1].SSRC != 0x7777 || reports[1].LastSequenceNumber != 5 {
		t.Errorf("a report on another source has become %+v", reports[1])
	}
	if nack.MediaSSRC != 0x2222 || nack.Nacks[0].PacketID != 43 {
		t.Errorf("the speaker is asked for %+v", nack)
	}
}

// TestBrokenReports are RTCP packets whose lengths and counts lie: they pass as they are.
func TestBrokenReports(t *testing.T) {
	t.Parallel()
	s := newSpeakers(t)
	s.takesOver()
	for name, pkt := range map[string][]byte{
		"longer than it is":        {0x9f, 200, 0xff, 0xff, 0, 0, 0x22, 0x22},
		"reports that are missing": {0x9f, 201, 0, 1, 0, 0, 0, 7},
		"half a sender report":     {0x81, 200, 0, 2, 0, 0, 0, 7, 1, 2, 3, 4},
		"feedback on nothing":      {0x81, 205, 0, 1, 0, 0, 0, 7},
		"half a list of losses":    {0x81, 205, 0, 2, 0, 0, 0, 7, 0, 0, 0x11, 0x11, 1, 2},
		"a header alone, twice":    {0x80, 203, 0, 0, 0x80, 203, 0, 0},
	} {
		s.second.send(pkt)
		if got := receive(t, s.listener.rtp); !bytes.Equal(got, pkt) {
			t.Errorf("%s has become % x", name, got)
		}
	}
}
