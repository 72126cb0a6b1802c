package sip_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// callee is a peer that has got a request of ours.
func callee(tb testing.TB, e *sip.Engine) (*peer, sip.Flow) {
	tb.Helper()
	p := udpPeer(tb, e)
	return p, sip.Flow{Transport: sip.UDP, Remote: p.addr()}
}

func replies() (chan sip.Reply, func(sip.Reply)) {
	c := make(chan sip.Reply, 10000)
	return c, func(r sip.Reply) { c <- r }
}

func code(tb testing.TB, c <-chan sip.Reply) int {
	tb.Helper()
	r := recv(tb, c)
	if r.Err != nil {
		tb.Fatalf("reply error %v", r.Err)
	}
	return r.Response.StatusCode
}

func TestProvisionalAndFinalNeverSwapNorGetLost(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	for i := range 200 {
		c, on := replies()
		if _, err := e.Send(outgoing("INVITE", "o"+string(rune('a'+i%26))), flow, on); err != nil {
			t.Fatal(err)
		}
		inv := p.expect("INVITE ")
		p.send(answer(inv, 183, "Session Progress", "t"))
		p.send(answer(inv, 200, "OK", "t"))
		if got := code(t, c); got != 183 {
			t.Fatalf("round %d: first %d", i, got)
		}
		if got := code(t, c); got != 200 {
			t.Fatalf("round %d: second %d", i, got)
		}
	}
}

func TestResponseAndNextRequestOfTheCallStayInOrder(t *testing.T) {
	t.Parallel()
	order := make(chan string, 100)
	e := start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) { order <- string(tx.Request().Method); ok(tx) }))
	p, flow := callee(t, e)
	for range 50 {
		if _, err := e.Send(outgoing("INVITE", "call"), flow, func(sip.Reply) { order <- "200" }); err != nil {
			t.Fatal(err)
		}
		inv := p.expect("INVITE ")
		p.send(answer(inv, 200, "OK", "t"))
		p.send(request("BYE", "call"))
		p.expect("SIP/2.0 200")
		if first := recv(t, order); first != "200" {
			t.Fatalf("%s came before 200", first)
		}
		for len(order) > 0 {
			<-order
		}
	}
}

func TestFurther2xxReachTheOwner(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	if _, err := e.Send(outgoing("INVITE", "fork"), flow, on); err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	for _, tag := range []string{"one", "two", "one"} {
		p.send(answer(inv, 200, "OK", tag))
		if got := sip.Tag(recv(t, c).Response.To().Params); got != tag {
			t.Errorf("tag %q, want %q", got, tag)
		}
	}
	p.silent(50 * time.Millisecond) // the ACK is the owner's
}

func TestRefusalIsAcknowledgedOnTheSameBranchEachTime(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	req := outgoing("INVITE", "no")
	req.AppendHeader(sip.NewHeader("Route", "<sip:127.0.0.1;lr>"))
	if _, err := e.Send(req, flow, on); err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	for range 2 {
		p.send(answer(inv, 486, "Busy Here", "t"))
		ack := p.expect("ACK sip:1001@127.0.0.1 SIP/2.0")
		for _, name := range []string{"Via", "From", "Call-ID", "Route"} {
			if header(ack, name) != header(inv, name) {
				t.Errorf("%s of ACK %q, of INVITE %q", name, header(ack, name), header(inv, name))
			}
		}
		if !strings.HasSuffix(header(ack, "To"), ";tag=t") || header(ack, "CSeq") != "1 ACK" {
			t.Errorf("ACK %q", ack)
		}
	}
	if got := code(t, c); got != 486 || len(c) != 0 {
		t.Errorf("code %d, %d more", got, len(c))
	}
}

func TestCancelTakesTheWayOfTheInvite(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e) // its address is not the one in the Request-URI
	c, on := replies()
	req := outgoing("INVITE", "cx")
	req.AppendHeader(sip.NewHeader("Route", "<sip:proxy.acme.test;lr>"))
	tx, err := e.Send(req, flow, on)
	if err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	tx.Cancel(sip.NewHeader("Reason", "SIP;cause=200"))
	p.silent(50 * time.Millisecond) // held back until a 1xx has come
	p.send(answer(inv, 180, "Ringing", "t", "Record-Route: <sip:elsewhere.test;lr>"))
	cancel := p.expect("CANCEL sip:1001@127.0.0.1 SIP/2.0")
	for _, name := range []string{"Via", "From", "To", "Call-ID", "Route"} {
		if header(cancel, name) != header(inv, name) {
			t.Errorf("%s of CANCEL %q, of INVITE %q", name, header(cancel, name), header(inv, name))
		}
	}
	if header(cancel, "CSeq") != "1 CANCEL" || header(cancel, "Reason") != "SIP;cause=200" {
		t.Errorf("CANCEL %q", cancel)
	}
	p.send(answer(cancel, 200, "OK", "t"))
	p.send(answer(inv, 487, "Request Terminated", "t"))
	p.expect("ACK ")
	if a, b := code(t, c), code(t, c); a != 180 || b != 487 || len(c) != 0 {
		t.Errorf("replies %d %d, %d more", a, b, len(c))
	}
}

func TestSuccessThatCrossesTheCancelReachesTheOwner(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	tx, err := e.Send(outgoing("INVITE", "cr"), flow, on)
	if err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	p.send(answer(inv, 180, "Ringing", "t"))
	code(t, c)
	tx.Cancel()
	tx.Cancel() // once is enough
	cancel := p.expect("CANCEL ")
	p.send(answer(inv, 200, "OK", "t"))
	p.send(answer(cancel, 481, "Call/Transaction Does Not Exist", "t"))
	if got := code(t, c); got != 200 {
		t.Errorf("got %d, want the 200", got)
	}
	p.silent(50 * time.Millisecond)
}

