package sip_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = time.Minute

// handler is a Handler of functions and channels.
type handler struct {
	serve  func(tx *sip.ServerTx)
	acks   chan *sip.Request
	closed chan sip.Flow
}

func newHandler(serve func(tx *sip.ServerTx)) *handler {
	return &handler{serve: serve, acks: make(chan *sip.Request, 100), closed: make(chan sip.Flow, 10000)}
}

func (h *handler) ServeSIP(tx *sip.ServerTx) { h.serve(tx) }
func (h *handler) ServeACK(req *sip.Request, _ sip.Flow) {
	select {
	case h.acks <- req:
	default: // nobody looks
	}
}
func (h *handler) FlowClosed(flow sip.Flow) { h.closed <- flow }
func ok(tx *sip.ServerTx)                   { _ = tx.Reply(200, "OK") }
func quick() sip.Timers                     { return timers(20 * time.Millisecond) }
func timers(t1 time.Duration) sip.Timers {
	return sip.Timers{T1: t1, T2: 4 * t1, T4: 5 * t1, Trying: 10 * time.Millisecond}
}

// start runs an engine for the length of the test.
func start(tb testing.TB, cfg sip.Config, h sip.Handler) *sip.Engine {
	tb.Helper()
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	e, err := sip.Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, h) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("Serve: %v", err)
		}
	})
	return e
}

// peer is a bare socket that speaks SIP by hand.
type peer struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader // nil for UDP
}

func udpPeer(tb testing.TB, e *sip.Engine) *peer {
	tb.Helper()
	return dial(tb, "udp", e.Addr())
}

func tcpPeer(tb testing.TB, e *sip.Engine) *peer {
	tb.Helper()
	return dial(tb, "tcp", e.Addr())
}

func dial(tb testing.TB, network string, to netip.AddrPort) *peer {
	tb.Helper()
	return dialFrom(tb, network, to, "127.0.0.1:0")
}

func dialFrom(tb testing.TB, network string, to netip.AddrPort, from string) *peer {
	tb.Helper()
	local := netip.MustParseAddrPort(from)
	d := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(local)}
	if network == "udp" {
		d.LocalAddr = net.UDPAddrFromAddrPort(local)
	}
	conn, err := d.DialContext(tb.Context(), network, to.String())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	p := &peer{t: tb, conn: conn}
	if network == "tcp" {
		p.in = bufio.NewReader(conn)
	}
	return p
}

func (p *peer) addr() netip.AddrPort { return netip.MustParseAddrPort(p.conn.LocalAddr().String()) }

func (p *peer) send(text string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// read gives the next message as text, or "" when nothing came in time or the
// connection ended.
func (p *peer) read(wait time.Duration) string {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		p.t.Fatal(err)
	}
	if p.in == nil {
		buf := make([]byte, 65536)
		n, err := p.conn.Read(buf)
		if err != nil {
			return ""
		}
		return string(buf[:n])
	}
	var b strings.Builder
	for {
		line, err := p.in.ReadString('\n')
		b.WriteString(line)
		if err != nil {
			return ""
		}
		if line == "\r\n" {
			break
		}
	}
	var n int
	if i := strings.Index(b.String(), "Content-Length: "); i >= 0 {
		_, _ = fmt.Sscanf(b.String()[i:], "Content-Length: %d", &n)
	}
	body := make([]byte, n)
	for at := 0; at < n; {
		k, err := p.in.Read(body[at:])
		if err != nil {
			return ""
		}
		at += k
	}
	return b.String() + string(body)
}

// expect reads a message that starts so. A 100, which comes where a handler takes
// its time, is passed over.
func (p *peer) expect(start string) string {
	p.t.Helper()
	const trying = "SIP/2.0 100 "
	got := p.read(patience)
	for strings.HasPrefix(got, trying) && !strings.HasPrefix(start, trying) {
		got = p.read(patience)
	}
	if !strings.HasPrefix(got, start) {
		p.t.Fatalf("got %q, want %q…", got, start)
	}
	return got
}

// silent checks that nothing comes.
func (p *peer) silent(d time.Duration) {
	p.t.Helper()
	if got := p.read(d); got != "" {
		p.t.Fatalf("got %q, want silence", got)
	}
}

// closedByServer waits for the end of the connection.
func (p *peer) closedByServer() {
	p.t.Helper()
	if err := p.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		p.t.Fatal(err)
	}
	buf := make([]byte, 4096)
	for {
		if _, err := p.conn.Read(buf); err != nil {
			if ne, is := err.(net.Error); is && ne.Timeout() { //nolint:errorlint // straight from the socket
				p.t.Fatal("the connection is still open")
			}
			return
		}
	}
}

// request writes a request as a phone would; later headers follow, then a body.
func request(method, id string, extra ...string) string {
	return requestSeq(method, id, 1, extra...)
}

func requestSeq(method, id string, seq int, extra ...string) string {
	body := ""
	for i, line := range extra {
		if rest, is := strings.CutPrefix(line, "\n"); is {
			body = rest
			extra = extra[:i]
			break
		}
	}
	lines := append([]string{
		method + " sip:1001@acme.test SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK%s-%d;rport", id, seq),
		"Max-Forwards: 70",
		"From: <sip:5401@acme.test>;tag=f" + id,
		"To: <sip:1001@acme.test>",
		"Call-ID: " + id,
		fmt.Sprintf("CSeq: %d %s", seq, strings.ReplaceAll(method, "CANCELx", "CANCEL")),
	}, extra...)
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body)
	return strings.Join(lines, "\r\n")
}

// outgoing makes a request to send by the engine.
func outgoing(method sip.Method, id string) *sip.Request {
	uri, _ := sip.ParseURI("sip:1001@127.0.0.1")
	return sip.NewRequest(method, uri,
		sip.NewHeader("From", "<sip:5401@acme.test>;tag=a"), sip.NewHeader("To", "<sip:1001@acme.test>"),
		sip.NewHeader("Call-ID", id), sip.NewHeader("CSeq", "1 "+string(method)))
}

// answer writes a response to a request read from a socket.
func answer(req string, code int, reason, tag string, extra ...string) string {
	lines := []string{fmt.Sprintf("SIP/2.0 %d %s", code, reason)}
	for line := range strings.SplitSeq(req, "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch name {
		case "Via", "From", "Call-ID", "CSeq":
			lines = append(lines, line)
		case "To":
			if tag != "" && !strings.Contains(line, "tag=") {
				line += ";tag=" + tag
			}
			lines = append(lines, line)
		}
	}
	lines = append(lines, extra...)
	return strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n")
}

// header reads one header of a message text.
func header(text, name string) string {
	for line := range strings.SplitSeq(text, "\r\n") {
		if n, v, found := strings.Cut(line, ": "); found && n == name {
			return v
		}
	}
	return ""
}

func recv[T any](tb testing.TB, c <-chan T) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		tb.Fatal("nothing came in time")
		var zero T
		return zero
	}
}
