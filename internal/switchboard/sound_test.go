package switchboard_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// sound is a socket that sends and takes RTP packet by packet.
type sound struct {
	t       *testing.T
	conn    *net.UDPConn
	version atomic.Int64
	to      netip.AddrPort
	seq     uint16
}

func newSound(t *testing.T) *sound {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &sound{t: t, conn: conn, seq: 1000}
}

func (s *sound) port() int { return s.conn.LocalAddr().(*net.UDPAddr).Port }

// describe is a description of this socket with payload types and lines.
func (s *sound) describe(payloads string, lines ...string) []byte {
	head := []string{
		"v=0", fmt.Sprintf("o=- %d %d IN IP4 127.0.0.1", s.port(), s.version.Add(1)), "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
		fmt.Sprintf("m=audio %d RTP/AVP %s", s.port(), payloads),
	}
	return []byte(strings.Join(append(head, lines...), "\r\n") + "\r\n")
}

// plain describes µ-law sound.
func (s *sound) plain() []byte { return s.describe("0") }

// towards takes where the other side wants its sound.
func (s *sound) towards(body []byte) {
	s.t.Helper()
	description, err := sdp.Parse(body)
	if err != nil {
		s.t.Fatalf("%v in %q", err, body)
	}
	audio, err := description.Audio()
	if err != nil {
		s.t.Fatalf("%v in %q", err, body)
	}
	s.to = audio.RTP
}

// say sends one packet.
func (s *sound) say(payload uint8, text string) {
	s.t.Helper()
	s.seq++
	pkt := binary.BigEndian.AppendUint16([]byte{0x80, payload}, s.seq)
	pkt = binary.BigEndian.AppendUint32(pkt, uint32(s.seq)*160)
	pkt = binary.BigEndian.AppendUint32(pkt, uint32(s.port()))
	if _, err := s.conn.WriteToUDPAddrPort(append(pkt, text...), s.to); err != nil {
		s.t.Fatal(err)
	}
}

// next is the next packet that comes, without its header but for the payload type.
func (s *sound) next(limit time.Duration) (payload uint8, text string, ok bool) {
	s.t.Helper()
	buf := make([]byte, 2048)
	_ = s.conn.SetReadDeadline(time.Now().Add(limit))
	n, _, err := s.conn.ReadFromUDPAddrPort(buf)
	if errors.Is(err, net.ErrClosed) || n < 12 {
		return 0, "", false
	}
	return buf[1] & 0x7f, string(buf[12:n]), true
}

// hears checks that what one socket says comes out of the other, each byte. It
// says it until it is heard: the relay may be told of the call a moment after
// the phones.
func (s *sound) hears(from *sound, payload uint8) {
	s.t.Helper()
	text := fmt.Sprintf("packet %d of %d for %d\x00\xff\r\n", from.seq, from.port(), s.port())
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		from.say(payload, text)
		for {
			kind, heard, ok := s.next(100 * time.Millisecond)
			if ok && kind == payload && heard == text {
				return
			}
			if !ok {
				break
			}
		}
	}
	s.t.Fatalf("%q is not heard", text)
}

// deaf checks that what a stranger says is not heard beside a friend.
func (s *sound) deaf(stranger, friend *sound) {
	s.t.Helper()
	for range 20 {
		stranger.say(0, "stranger")
	}
	for range 3 {
		friend.say(0, "friend")
	}
	for friends := 0; friends < 3; {
		_, heard, ok := s.next(patience)
		if !ok || heard == "stranger" {
			s.t.Fatalf("heard %q", heard)
		}
		if heard == "friend" {
			friends++
		}
	}
}

// lines are those of a description that begin so.
func lines(body []byte, prefix string) []string {
	var found []string
	for line := range bytes.SplitSeq(body, []byte("\r\n")) {
		if bytes.HasPrefix(line, []byte(prefix)) {
			found = append(found, string(line))
		}
	}
	return found
}
