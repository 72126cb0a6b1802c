package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// mutator breaks messages, in the same way each time.
type mutator struct{ *rand.Rand }

func newMutator() mutator { return mutator{rand.New(rand.NewPCG(4475, 3261))} }

// junk is what parsers stumble over.
func junk() []string {
	return []string{
		"\x00", "\r\n", "\n", "\r", "\t", " ", "%", "%00", "<", ">", "\"", "\\", ";", ";;", "=", ",", ",,,", ":", "::", "@", "@@", "?", "&",
		"[", "]", "[::1", "[fe80::1%25lo]", "-1", "0", "4294967296", "99999999999999999999", "1e9", "\xff\xfe", "\xc0\x80", "é", "*", "sip:", "sips:",
		"SIP/2.0", "SIP/2.0/UDP", "z9hG4bK", ";lr", ";tag=", ";rport", ";maddr=255.255.255.255", ";transport=sctp", "m=audio 0 RTP/AVP\r\n",
		"m=audio 99999 RTP/AVP 999\r\n", "c=IN IP4 224.0.0.1\r\n", "c=IN IP6 ::\r\n", "a=rtpmap:", "a=fmtp:101 0-999999999\r\n",
		strings.Repeat("A", 3000), strings.Repeat(";a=b", 500), strings.Repeat("(", 500), strings.Repeat("Via: x\r\n", 300), strings.Repeat("<", 200),
	}
}

// mutate breaks a message in one to four places, none of them before keep.
func (m mutator) mutate(message string, keep int) string {
	b := []byte(message)
	for range 1 + m.IntN(4) {
		b = m.once(b, keep)
	}
	return string(b)
}

func (m mutator) once(b []byte, keep int) []byte {
	if len(b) <= keep+1 {
		return b
	}
	at := keep + m.IntN(len(b)-keep)
	end := min(len(b), at+1+m.IntN(20))
	words := junk()
	switch m.IntN(8) {
	case 0: // a bit
		b[at] ^= 1 << m.IntN(8)
	case 1: // any byte
		b[at] = byte(m.IntN(256))
	case 2: // something missing
		b = append(b[:at:at], b[end:]...)
	case 3: // something twice
		b = append(b[:end:end], b[at:]...)
	case 4: // the end missing
		b = b[:at]
	case 5, 6: // something put in
		b = append(b[:at:at], append([]byte(words[m.IntN(len(words))]), b[at:]...)...)
	case 7: // a line, or half of one, replaced
		if stop := bytes.IndexByte(b[at:], '\r'); stop >= 0 {
			b = append(b[:at:at], append([]byte(words[m.IntN(len(words))]), b[at+stop:]...)...)
		}
	}
	return b
}

// templates are valid messages of each kind.
func templates(phone *rawphone.Phone) []string {
	sdp := rawphone.Offer(phone.Addr())
	contact := "Contact: <sip:1002@127.0.1.2:5070;ob>;q=0.7;expires=300;+sip.instance=\"<urn:uuid:0>\";reg-id=1"
	request := func(method, target string, headers ...string) string {
		return phone.Render(rawphone.Request{Method: method, Target: target, Headers: headers})
	}
	invite := rawphone.Request{Method: "INVITE", Target: "sip:*88@acme.test", Body: sdp, Headers: []string{"Supported: 100rel, timer", "Session-Expires: 1800;refresher=uac", "Min-SE: 90"}}
	digest := "Authorization: Digest username=\"1002\", realm=\"acme.test\", nonce=\"x\", uri=\"sip:acme.test\", response=\"00000000000000000000000000000000\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"y\""
	return []string{
		request("REGISTER", "sip:acme.test", contact, digest, "Path: <sip:127.0.1.7;lr>", "Supported: path, outbound"),
		phone.Render(invite),
		request("OPTIONS", "sip:acme.test", "Accept: application/sdp"),
		request("BYE", "sip:x@acme.test", "Reason: SIP;cause=200;text=\"x\""),
		request("CANCEL", "sip:x@acme.test"),
		request("ACK", "sip:x@acme.test"),
		request("PRACK", "sip:x@acme.test", "RAck: 1 1 INVITE"),
		request("REFER", "sip:x@acme.test", "Refer-To: <sip:1001@acme.test?Replaces=a%3Bto-tag%3Db>"),
		request("SUBSCRIBE", "sip:x@acme.test", "Event: message-summary;id=1", "Expires: 60"),
		"SIP/2.0 200 OK\r\n" + strings.SplitN(phone.Render(invite), "\r\n", 2)[1],
	}
}

// abreast waits until the server has read everything that was sent before.
func abreast(t *testing.T, phone *rawphone.Phone) {
	t.Helper()
	if m, ok := phone.Try(t, rawphone.Request{Method: "OPTIONS"}); !ok || m.Code() != 200 {
		t.Fatalf("the server answers no OPTIONS:\n%s", m)
	}
}

