package dialog_test

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// raw is a hand-written peer on UDP or TCP.
type raw struct {
	t    testing.TB
	conn net.Conn
	peer netip.AddrPort
	udp  *net.UDPConn
	rest string
}

func rawUDP(tb testing.TB, s *side) *raw {
	tb.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &raw{t: tb, udp: conn, peer: s.engine.Addr()}
}

func rawTCP(tb testing.TB, s *side) *raw {
	tb.Helper()
	var dialer net.Dialer
	conn, err := dialer.DialContext(tb.Context(), "tcp", s.engine.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return &raw{t: tb, conn: conn, peer: s.engine.Addr()}
}

func (r *raw) addr() netip.AddrPort {
	if r.udp != nil {
		return r.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	}
	return r.conn.LocalAddr().(*net.TCPAddr).AddrPort()
}

func (r *raw) flow() sip.Flow {
	if r.udp != nil {
		return sip.Flow{Transport: sip.UDP, Remote: r.addr()}
	}
	return sip.Flow{Transport: sip.TCP, Remote: r.addr()}
}

func (r *raw) send(text string) {
	r.t.Helper()
	var err error
	if r.udp != nil {
		_, err = r.udp.WriteToUDPAddrPort([]byte(text), r.peer)
	} else {
		_, err = r.conn.Write([]byte(text))
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// read gives the next message within d, or "".
func (r *raw) read(d time.Duration) message {
	r.t.Helper()
	buf := make([]byte, 65536)
	deadline := time.Now().Add(d)
	if r.udp != nil {
		_ = r.udp.SetReadDeadline(deadline)
		n, _, err := r.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return ""
		}
		return message(buf[:n])
	}
	for {
		if head, body, ok := strings.Cut(r.rest, "\r\n\r\n"); ok {
			var n int
			_, _ = fmt.Sscan(message(head+"\r\n\r\n").header("Content-Length"), &n)
			if len(body) >= n {
				r.rest = body[n:]
				return message(head + "\r\n\r\n" + body[:n])
			}
		}
		_ = r.conn.SetReadDeadline(deadline)
		n, err := r.conn.Read(buf)
		if err != nil {
			return ""
		}
		r.rest += string(buf[:n])
	}
}

// expect gives the next message that begins so; 100 Trying and copies of what
// was had are passed over.
func (r *raw) expect(start string) message {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	var passed []string
	for time.Now().Before(deadline) {
		m := r.read(time.Until(deadline))
		if strings.HasPrefix(string(m), start) {
			return m
		}
		line, _, _ := strings.Cut(string(m), "\r\n")
		passed = append(passed, line)
	}
	r.t.Fatalf("no message %q came, but %q", start, passed)
	return ""
}

// message is a SIP message as text.
type message string

func (m message) header(name string) string {
	head, _, _ := strings.Cut(string(m), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func (m message) headers(name string) []string {
	var out []string
	head, _, _ := strings.Cut(string(m), "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			out = append(out, strings.TrimSpace(v))
		}
	}
	return out
}

func (m message) body() string {
	_, body, _ := strings.Cut(string(m), "\r\n\r\n")
	return body
}

func (m message) target() string { return strings.Fields(string(m))[1] }

// lines joins header lines, and a body with its length and type.
func lines(body string, headers ...string) string {
	var b strings.Builder
	for _, h := range headers {
		if h != "" {
			b.WriteString(h + "\r\n")
		}
	}
	if body != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// respond answers a request; tag "" leaves To alone.
func (r *raw) respond(req message, status, tag, body string, headers ...string) {
	r.t.Helper()
	all := []string{"SIP/2.0 " + status}
	for _, v := range req.headers("Via") {
		all = append(all, "Via: "+v)
	}
	to := req.header("To")
	if tag != "" && !strings.Contains(to, "tag=") {
		to += ";tag=" + tag
	}
	all = append(all, "From: "+req.header("From"), "To: "+to, "Call-ID: "+req.header("Call-ID"), "CSeq: "+req.header("CSeq"))
	if !strings.Contains(strings.Join(headers, "\n"), "Contact:") {
		all = append(all, "Contact: "+r.contact())
	}
	r.send(lines(body, append(all, headers...)...))
}

func (r *raw) contact() string {
	if r.udp != nil {
		return "<sip:raw@" + r.addr().String() + ">"
	}
	return "<sip:raw@" + r.addr().String() + ";transport=tcp>"
}

// caller is the raw side of a dialog.
type caller struct {
	*raw
	callID  string
	cseq    int
	to      string // with the tag, once there is one
	target  string
	contact string
	from    string
}

func (r *raw) dials(tb testing.TB) *caller {
	tb.Helper()
	return &caller{
		raw: r, callID: sip.NewCallID(), to: "<sip:bob@acme.test>", target: "sip:bob@" + r.peer.String(),
		contact: "Contact: " + r.contact(), from: "<sip:raw@acme.test>;tag=rawtag",
	}
}

// ask sends a request with the next CSeq.
func (c *caller) ask(method, body string, headers ...string) {
	c.t.Helper()
	c.cseq++
	c.askAs(c.cseq, method, body, headers...)
}

func (c *caller) askAs(cseq int, method, body string, headers ...string) {
	c.t.Helper()
	transport := "TCP"
	if c.udp != nil {
		transport = "UDP"
	}
	c.send(lines(body, append([]string{
		method + " " + c.target + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;rport;branch=z9hG4bK%s", transport, c.addr(), sip.NewTag()),
		"Max-Forwards: 70", "From: " + c.from, "To: " + c.to, "Call-ID: " + c.callID,
		fmt.Sprintf("CSeq: %d %s", cseq, method), c.contact,
	}, headers...)...))
}

// learn takes the dialog from a response.
func (c *caller) learn(res message) message {
	c.to = res.header("To")
	return res
}

// answered sets up a call from a raw caller.
func answered(tb testing.TB, s *side, c *caller, headers ...string) (*dialog.Leg, log) {
	tb.Helper()
	c.ask("INVITE", offer1, headers...)
	l := newLog()
	leg, err := s.layer.Incoming(s.incoming(tb), dialog.LocalParty{ContactUser: "bob"}, l.sink)
	if err != nil {
		tb.Fatal(err)
	}
	if err := leg.Accept([]byte(reply1)); err != nil {
		tb.Fatal(err)
	}
	c.learn(c.expect("SIP/2.0 200"))
	c.askAs(c.cseq, "ACK", "")
	next[dialog.Acked](tb, l)
	return leg, l
}

// callRaw calls a raw peer, up to the ACK, and gives the INVITE.
func callRaw(tb testing.TB, s *side, r *raw, headers ...string) (*dialog.Leg, log) {
	tb.Helper()
	l := newLog()
	leg, err := s.layer.Invite(invitation(tb, r.flow()), l.sink)
	if err != nil {
		tb.Fatal(err)
	}
	inv := r.expect("INVITE")
	r.respond(inv, "200 OK", "t1", reply1, headers...)
	r.expect("ACK")
	next[dialog.Answered](tb, l)
	return leg, l
}
