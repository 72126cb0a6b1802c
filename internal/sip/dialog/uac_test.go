package dialog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// branch is the branch of the topmost Via.
func (m message) branch() string {
	_, rest, _ := strings.Cut(m.header("Via"), "branch=")
	branch, _, _ := strings.Cut(rest, ";")
	return branch
}

// RFC 3261 9.1: CANCEL goes where the INVITE went, with its branch and Route, no
// matter where the Request-URI or a Record-Route point, and not before a 1xx.
func TestCancelTakesTheWayOfTheInvite(t *testing.T) {
	t.Parallel()
	for _, transport := range []sip.Transport{sip.UDP, sip.TCP} {
		t.Run(string(transport), func(t *testing.T) {
			t.Parallel()
			a := start(t, dialog.Config{})
			r := rawUDP(t, a)
			if transport == sip.TCP {
				r = rawTCP(t, a)
				r.send(lines("", "OPTIONS sip:a@b SIP/2.0", "Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKo", "Max-Forwards: 70",
					"From: <sip:a@b>;tag=1", "To: <sip:a@b>", "Call-ID: o", "CSeq: 1 OPTIONS"))
				<-a.in // the connection is known now
			}
			inv := invitation(t, r.flow())
			inv.Target = uri(t, "sip:phone@192.0.2.77:5060") // what a phone behind NAT calls itself
			inv.Routes = []string{"<sip:edge.acme.test;lr>"}
			l := newLog()
			leg, err := a.layer.Invite(inv, l.sink)
			if err != nil {
				t.Fatal(err)
			}
			m := r.expect("INVITE")
			leg.Cancel(sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`))
			for { // nothing but the INVITE again may come before our 180
				early := r.read(60 * time.Millisecond)
				if early == "" {
					break
				}
				if !strings.HasPrefix(string(early), "INVITE") {
					t.Fatalf("too early:\n%s", early)
				}
			}
			r.respond(m, "180 Ringing", "t1", "", "Record-Route: <sip:192.0.2.99;lr>")
			c := r.expect("CANCEL sip:phone@192.0.2.77:5060 SIP/2.0")
			if c.branch() != m.branch() || c.header("Route") != "<sip:edge.acme.test;lr>" || c.header("CSeq") != "1 CANCEL" {
				t.Errorf("CANCEL\n%sfor\n%s", c, m)
			}
			if got := c.header("Reason"); got != `SIP;cause=200;text="Call completed elsewhere"` {
				t.Errorf("Reason %q", got)
			}
			r.respond(c, "200 OK", "t1", "")
			r.respond(m, "487 Request Terminated", "t1", "")
			r.expect("ACK")
			if ev := next[dialog.Failed](t, l); ev.Code != 487 {
				t.Errorf("failed %+v", ev)
			}
			a.gone(t)
		})
	}
}

func TestCalledSideSeesTheCancel(t *testing.T) {
	t.Parallel()
	a, b := start(t, dialog.Config{}), start(t, dialog.Config{})
	l, m := newLog(), newLog()
	caller, err := a.layer.Invite(invitation(t, b.flow(sip.UDP)), l.sink)
	if err != nil {
		t.Fatal(err)
	}
	called, err := b.layer.Incoming(b.incoming(t), dialog.LocalParty{}, m.sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := called.Progress(180, "Ringing", nil); err != nil {
		t.Fatal(err)
	}
	next[dialog.Progressed](t, l)
	caller.Bye(sip.NewHeader("Reason", `SIP;cause=200`)) // as good as Cancel
	caller.Cancel()
	if ev := next[dialog.Canceled](t, m); ev.Reason != "SIP;cause=200" {
		t.Errorf("canceled %+v", ev)
	}
	if ev := next[dialog.Failed](t, l); ev.Code != 487 {
		t.Errorf("failed %+v", ev)
	}
	if err := called.Accept([]byte(reply1)); err == nil {
		t.Error("a cancelled call was accepted")
	}
	a.gone(t)
	b.gone(t)
	l.silent(t, 20*time.Millisecond)
	m.silent(t, 20*time.Millisecond)
}

// RFC 3261 9.1: a CANCEL that nobody answers ends the call for us nevertheless.
func TestCancelIntoSilence(t *testing.T) {
	t.Parallel()
	for _, rings := range []bool{true, false} {
		a := startHasty(t, dialog.Config{})
		r := rawUDP(t, a)
		l := newLog()
		leg, err := a.layer.Invite(invitation(t, r.flow()), l.sink)
		if err != nil {
			t.Fatal(err)
		}
		m := r.expect("INVITE")
		if rings {
			r.respond(m, "180 Ringing", "t1", "")
			next[dialog.Progressed](t, l)
		}
		leg.Cancel()
		if ev := next[dialog.Failed](t, l); ev.Code != 487 || ev.Err == nil {
			t.Errorf("failed %+v", ev)
		}
		a.gone(t)
	}
}

// The callee answered before our CANCEL came: it must get ACK and BYE, lest it
// stay in a dead call.
func TestAnswerCrossesCancel(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	l := newLog()
	leg, err := a.layer.Invite(invitation(t, r.flow()), l.sink)
	if err != nil {
		t.Fatal(err)
	}
	m := r.expect("INVITE")
	r.respond(m, "180 Ringing", "t1", "")
	next[dialog.Progressed](t, l)
	leg.Cancel()
	c := r.expect("CANCEL")
	r.respond(m, "200 OK", "t1", reply1)
	r.respond(c, "200 OK", "t1", "")
	ack := r.expect("ACK")
	if !strings.HasSuffix(ack.header("To"), "tag=t1") {
		t.Errorf("ACK\n%s", ack)
	}
	r.respond(r.expect("BYE"), "200 OK", "", "")
	if ev := next[dialog.Failed](t, l); ev.Code != 487 {
		t.Errorf("failed %+v", ev)
	}
	r.respond(m, "200 OK", "t1", reply1) // our ACK got lost
	r.expect("ACK")
	l.silent(t, 20*time.Millisecond)
	a.gone(t)
}

// Two phones behind one target answer: the second must not stay in a dead call,
// and each ACK must carry the tag of its own dialog.
func TestForks(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	l := newLog()
	leg, err := a.layer.Invite(invitation(t, r.flow()), l.sink)
	if err != nil {
		t.Fatal(err)
	}
	m := r.expect("INVITE")
	for _, tag := range []string{"t1", "t2", "t3"} {
		r.respond(m, "180 Ringing", tag, "", "Contact: <sip:"+tag+"@"+r.addr().String()+">")
		if ev := next[dialog.Progressed](t, l); ev.Fork != tag {
			t.Errorf("progress %+v", ev)
		}
	}
	r.respond(m, "200 OK", "t2", reply1, "Contact: <sip:t2@"+r.addr().String()+">")
	r.respond(m, "200 OK", "t3", reply2, "Contact: <sip:t3@"+r.addr().String()+">")
	r.respond(m, "200 OK", "t4", reply2, "Contact: <sip:t4@"+r.addr().String()+">") // had never rung
	next[dialog.Answered](t, l)
	acks, byes := map[string]int{}, map[string]int{}
	for len(acks) < 3 || len(byes) < 2 {
		got := r.read(patience)
		method, _, _ := strings.Cut(string(got), " ")
		_, tag, _ := strings.Cut(got.header("To"), "tag=")
		if user, _, _ := strings.Cut(strings.TrimPrefix(got.target(), "sip:"), "@"); user != tag {
			t.Fatalf("to %s of dialog %s:\n%s", user, tag, got)
		}
		switch method {
		case "ACK":
			acks[tag]++
		case "BYE":
			if acks[tag] == 0 {
				t.Errorf("BYE before ACK of %s", tag)
			}
			byes[tag]++
			r.respond(got, "200 OK", "", "")
		default:
			t.Fatalf("unexpected\n%s", got)
		}
	}
	if byes["t2"] != 0 || acks["t2"] == 0 || acks["t3"] == 0 || acks["t4"] == 0 {
		t.Errorf("ACKs %v, BYEs %v", acks, byes)
	}
	if leg.ID().RemoteTag != "t2" || string(leg.RemoteSDP()) != reply1 {
		t.Errorf("the call is with %+v", leg.ID())
	}
	r.respond(m, "200 OK", "t2", reply1) // our ACK got lost
	if got := r.expect("ACK"); !strings.HasSuffix(got.header("To"), "tag=t2") {
		t.Errorf("ACK again\n%s", got)
	}
	l.silent(t, 20*time.Millisecond)
}

// A call is over, and its answers come again, and one of a phone that had never
// been heard of. Each ACK is the one its answer needs.
func TestAnswersAfterTheEnd(t *testing.T) {
	t.Parallel()
	for _, offers := range []bool{true, false} {
		a := start(t, dialog.Config{})
		r := rawUDP(t, a)
		l := newLog()
		inv := invitation(t, r.flow())
		if !offers {
			inv.SDP = nil
		}
		leg, err := a.layer.Invite(inv, l.sink)
		if err != nil {
			t.Fatal(err)
		}
		m := r.expect("INVITE")
		r.respond(m, "200 OK", "t1", reply1)
		next[dialog.Answered](t, l)
		if !offers {
			if err := leg.Ack([]byte(reply2)); err != nil {
				t.Fatal(err)
			}
		}
		first := r.expect("ACK")
		leg.Bye()
		r.respond(r.expect("BYE"), "200 OK", "", "")
		next[dialog.Ended](t, l)
		a.gone(t)
		for range 2 {
			r.respond(m, "200 OK", "t1", reply1)
			again := r.expect("ACK")
			for _, name := range []string{"From", "To", "Call-ID", "CSeq", "Route", "Content-Type"} {
				if again.header(name) != first.header(name) {
					t.Errorf("the ACK again\n%s\nwas\n%s", again, first)
				}
			}
			if again.body() != first.body() || again.target() != first.target() {
				t.Errorf("the ACK again\n%s\nwas\n%s", again, first)
			}
		}
		r.respond(m, "200 OK", "t2", reply2, "Contact: <sip:t2@"+r.addr().String()+">")
		ack, bye := r.expect("ACK"), r.expect("BYE")
		if user := "sip:t2@" + r.addr().String(); ack.target() != user || bye.target() != user ||
			bye.header("To") != ack.header("To") || bye.header("From") != first.header("From") || bye.header("CSeq") != "2 BYE" {
			t.Errorf("another phone answered late\n%s\n%s", ack, bye)
		}
		r.respond(bye, "200 OK", "", "")
		r.respond(m, "200 OK", "t2", reply2)
		r.expect("ACK")
		l.silent(t, 20*time.Millisecond)
	}
}

// The callee's BYE overtakes its 200.
func TestByeBeforeAnswer(t *testing.T) {
	t.Parallel()
	for _, rang := range []bool{true, false} {
		a := start(t, dialog.Config{})
		r := rawUDP(t, a)
		l := newLog()
		if _, err := a.layer.Invite(invitation(t, r.flow()), l.sink); err != nil {
			t.Fatal(err)
		}
		m := r.expect("INVITE")
		if rang {
			r.respond(m, "180 Ringing", "t1", "")
			next[dialog.Progressed](t, l)
		}
		c := r.dials(t)
		c.callID, c.to, c.from = m.header("Call-ID"), m.header("From"), m.header("To")+";tag=t1"
		c.ask("BYE", "")
		r.expect("SIP/2.0 200")
		r.respond(m, "200 OK", "t1", reply1)
		r.expect("ACK")
		next[dialog.Answered](t, l)
		if ev := next[dialog.Ended](t, l); ev.By != dialog.ByPeer {
			t.Errorf("ended %+v", ev)
		}
		a.gone(t)
	}
}

// RFC 3261 12.2.1.1: requests in the dialog follow the route set and go to the
// remote target.
func TestRouteSetOfTheCaller(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	r := rawUDP(t, a)
	near := "<sip:" + r.addr().String() + ";lr>"
	leg, l := callRaw(t, a, r, "Record-Route: <sip:far.test;lr>, <sip:mid.test;lr>", "Record-Route: "+near,
		"Contact: <sip:phone@192.0.2.9:5070;ob>")
	leg.Bye()
	bye := r.expect("BYE sip:phone@192.0.2.9:5070;ob SIP/2.0")
	if got := strings.Join(bye.headers("Route"), ","); got != near+",<sip:mid.test;lr>,<sip:far.test;lr>" {
		t.Errorf("Route %q", got)
	}
	r.respond(bye, "200 OK", "", "")
	next[dialog.Ended](t, l)
}

func TestRouteSetOfTheCalledAndStrictRouter(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{})
	c := rawUDP(t, a).dials(t)
	strict := "sip:" + c.addr().String() + ";old"
	c.contact = "Contact: <sip:phone@192.0.2.9:5070>"
	leg, _ := answered(t, a, c, "Record-Route: <"+strict+">", "Record-Route: <sip:far.test;lr>")
	leg.Bye()
	bye := c.expect("BYE " + strict + " SIP/2.0")
	if got := strings.Join(bye.headers("Route"), ","); got != "<sip:far.test;lr>,<sip:phone@192.0.2.9:5070>" {
		t.Errorf("Route %q", got)
	}
}

// Where a phone's Contact cannot be reached, its requests go the way its own
// messages came; where it can, they go there.
func TestWayToThePeer(t *testing.T) {
	a := start(t, dialog.Config{})
	other := rawUDP(t, a)
	for name, test := range map[string]struct {
		contact string
		moved   bool
	}{
		"itself":          {"", false},
		"another port":    {"<sip:raw@" + other.addr().String() + ">", true},
		"a name":          {"<sip:raw@phone.invalid>", false},
		"unspecified":     {"<sip:raw@0.0.0.0:5060>", false},
		"what Via showed": {"<sip:raw@192.0.2.50:5060>", false},
	} {
		t.Run(name, func(t *testing.T) {
			r := rawUDP(t, a)
			inv := invitation(t, r.flow())
			inv.Target = uri(t, "sip:raw@192.0.2.50:5060") // as registered, behind NAT
			l := newLog()
			leg, err := a.layer.Invite(inv, l.sink)
			if err != nil {
				t.Fatal(err)
			}
			m := r.expect("INVITE")
			contact := test.contact
			if contact == "" {
				contact = r.contact()
			}
			r.respond(m, "200 OK", "t1", reply1, "Contact: "+contact)
			next[dialog.Answered](t, l)
			leg.Bye()
			at := r
			if test.moved {
				at = other
			}
			at.respond(at.expect("BYE"), "200 OK", "", "")
		})
	}
}

func TestMalformedAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tag, body string
		headers   []string
	}{
		"no contact, no tag":   {"", reply1, []string{"X-Seat: Contact:"}},
		"broken contact":       {"t1", reply1, []string{"Contact: <sip:"}},
		"no description":       {"t1", "", nil},
		"broken session timer": {"t1", reply1, []string{"Session-Expires: soon;refresher=me", "Require: timer"}},
		"broken record-route":  {"t1", reply1, []string{"Record-Route: <<;lr"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, dialog.Config{})
			r := rawUDP(t, a)
			l := newLog()
			leg, err := a.layer.Invite(invitation(t, r.flow()), l.sink)
			if err != nil {
				t.Fatal(err)
			}
			m := r.expect("INVITE")
			r.respond(m, "183 Session Progress", test.tag, test.body, append(test.headers, "Require: 100rel", "RSeq: x")...)
			r.respond(m, "200 OK", test.tag, test.body, test.headers...)
			next[dialog.Progressed](t, l)
			next[dialog.Answered](t, l)
			r.expect("ACK")
			leg.Bye()
			r.respond(r.expect("BYE"), "200 OK", "", "")
			a.gone(t)
		})
	}
}
