package sip_test

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

func TestRatePerSource(t *testing.T) {
	t.Parallel()
	still := time.Now()
	now := func() time.Time { return still }
	served := make(chan struct{}, 1000)
	h := newHandler(func(tx *sip.ServerTx) { served <- struct{}{}; ok(tx) })
	e := start(t, sip.Config{Limits: sip.Limits{Rate: 1, Burst: 5}, Now: now}, h)
	p := udpPeer(t, e)
	for i := range 50 {
		p.send(requestSeq("OPTIONS", "flood", i+1))
	}
	for range 5 {
		p.expect("SIP/2.0 200")
	}
	p.silent(30 * time.Millisecond)
	if s := e.Stats(); s.Limited != 45 || len(served) != 5 {
		t.Errorf("%+v, served %d", s, len(served))
	}
}

func TestTrustedSourcesAreNotLimited(t *testing.T) {
	t.Parallel()
	for listen, trusted := range map[string]string{"127.0.0.1:0": "127.0.0.0/8", "[::1]:0": "::1/128"} {
		if socket, err := net.ListenPacket("udp", listen); err != nil { //nolint:noctx // only whether the machine speaks IPv6
			t.Log(err)
			continue
		} else if err := socket.Close(); err != nil {
			t.Fatal(err)
		}
		limits := sip.Limits{Rate: 1, Burst: 1, Trusted: []netip.Prefix{netip.MustParsePrefix(trusted)}}
		e := start(t, sip.Config{Listen: listen, Limits: limits}, newHandler(ok))
		// A neighbour's ban, which is one of its whole /64, leaves an edge alone.
		for _, neighbour := range []string{"127.0.0.1", "::1", "::2"} {
			e.Ban(netip.MustParseAddr(neighbour), time.Hour)
		}
		p := dialFrom(t, "udp", e.Addr(), listen)
		for i := range 20 {
			p.send(requestSeq("OPTIONS", "edge", i+1))
			p.expect("SIP/2.0 200")
		}
	}
}

func TestStreamsOverTheRateAreSlowedNotCut(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Limits: sip.Limits{Rate: 200, Burst: 1}}, newHandler(ok))
	p := tcpPeer(t, e)
	var all strings.Builder
	for i := range 20 {
		all.WriteString(requestSeq("OPTIONS", "s", i+1))
	}
	begin := time.Now()
	p.send(all.String())
	for range 20 {
		p.expect("SIP/2.0 200")
	}
	if took := time.Since(begin); took < 50*time.Millisecond {
		t.Errorf("20 messages at 200 a second took %v", took)
	}
}

func TestBan(t *testing.T) {
	t.Parallel()
	h := newHandler(ok)
	e := start(t, sip.Config{}, h)
	udp, tcp := udpPeer(t, e), tcpPeer(t, e)
	for _, p := range []*peer{udp, tcp} {
		p.send(request("OPTIONS", p.conn.LocalAddr().String()))
		p.expect("SIP/2.0 200")
	}
	e.Ban(netip.MustParseAddr("127.0.0.1"), 300*time.Millisecond)
	tcp.closedByServer()
	recv(t, h.closed)
	udp.send(request("OPTIONS", "banned"))
	udp.silent(100 * time.Millisecond)
	for i := 0; ; i++ { // the ban ends
		udp.send(requestSeq("OPTIONS", "free", i))
		if udp.read(100*time.Millisecond) != "" {
			return
		}
		if i == 50 {
			t.Fatal("still banned")
		}
	}
}

func TestSourcesAndAnswersAreBounded(t *testing.T) {
	t.Parallel()
	served := make(chan struct{}, 10000)
	limits := sip.Limits{Sources: 4, Remembered: 4000}
	e := start(t, sip.Config{Limits: limits}, newHandler(func(tx *sip.ServerTx) { served <- struct{}{}; ok(tx) }))
	p := udpPeer(t, e)
	for i := range 100 {
		p.send(requestSeq("OPTIONS", "many", i+1))
		p.expect("SIP/2.0 200")
	}
	p.send(requestSeq("OPTIONS", "many", 100)) // among the latest: remembered
	p.expect("SIP/2.0 200")
	if len(served) != 100 {
		t.Errorf("served %d, want 100", len(served))
	}
	p.send(requestSeq("OPTIONS", "many", 1)) // long gone: served again
	p.expect("SIP/2.0 200")
	if len(served) != 101 {
		t.Errorf("served %d, want 101", len(served))
	}
}

func TestUnansweredRequestsAreForgotten(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 10)
	p := udpPeer(t, start(t, sip.Config{Timers: timers(time.Millisecond)}, newHandler(func(tx *sip.ServerTx) { txs <- tx })))
	p.send(request("MESSAGE", "lost"))
	tx := recv(t, txs)
	p.silent(100 * time.Millisecond) // longer than 64*T1
	p.send(request("MESSAGE", "next"))
	recv(t, txs)
	if err := tx.Reply(200, "OK"); !errors.Is(err, sip.ErrFinal) {
		t.Errorf("%v, want ErrFinal", err)
	}
}

func TestStunKeepAlive(t *testing.T) {
	t.Parallel()
	p := udpPeer(t, start(t, sip.Config{}, newHandler(ok)))
	const id = "\x21\x12\xa4\x42transaction!"
	p.send("\x00\x01\x00\x00" + id)
	port := p.addr().Port() ^ 0x2112
	want := "\x01\x01\x00\x0c" + id + "\x00\x20\x00\x08\x00\x01" + string([]byte{byte(port >> 8), byte(port)}) + "\x5e\x12\xa4\x43"
	if got := p.read(patience); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, no := range []string{"\x00\x01\x00\x04" + id, "\x00\x01\x00\x00" + id[:10], "\x01\x01\x00\x00" + id} {
		p.send(no)
	}
	p.silent(30 * time.Millisecond)
}
