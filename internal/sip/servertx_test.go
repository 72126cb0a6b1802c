package sip_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

func TestRegisterIsAnsweredAndRetransmissionsAbsorbed(t *testing.T) {
	t.Parallel()
	served := make(chan *sip.ServerTx, 10)
	e := start(t, sip.Config{Product: "Hotdesk/1"}, newHandler(func(tx *sip.ServerTx) { served <- tx; ok(tx) }))
	p := udpPeer(t, e)
	for range 3 {
		p.send(request("REGISTER", "a"))
		got := p.expect("SIP/2.0 200 OK")
		if !strings.Contains(header(got, "Via"), "received=127.0.0.1") || header(got, "Server") != "Hotdesk/1" {
			t.Errorf("got %q", got)
		}
		if !strings.Contains(header(got, "To"), ";tag=") {
			t.Error("To has no tag")
		}
	}
	if recv(t, served); len(served) != 0 {
		t.Error("a retransmission reached the handler")
	}
	p.send(requestSeq("REGISTER", "a", 2))
	p.expect("SIP/2.0 200")
	if err := recv(t, served).Reply(200, "OK"); !errors.Is(err, sip.ErrFinal) {
		t.Errorf("a second final response: %v, want ErrFinal", err)
	}
}

func TestRetransmissionWhileNotAnsweredIsSwallowed(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 10)
	p := udpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { txs <- tx })))
	p.send(request("MESSAGE", "b"))
	tx := recv(t, txs)
	p.send(request("MESSAGE", "b"))
	p.send(request("OPTIONS", "behind it"[:6]))
	recv(t, txs) // so both were taken in
	if err := tx.Reply(202, "Accepted"); err != nil {
		t.Fatal(err)
	}
	p.expect("SIP/2.0 202")
	p.silent(50 * time.Millisecond)
	if len(txs) != 0 {
		t.Error("served twice")
	}
}

func TestTryingComesByItselfAlsoAfterARetransmission(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 10)
	p := udpPeer(t, start(t, sip.Config{Timers: timers(time.Second)}, newHandler(func(tx *sip.ServerTx) { txs <- tx })))
	p.send(request("INVITE", "c"))
	p.send(request("INVITE", "c")) // must not stop the timer for 100
	p.expect("SIP/2.0 100 Trying")
	tx := recv(t, txs)
	_ = tx.Reply(180, "Ringing")
	first := p.expect("SIP/2.0 180")
	p.send(request("INVITE", "c"))
	if again := p.expect("SIP/2.0 180"); again != first {
		t.Error("a retransmitted INVITE must get the latest provisional response")
	}
	if got := header(first, "To"); !strings.HasSuffix(got, ";tag="+tx.Tag()) {
		t.Errorf("To %q lacks tag %q", got, tx.Tag())
	}
}

func TestRefusedInviteIsResentUntilItsACKWhichStaysInside(t *testing.T) {
	t.Parallel()
	h := newHandler(func(tx *sip.ServerTx) { _ = tx.Reply(486, "Busy Here") })
	p := udpPeer(t, start(t, sip.Config{Timers: quick()}, h))
	p.send(request("INVITE", "d"))
	p.expect("SIP/2.0 486")
	p.expect("SIP/2.0 486")
	p.send(request("ACK", "d"))
	p.send(request("ACK", "d"))
	p.send(request("OPTIONS", "d2"))
	for got := p.read(patience); !strings.Contains(got, "d2"); got = p.read(patience) {
		if got == "" {
			t.Fatal("no answer")
		}
	}
	p.silent(100 * time.Millisecond)
	if len(h.acks) != 0 {
		t.Error("the ACK of a refusal reached the handler")
	}
}

