package dialog_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// RFC 3261 13.3.1.4: the 200 is sent from T1 doubling to T2 until the ACK comes,
// and after 64*T1 the call ends with a BYE; also over TCP.
func TestUnacknowledged(t *testing.T) {
	t.Parallel()
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			s := startHasty(t, dialog.Config{})
			r := rawUDP(t, s)
			if transport == sip.TCP {
				r = rawTCP(t, s)
			}
			c := r.dials(t)
			c.ask("INVITE", offer1)
			l := newLog()
			leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := leg.Accept([]byte(reply1)); err != nil {
				t.Fatal(err)
			}
			var at []time.Time
			var m message
			for m = c.read(patience); !strings.HasPrefix(string(m), "BYE"); m = c.read(patience) {
				if strings.HasPrefix(string(m), "SIP/2.0 200") {
					at = append(at, time.Now())
				}
				if m == "" {
					t.Fatal("no BYE")
				}
			}
			// 0 10 30 70 150 230 310 390 470 550 630: eleven, some may be late
			if len(at) < 8 || len(at) > 12 {
				t.Errorf("%d times", len(at))
			}
			if first, last := at[1].Sub(at[0]), at[len(at)-2].Sub(at[len(at)-3]); last < 3*first/2 {
				t.Errorf("intervals from %v to %v", first, last)
			}
			if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer || ev.Reason != "no ACK" {
				t.Errorf("ended %+v", ev)
			}
			c.respond(m, "200 OK", "", "")
			s.gone(t)
		})
	}
}

// RFC 3261 15: the called side holds its BYE until the ACK has come.
func TestByeWaitsForAck(t *testing.T) {
	t.Parallel()
	for _, acked := range []bool{true, false} {
		s := startHasty(t, dialog.Config{})
		c := rawUDP(t, s).dials(t)
		c.ask("INVITE", offer1)
		l := newLog()
		leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink)
		if err != nil {
			t.Fatal(err)
		}
		if err := leg.Accept([]byte(reply1)); err != nil {
			t.Fatal(err)
		}
		leg.Bye()
		next[dialog.Ended](t, l)
		c.learn(c.expect("SIP/2.0 200"))
		if acked {
			for range 2 {
				if m := c.expect("SIP/2.0 200"); m == "" {
					t.Fatal("the 200 was not sent again")
				}
			}
			c.askAs(1, "ACK", "")
		}
		c.respond(c.expect("BYE"), "200 OK", "", "")
		s.gone(t)
	}
}

func TestLostAckIsMadeGood(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.ask("INVITE", offer1)
	l := newLog()
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := leg.Accept([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	c.learn(c.expect("SIP/2.0 200"))
	c.expect("SIP/2.0 200")
	c.askAs(7, "ACK", "") // of no INVITE of ours
	c.expect("SIP/2.0 200")
	for range 3 { // copies are dropped
		c.askAs(1, "ACK", "")
	}
	next[dialog.Acked](t, l)
	l.silent(t, 50*time.Millisecond)
}

// An ACK out of nothing must never be answered.
func TestStrayAck(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	for _, to := range []string{"<sip:a@b>", "<sip:a@b>;tag=none"} {
		c.to = to
		c.ask("ACK", "")
	}
	if m := c.read(50 * time.Millisecond); m != "" {
		t.Errorf("answered\n%s", m)
	}
}

func TestUnknownDialogs(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	for _, method := range []string{"BYE", "INVITE", "UPDATE", "INFO", "PRACK", "REFER", "MESSAGE", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			c := rawUDP(t, s).dials(t)
			c.to = "<sip:a@b>;tag=none"
			c.ask(method, "")
			c.expect("SIP/2.0 481")
		})
	}
	for _, method := range []string{"BYE", "UPDATE", "PRACK"} {
		t.Run(method+" without a tag", func(t *testing.T) {
			t.Parallel()
			c := rawUDP(t, s).dials(t)
			c.ask(method, "")
			c.expect("SIP/2.0 481")
		})
	}
}

func TestForeignSubscriptionsAreLeftToOthers(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.to = "<sip:a@b>;tag=subscription"
	c.ask("SUBSCRIBE", "", "Event: message-summary")
	if tx := s.incoming(t); tx.Request().Method != sip.SUBSCRIBE {
		t.Errorf("came %s", tx.Request().Method)
	}
}

func TestOrderInTheDialog(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.cseq = 99
	_, l := answered(t, s, c)
	c.askAs(105, "INFO", "", "X-Seat: 1")
	if err := next[dialog.Requested](t, l).Tx.Reply(200, "OK"); err != nil {
		t.Fatal(err)
	}
	c.expect("SIP/2.0 200")
	for _, low := range []int{105, 104, 100, 1} {
		c.askAs(low, "INFO", "")
		if m := c.expect("SIP/2.0 500"); m.header("CSeq") != fmt.Sprintf("%d INFO", low) {
			t.Errorf("answer\n%s", m)
		}
	}
	wrong := *c
	wrong.from = "<sip:raw@acme.test>;tag=other" // the Call-ID and our tag are not enough
	wrong.askAs(200, "BYE", "")
	c.expect("SIP/2.0 481")
	c.askAs(201, "INFO", "", "Require: flying")
	if m := c.expect("SIP/2.0 420"); m.header("Unsupported") != "flying" {
		t.Logf("refused\n%s", m)
	}
	l.silent(t, 20*time.Millisecond)
}