func TestManyProvisionalResponses(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	if _, err := e.Send(outgoing("INVITE", "ring"), flow, on); err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	for range 60 {
		p.send(answer(inv, 180, "Ringing", "t"))
	}
	p.send(answer(inv, 200, "OK", "t"))
	for range 60 {
		if got := code(t, c); got != 180 {
			t.Fatalf("got %d", got)
		}
	}
	if got := code(t, c); got != 200 {
		t.Errorf("got %d", got)
	}
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, method := range []sip.Method{"INVITE", "OPTIONS"} {
		e := start(t, sip.Config{Timers: timers(3 * time.Millisecond)}, newHandler(ok))
		p, flow := callee(t, e)
		c, on := replies()
		if _, err := e.Send(outgoing(method, "to"), flow, on); err != nil {
			t.Fatal(err)
		}
		first := p.expect(string(method))
		if again := p.expect(string(method)); again != first {
			t.Error("resent otherwise than sent")
		}
		if r := recv(t, c); !errors.Is(r.Err, sip.ErrTimeout) {
			t.Errorf("%s: %v, want ErrTimeout", method, r.Err)
		}
	}
}

func TestCanceledInviteWithoutFinalResponseEnds(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Timers: timers(10 * time.Millisecond)}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	tx, err := e.Send(outgoing("INVITE", "ce"), flow, on)
	if err != nil {
		t.Fatal(err)
	}
	p.send(answer(p.expect("INVITE "), 180, "Ringing", "t"))
	code(t, c)
	tx.Cancel()
	if r := recv(t, c); !errors.Is(r.Err, sip.ErrTimeout) {
		t.Errorf("%+v, want ErrTimeout", r)
	}
}

func TestRingingStopsTheTimeout(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Timers: timers(10 * time.Millisecond)}, newHandler(ok))
	p, flow := callee(t, e)
	c, on := replies()
	if _, err := e.Send(outgoing("INVITE", "long"), flow, on); err != nil {
		t.Fatal(err)
	}
	inv := p.expect("INVITE ")
	p.send(answer(inv, 180, "Ringing", "t"))
	code(t, c)
	for p.read(1300*time.Millisecond) != "" { // twice 64*T1, resent INVITEs aside
	}
	p.send(answer(inv, 200, "OK", "t"))
	if got := code(t, c); got != 200 {
		t.Errorf("got %d", got)
	}
}

func TestDoFromWithinAHandlerOfTheSameCall(t *testing.T) {
	t.Parallel()
	result := make(chan int, 1)
	var e *sip.Engine
	ready := make(chan struct{})
	e = start(t, sip.Config{}, newHandler(func(tx *sip.ServerTx) {
		<-ready
		res, err := e.Do(context.Background(), outgoing("INFO", "do"), tx.Flow())
		if err == nil {
			result <- res.StatusCode
		}
		ok(tx)
	}))
	close(ready)
	p := udpPeer(t, e)
	p.send(request("MESSAGE", "do"))
	info := p.expect("INFO ")
	p.send(answer(info, 100, "Trying", ""))
	p.send(answer(info, 404, "Not Found", "t"))
	p.expect("SIP/2.0 200")
	if got := recv(t, result); got != 404 {
		t.Errorf("got %d", got)
	}
}

func TestDoEndsWithItsContext(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	_, flow := callee(t, e)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := e.Do(ctx, outgoing("OPTIONS", "ctx"), flow); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestSendLeavesTheRequestAlone(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{Product: "Hotdesk/1"}, newHandler(ok))
	p, flow := callee(t, e)
	req := outgoing("OPTIONS", "again")
	before := req.String()
	branches := map[string]bool{}
	for range 2 {
		if _, err := e.Send(req, flow, func(sip.Reply) {}); err != nil {
			t.Fatal(err)
		}
		got := p.expect("OPTIONS ")
		branches[header(got, "Via")] = true
		if header(got, "Max-Forwards") != "70" || header(got, "User-Agent") != "Hotdesk/1" || header(got, "Content-Length") != "0" {
			t.Errorf("sent %q", got)
		}
		if !strings.HasSuffix(header(got, "Via"), ";rport") || !strings.Contains(header(got, "Via"), "UDP "+e.Addr().String()) {
			t.Errorf("Via %q", header(got, "Via"))
		}
		p.send(answer(got, 200, "OK", "t"))
	}
	if req.String() != before || len(branches) != 2 {
		t.Error("the request was changed, or its branch used twice")
	}
}

func TestWriteACK(t *testing.T) {
	t.Parallel()
	e := start(t, sip.Config{}, newHandler(ok))
	p, flow := callee(t, e)
	ack := outgoing("ACK", "w")
	var first string
	for i := range 2 {
		if err := e.Write(ack, flow); err != nil {
			t.Fatal(err)
		}
		got := p.expect("ACK ")
		if i == 0 {
			first = got
		} else if got != first {
			t.Error("the ACK written again differs")
		}
	}
	if !strings.Contains(first, "branch=z9hG4bK") {
		t.Errorf("no branch in %q", first)
	}
}

func TestClosingTellsWhoWaits(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, newHandler(ok)) }()
	_, flow := callee(t, e)
	c, on := replies()
	if _, err := e.Send(outgoing("INVITE", "z"), flow, on); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := recv(t, done); err != nil {
		t.Errorf("Serve: %v", err)
	}
	if r := recv(t, c); !errors.Is(r.Err, sip.ErrClosed) {
		t.Errorf("%+v, want ErrClosed", r)
	}
	if _, err := e.Send(outgoing("INVITE", "z"), flow, on); !errors.Is(err, sip.ErrClosed) {
		t.Errorf("Send afterwards: %v", err)
	}
}
