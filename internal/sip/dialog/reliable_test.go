package dialog_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// rings takes a call of a raw caller that requires 100rel.
func rings(t *testing.T, s *side, sdp string) (*caller, *dialog.Leg, log) {
	t.Helper()
	c := rawUDP(t, s).dials(t)
	c.ask("INVITE", sdp, "Require: 100rel")
	l := newLog()
	leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, l.sink)
	if err != nil {
		t.Fatal(err)
	}
	return c, leg, l
}

func TestReliableProvisionalAsCalled(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c, leg, l := rings(t, s, offer1)
	if err := errors.Join(leg.Progress(183, "Session Progress", []byte(reply1)), leg.Progress(180, "Ringing", nil), leg.Accept([]byte(reply1))); err != nil {
		t.Fatal(err)
	}
	first := c.learn(c.expect("SIP/2.0 183"))
	if first.header("Require") != "100rel" || first.body() != reply1 {
		t.Errorf("response\n%s", first)
	}
	if again := c.expect("SIP/2.0 18"); again != first { // not the 180 before the PRACK
		t.Errorf("then came\n%s", again)
	}
	rseq := first.header("RSeq")
	for _, wrong := range []string{"1 1 INVITE", rseq + " 2 INVITE", rseq + " 1 UPDATE", rseq, "", "x y z"} {
		c.ask("PRACK", "", "RAck: "+wrong)
		c.expect("SIP/2.0 481")
	}
	c.ask("PRACK", "", "RAck: "+rseq+" 1 INVITE")
	if m := c.expect("SIP/2.0 200"); !strings.HasSuffix(m.header("CSeq"), "PRACK") {
		t.Fatalf("the 200 did not wait\n%s", m)
	}
	next[dialog.Pracked](t, l)
	if m := c.expect("SIP/2.0 200"); m.header("CSeq") != "1 INVITE" || m.body() != "" || m.header("RSeq") != "" {
		t.Errorf("answer\n%s", m)
	}
	c.askAs(1, "ACK", "")
	next[dialog.Acked](t, l)
	if string(leg.LocalSDP()) != reply1 || string(leg.RemoteSDP()) != offer1 {
		t.Error("descriptions are lost")
	}
}

func TestSecondReliableWaitsForTheFirst(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c, leg, l := rings(t, s, offer1)
	if err := errors.Join(leg.Progress(180, "Ringing", nil), leg.Progress(183, "Session Progress", nil)); err != nil {
		t.Fatal(err)
	}
	var rseq [2]int
	for i, code := range []string{"180", "183"} {
		m := c.learn(c.expect("SIP/2.0 " + code))
		_, _ = fmt.Sscan(m.header("RSeq"), &rseq[i])
		c.ask("PRACK", "", fmt.Sprintf("RAck: %d 1 INVITE", rseq[i]))
		next[dialog.Pracked](t, l)
	}
	if rseq[1] != rseq[0]+1 {
		t.Errorf("RSeq %v", rseq)
	}
	if err := leg.Reject(486, "Busy Here"); err != nil {
		t.Fatal(err)
	}
	c.expect("SIP/2.0 486")
}

// RFC 3262 3: nobody acknowledges, so nobody can be called.
func TestNoPrack(t *testing.T) {
	t.Parallel()
	s := startHasty(t, dialog.Config{})
	c, leg, l := rings(t, s, offer1)
	if err := leg.Progress(180, "Ringing", nil); err != nil {
		t.Fatal(err)
	}
	var at []time.Time
	for m := c.read(patience); strings.HasPrefix(string(m), "SIP/2.0 1"); m = c.read(patience) {
		if strings.HasPrefix(string(m), "SIP/2.0 180") {
			at = append(at, time.Now())
		}
	}
	if len(at) < 5 || len(at) > 8 { // 0 10 30 70 150 310 630
		t.Errorf("%d times", len(at))
	}
	if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer || ev.Reason != "no PRACK" {
		t.Errorf("ended %+v", ev)
	}
	s.gone(t)
}

func TestOfferInReliableProvisionalAsCalled(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c, leg, l := rings(t, s, "")
	if err := leg.Progress(183, "Session Progress", []byte(offer2)); err != nil {
		t.Fatal(err)
	}
	m := c.learn(c.expect("SIP/2.0 183"))
	c.ask("UPDATE", offer1) // our offer is not answered yet
	c.expect("SIP/2.0 491")
	c.ask("PRACK", reply2, "RAck: "+m.header("RSeq")+" 1 INVITE")
	c.expect("SIP/2.0 200")
	if ev := next[dialog.Pracked](t, l); string(ev.SDP) != reply2 || ev.Answer != nil {
		t.Errorf("pracked %+v", ev)
	}
	if err := leg.Accept(nil); err != nil {
		t.Fatal(err)
	}
	if m := c.expect("SIP/2.0 200"); m.body() != "" {
		t.Errorf("answer\n%s", m)
	}
	if string(leg.LocalSDP()) != offer2 || string(leg.RemoteSDP()) != reply2 {
		t.Error("descriptions are lost")
	}
}

