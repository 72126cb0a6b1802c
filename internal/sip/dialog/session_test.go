package dialog_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

const second = time.Second

// brief lets sessions expire while the test waits.
func brief() dialog.Config { return dialog.Config{SessionExpires: 2 * second, MinSE: second} }

func TestSessionTermsAsCalled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg             dialog.Config
		headers         []string
		expires, expect string
	}{
		"peer knows nothing":       {dialog.Config{}, nil, "1800;refresher=uas", ""},
		"peer knows":               {dialog.Config{}, []string{"Supported: timer"}, "1800;refresher=uas", ""},
		"peer asks for less":       {dialog.Config{}, []string{"Supported: timer", "Session-Expires: 600"}, "600;refresher=uas", ""},
		"peer asks for more":       {dialog.Config{}, []string{"Supported: timer", "Session-Expires: 7200"}, "1800;refresher=uas", ""},
		"peer must not have less":  {dialog.Config{}, []string{"Supported: timer", "Session-Expires: 7200", "Min-SE: 3600"}, "3600;refresher=uas", ""},
		"peer refreshes":           {dialog.Config{}, []string{"k: timer", "x: 900 ; refresher=UAC"}, "900;refresher=uac", "timer"},
		"we refresh":               {dialog.Config{}, []string{"Supported: timer", "Session-Expires: 900;refresher=uas"}, "900;refresher=uas", ""},
		"a proxy asked":            {dialog.Config{}, []string{"Session-Expires: 60"}, "60;refresher=uas", ""},
		"nobody wants":             {dialog.Config{SessionExpires: -1}, []string{"Supported: timer"}, "", ""},
		"the peer wants, we don't": {dialog.Config{SessionExpires: -1}, []string{"Supported: timer", "Session-Expires: 90;refresher=uac"}, "90;refresher=uac", "timer"},
		"nonsense":                 {dialog.Config{}, []string{"Supported: timer", "Session-Expires: often"}, "1800;refresher=uas", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, test.cfg)
			c := rawUDP(t, s).dials(t)
			c.ask("INVITE", offer1, test.headers...)
			leg, err := s.layer.Incoming(s.incoming(t), dialog.LocalParty{}, newLog().sink)
			if err != nil {
				t.Fatal(err)
			}
			if err := leg.Accept([]byte(reply1)); err != nil {
				t.Fatal(err)
			}
			m := c.expect("SIP/2.0 200")
			if m.header("Session-Expires") != test.expires || m.header("Require") != test.expect {
				t.Errorf("Session-Expires %q, Require %q", m.header("Session-Expires"), m.header("Require"))
			}
		})
	}
}

func TestWeRefreshByUpdate(t *testing.T) {
	t.Parallel()
	a := startHasty(t, brief())
	r := rawUDP(t, a)
	_, l := callRaw(t, a, r, "Supported: timer", "Require: timer", "Session-Expires: 2;refresher=uac", "Allow: INVITE, UPDATE, BYE")
	for range 2 {
		u := r.expect("UPDATE")
		if u.header("Session-Expires") != "2;refresher=uac" || u.body() != "" {
			t.Errorf("UPDATE\n%s", u)
		}
		r.respond(u, "200 OK", "", "", "Supported: timer", "Session-Expires: 2;refresher=uac")
	}
	l.silent(t, 50*time.Millisecond)
	// no answer to the third: the session ends, with a BYE
	r.expect("UPDATE")
	r.respond(r.expect("BYE"), "200 OK", "", "")
	if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer {
		t.Errorf("ended %+v", ev)
	}
	a.gone(t)
}

func TestWeRefreshByInvite(t *testing.T) {
	t.Parallel()
	for name, allow := range map[string]string{"not allowed": "Allow: INVITE, BYE", "allowed, but": "Allow: INVITE, BYE, UPDATE"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, brief())
			r := rawUDP(t, a)
			leg, l := callRaw(t, a, r, "Session-Expires: 2;refresher=uac", allow)
			if strings.Contains(allow, "UPDATE") {
				r.respond(r.expect("UPDATE"), "405 Method Not Allowed", "", "")
			}
			m := r.expect("INVITE")
			if !strings.Contains(m.header("To"), "tag=t1") || m.body() != offer1 {
				t.Errorf("re-INVITE\n%s", m)
			}
			r.respond(m, "200 OK", "", reply1, "Session-Expires: 2;refresher=uac")
			if ack := r.expect("ACK"); ack.header("CSeq") == "1 ACK" {
				t.Errorf("ACK\n%s", ack)
			}
			l.silent(t, 50*time.Millisecond)
			leg.Bye()
		})
	}
}

