package sip_test

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

func TestFortyInfosInOneWriteStayInOrder(t *testing.T) {
	t.Parallel()
	got := make(chan uint32, 1000)
	p := tcpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { got <- tx.Request().CSeq().Number; ok(tx) })))
	for range 20 {
		var all strings.Builder
		for i := 1; i <= 40; i++ {
			all.WriteString(requestSeq("INFO", "digits", i, "Content-Type: application/dtmf", "\n1"))
		}
		p.send(all.String())
		for i := uint32(1); i <= 40; i++ {
			if n := recv(t, got); n != i {
				t.Fatalf("got %d, want %d", n, i)
			}
			if answer := p.expect("SIP/2.0 200"); header(answer, "CSeq") != fmt.Sprintf("%d INFO", i) {
				t.Fatalf("answer %q to %d", header(answer, "CSeq"), i)
			}
		}
	}
}

func TestSlowHandlerDelaysOnlyItsCall(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	p := tcpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) {
		if tx.Request().CallID() == "slow" {
			<-hold
		}
		ok(tx)
	})))
	p.send(request("INFO", "slow") + request("INFO", "fast"))
	if got := p.expect("SIP/2.0 200"); header(got, "Call-ID") != "fast" {
		t.Errorf("got %q first", header(got, "Call-ID"))
	}
	close(hold)
	p.expect("SIP/2.0 200")
}

func TestTooManyWaitingGet503(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	begun := make(chan struct{}, 10)
	e := start(t, sip.Config{Limits: sip.Limits{Mailbox: 3}}, newHandler(func(tx *sip.ServerTx) { begun <- struct{}{}; <-hold; ok(tx) }))
	p := tcpPeer(t, e)
	p.send(request("INFO", "full"))
	recv(t, begun)
	for i := 2; i <= 5; i++ {
		p.send(requestSeq("INFO", "full", i))
	}
	if got := p.expect("SIP/2.0 503"); header(got, "CSeq") != "5 INFO" || header(got, "Retry-After") == "" {
		t.Errorf("got %q", got)
	}
	close(hold)
	for range 4 {
		p.expect("SIP/2.0 200")
	}
}

func TestFramingDoesNotDependOnHowBytesArrive(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 100)
	p := tcpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { bodies <- string(tx.Request().Body()); ok(tx) })))
	text := "\r\n" + request("INFO", "f1", "Content-Type: a/b", "\none\r\n\r\ntwo") +
		request("INFO", "f2") + strings.ReplaceAll(request("INFO", "f3"), "\r\n", "\n") +
		strings.Replace(request("INFO", "f4"), "Content-Length: 0\r\n", "", 1)
	for _, size := range []int{1, 2, 3, 7, 100, 5000} {
		for at := 0; at < len(text); at += size {
			p.send(text[at:min(at+size, len(text))])
		}
		want := map[string]int{"one\r\n\r\ntwo": 1, "": 3}
		for range 4 {
			want[recv(t, bodies)]--
			p.expect("SIP/2.0 200")
		}
		for body, n := range want {
			if n != 0 {
				t.Errorf("pieces of %d: body %q off by %d", size, body, n)
			}
		}
	}
}

func TestKeepAliveOnStreams(t *testing.T) {
	t.Parallel()
	p := tcpPeer(t, start(t, sip.Config{}, newHandler(ok)))
	for _, ping := range []string{"\r\n\r\n", "\r\n", "\r\n"} {
		p.send(ping)
	}
	p.send(request("OPTIONS", "k"))
	got := p.read(patience) // "\r\n" is a line of its own: read stops there
	for got == "\r\n" {
		got = p.read(patience)
	}
	if !strings.HasPrefix(got, "SIP/2.0 200") {
		t.Errorf("got %q", got)
	}
	p.send("\r\n\r\n")
	if got := p.read(patience); got != "\r\n" {
		t.Errorf("got %q, want one CRLF", got)
	}
}

func TestBrokenFramingIsAnsweredAndEndsTheConnection(t *testing.T) {
	t.Parallel()
	good := request("INVITE", "b", "Content-Type: application/sdp")
	tests := map[string]struct{ text, want string }{
		"negative length": {strings.Replace(good, "Content-Length: 0", "Content-Length: -999", 1), "SIP/2.0 400"},
		"two lengths":     {strings.Replace(good, "Content-Length: 0", "Content-Length: 0\r\nl: 5", 1), "SIP/2.0 400"},
		"no length":       {strings.Replace(good, "Content-Length: 0\r\n", "", 1), "SIP/2.0 400"},
		"huge length":     {strings.Replace(good, "Content-Length: 0", "Content-Length: 70000", 1), "SIP/2.0 513"},
		"beyond 32 bits":  {strings.Replace(good, "Content-Length: 0", "Content-Length: 4294967296", 1), "SIP/2.0 400"},
		"HTTP":            {"GET / HTTP/1.1\r\nHost: acme.test\r\n\r\n", ""},
		"endless header":  {"INVITE sip:a@b SIP/2.0\r\nX: " + strings.Repeat("x", 70000), ""},
		"endless headers": {strings.Replace(good, "Content-Length: 0", strings.Repeat("X: y\r\n", 300)+"Content-Length: 0", 1), "SIP/2.0 400"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandler(ok)
			p := tcpPeer(t, start(t, sip.Config{}, h))
			p.send(tt.text)
			if tt.want != "" {
				p.expect(tt.want)
			}
			p.closedByServer()
			_ = p.conn.Close()
			recv(t, h.closed)
		})
	}
}

func TestRequestBeforeABrokenOneIsAnswered(t *testing.T) {
	t.Parallel()
	asked := make(chan *sip.ServerTx, 1)
	p := tcpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { asked <- tx })))
	p.send(request("REGISTER", "first") + "v=0\r\n\r\n")
	ok(recv(t, asked))
	p.expect("SIP/2.0 200")
	p.closedByServer()
}

