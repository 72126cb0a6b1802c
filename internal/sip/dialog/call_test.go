package dialog_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestCompleteCall(t *testing.T) {
	t.Parallel()
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		for _, hangsUp := range []string{"caller", "called"} {
			t.Run(string(transport)+" "+hangsUp, func(t *testing.T) {
				t.Parallel()
				a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
				p := call(t, a, b, transport)
				caller, called, callerLog, calledLog := p.caller, p.called, p.callerLog, p.calledLog
				if got := string(caller.RemoteSDP()) + string(called.RemoteSDP()); got != reply1+offer1 {
					t.Errorf("remote descriptions %q", got)
				}
				if got := string(caller.LocalSDP()) + string(called.LocalSDP()); got != offer1+reply1 {
					t.Errorf("local descriptions %q", got)
				}
				if c, d := caller.ID(), called.ID(); c.LocalTag != d.RemoteTag || c.RemoteTag != d.LocalTag || c.CallID != d.CallID {
					t.Errorf("dialog %+v is not %+v", c, d)
				}
				if called.Remote().Display != `Ana "A" Ruiz` || caller.Local().Display != `Ana "A" Ruiz` {
					t.Errorf("display names %q, %q", called.Remote().Display, caller.Local().Display)
				}
				if b.layer.Find(called.ID()) != called || b.layer.Find(dialog.ID{CallID: called.CallID(), LocalTag: called.ID().LocalTag}) != called {
					t.Error("the leg is not found")
				}
				if !caller.Allows("UPDATE") || caller.Target().User != "bob" {
					t.Errorf("target %v", caller.Target())
				}
				first, firstLog, otherLog := caller, callerLog, calledLog
				if hangsUp == "called" {
					first, firstLog, otherLog = called, calledLog, callerLog
				}
				first.Bye(sip.NewHeader("Reason", `Q.850;cause=16`))
				first.Bye()
				if ev := next[dialog.Ended](t, firstLog); ev.By != dialog.ByOwner {
					t.Errorf("ended %+v", ev)
				}
				if ev := next[dialog.Ended](t, otherLog); ev.By != dialog.ByPeer || ev.Reason != "Q.850;cause=16" || ev.BYE == nil {
					t.Errorf("ended %+v", ev)
				}
				a.gone(t)
				b.gone(t)
				firstLog.silent(t, 20*time.Millisecond)
				otherLog.silent(t, 20*time.Millisecond)
			})
		}
	}
}

// A response must not overtake another: early media and ringing got lost so.
func TestProvisionalAndFinalBackToBack(t *testing.T) {
	t.Parallel()
	a, b := startPatient(t), startPatient(t)
	for range 100 {
		l := newLog()
		caller, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), l.sink)
		if err != nil {
			t.Fatal(err)
		}
		called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, newLog().sink)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(called.Progress(183, "Session Progress", []byte(reply1)), called.Accept([]byte(reply1))); err != nil {
			t.Fatal(err)
		}
		if ev := next[dialog.Progressed](t, l); ev.Response.StatusCode != 183 || string(ev.SDP) != reply1 {
			t.Fatalf("progress %+v", ev)
		}
		next[dialog.Answered](t, l)
		caller.Bye()
		next[dialog.Ended](t, l)
	}
}

