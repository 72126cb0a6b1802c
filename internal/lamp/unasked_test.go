package lamp_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
)

// quiet is how long a test waits for what must not come.
const quiet = 300 * time.Millisecond

// wantUnasked checks what a phone is told that has not subscribed.
func wantUnasked(t *testing.T, p *rawphone.Phone, want string) {
	t.Helper()
	if got := shows(p.Unasked(t, "200 OK")); got != want {
		t.Errorf("%s shows %q, want %q", p.User, got, want)
	}
}

// A phone that has not subscribed shows the holder's messages too, from its
// registration on.
func TestToldUnasked(t *testing.T) {
	t.Parallel()
	o := start(t)
	message := o.leave()
	own, desk := o.phone("ana-1"), o.phone("5401")
	own.Register(t)
	m := own.Unasked(t, "200 OK")
	if got := shows(m); got != "1/0 (0/0)" {
		t.Errorf("the own phone shows %q", got)
	}
	for name, want := range map[string]string{
		"Event": "message-summary", "Subscription-State": "terminated;reason=noresource",
		"Content-Type": "application/simple-message-summary", "To": "<sip:ana-1@acme.test>",
	} {
		if got := m.Header(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	desk.Register(t)
	wantUnasked(t, desk, "0/0 (0/0)")
	o.logIn()
	wantUnasked(t, desk, "1/0 (0/0)")
	o.listenTo(message)
	wantUnasked(t, desk, "0/1 (0/0)")
	wantUnasked(t, own, "0/1 (0/0)")
	o.logOut()
	wantUnasked(t, desk, "0/0 (0/0)")
}

// A phone that wants no such NOTIFY is left alone until it registers anew.
func TestPhonesThatWantNone(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"405 Method Not Allowed", "481 Gone", "489 Bad Event", "501 Not Implemented"} {
		o := start(t)
		p := o.phone("ana-1")
		p.Register(t)
		p.Unasked(t, status)
		o.leave()
		if m, told := p.UnaskedWithin(quiet); told {
			t.Errorf("after %s it is told\n%s", status, m)
		}
		p.Register(t) // only a refresh
		if m, told := p.UnaskedWithin(quiet); told {
			t.Errorf("after %s and a refresh it is told\n%s", status, m)
		}
		again := o.phone("ana-1")
		again.Register(t)
		wantUnasked(t, again, "1/0 (0/0)")
	}
}

// One that fails otherwise is told the next news.
func TestPhoneThatFailsIsToldTheNextNews(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := o.phone("ana-1")
	p.Register(t)
	p.Unasked(t, "500 Nonsense")
	o.leave()
	wantUnasked(t, p, "1/0 (0/0)")
}

// While one is on its way no other is sent; then the newest.
func TestUnaskedInOrder(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := rawphone.Dial(t, "127.0.0.1", o.account("ana-1"))
	p.Register(t)
	first, _ := p.UnaskedWithin(apptest.Patience)
	o.leave()
	o.leave()
	if m, told := p.UnaskedWithin(quiet); told {
		t.Errorf("another overtakes the answer to the first:\n%s", m)
	}
	p.Send(t, p.Reply(first, "200 OK", first.Header("To")+";tag=x", ""))
	wantUnasked(t, p, "2/0 (0/0)")
	if m, told := p.UnaskedWithin(quiet); told {
		t.Errorf("told more than once:\n%s", m)
	}
}

// A phone that has subscribed is told in its subscription alone.
func TestSubscribedPhoneIsToldOnce(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := o.phone("ana-1")
	p.Register(t)
	wantUnasked(t, p, "0/0 (0/0)")
	w := p.Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	w.Next(t)
	o.leave()
	if got := shows(w.Next(t)); got != "1/0 (0/0)" {
		t.Errorf("shows %q", got)
	}
	if m, told := p.UnaskedWithin(quiet); told {
		t.Errorf("told unasked as well:\n%s", m)
	}
	w.Again(t, "Expires: 0")
	w.Next(t)
	o.leave()
	wantUnasked(t, p, "2/0 (0/0)")
}

// After a restart the subscriptions are gone, and the lamps are right all the
// same: phones are told at the bindings that were kept.
func TestRestart(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := o.phone("ana-1")
	p.Register(t)
	wantUnasked(t, p, "0/0 (0/0)")
	w := p.Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	w.Next(t)
	o.Stop(t)
	o.Run(t)
	wantUnasked(t, p, "0/0 (0/0)")
	o.leave()
	wantUnasked(t, p, "1/0 (0/0)")
	if m := w.Again(t); m.Code() != 481 {
		t.Errorf("a refresh after the restart:\n%s", m)
	}
	anew := p.Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	if got := shows(anew.Next(t)); got != "1/0 (0/0)" {
		t.Errorf("shows %q", got)
	}
}

// A phone that comes back over another connection is told what it missed.
func TestPhoneThatComesBack(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := rawphone.Dial(t, "127.0.0.1", o.account("ana-1"))
	p.Register(t)
	wantUnasked(t, p, "0/0 (0/0)")
	w := p.Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	w.Next(t)
	contact := p.Contact()
	p.Close()
	o.leave()
	back := rawphone.Dial(t, "127.0.0.1", o.account("ana-1"))
	r := rawphone.Request{Method: "REGISTER", To: "<sip:ana-1@acme.test>", Headers: []string{"Expires: 3600"}}
	refused, _ := back.Try(t, r)
	back.Challenged(refused)
	r.Headers = append(r.Headers, "Authorization: "+back.Authorize(t, r))
	back.Send(t, strings.Replace(back.Render(r), back.Contact(), contact, 1))
	w.Phone = back // its NOTIFY may come before the 200
	if got := shows(w.Next(t)); got != "1/0 (0/0)" {
		t.Errorf("shows %q", got)
	}
}

// Many devices of one person and the desk agree, whichever way they are told.
func TestManyPhonesAgree(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.logIn()
	var watches []*rawphone.Watch
	for _, device := range []string{"ana-1", "ana-2", "5401"} {
		watches = append(watches, o.phone(device).Subscribe(t, "message-summary", "sip:"+device+"@acme.test"))
	}
	silent := o.phone("ana-2")
	silent.Register(t)
	wantUnasked(t, silent, "0/0 (0/0)")
	for range 5 {
		o.leave()
	}
	for _, w := range watches {
		w.Until(t, "5/0")
	}
	for shows(silent.Unasked(t, "200 OK")) != "5/0 (0/0)" {
	}
}