func TestBrokenDatagrams(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	m := newMutator()
	honest := s.raw(t, "UDP", home, "1001")
	for source := range 40 {
		phone := s.raw(t, "UDP", fmt.Sprintf("127.0.2.%d", source+1), "1002")
		valid := templates(phone)
		for i := range 150 {
			message := m.mutate(valid[i%len(valid)], 0)
			phone.Send(t, message[:min(len(message), 60000)])
			if i%50 == 49 {
				abreast(t, honest)
			}
		}
		noise := make([]byte, 1+m.IntN(1400))
		for i := range noise {
			noise[i] = byte(m.IntN(256))
		}
		phone.Send(t, string(noise))
	}
	s.livesOn(t)
}

// Behind the password lies what strangers never reach: what is broken here
// comes from a phone that is out of order.
func TestBrokenMessagesOfAKnownPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	m := newMutator()
	phone := s.raw(t, "UDP", "127.0.2.1", "1002")
	phone.Register(t)
	sdp := rawphone.Offer(phone.Addr())
	for i := range 600 {
		r := rawphone.Request{Method: "REGISTER", To: "<sip:1002@acme.test>", Headers: []string{
			"Contact: <sip:1002@127.0.2.1:5070;ob>;q=0.7;expires=300;+sip.instance=\"<urn:uuid:0>\";reg-id=1", "Supported: path, outbound", "Path: <sip:127.0.2.1;lr>",
		}}
		if i%2 == 1 {
			r = rawphone.Request{Method: "INVITE", Target: []string{"sip:*88@acme.test", "sip:1001@acme.test", "sip:*89@acme.test"}[m.IntN(3)], Body: sdp}
		}
		line, rest, _ := strings.Cut(phone.Render(r), "\r\n")
		head := line + "\r\nAuthorization: " + phone.Authorize(t, r) + "\r\n"
		phone.Send(t, m.mutate(head+rest, len(head)))
		if i%50 == 49 {
			abreast(t, phone)
		}
	}
	caller := s.raw(t, "UDP", home, "5402") // let the server use the contacts that got in
	caller.Register(t)
	if answer := caller.Do(t, rawphone.Request{Method: "INVITE", Target: "sip:1001@acme.test", Body: rawphone.Offer(caller.Addr())}); answer.Code() != 480 {
		t.Errorf("a call to nobody:\n%s", answer)
	}
	s.livesOn(t)
}

func TestBrokenStreams(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	m := newMutator()
	for i := range 200 {
		phone := s.raw(t, "TCP", fmt.Sprintf("127.0.2.%d", 1+i%40), "1002")
		valid := templates(phone)
		var text strings.Builder
		for range 1 + m.IntN(5) {
			text.WriteString(m.mutate(valid[m.IntN(len(valid))], 0))
		}
		s.pour(t, phone.Addr(), []byte(text.String()), 1)
		phone.Close()
	}
	s.livesOn(t)
}

// pour writes bytes to a connection of their own, many times over, until it is
// closed by the server; it returns how many went.
func (s *server) pour(t *testing.T, from string, b []byte, times int) (poured int) {
	t.Helper()
	host, _, _ := net.SplitHostPort(from)
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}}
	conn, err := dialer.DialContext(t.Context(), "tcp", s.sip)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetWriteDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for range times {
		n, err := conn.Write(b)
		poured += n
		if err != nil {
			break
		}
	}
	return poured
}

func TestMessagesTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	header := func(lines ...string) string {
		return s.raw(t, "UDP", "127.0.2.1", "1002").Render(rawphone.Request{Method: "OPTIONS", Headers: lines})
	}
	many := strings.Split(strings.TrimSuffix(strings.Repeat("X: y\n", 10000), "\n"), "\n")
	for _, c := range []struct {
		what, message string
		want          []int
		closed        bool
	}{
		{"a header of 60 KB", header("X: " + strings.Repeat("y", 60000)), []int{200, 400, 513}, false},
		{"a header of 64 KB", header("X: " + strings.Repeat("y", 64<<10)), []int{400, 513}, true},
		{"a header of 1 MB", header("X: " + strings.Repeat("y", 1<<20)), []int{400, 513}, true},
		{"10,000 headers", header(many...), []int{400, 513}, true},
		{"a body of 1 GB to come", strings.Replace(header(), "Content-Length: 0", "Content-Length: 1000000000", 1), []int{513}, true},
		{"two Content-Lengths", strings.Replace(header(), "Content-Length: 0", "Content-Length: 0\r\nContent-Length: 5", 1), []int{400}, true},
		{"two equal Content-Lengths", strings.Replace(header(), "Content-Length: 0", "Content-Length: 0\r\nContent-Length: 0", 1), []int{400}, true},
		{"a negative Content-Length", strings.Replace(header(), "Content-Length: 0", "Content-Length: -1", 1), []int{400}, true},
		{"a Content-Length of words", strings.Replace(header(), "Content-Length: 0", "l: a lot", 1), []int{400}, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			stream := s.raw(t, "TCP", "127.0.2.2", "1002")
			stream.Send(t, c.message)
			got := stream.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() > 0 })
			if !oneOf(got.Code(), c.want) {
				t.Errorf("TCP: wanted %v, got:\n%s", c.want, got)
			}
			if c.closed {
				stream.Closed(t)
			}
			if len(c.message) < 65000 {
				datagram := s.raw(t, "UDP", "127.0.2.2", "1002")
				datagram.Send(t, strings.Replace(c.message, "SIP/2.0/UDP 127.0.2.1", "SIP/2.0/UDP 127.0.2.2", 1))
				if got := datagram.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() > 0 }); !oneOf(got.Code(), append(c.want, 400)) {
					t.Errorf("UDP: wanted %v, got:\n%s", c.want, got)
				}
			}
		})
	}
	s.livesOn(t)
}