func TestPeerThatMustRefreshDoesNot(t *testing.T) {
	t.Parallel()
	s := start(t, brief())
	c := rawUDP(t, s).dials(t)
	_, l := answered(t, s, c, "Supported: timer", "Session-Expires: 1;refresher=uac")
	begin := time.Now()
	bye := c.expect("BYE")
	if waited := time.Since(begin); waited < 500*time.Millisecond || waited > 3*second {
		t.Errorf("after %v", waited)
	}
	c.respond(bye, "200 OK", "", "")
	if ev := next[dialog.Ended](t, l); ev.By != dialog.ByLayer || ev.Reason != "session expired" {
		t.Errorf("ended %+v", ev)
	}
	s.gone(t)
}

func TestPeerRefreshes(t *testing.T) {
	t.Parallel()
	s := start(t, brief())
	c := rawUDP(t, s).dials(t)
	_, l := answered(t, s, c, "Supported: timer", "Session-Expires: 2;refresher=uac")
	timer := time.NewTicker(600 * time.Millisecond)
	defer timer.Stop()
	for i := range 4 {
		<-timer.C
		if i%2 == 0 {
			c.ask("UPDATE", "", "Supported: timer", "Session-Expires: 2;refresher=uac", "P-Asserted-Identity: <sip:new@acme.test>")
			next[dialog.Updated](t, l)
		} else {
			c.ask("INVITE", offer1, "Supported: timer", "Session-Expires: 2;refresher=uac")
		}
		m := c.expect("SIP/2.0 200")
		if m.header("Session-Expires") != "2;refresher=uac" || m.header("Contact") == "" || i%2 == 1 && m.body() != reply1 {
			t.Errorf("answer\n%s", m)
		}
		if i%2 == 1 {
			c.askAs(c.cseq, "ACK", "")
		}
	}
	l.silent(t, 20*time.Millisecond) // 2.4 s have passed
}

// RFC 4028 7.4, 8: the interval is raised to what the other side can bear.
func TestIntervalTooSmall(t *testing.T) {
	t.Parallel()
	a := start(t, dialog.Config{SessionExpires: 90 * second})
	r := rawUDP(t, a)
	l := newLog()
	if _, err := a.layer.Invite(invitation(t, r.flow()), l.sink); err != nil {
		t.Fatal(err)
	}
	m := r.expect("INVITE")
	if m.header("Session-Expires") != "90" || m.header("Min-SE") != "90" {
		t.Errorf("INVITE\n%s", m)
	}
	r.respond(m, "422 Session Interval Too Small", "t0", "", "Min-SE: 300")
	for m = r.expect("INVITE"); m.header("CSeq") == "1 INVITE"; m = r.expect("INVITE") {
	}
	if m.header("Session-Expires") != "300" || m.header("Min-SE") != "300" {
		t.Errorf("INVITE\n%s", m)
	}
	r.respond(m, "422 Session Interval Too Small", "t0", "", "Min-SE: 300") // senseless: once is enough
	if ev := next[dialog.Failed](t, l); ev.Code != 422 {
		t.Errorf("failed %+v", ev)
	}
}

func TestIntervalTooSmallInTheDialog(t *testing.T) {
	t.Parallel()
	s := start(t, dialog.Config{})
	c := rawUDP(t, s).dials(t)
	_, l := answered(t, s, c)
	for _, method := range []string{"INVITE", "UPDATE"} {
		c.ask(method, offer2, "Supported: timer", "Session-Expires: 10")
		if m := c.expect("SIP/2.0 422"); m.header("Min-SE") != "90" {
			t.Errorf("answer\n%s", m)
		}
		if method == "INVITE" {
			c.askAs(c.cseq, "ACK", "")
		}
	}
	l.silent(t, 20*time.Millisecond)
}

// Two of our own sides keep a session alive between them.
func TestSessionGoesOn(t *testing.T) {
	t.Parallel()
	a, b := start(t, brief()), start(t, brief())
	p := call(t, a, b, "udp")
	l, m := p.callerLog, p.calledLog
	next[dialog.Updated](t, l) // the called side refreshes: it was asked to choose
	next[dialog.Updated](t, l)
	l.silent(t, 500*time.Millisecond)
	m.silent(t, time.Millisecond)
}
