package media_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// listener remembers what it was told.
type listener struct {
	mu     sync.Mutex
	digits string
	pcm    []int16
}

func (l *listener) ear() media.Ear {
	return media.Ear{
		InBand: true,
		Digit: func(r rune) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.digits += string(r)
		},
		Sound: func(pcm []int16) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.pcm = append(l.pcm, pcm...)
		},
	}
}

func (l *listener) heard() (string, []int16) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.digits, bytesClone(l.pcm)
}

func bytesClone(pcm []int16) []int16 { return append([]int16{}, pcm...) }

// frames gives the mu-law code of the middle of each 20 ms, for frames of one code each.
func frames(pcm []int16) []byte {
	var codes []byte
	for i := 80; i < len(pcm); i += 160 {
		codes = append(codes, g711.ULaw.Append(nil, pcm[i:i+1])...)
	}
	return codes
}

// TestSoundInOrder sends frames 1 to 9 in different ways and hears them in order.
func TestSoundInOrder(t *testing.T) {
	t.Parallel()
	const quiet = 0xff
	ports := newPorts(t, media.PortsConfig{})
	for name, c := range map[string]struct {
		order string
		want  []byte
	}{
		"in order":           {"123456789", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"swapped":            {"132465879", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"one late by three":  {"134526789", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"one lost":           {"12456789", []byte{1, 2, quiet, 4, 5, 6, 7, 8, 9}},
		"three lost":         {"1256789", []byte{1, 2, quiet, quiet, 5, 6, 7, 8, 9}},
		"too late":           {"124567839", []byte{1, 2, quiet, 4, 5, 6, 7, 8, 9}},
		"doubled":            {"11223445567899", []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		"held ones let out":  {"134", []byte{1, quiet, 3, 4}},
		"doubled while held": {"133445566", []byte{1, quiet, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := leg(t, ports)
			var l listener
			s.Listen(l.ear())
			pkts := map[rune][]byte{}
			for _, r := range "123456789" {
				pkts[r] = p.packet(bytes.Repeat([]byte{byte(r - '0')}, 160))
			}
			for _, r := range c.order {
				p.send(pkts[r])
			}
			until(t, "packets", func() bool { return s.Stats().Received == uint64(len(c.order)) })
			s.Listen(media.Ear{})
			_, pcm := l.heard()
			if diff := cmp.Diff(c.want, frames(pcm)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// TestSilenceSuppression puts the silence in that a phone did not send, but no more than time went by.
func TestSilenceSuppression(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	p.say(2, 1)
	p.ts += 10 * 160 // 200 ms
	p.say(1, 2)
	p.ts += 3600 * g711.Rate // an hour, in no time
	p.say(1, 3)
	p.ssrc, p.ts = 99, 5 // another source with another clock
	p.say(1, 4)
	until(t, "packets", func() bool { return s.Stats().Received == 5 })
	s.Listen(media.Ear{})
	_, pcm := l.heard()
	if n := len(pcm) / 160; n < 15+20 || n > 15+60 {
		t.Errorf("heard %d frames", n)
	}
	if got := frames(pcm)[:13]; got[1] != 1 || got[2] != 0xff || got[11] != 0xff || got[12] != 2 {
		t.Errorf("heard % x", got)
	}
}

func TestALawAndOthers(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	p.payload = 8
	p.say(1, 0xaa)
	p.payload = 18 // G.729 is passed over
	p.say(1, 1)
	p.payload = 8
	extended := p.packet(append([]byte{0, 1, 0, 1, 9, 9, 9, 9}, bytes.Repeat([]byte{0xaa}, 160)...))
	extended[0] |= 0x10
	p.send(append(extended, 0, 0, 3))
	extended[0] |= 0x20
	until(t, "packets", func() bool { return s.Stats().Received == 3 })
	_, pcm := l.heard()
	if pcm[0] != 32256 {
		t.Errorf("A-law plays %d", pcm[0])
	}
}

// press sends an event as a phone does, but only those packets of seven that keep names.
func (p *phone) press(digit rune, keep string) {
	p.t.Helper()
	code, _ := dtmf.Code(digit)
	ts := p.ts
	p.payload = events
	for i := range 7 {
		p.ts = ts
		e := dtmf.Event{Code: code, End: i >= 4, Duration: uint16(min(i, 4) * 160)}
		pkt := p.packet(e.Append(nil))
		if keep == "" || bytes.ContainsRune([]byte(keep), rune('0'+i)) {
			p.send(pkt)
		}
	}
	p.ts = ts + 800
	p.payload = 0
}

func TestDigitsByEvents(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	p.say(3, 1)
	for _, keep := range []string{"", "456", "6", "0", "123", "4"} {
		p.press('1', keep)
		p.press('#', keep)
		p.say(1, 1)
	}
	p.say(1, 1)
	until(t, "digits", func() bool { d, _ := l.heard(); return len(d) == 12 })
	if d, _ := l.heard(); d != "1#1#1#1#1#1#" {
		t.Errorf("heard %q", d)
	}
}

// TestNextEarHearsNoOldDigit changes the ear between a digit and its last packets.
func TestNextEarHearsNoOldDigit(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var first, second listener
	s.Listen(first.ear())
	ts := p.ts
	send := func(digit rune, end bool) {
		code, _ := dtmf.Code(digit)
		p.payload, p.ts = events, ts
		p.send(p.packet(dtmf.Event{Code: code, End: end, Duration: 320}.Append(nil)))
	}
	send('1', false)
	until(t, "first digit", func() bool { d, _ := first.heard(); return d == "1" })
	s.Listen(second.ear())
	send('1', true)
	ts += 1000
	send('2', true)
	until(t, "second digit", func() bool { d, _ := second.heard(); return d != "" })
	if d, _ := second.heard(); d != "2" {
		t.Errorf("the second ear heard %q", d)
	}
}

// sing sends sound in packets of 20 ms.
func (p *phone) sing(pcm []int16) {
	p.t.Helper()
	p.payload = 0
	for ; len(pcm) >= 160; pcm = pcm[160:] {
		p.send(p.packet(g711.ULaw.Append(nil, pcm[:160])))
	}
}

func toneOf(digit rune) []int16 {
	return append(dtmf.Tone(digit, 100*time.Millisecond), make([]int16, 800)...)
}

func TestDigitsInBand(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	remote := p.remote()
	remote.Events = 0
	s.Update(remote)
	var l listener
	s.Listen(l.ear())
	for _, r := range "1001#" {
		p.sing(toneOf(r))
	}
	until(t, "digits", func() bool { d, _ := l.heard(); return len(d) >= 5 })
	if d, _ := l.heard(); d != "1001#" {
		t.Errorf("heard %q", d)
	}
}

// TestDigitsInBandWithLoss loses a packet in the middle of each tone and of each pause.
func TestDigitsInBandWithLoss(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	remote := p.remote()
	remote.Events = 0
	s.Update(remote)
	var l listener
	s.Listen(l.ear())
	for _, r := range "4711#" {
		pcm := toneOf(r)
		for i := 0; i+160 <= len(pcm); i += 160 {
			pkt := p.packet(g711.ULaw.Append(nil, pcm[i:i+160]))
			if i != 3*160 && i != 7*160 {
				p.send(pkt)
			}
		}
	}
	p.sing(make([]int16, 10*160))
	until(t, "digits", func() bool { d, _ := l.heard(); return len(d) >= 5 })
	if d, _ := l.heard(); d != "4711#" {
		t.Errorf("heard %q", d)
	}
}

// TestTonesWhereEventsWereAgreed is a phone that agreed to events but sends tones.
func TestTonesWhereEventsWereAgreed(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	p.sing(toneOf('4'))
	p.sing(toneOf('7'))
	until(t, "digits", func() bool { d, _ := l.heard(); return d == "47" })
}

// TestEventsAndTonesAtOnce is a phone that lets its tones leak into the sound: before, while and after the event is sent.
func TestEventsAndTonesAtOnce(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	for _, r := range "1144#" {
		p.sing(toneOf(r)[:4*160])
		p.press(r, "")
		p.sing(toneOf(r)[4*160:])
	}
	p.press('9', "")
	until(t, "last digit", func() bool { d, _ := l.heard(); return bytes.HasSuffix([]byte(d), []byte("9")) })
	if d, _ := l.heard(); d != "1144#9" {
		t.Errorf("heard %q", d)
	}
}

// TestEventLongAfterItsTone is the event of a tone that was already told.
func TestEventLongAfterItsTone(t *testing.T) {
	t.Parallel()
	s, p := leg(t, newPorts(t, media.PortsConfig{}))
	var l listener
	s.Listen(l.ear())
	p.sing(toneOf('4'))
	until(t, "digit by its tone", func() bool { d, _ := l.heard(); return d == "4" })
	p.press('4', "456")
	p.press('2', "")
	until(t, "next digit", func() bool { d, _ := l.heard(); return len(d) > 1 })
	if d, _ := l.heard(); d != "42" {
		t.Errorf("heard %q", d)
	}
}

// TestListenWhileJoined hears a relayed leg, without a change to the relay.
func TestListenWhileJoined(t *testing.T) {
	t.Parallel()
	ports := newPorts(t, media.PortsConfig{})
	a, phoneA := leg(t, ports)
	b, phoneB := leg(t, ports)
	media.Join(a, b)
	var l listener
	a.Listen(l.ear())
	phoneB.expect(phoneA.say(1, 7))
	phoneA.press('*', "0")
	if got := phoneB.hear(); got.payload != events {
		t.Errorf("relayed %+v", got)
	}
	until(t, "digit", func() bool { d, pcm := l.heard(); return d == "*" && len(pcm) == 160 })
}

// BenchmarkHearing decodes a packet, looks for tones in it and hands it on.
func BenchmarkHearing(b *testing.B) {
	s, p := leg(b, newPorts(b, media.PortsConfig{}))
	done := make(chan struct{}, 16)
	s.Listen(media.Ear{InBand: true, Digit: func(rune) {}, Sound: func([]int16) { done <- struct{}{} }})
	body := make([]byte, 160)
	b.ReportAllocs()
	for b.Loop() {
		p.send(p.packet(body))
		<-done
	}
}

// FuzzPackets sends what a phone that went mad could send, after its address was learned.
func FuzzPackets(f *testing.F) {
	s, p := leg(f, newPorts(f, media.PortsConfig{}))
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff})
	f.Add([]byte{0xbf, 0x80, 0xff, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0x80, events, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 0x80, 1, 0})
	f.Add([]byte{0xb0, 8, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3})
	f.Add([]byte{})
	var l listener
	p.say(1, 1)
	s.Listen(l.ear())
	f.Fuzz(func(t *testing.T, data []byte) {
		p.t = t
		before := s.Stats()
		if len(data) > 1400 {
			return
		}
		p.send(data)
		p.say(1, 1)
		until(t, "the packets", func() bool {
			now := s.Stats()
			return now.Received+now.Strangers > before.Received+before.Strangers
		})
		l.mu.Lock()
		l.pcm = nil
		l.mu.Unlock()
	})
}