func TestOfferInPrackAsCalled(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{200: reply2, 488: reply1} {
		s := start(t, dialog.Config{})
		c, leg, l := rings(t, s, offer1)
		if err := leg.Progress(183, "Session Progress", []byte(reply1)); err != nil {
			t.Fatal(err)
		}
		m := c.learn(c.expect("SIP/2.0 183"))
		c.ask("PRACK", offer2, "RAck: "+m.header("RSeq")+" 1 INVITE")
		ev := next[dialog.Pracked](t, l)
		if string(ev.SDP) != offer2 || ev.Answer == nil {
			t.Fatalf("pracked %+v", ev)
		}
		if err := leg.Accept(nil); err != nil {
			t.Fatal(err)
		}
		if err := ev.Answer(code, []byte(reply2)); err != nil {
			t.Fatal(err)
		}
		if m := c.expect(fmt.Sprintf("SIP/2.0 %d", code)); !strings.HasSuffix(m.header("CSeq"), "PRACK") {
			t.Errorf("answer\n%s", m)
		}
		c.expect("SIP/2.0 200 OK")
		if string(leg.LocalSDP()) != want {
			t.Errorf("%d: local %q", code, leg.LocalSDP())
		}
		if err := ev.Answer(200, nil); !errors.Is(err, dialog.ErrGone) {
			t.Errorf("answered twice: %v", err)
		}
	}
}

func TestReliableProvisionalAsCaller(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	l := newLog()
	if _, err := a.layer.Invite(invitation(t, r.flow()), l.sink); err != nil {
		t.Fatal(err)
	}
	m := r.expect("INVITE")
	if !strings.Contains(m.header("Supported"), "100rel") {
		t.Errorf("INVITE\n%s", m)
	}
	send := func(code string, rseq int, body string) {
		r.respond(m, code, "t1", body, "Require: 100rel", fmt.Sprintf("RSeq: %d", rseq))
	}
	prack := func(rseq int) {
		t.Helper()
		p := r.expect("PRACK sip:raw@" + r.addr().String())
		if p.header("RAck") != fmt.Sprintf("%d 1 INVITE", rseq) || p.body() != "" {
			t.Errorf("PRACK\n%s", p)
		}
		r.respond(p, "200 OK", "", "")
	}
	send("183 Session Progress", 700, reply1)
	prack(700)
	if ev := next[dialog.Progressed](t, l); string(ev.SDP) != reply1 || ev.Answer != nil {
		t.Errorf("progress %+v", ev)
	}
	send("183 Session Progress", 700, reply1) // again: our PRACK is under way
	send("180 Ringing", 702, "")              // 701 is still to come
	send("180 Ringing", 701, "")
	prack(701)
	if ev := next[dialog.Progressed](t, l); sip.Value(ev.Response, "RSeq") != "701" {
		t.Errorf("progress %+v", ev)
	}
	send("180 Ringing", 702, "")
	prack(702)
	next[dialog.Progressed](t, l)
	r.respond(m, "200 OK", "t1", "")
	if ev := next[dialog.Answered](t, l); ev.SDP != nil || string(ev.Leg.RemoteSDP()) != reply1 {
		t.Errorf("answered %+v", ev)
	}
	r.expect("ACK")
}

func TestOfferInReliableProvisionalAsCaller(t *testing.T) {
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
	m := r.expect("INVITE")
	r.respond(m, "183 Session Progress", "t1", offer2, "Require: 100rel", "RSeq: 1")
	ev := next[dialog.Progressed](t, l)
	if string(ev.SDP) != offer2 || ev.Answer == nil {
		t.Fatalf("progress %+v", ev)
	}
	if err := ev.Answer([]byte(reply2)); err != nil {
		t.Fatal(err)
	}
	p := r.expect("PRACK")
	if p.body() != reply2 {
		t.Errorf("PRACK\n%s", p)
	}
	r.respond(p, "200 OK", "", "")
	if err := ev.Answer([]byte(reply2)); !errors.Is(err, dialog.ErrGone) {
		t.Errorf("answered twice: %v", err)
	}
	r.respond(m, "200 OK", "t1", "")
	if ack := r.expect("ACK"); ack.body() != "" {
		t.Errorf("ACK\n%s", ack)
	}
	next[dialog.Answered](t, l)
	if string(leg.LocalSDP()) != reply2 || string(leg.RemoteSDP()) != offer2 {
		t.Error("descriptions are lost")
	}
}