func TestFlows(t *testing.T) {
	t.Parallel()
	flows := make(chan sip.Flow, 1)
	h := newHandler(func(tx *sip.ServerTx) { flows <- tx.Flow(); ok(tx) })
	e := start(t, sip.Config{}, h)
	p := tcpPeer(t, e)
	p.send(request("REGISTER", "r"))
	p.expect("SIP/2.0 200")
	flow := recv(t, flows)
	if back, err := sip.ParseFlow(flow.String()); err != nil || back != flow || !e.Alive(flow) {
		t.Fatalf("flow %v: %v, alive %v", back, err, e.Alive(flow))
	}
	c, on := replies()
	if _, err := e.Send(outgoing("INVITE", "t"), flow, on); err != nil { // not to the address in the URI
		t.Fatal(err)
	}
	p.send(answer(p.expect("INVITE "), 180, "Ringing", "t"))
	code(t, c)
	_ = p.conn.Close()
	if r := recv(t, c); !errors.Is(r.Err, sip.ErrFlowGone) {
		t.Errorf("%+v, want ErrFlowGone", r)
	}
	if gone := recv(t, h.closed); gone != flow || e.Alive(flow) {
		t.Errorf("gone %v, alive %v", gone, e.Alive(flow))
	}
	if _, err := e.Send(outgoing("INVITE", "t"), flow, on); !errors.Is(err, sip.ErrFlowGone) {
		t.Errorf("Send on a dead flow: %v", err)
	}
}

func TestConnect(t *testing.T) {
	t.Parallel()
	served := make(chan sip.Flow, 2)
	far := start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { served <- tx.Flow(); ok(tx) }))
	e := start(t, sip.Config{}, newHandler(ok))
	uri, err := sip.ParseURI("sip:trunk@" + far.Addr().String() + ";transport=tcp")
	if err != nil {
		t.Fatal(err)
	}
	flows, err := e.Resolve(t.Context(), uri)
	if err != nil || len(flows) != 1 {
		t.Fatal(flows, err)
	}
	for range 2 {
		if err := e.Connect(t.Context(), flows[0]); err != nil {
			t.Fatal(err)
		}
		res, err := e.Do(t.Context(), outgoing("OPTIONS", "c"), flows[0])
		if err != nil || !res.IsSuccess() {
			t.Fatal(res, err)
		}
	}
	if a, b := recv(t, served), recv(t, served); a != b {
		t.Errorf("two connections: %v %v", a, b)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a port that nobody listens on
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	nobody, _ := sip.ParseFlow("tcp:" + closed.Addr().String())
	if err := e.Connect(t.Context(), nobody); !errors.Is(err, sip.ErrTransport) {
		t.Errorf("%v, want ErrTransport", err)
	}
}

func TestSilentConnectionsMakeRoomAndAreClosed(t *testing.T) {
	t.Parallel()
	limits := sip.Limits{Unproven: 20, FirstMessage: 300 * time.Millisecond}
	h := newHandler(ok)
	e := start(t, sip.Config{Limits: limits}, h)
	working := tcpPeer(t, e)
	working.send(request("REGISTER", "w"))
	working.expect("SIP/2.0 200")
	silent := make([]*peer, 200)
	for i := range silent {
		silent[i] = tcpPeer(t, e)
		if i%2 == 0 {
			silent[i].send("INVITE sip:") // slow clients count as well
		}
	}
	late := tcpPeer(t, e)
	late.send(request("REGISTER", "l"))
	late.expect("SIP/2.0 200")
	for _, p := range silent {
		p.closedByServer()
		recv(t, h.closed)
	}
	working.send(request("OPTIONS", "w"))
	working.expect("SIP/2.0 200")
	if n := e.Stats().Connections; n != 2 {
		t.Errorf("%d connections", n)
	}
}

func TestConnectionsPerSource(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Limits: sip.Limits{PerSource: 2}}, newHandler(ok))
	for i := range 3 {
		p := tcpPeer(t, e)
		p.send(request("REGISTER", fmt.Sprint("p", i)))
		if i == 2 {
			p.closedByServer()
		} else {
			p.expect("SIP/2.0 200")
		}
	}
}

func TestBegunMessageMustEnd(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Limits: sip.Limits{FirstMessage: 200 * time.Millisecond, Idle: 300 * time.Millisecond}}, newHandler(ok))
	slow, idle := tcpPeer(t, e), tcpPeer(t, e)
	for _, p := range []*peer{slow, idle} {
		p.send(request("OPTIONS", p.conn.LocalAddr().String()))
		p.expect("SIP/2.0 200")
	}
	slow.send("INVITE sip:a@b SIP/2.0\r\n")
	slow.closedByServer()
	idle.closedByServer()
}

func TestPeerThatDoesNotReadHoldsUpNobody(t *testing.T) {
	t.Parallel()
	h := newHandler(func(tx *sip.ServerTx) {
		_ = tx.Reply(200, "OK", sip.NewHeader("X", strings.Repeat("x", 50000)))
	})
	e := start(t, sip.Config{Limits: sip.Limits{WriteQueue: 200000, WriteTimeout: time.Second}}, h)
	deaf := tcpPeer(t, e)
	_ = deaf.conn.SetWriteDeadline(time.Now().Add(patience))
	for i := 0; len(h.closed) == 0; i++ {
		if _, err := deaf.conn.Write([]byte(requestSeq("OPTIONS", "deaf", i))); err != nil {
			break
		}
	}
	recv(t, h.closed)
	other := tcpPeer(t, e)
	other.send(request("OPTIONS", "o"))
	other.expect("SIP/2.0 200")
}
