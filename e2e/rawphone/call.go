package rawphone

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Call is one call of a phone, with a socket for its sound.
type Call struct {
	Phone  *Phone
	ID     string
	Target string // where requests in it go: the server's Contact
	To     string // its far side with the tag
	Sound  *Sound
	from   string // our side with the tag, of a call that came in
}

// Offer is a description of sound at an address: G.711 and telephone events.
func Offer(addr string) string {
	host, port, _ := net.SplitHostPort(addr)
	return strings.Join([]string{
		"v=0", "o=- 1 1 IN IP4 " + host, "s=-", "c=IN IP4 " + host, "t=0 0",
		"m=audio " + port + " RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000", "a=sendrecv", "",
	}, "\r\n")
}

// Call calls somebody and takes the answer.
func (p *Phone) Call(t *testing.T, user string) *Call {
	t.Helper()
	sound := NewSound(t, p.host())
	r := Request{Method: "INVITE", Target: "sip:" + user + "@acme.test", CallID: ID(), Body: Offer(cmp.Or(p.Thinks, sound.Addr()))}
	m := p.Do(t, r)
	if m.Code() != 200 {
		t.Fatalf("%s cannot call %s:\n%s", p.User, user, m)
	}
	c := &Call{Phone: p, ID: r.CallID, Target: m.Contact(), To: m.Header("To"), Sound: sound}
	sound.towards(t, m.Body())
	c.Ack(t, m)
	return c
}

func (p *Phone) host() string {
	host, _, _ := net.SplitHostPort(p.Addr())
	return host
}

// Ack acknowledges a 200 to an INVITE of this call.
func (c *Call) Ack(t *testing.T, m Message) {
	t.Helper()
	number, _, _ := strings.Cut(m.Header("CSeq"), " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	c.Phone.Send(t, c.render(Request{Method: "ACK", CSeq: n}))
}

// Render is a request in the call.
func (c *Call) Render(r Request) string { return c.render(r) }

func (c *Call) render(r Request) string {
	r = c.in(r)
	message := c.Phone.Render(r)
	if c.from != "" {
		message = strings.Replace(message, "From: "+Message(message).Header("From"), "From: "+c.from, 1)
	}
	return message
}

func (c *Call) in(r Request) Request {
	r.Target, r.CallID = c.Target, c.ID
	if r.To == "" {
		r.To = c.To
	}
	return r
}

// Do sends a request in the call and returns its final response.
func (c *Call) Do(t *testing.T, r Request) Message {
	t.Helper()
	r.CSeq = max(r.CSeq, c.Phone.Next())
	message := c.render(r)
	number := fmt.Sprintf("%d %s", r.CSeq, r.Method)
	for wait := 500 * time.Millisecond; wait <= 32*time.Second; wait *= 2 {
		c.Phone.Send(t, message)
		m, ok := c.Phone.Within(wait, func(m Message) bool {
			return m.Code() >= 200 && m.Header("Call-ID") == c.ID && m.Header("CSeq") == number
		})
		if ok {
			return m
		}
	}
	t.Fatalf("%s in a call of %s got no answer", r.Method, c.Phone.User)
	return ""
}

// Press sends digits by INFO, each when the one before has been taken.
func (c *Call) Press(t *testing.T, digits string) {
	t.Helper()
	for _, digit := range digits {
		m := c.Do(t, Request{
			Method: "INFO", Headers: []string{"Content-Type: application/dtmf-relay"},
			Body: fmt.Sprintf("Signal=%c\r\nDuration=100\r\n", digit),
		})
		if m.Code() != 200 {
			t.Fatalf("digit %c:\n%s", digit, m)
		}
	}
}

// Bye hangs up.
func (c *Call) Bye(t *testing.T) {
	t.Helper()
	if m := c.Do(t, Request{Method: "BYE"}); m.Code() != 200 {
		t.Fatalf("BYE:\n%s", m)
	}
}

// Answer takes the next call that comes in, and answers it once it rings.
func (p *Phone) Answer(t *testing.T) *Call {
	t.Helper()
	invite := p.Await(t, "call", func(m Message) bool { return m.Code() == 0 && m.Method() == "INVITE" })
	sound := NewSound(t, p.host())
	sound.towards(t, invite.Body())
	to := invite.Header("To") + ";tag=" + ID()
	p.Send(t, p.Reply(invite, "180 Ringing", to, ""))
	p.Send(t, p.Reply(invite, "200 OK", to, Offer(sound.Addr())))
	p.Await(t, "ACK", func(m Message) bool { return m.Method() == "ACK" && m.Header("Call-ID") == invite.Header("Call-ID") })
	return &Call{Phone: p, ID: invite.Header("Call-ID"), Target: invite.Contact(), To: invite.Header("From"), from: to, Sound: sound}
}

// Reply is a response to a request that came in; to is the To with a tag.
func (p *Phone) Reply(m Message, status, to, body string) string {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for _, via := range m.Headers("Via") {
		b.WriteString("Via: " + via + "\r\n")
	}
	for _, route := range m.Headers("Record-Route") {
		b.WriteString("Record-Route: " + route + "\r\n")
	}
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\n", m.Header("From"), to, m.Header("Call-ID"), m.Header("CSeq"))
	fmt.Fprintf(&b, "Contact: %s\r\n", p.Contact())
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// Sound is a socket that sends RTP and keeps what it hears.
type Sound struct {
	conn   *net.UDPConn
	remote *net.UDPAddr
	ssrc   uint32
	seq    uint16
	stamp  uint32

	mu    sync.Mutex
	heard [][]byte // payloads
}

// NewSound opens a socket at a loopback address.
func NewSound(t *testing.T, host string) *Sound {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	s := &Sound{conn: conn, ssrc: uint32(conn.LocalAddr().(*net.UDPAddr).Port)}
	go s.listen()
	return s
}

// Addr is the socket's own address.
func (s *Sound) Addr() string { return s.conn.LocalAddr().String() }

// Remote is where the far side hears.
func (s *Sound) Remote() *net.UDPAddr { return s.remote }

// Aim sends from now on to an address.
func (s *Sound) Aim(remote *net.UDPAddr) { s.remote = remote }

func (s *Sound) towards(t *testing.T, description string) {
	t.Helper()
	remote, err := Audio(description)
	if err != nil {
		t.Fatal(err)
	}
	s.remote = remote
}

// Audio is where a description wants its sound.
func Audio(description string) (*net.UDPAddr, error) {
	var host, port string
	for line := range strings.SplitSeq(description, "\r\n") {
		if rest, ok := strings.CutPrefix(line, "c=IN IP4 "); ok {
			host = rest
		}
		if rest, ok := strings.CutPrefix(line, "m=audio "); ok {
			port, _, _ = strings.Cut(rest, " ")
		}
	}
	addr, err := net.ResolveUDPAddr("udp4", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("no sound in %q: %w", description, err)
	}
	return addr, nil
}

func (s *Sound) listen() {
	buf := make([]byte, 2048)
	for {
		n, _, err := s.conn.ReadFromUDP(buf)
		if err != nil {
			if isClosed(err) {
				return
			}
			continue
		}
		if n <= 12 {
			continue
		}
		s.mu.Lock()
		s.heard = append(s.heard, append([]byte(nil), buf[12:n]...))
		s.mu.Unlock()
	}
}

// Heard are the payloads that came in so far.
func (s *Sound) Heard() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.heard)
}