func oneOf(code int, codes []int) bool { return slices.Contains(codes, code) }

func TestEndlessStreams(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	const most = 64 << 20
	for what, b := range map[string]string{
		"no line end":         strings.Repeat("A", 64<<10),
		"no end of headers":   strings.Repeat("X: y\r\n", 10000),
		"a folded header":     strings.Repeat(" y\r\n", 16000),
		"binary":              strings.Repeat("\x16\x03\x01\x02\x00\x01\x00\xff", 8000),
		"a web browser":       "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"no answer ever read": s.raw(t, "UDP", "127.0.2.3", "1002").Render(rawphone.Request{Method: "OPTIONS"}),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if n := s.pour(t, "127.0.2.3:0", []byte(b), most/len(b)); n >= most/len(b)*len(b) && what != "no answer ever read" {
				t.Errorf("the server took all of %d bytes", n)
			}
		})
	}
	t.Run("keep-alives whose answers nobody reads", func(t *testing.T) {
		t.Parallel()
		s.pour(t, "127.0.2.4:0", []byte(strings.Repeat("\r\n", 16000)), 300)
	})
	t.Run("a byte at a time", func(t *testing.T) {
		t.Parallel()
		s.slowLoris(t)
	})
	t.Run("beside them", func(t *testing.T) {
		t.Parallel()
		s.livesOn(t)
	})
}

// slowLoris keeps a message coming for ever, and expects to be cut off.
func (s *server) slowLoris(t *testing.T) {
	t.Helper()
	var dialer net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", s.sip)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, conn)
	}()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	message := "OPTIONS sip:acme.test SIP/2.0\r\nX: " + strings.Repeat("y", 1000)
	for i := 0; ; i++ {
		select {
		case <-ended:
			return
		case <-ctx.Done():
			t.Error("the connection was kept for a message that does not end")
			return
		case <-tick.C:
			_, _ = conn.Write([]byte{message[i%len(message)]})
		}
	}
}

func TestHalfOpenConnections(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	const many, sources = 10000, 10
	var opened []net.Conn
	t.Cleanup(func() {
		for _, conn := range opened {
			_ = conn.Close()
		}
	})
	for i := range many {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 4, byte(1+i%sources))}, Timeout: 10 * time.Second}
		conn, err := dialer.DialContext(t.Context(), "tcp", s.sip)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		opened = append(opened, conn)
	}
	s.livesOn(t)
}

// Connections that have said something are kept for as long as a phone may be
// registered, and those of browsers for a while. They must not use up the files
// that sound and storage need.
func TestConnectionsLeaveFilesToOthers(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		address     func(*server) string
		files, many int
		says        string
	}{
		"SIP":  {func(s *server) string { return s.sip }, 1024, 1200, "OPTIONS sip:acme.test SIP/2.0\r\nVia: SIP/2.0/TCP %[1]s;branch=z9hG4bK%[2]d\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: %[2]d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"},
		"HTTP": {func(s *server) string { return s.http }, 2500, 3000, "GET / HTTP/1.1\r\nHost: %[1]s\r\nX: %[2]d"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.apply(t, office())
			s.kill()
			s.files = c.files
			s.run(t)
			for i := range c.many {
				network := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 4, byte(20+i%4))}, Timeout: 10 * time.Second}
				conn, err := network.DialContext(t.Context(), "tcp", c.address(s))
				if err != nil {
					t.Fatalf("connection %d: %v", i, err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				_, _ = fmt.Fprintf(conn, c.says, conn.LocalAddr(), i)
			}
			s.logIn(t, "UDP")
		})
	}
}