func TestRefusedInviteOverTCPIsNotResentAndItsACKStaysInside(t *testing.T) {
	t.Parallel()
	h := newHandler(func(tx *sip.ServerTx) { _ = tx.Reply(486, "Busy Here") })
	p := tcpPeer(t, start(t, sip.Config{Timers: quick()}, h))
	p.send(request("INVITE", "d"))
	p.expect("SIP/2.0 486")
	p.silent(100 * time.Millisecond)
	p.send(request("ACK", "d") + request("OPTIONS", "d"))
	p.expect("SIP/2.0 486") // of the handler, to OPTIONS
	if len(h.acks) != 0 {
		t.Error("the ACK of a refusal reached the handler")
	}
}

func TestUnacknowledgedRefusalEnds(t *testing.T) {
	t.Parallel()
	served := make(chan struct{}, 10)
	p := udpPeer(t, start(t, sip.Config{Timers: timers(2 * time.Millisecond)}, newHandler(func(tx *sip.ServerTx) {
		_ = tx.Reply(486, "Busy Here")
		served <- struct{}{}
	})))
	p.send(request("INVITE", "h"))
	recv(t, served)
	for range 10 {
		p.expect("SIP/2.0 486")
	}
	for end := time.Now().Add(patience); len(served) == 0; p.send(request("INVITE", "h")) { // until it is forgotten, and so new
		for p.read(50*time.Millisecond) != "" {
			if time.Now().After(end) {
				t.Fatal("the refusal is sent without end")
			}
		}
	}
}

func TestACKToSuccessAndFurther2xx(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 1)
	h := newHandler(func(tx *sip.ServerTx) { _ = tx.Reply(200, "OK"); txs <- tx })
	p := udpPeer(t, start(t, sip.Config{}, h))
	p.send(request("INVITE", "g"))
	p.expect("SIP/2.0 200")
	tx := recv(t, txs)
	p.send(request("INVITE", "g")) // swallowed: the owner resends (RFC 6026)
	if err := tx.Respond(tx.Response(200, "OK")); err != nil {
		t.Errorf("2xx again: %v", err)
	}
	p.expect("SIP/2.0 200")
	if err := tx.Reply(486, "Busy Here"); !errors.Is(err, sip.ErrFinal) {
		t.Errorf("486 after 200: %v", err)
	}
	p.send(request("ACK", "g")) // same branch, as some phones do
	if got := recv(t, h.acks); got.CallID() != "g" {
		t.Errorf("ACK of %q", got.CallID())
	}
	p.silent(50 * time.Millisecond)
}

func TestStrayACKIsNeverAnswered(t *testing.T) {
	t.Parallel()
	h := newHandler(ok)
	p := udpPeer(t, start(t, sip.Config{}, h))
	p.send(request("ACK", "s"))
	recv(t, h.acks)
	p.send(strings.Replace(request("ACK", "s2"), "CSeq: 1 ACK", "CSeq: x ACK", 1))
	p.send(strings.Replace(request("ACK", "s3"), "SIP/2.0\r\n", "SIP/7.0\r\n", 1))
	p.silent(100 * time.Millisecond)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	told := make(chan string, 10)
	p := udpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) {
		tx.OnCancel(func(cancel *sip.Request) {
			told <- sip.Value(cancel, "Reason")
			_ = tx.Reply(487, "Request Terminated")
		})
		_ = tx.Reply(180, "Ringing")
	})))
	p.send(request("INVITE", "x"))
	ringing := p.expect("SIP/2.0 180")
	cancel := request("CANCEL", "x", `Reason: SIP;cause=200;text="Call completed elsewhere"`)
	p.send(cancel)
	got := p.expect("SIP/2.0 200")
	if header(got, "To") != header(ringing, "To") || header(got, "CSeq") != "1 CANCEL" {
		t.Errorf("got %q", got)
	}
	p.expect("SIP/2.0 487")
	if reason := recv(t, told); !strings.Contains(reason, "elsewhere") {
		t.Errorf("reason %q", reason)
	}
	p.send(cancel)
	p.expect("SIP/2.0 200") // a retransmission is answered, and tells nobody
	p.send(request("CANCEL", "unknown"))
	p.expect("SIP/2.0 481")
	if len(told) != 0 {
		t.Error("told twice")
	}
}