// Packet sends one packet of a payload type.
func (s *Sound) Packet(t *testing.T, kind byte, payload []byte) {
	t.Helper()
	s.stamp += 160
	s.send(t, kind, payload)
}

func (s *Sound) send(t *testing.T, kind byte, payload []byte) {
	t.Helper()
	s.seq++
	packet := make([]byte, 12, 12+len(payload))
	packet[0], packet[1] = 0x80, kind
	binary.BigEndian.PutUint16(packet[2:], s.seq)
	binary.BigEndian.PutUint32(packet[4:], s.stamp)
	binary.BigEndian.PutUint32(packet[8:], s.ssrc)
	if _, err := s.conn.WriteToUDP(append(packet, payload...), s.remote); err != nil {
		t.Fatal(err)
	}
}

// Speak sends some packets of G.711 that are one byte over and over, in the
// pace of sound.
func (s *Sound) Speak(t *testing.T, sample byte, packets int) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range packets {
		s.Packet(t, 0, bytes.Repeat([]byte{sample}, 160))
		<-tick.C
	}
}

// Key presses a key by RFC 4733: three packets while it is down and three of
// its end.
func (s *Sound) Key(t *testing.T, key rune) {
	t.Helper()
	event := byte(strings.IndexRune("0123456789*#", key))
	s.stamp += 160
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for i := range uint16(6) {
		duration := min(i+1, 4) * 160
		volume := byte(10)
		if i >= 3 {
			volume |= 0x80
		}
		s.send(t, 101, binary.BigEndian.AppendUint16([]byte{event, volume}, duration))
		<-tick.C
	}
	s.stamp += 640
}

// Copy takes the numbers of another's stream, so that its packets look like
// the next of that.
func (s *Sound) Copy(other *Sound) { s.ssrc, s.seq, s.stamp = other.ssrc, other.seq, other.stamp }

// AckRefusal acknowledges what refused an INVITE of this call.
func (c *Call) AckRefusal(t *testing.T, m Message) {
	t.Helper()
	number, _, _ := strings.Cut(m.Header("CSeq"), " ")
	n, err := strconv.Atoi(number)
	if err != nil {
		t.Fatal(err)
	}
	ack := c.render(Request{Method: "ACK", CSeq: n})
	c.Phone.Send(t, strings.Replace(ack, "Via: "+Message(ack).Header("Via"), "Via: "+m.Header("Via"), 1))
}

// Agree answers whatever comes in with 200, until the phone is closed. Nothing
// else may wait for messages of the phone meanwhile.
func (p *Phone) Agree() {
	for m := range p.inbox {
		if m.Code() == 0 && m.Method() != "ACK" {
			p.Flood(p.Reply(m, "200 OK", m.Header("To"), ""))
		}
	}
}
