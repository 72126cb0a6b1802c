package dialog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// offerBy offers by re-INVITE or UPDATE.
func offerBy(ctx context.Context, leg *dialog.Leg, method, sdp string) <-chan string {
	done := make(chan string, 1)
	go func() {
		var res *sip.Response
		var err error
		if method == "INVITE" {
			res, err = leg.Reoffer(ctx, []byte(sdp), nil)
		} else {
			res, err = leg.Do(ctx, method, "application/sdp", []byte(sdp))
		}
		if err != nil {
			done <- err.Error()
			return
		}
		done <- fmt.Sprint(res.StatusCode)
	}()
	return done
}

func TestReoffers(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"INVITE", "UPDATE"} {
		for _, byCaller := range []bool{true, false} {
			t.Run(fmt.Sprint(method, " by caller ", byCaller), func(t *testing.T) {
				t.Parallel()
				a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
				p := call(t, a, b, sip.UDP)
				first, other, otherLog, l := p.caller, p.called, p.callerLog, p.calledLog
				was := [2]string{offer1, reply1}
				if !byCaller {
					first, other, l = other, first, otherLog
					was = [2]string{reply1, offer1}
				}
				done := offerBy(t.Context(), first, method, offer2)
				ev := next[dialog.Reoffered](t, l)
				if string(ev.Offer) != offer2 {
					t.Errorf("offer %q", ev.Offer)
				}
				if err := ev.Reject(488, "Not Acceptable Here"); err != nil {
					t.Fatal(err)
				}
				if got := <-done; got != "488" {
					t.Errorf("outcome %s", got)
				}
				if string(first.LocalSDP()) != was[0] || string(first.RemoteSDP()) != was[1] || string(other.LocalSDP()) != was[1] || string(other.RemoteSDP()) != was[0] {
					t.Error("a refused offer changed the session")
				}
				done = offerBy(t.Context(), first, method, offer2)
				ev = next[dialog.Reoffered](t, l)
				if err := ev.Answer([]byte(reply2), sip.NewHeader("X-Seat", "1")); err != nil {
					t.Fatal(err)
				}
				if got := <-done; got != "200" {
					t.Errorf("outcome %s", got)
				}
				if string(first.LocalSDP()) != offer2 || string(first.RemoteSDP()) != reply2 || string(other.LocalSDP()) != reply2 || string(other.RemoteSDP()) != offer2 {
					t.Error("the sides do not agree")
				}
				if err := errors.Join(ev.Answer(nil), ev.Reject(488, "No")); !errors.Is(err, dialog.ErrGone) {
					t.Errorf("answered twice: %v", err)
				}
				// The same again changes nothing, and nobody is asked.
				if got := <-offerBy(t.Context(), first, method, offer2); got != "200" {
					t.Errorf("outcome %s", got)
				}
				l.silent(t, 20*time.Millisecond)
			})
		}
	}
}

