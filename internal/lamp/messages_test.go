package lamp_test

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The lamp of a desk shows the messages of whoever holds it, those that waited
// before the login among them, and that of the person's own phone agrees.
func TestMessagesFollowThePerson(t *testing.T) {
	t.Parallel()
	o := start(t)
	first := o.leave()
	own := o.phone("ana-1").Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	desk := o.phone("5401").Subscribe(t, "message-summary", "sip:5401@acme.test")
	m := own.Next(t)
	if got := shows(m); got != "1/0 (0/0)" {
		t.Errorf("the own phone shows %q", got)
	}
	if body := m.Body(); body != "Messages-Waiting: yes\r\nMessage-Account: sip:*97@acme.test\r\nVoice-Message: 1/0 (0/0)\r\n" {
		t.Errorf("body %q", body)
	}
	if got := m.Header("Content-Type"); got != "application/simple-message-summary" {
		t.Errorf("Content-Type %q", got)
	}
	if got := shows(desk.Next(t)); got != "0/0 (0/0)" {
		t.Errorf("the free desk shows %q", got)
	}

	o.logIn()
	if got := shows(desk.Next(t)); got != "1/0 (0/0)" {
		t.Errorf("after the login the desk shows %q", got)
	}
	second := o.leave()
	if a, b := shows(own.Next(t)), shows(desk.Next(t)); a != "2/0 (0/0)" || b != a {
		t.Errorf("after a message the phones show %q and %q", a, b)
	}
	o.listenTo(first)
	if a, b := shows(own.Next(t)), shows(desk.Next(t)); a != "1/1 (0/0)" || b != a {
		t.Errorf("after listening the phones show %q and %q", a, b)
	}
	o.listenTo(second)
	own.Next(t)
	if m := desk.Next(t); shows(m) != "0/2 (0/0)" || m.Body()[:20] != "Messages-Waiting: no" {
		t.Errorf("after all were heard the desk shows %q", m.Body())
	}
	o.leave()
	own.Next(t)
	desk.Next(t)
	o.logOut()
	if got := shows(desk.Next(t)); got != "0/0 (0/0)" {
		t.Errorf("after the release the desk shows %q", got)
	}
}