// Digits by INFO must not swap.
func TestManyRequestsStayInOrder(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawTCP(t, s).dials(t)
	_, l := answered(t, s, c)
	var all strings.Builder
	for i := range 40 {
		c.cseq++
		all.WriteString(lines("", fmt.Sprintf("INFO %s SIP/2.0", c.target), fmt.Sprintf("Via: SIP/2.0/TCP %s;branch=z9hG4bKi%d", c.addr(), i), "Max-Forwards: 70",
			"From: "+c.from, "To: "+c.to, "Call-ID: "+c.callID, fmt.Sprintf("CSeq: %d INFO", c.cseq), fmt.Sprintf("X-Digit: %d", i)))
	}
	c.send(all.String())
	for i := range 40 {
		ev := next[dialog.Requested](t, l)
		if got := sip.Value(ev.Tx.Request(), "X-Digit"); got != fmt.Sprint(i) {
			t.Fatalf("digit %s at %d", got, i)
		}
		if err := ev.Tx.Reply(200, "OK"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestBothHangUp(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	leg, l := answered(t, s, c)
	leg.Bye()
	bye := c.expect("BYE")
	c.ask("BYE", "")
	c.expect("SIP/2.0 200")
	c.respond(bye, "481 Gone", "", "")
	if ev := next[dialog.Ended](t, l); ev.By != dialog.ByOwner {
		t.Errorf("ended %+v", ev)
	}
	l.silent(t, 20*time.Millisecond)
	s.gone(t)
}

// A caller may end its early dialog by BYE instead of CANCEL (RFC 3261 15).
func TestByeInEarlyDialog(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.ask("INVITE", offer1)
	l := newLog()
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := leg.Progress(180, "Ringing", nil); err != nil {
		t.Fatal(err)
	}
	c.learn(c.expect("SIP/2.0 180"))
	c.ask("BYE", "", "Reason: Q.850;cause=16")
	codes := map[string]bool{}
	for !codes["200"] || !codes["487"] {
		m := c.read(patience)
		codes[strings.Fields(string(m))[1]] = true
	}
	if ev := next[dialog.Canceled](t, l); ev.Reason != "Q.850;cause=16" {
		t.Errorf("canceled %+v", ev)
	}
	c.askAs(1, "ACK", "")
	s.gone(t)
}

func TestResponsesShareOneTag(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	c.ask("INVITE", offer1, "Record-Route: <sip:p1.test;lr>", "Record-Route: <sip:p2.test;lr>")
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{
		ContactUser: "bob", Headers: []sip.Header{sip.NewHeader("P-Asserted-Identity", "<sip:1002@acme.test>")},
	}, newLog().sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := leg.Progress(100, "Trying", nil); err != nil {
		t.Fatal(err)
	}
	if err := leg.Progress(183, "Session Progress", []byte(reply1)); err != nil {
		t.Fatal(err)
	}
	early := c.expect("SIP/2.0 183")
	if err := leg.Accept([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	final := c.expect("SIP/2.0 200")
	if early.header("To") != final.header("To") || !strings.Contains(final.header("To"), ";tag=") {
		t.Errorf("To %q, then %q", early.header("To"), final.header("To"))
	}
	for _, m := range []message{early, final} {
		if m.header("Contact") != "<sip:bob@"+s.engine.Addr().String()+">" || m.header("P-Asserted-Identity") != "<sip:1002@acme.test>" ||
			strings.Join(m.headers("Record-Route"), ",") != "<sip:p1.test;lr>,<sip:p2.test;lr>" || m.header("Require") != "" {
			t.Errorf("response\n%s", m)
		}
	}
}

// FuzzInDialog sends requests with broken headers into a call: each is answered,
// and the call can be ended by the peer as ever.
func FuzzInDialog(f *testing.F) {
	s := start(f, dialog.Config{})
	for _, seed := range [][3]string{
		{"INVITE", "Session-Expires: 1;refresher=uac", offer2},
		{"UPDATE", "Contact: <sip:\"@[::1]:99999>", ""},
		{"UPDATE", "Contact: *", offer2},
		{"PRACK", "RAck: 99999999999 x INVITE", ""},
		{"INFO", "Require: a,,b", "x"},
		{"INVITE", "Content-Type: multipart/mixed;boundary=", "--"},
		{"REFER", "Refer-To: <", ""},
		{"UPDATE", "Min-SE: -1", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, method, header, body string) {
		if strings.ContainsAny(method+header, "\r\n\x00") || !strings.Contains(header, ":") || strings.ContainsAny(method, " \t:/") ||
			method == "ACK" || method == "CANCEL" || method == "BYE" || len(header)+len(body) > 4000 {
			t.Skip()
		}
		c := rawUDP(t, s).dials(t)
		_, l := answered(t, s, c)
		go func() { // an owner that refuses whatever it is asked
			for ev := range l {
				switch ev := ev.(type) {
				case dialog.Reoffered:
					_ = ev.Reject(488, "Not Acceptable Here")
				case dialog.Requested:
					_ = ev.Tx.Reply(501, "Not Implemented")
				case dialog.Ended:
					return
				}
			}
		}()
		c.ask(method, body, header)
		c.read(200 * time.Millisecond)
		c.cseq += 10
		c.ask("BYE", "")
		for m := c.read(patience); !strings.HasSuffix(m.header("CSeq"), "BYE"); m = c.read(patience) {
			if m == "" {
				t.Fatal("BYE was not answered")
			}
		}
	})
}