// Somebody asks for an offer, as a phone does that is taken off hold.
func TestReofferWithoutOffer(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	p := call(t, a, b, sip.UDP)
	caller, called, l := p.caller, p.called, p.calledLog
	asked := make(chan string, 1)
	done := make(chan error, 1)
	go func() {
		res, err := caller.Reoffer(t.Context(), nil, func(offer []byte) []byte {
			asked <- string(offer)
			return []byte(reply2)
		})
		if err == nil && res.StatusCode != 200 {
			err = fmt.Errorf("outcome %d", res.StatusCode)
		}
		done <- err
	}()
	ev := next[dialog.Reoffered](t, l)
	if ev.Offer != nil {
		t.Errorf("offer %q", ev.Offer)
	}
	if err := ev.Answer([]byte(offer2)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if got := <-asked; got != offer2 {
		t.Errorf("asked to answer %q", got)
	}
	if ev := next[dialog.Acked](t, l); string(ev.SDP) != reply2 {
		t.Errorf("acked %+v", ev)
	}
	if string(caller.LocalSDP()) != reply2 || string(called.LocalSDP()) != offer2 || string(called.RemoteSDP()) != reply2 || string(caller.RemoteSDP()) != offer2 {
		t.Error("the sides do not agree")
	}
}

// Both sides offer at once: each is refused with 491, and both succeed later, the
// called side first (RFC 3261 14.1).
func TestGlare(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"INVITE", "UPDATE"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			none := func(limit time.Duration) time.Duration { return limit / 10 }
			a, b := start(t, dialog.Config{Jitter: none}), start(t, dialog.Config{Jitter: none})
			p := call(t, a, b, sip.UDP)
			caller, called, l, m := p.caller, p.called, p.callerLog, p.calledLog
			one, two := offerBy(t.Context(), caller, method, offer2), offerBy(t.Context(), called, method, reply2)
			for range 2 {
				var ev dialog.Reoffered
				select {
				case got := <-l:
					ev = got.(dialog.Reoffered)
				case got := <-m:
					ev = got.(dialog.Reoffered)
				case <-time.After(patience):
					t.Fatal("nobody was asked")
				}
				if err := ev.Answer([]byte(strings.Replace(string(ev.Offer), "RTP/AVP 0", "RTP/AVP 8", 1))); err != nil {
					t.Fatal(err)
				}
			}
			if got := <-one + <-two; got != "200200" {
				t.Errorf("outcomes %s", got)
			}
			if string(caller.LocalSDP()) != string(called.RemoteSDP()) || string(caller.RemoteSDP()) != string(called.LocalSDP()) {
				t.Error("the sides do not agree")
			}
		})
	}
}