func TestLongRinging(t *testing.T) {
	t.Parallel()
	a, b := startPatient(t), startPatient(t)
	l := newLog()
	if _, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), l.sink); err != nil {
		t.Fatal(err)
	}
	called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, newLog().sink)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
		if err := called.Progress(180, "Ringing", nil); err != nil {
			t.Fatal(err)
		}
		next[dialog.Progressed](t, l)
	}
	if err := called.Accept([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	next[dialog.Answered](t, l)
}

func TestInviteCarriesWhatItWasGiven(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{Supported: []string{"replaces"}})
	r := rawUDP(t, a)
	inv := invitation(t, r.flow())
	inv.To = sip.Address{Display: "Bob", URI: uri(t, "sip:1002@acme.test")}
	inv.MaxForwards = 17
	inv.CallID = "known"
	inv.Target = uri(t, "sip:line@192.0.2.1:5062")
	inv.Routes = []string{"<sip:edge.acme.test;lr>", "<sip:inner.acme.test;lr>"}
	inv.Headers = []sip.Header{sip.NewHeader("P-Asserted-Identity", `"Ana" <sip:1001@acme.test>`), sip.NewHeader("X-Evil", "a\r\nVia: b")}
	l := newLog()
	leg, err := a.layer.Invite(inv, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	m := r.expect("INVITE sip:line@192.0.2.1:5062 SIP/2.0")
	for name, want := range map[string]string{
		"Max-Forwards": "17", "Call-ID": "known", "CSeq": "1 INVITE", "To": `"Bob" <sip:1002@acme.test>`,
		"From":    `"Ana \"A\" Ruiz" <sip:1001@acme.test>;tag=` + leg.ID().LocalTag,
		"Contact": "<sip:1001@" + a.engine.Addr().String() + ">", "P-Asserted-Identity": `"Ana" <sip:1001@acme.test>`,
		"Supported": "100rel, timer, replaces", "Session-Expires": "1800", "Content-Type": "application/sdp",
	} {
		if got := m.header(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := strings.Join(m.headers("Route"), ","); got != strings.Join(inv.Routes, ",") {
		t.Errorf("Route %q", got)
	}
	if len(m.headers("Via")) != 1 || m.body() != offer1 {
		t.Errorf("message\n%s", m)
	}
	r.respond(m, "486 Busy Here", "x", "")
	if ev := next[dialog.Failed](t, l); ev.Code != 486 || ev.Reason != "Busy Here" || ev.Response == nil {
		t.Errorf("failed %+v", ev)
	}
	r.expect("ACK")
	a.gone(t)
}

func TestInviteThatTakesNoReliableResponses(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	for _, unreliable := range []bool{false, true} {
		inv := invitation(t, b.flow(sip.UDP))
		inv.Unreliable = unreliable
		leg, err := a.layer.Invite(inv, newLog().sink)
		if err != nil {
			t.Fatal(err)
		}
		tx := b.incoming(t)
		if sip.HasOption(tx.Request(), "Supported", "100rel") == unreliable || !sip.HasOption(tx.Request(), "Supported", "timer") {
			t.Errorf("Supported: %v", sip.Values(tx.Request(), "Supported"))
		}
		leg.Cancel()
		if err := tx.Reply(487, "Request Terminated"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestInviteNeedsAWay(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	if _, err := a.layer.Invite(dialog.Invite{Target: uri(t, "sip:a@b")}, newLog().sink); !errors.Is(err, dialog.ErrNoFlow) {
		t.Errorf("error %v", err)
	}
}

func TestRejections(t *testing.T) {
	t.Parallel()
	for _, code := range []int{302, 404, 480, 486, 488, 600, 603, 606} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
			l, m := newLog(), newLog()
			if _, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), l.sink); err != nil {
				t.Fatal(err)
			}
			called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, m.sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := called.Reject(code, "No", sip.NewHeader("Contact", "<sip:else@where.test>")); err != nil {
				t.Fatal(err)
			}
			ev := next[dialog.Failed](t, l)
			if ev.Code != code || ev.Reason != "No" || sip.Value(ev.Response, "Contact") != "<sip:else@where.test>" {
				t.Errorf("failed %+v", ev)
			}
			next[dialog.Ended](t, m)
			for _, err := range []error{called.Accept(nil), called.Reject(486, "Busy Here"), called.Progress(180, "Ringing", nil)} {
				if !errors.Is(err, dialog.ErrGone) {
					t.Errorf("after the end: %v", err)
				}
			}
			a.gone(t)
			b.gone(t)
		})
	}
}

func TestRolesAreKeptApart(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	p := call(t, a, b, sip.UDP)
	caller, called := p.caller, p.called
	for _, err := range []error{caller.Accept(nil), caller.Progress(180, "Ringing", nil), caller.Reject(486, "Busy"), called.Ack(nil)} {
		if !errors.Is(err, dialog.ErrRole) {
			t.Errorf("error %v", err)
		}
	}
	caller.Cancel() // has no effect now
	if !caller.Answered() {
		t.Error("the caller was cancelled after the answer")
	}
}

// The phone on the first flow is gone; the second answers. RFC 3263 4.3.
func TestFailover(t *testing.T) {
	t.Parallel()
	for name, dead := range map[string]func(t *testing.T, r *raw){
		"silence": func(*testing.T, *raw) {},
		"503":     func(_ *testing.T, r *raw) { r.respond(r.expect("INVITE"), "503 Service Unavailable", "x", "") },
		"430":     func(_ *testing.T, r *raw) { r.respond(r.expect("INVITE"), "430 Flow Failed", "x", "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := startHasty(t, dialog.Config{}), startHasty(t, dialog.Config{})
			r := rawUDP(t, a)
			inv := invitation(t, r.flow())
			inv.Flows = append(inv.Flows, sip.Flow{Transport: sip.TCP, Remote: r.addr()}, b.flow(sip.UDP)) // nobody listens on the second
			l := newLog()
			if _, err := a.layer.Invite(inv, l.sink); err != nil {
				t.Fatal(err)
			}
			dead(t, r)
			called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, newLog().sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := called.Accept([]byte(reply1)); err != nil {
				t.Fatal(err)
			}
			next[dialog.Answered](t, l)
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	a := startHasty(t, dialog.Config{})
	r := rawUDP(t, a)
	for transport, code := range map[sip.Transport]int{sip.UDP: 408, sip.TCP: 503} {
		l := newLog()
		if _, err := a.layer.Invite(invitation(t, sip.Flow{Transport: transport, Remote: r.addr()}), l.sink); err != nil {
			t.Fatal(err)
		}
		if ev := next[dialog.Failed](t, l); ev.Code != code || ev.Err == nil || ev.Response != nil {
			t.Errorf("%s: %+v", transport, ev)
		}
	}
	a.gone(t)
}

func TestDelayedOffer(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	inv := invitation(t, b.flow(sip.UDP))
	inv.SDP = nil
	l, m := newLog(), newLog()
	caller, err := a.layer.Invite(inv, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := caller.Ack(nil); !errors.Is(err, dialog.ErrEarly) {
		t.Errorf("early ACK: %v", err)
	}
	called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, m.sink)
	if err != nil {
		t.Fatal(err)
	}
	if called.RemoteSDP() != nil {
		t.Error("an offer out of nothing")
	}
	if err := called.Accept([]byte(offer2)); err != nil {
		t.Fatal(err)
	}
	if ev := next[dialog.Answered](t, l); string(ev.SDP) != offer2 {
		t.Fatalf("answered %+v", ev)
	}
	m.silent(t, 60*time.Millisecond) // the 200 has come again by now
	if err := errors.Join(caller.Ack([]byte(reply2)), caller.Ack([]byte(reply2))); err != nil {
		t.Fatal(err)
	}
	if ev := next[dialog.Acked](t, m); string(ev.SDP) != reply2 {
		t.Errorf("acked %+v", ev)
	}
	if !bytes.Equal(called.RemoteSDP(), caller.LocalSDP()) || !bytes.Equal(called.LocalSDP(), caller.RemoteSDP()) {
		t.Error("the sides do not agree")
	}
	caller.Bye()
	next[dialog.Ended](t, l)
	if ev := next[dialog.Ended](t, m); ev.By != dialog.ByPeer {
		t.Errorf("ended %+v", ev)
	}
}

// An offer of the 2xx that nobody answered is acknowledged nevertheless before
// the BYE.
func TestByeWithoutAck(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	inv := invitation(t, r.flow())
	inv.SDP = nil
	l := newLog()
	leg, err := a.layer.Invite(inv, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	r.respond(r.expect("INVITE"), "200 OK", "t1", offer2)
	next[dialog.Answered](t, l)
	leg.Bye()
	if m := r.read(patience); !strings.HasPrefix(string(m), "ACK") {
		t.Fatalf("first came\n%s", m)
	}
	r.respond(r.expect("BYE"), "200 OK", "", "")
	a.gone(t)
}

func TestFaultInASinkCostsOneCall(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	if _, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), func(dialog.Event) {
		var none *side
		_ = none.in // a fault
	}); err != nil {
		t.Fatal(err)
	}
	l := newLog()
	called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := called.Accept([]byte(reply1)); err != nil {
		t.Fatal(err)
	}
	next[dialog.Acked](t, l)
	if ev := next[dialog.Ended](t, l); ev.By != dialog.ByPeer {
		t.Errorf("ended %+v", ev)
	}
}