// A CANCEL that crosses the 2xx changes nothing, but its INVITE is known.
func TestCancelAfterTheAnswer(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 10)
	p := udpPeer(t, start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { ok(tx); txs <- tx })))
	p.send(request("INVITE", "late"))
	accepted := p.expect("SIP/2.0 200")
	recv(t, txs).OnCancel(func(*sip.Request) { t.Error("told of a CANCEL after the answer") })
	p.send(request("CANCEL", "late"))
	if got := p.expect("SIP/2.0 200"); header(got, "CSeq") != "1 CANCEL" || header(got, "To") != header(accepted, "To") {
		t.Errorf("got %q", got)
	}
	p.send(request("INVITE", "late"))
	p.send(request("OPTIONS", "after")) // taken in behind it
	if tx := recv(t, txs); tx.Request().Method != sip.OPTIONS {
		t.Errorf("%s was served again", tx.Request().Method)
	}
}

func TestCancelBeforeTheOwnerListens(t *testing.T) {
	t.Parallel()
	txs := make(chan *sip.ServerTx, 1)
	p := udpPeer(t, start(t, sip.Config{Timers: timers(time.Second)}, newHandler(func(tx *sip.ServerTx) { txs <- tx })))
	p.send(request("INVITE", "x"))
	tx := recv(t, txs)
	p.send(request("CANCEL", "x"))
	p.expect("SIP/2.0 200")
	told := make(chan struct{})
	tx.OnCancel(func(*sip.Request) { close(told) })
	recv(t, told)
	_ = tx.Reply(487, "Request Terminated")
}

func TestResponsesGoWhereTheViaSays(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	asked, other := udpPeer(t, e), udpPeer(t, e)
	via := func(s string) string {
		return strings.Replace(request("OPTIONS", s), "127.0.0.1:5060;branch=z9hG4bK"+s+"-1;rport", s+";branch=z9hG4bK1", 1)
	}
	// RFC 3261 18.2.2: without rport the port of the Via.
	asked.send(via(other.addr().String()))
	if got := other.expect("SIP/2.0 200"); strings.Contains(got, "received=") {
		t.Error("received where the Via tells the truth")
	}
	// Behind a NAT only the source port leads back.
	asked.send(via("192.0.2.77:5060"))
	if got := asked.expect("SIP/2.0 200"); !strings.Contains(got, "received=127.0.0.1") {
		t.Errorf("no received in %q", got)
	}
	// RFC 3581, with the value in odd case.
	asked.send(strings.Replace(request("OPTIONS", "r"), ";rport", ";RPORT", 1))
	if got := asked.expect("SIP/2.0 200"); !strings.Contains(got, "rport="+asked.conn.LocalAddr().String()[10:]) {
		t.Errorf("no rport in %q", got)
	}
}

func TestLargeMessagesGoOverUDP(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) {
		_ = tx.Reply(200, "OK", sip.NewHeader("X-Long", strings.Repeat("x", 5000)))
	}))
	p := udpPeer(t, e)
	p.send(request("OPTIONS", "big", "X-Long: "+strings.Repeat("y", 5000)))
	if got := p.expect("SIP/2.0 200"); len(got) < 5000 {
		t.Errorf("%d bytes", len(got))
	}
}

func TestPanicCostsOnlyItsRequest(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) {
		if tx.Request().Method == "INFO" {
			var missing *sip.Address
			_ = missing.Display
		}
		ok(tx)
	}))
	p := udpPeer(t, e)
	p.send(request("INFO", "p"))
	p.expect("SIP/2.0 500")
	p.send(requestSeq("OPTIONS", "p", 2))
	p.expect("SIP/2.0 200")
	if got := e.Stats().Panics; got != 1 {
		t.Errorf("%d panics counted", got)
	}
}