func TestRequestPending(t *testing.T) {
	t.Parallel()
	short := func(time.Duration) time.Duration { return time.Millisecond }
	s := start(t, dialog.Config{Jitter: short})
	c := rawUDP(t, s).dials(t)
	leg, l := answered(t, s, c, "Allow: INVITE, UPDATE")
	// theirs against theirs
	c.ask("INVITE", offer2)
	ev := next[dialog.Reoffered](t, l)
	for _, method := range []string{"INVITE", "UPDATE"} {
		c.ask(method, offer2)
		if m := c.expect("SIP/2.0 500"); m.header("Retry-After") == "" {
			t.Errorf("answer\n%s", m)
		}
	}
	// ours waits for theirs
	done := offerBy(t.Context(), leg, "INVITE", reply2)
	if m := c.read(60 * time.Millisecond); strings.HasPrefix(string(m), "INVITE") {
		t.Errorf("too early\n%s", m)
	}
	if err := ev.Answer([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	c.expect("SIP/2.0 200")
	c.askAs(2, "ACK", "")
	m := c.expect("INVITE")
	// theirs against ours
	for _, method := range []string{"INVITE", "UPDATE"} {
		c.ask(method, offer1)
		c.expect("SIP/2.0 491")
	}
	c.ask("UPDATE", "") // changes nothing: no glare
	c.expect("SIP/2.0 200")
	next[dialog.Updated](t, l)
	c.respond(m, "491 Request Pending", "", "")
	again := c.expect("INVITE")
	for again.header("CSeq") == m.header("CSeq") {
		again = c.expect("INVITE")
	}
	c.respond(again, "200 OK", "", offer1)
	if got := <-done; got != "200" {
		t.Errorf("outcome %s", got)
	}
	c.respond(again, "200 OK", "", offer1) // our ACK got lost
	for range 2 {
		for ack := c.expect("ACK"); ack.header("CSeq") != strings.Replace(again.header("CSeq"), "INVITE", "ACK", 1); ack = c.expect("ACK") {
		}
	}
}

// RFC 3261 12.2: whoever changes its Contact gets what follows at the new one.
func TestTargetRefresh(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"INVITE", "UPDATE"} {
		t.Run("theirs by "+method, func(t *testing.T) {
			t.Parallel()
			s := start(t, dialog.Config{})
			moved := rawUDP(t, s)
			c := rawUDP(t, s).dials(t)
			leg, l := answered(t, s, c)
			c.contact = "Contact: <sip:moved@" + moved.addr().String() + ">"
			c.ask(method, offer2)
			ev := next[dialog.Reoffered](t, l)
			if err := ev.Answer([]byte(reply1)); err != nil {
				t.Fatal(err)
			}
			c.expect("SIP/2.0 200")
			if method == "INVITE" {
				c.askAs(c.cseq, "ACK", "")
			}
			leg.Bye()
			moved.respond(moved.expect("BYE sip:moved@"+moved.addr().String()), "200 OK", "", "")
			s.gone(t)
		})
		t.Run("in the answer to our "+method, func(t *testing.T) {
			t.Parallel()
			s := start(t, dialog.Config{})
			moved, r := rawUDP(t, s), rawUDP(t, s)
			leg, _ := callRaw(t, s, r)
			done := offerBy(t.Context(), leg, method, offer2)
			r.respond(r.expect(method), "200 OK", "", reply2, "Contact: <sip:moved@"+moved.addr().String()+">")
			if got := <-done; got != "200" {
				t.Errorf("outcome %s", got)
			}
			leg.Bye()
			moved.respond(moved.expect("BYE sip:moved@"+moved.addr().String()), "200 OK", "", "")
			s.gone(t)
		})
	}
	t.Run("not by a refused one", func(t *testing.T) {
		t.Parallel()
		s := start(t, dialog.Config{})
		c := rawUDP(t, s).dials(t)
		leg, l := answered(t, s, c)
		good := c.contact
		c.contact = "Contact: <sip:moved@127.0.0.1:1>"
		c.ask("UPDATE", offer2)
		if err := next[dialog.Reoffered](t, l).Reject(488, "Not Acceptable Here"); err != nil {
			t.Fatal(err)
		}
		c.expect("SIP/2.0 488")
		c.contact = good
		leg.Bye()
		c.expect("BYE sip:raw@" + c.addr().String())
	})
}

func TestPeerCancelsItsReinvite(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	leg, l := answered(t, s, c)
	c.cseq++
	via := fmt.Sprintf("Via: SIP/2.0/UDP %s;rport;branch=z9hG4bKre", c.addr())
	for _, method := range []string{"INVITE", "CANCEL"} {
		c.send(lines("", method+" "+c.target+" SIP/2.0", via, "Max-Forwards: 70", "From: "+c.from, "To: "+c.to, "Call-ID: "+c.callID,
			fmt.Sprintf("CSeq: %d %s", c.cseq, method), c.contact))
	}
	ev := next[dialog.Reoffered](t, l)
	c.expect("SIP/2.0 487")
	if err := ev.Answer([]byte(reply2)); !errors.Is(err, dialog.ErrGone) {
		t.Errorf("answered a cancelled offer: %v", err)
	}
	if !leg.Answered() || string(leg.LocalSDP()) != reply1 {
		t.Error("the call has changed")
	}
}

func TestReofferGivenUp(t *testing.T) {
	t.Parallel()
	for _, crosses := range []bool{false, true} {
		s := start(t, dialog.Config{})
		r := rawUDP(t, s)
		leg, l := callRaw(t, s, r)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := leg.Reoffer(ctx, nil, nil)
			done <- err
		}()
		m := r.expect("INVITE")
		r.respond(m, "100 Trying", "", "")
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		r.respond(r.expect("CANCEL"), "200 OK", "", "")
		if crosses {
			r.respond(m, "200 OK", "", offer2)
			if ack := r.expect("ACK"); ack.body() != offer1 { // what stood
				t.Errorf("ACK\n%s", ack)
			}
		} else {
			r.respond(m, "487 Request Terminated", "", "")
			r.expect("ACK")
		}
		l.silent(t, 20*time.Millisecond)
		if !leg.Answered() {
			t.Error("the call has ended")
		}
		if got := offerBy(t.Context(), leg, "INVITE", offer1); got != nil { // it is not stuck
			r.respond(r.expect("INVITE"), "488 Not Acceptable Here", "", "")
			if code := <-got; code != "488" {
				t.Errorf("outcome %s", code)
			}
		}
	}
}
