package e2e_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// withLamp runs a phone that subscribes to the messages that wait.
func (s *server) withLamp(t *testing.T, user string) *realphone.Baresip {
	t.Helper()
	account := s.account(user)
	account.Lamp = true
	b := realphone.StartBaresip(t, account)
	b.AwaitRegistered(t)
	return b
}

// leaveMessage speaks into Ana's mailbox, past the greeting and over the tone.
func leaveMessage(t *testing.T, s *server) {
	t.Helper()
	ben := s.raw(t, "UDP", "127.0.0.9", "1002")
	c := ben.Call(t, "*991001")
	c.Press(t, "#")
	c.Sound.Speak(t, 0x10, 250)
	c.Bye(t)
}

// A message that waited before the login lights the desk's lamp at the login, and
// the lamp goes out at the release.
func TestLampOfAMessageThatWaited(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	desk := s.withLamp(t, "5401")
	leaveMessage(t, s)
	desk.AwaitLamp(t, realphone.Lamp{})
	logIn(t, desk, "1001", "4711")
	desk.AwaitLamp(t, realphone.Lamp{New: 1})
	desk.Dial(t, "*89")
	desk.AwaitLamp(t, realphone.Lamp{})
	desk.Await(t, realphone.Idle)
}

// A new message lights the person's own phone and the desk; listening to it at the
// desk puts both out.
func TestLampsOfAllPhonesAgree(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	own, desk := s.withLamp(t, "ana-mobile"), s.withLamp(t, "5401")
	logIn(t, desk, "1001", "4711")
	leaveMessage(t, s)
	own.AwaitLamp(t, realphone.Lamp{New: 1})
	desk.AwaitLamp(t, realphone.Lamp{New: 1})
	desk.Dial(t, "*97")
	desk.Await(t, realphone.Established)
	desk.Press(t, "4711#")
	own.AwaitLamp(t, realphone.Lamp{Saved: 1})
	desk.AwaitLamp(t, realphone.Lamp{Saved: 1})
	desk.Hangup(t)
}

// A busy lamp key blinks while the person's hot desk rings, lights during the
// call there, and goes out.
func TestBusyLampKey(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartLinphone(t, s.account("1002"))
	desk.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	key := s.raw(t, "UDP", "127.0.0.9", "5402").Subscribe(t, "dialog", "sip:1001@acme.test", "Accept: application/dialog-info+xml")
	key.Until(t, "<state>terminated</state>")

	ben.Dial(t, "1001")
	desk.Await(t, realphone.Incoming)
	early := key.Until(t, "<state>early</state>")
	for _, want := range []string{`direction="recipient"`, `<identity display="Ben Okafor">sip:1002@acme.test</identity>`, `entity="sip:1001@acme.test"`} {
		if !strings.Contains(early.Body(), want) {
			t.Errorf("no %s in\n%s", want, early.Body())
		}
	}
	desk.Answer(t)
	key.Until(t, "<state>confirmed</state>")
	ben.Hangup(t)
	key.Until(t, "<state>terminated</state>")
	desk.Await(t, realphone.Idle)
}

// Nobody sees another's messages, and what a phone may ask for is told.
func TestSubscriptionsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	p := s.raw(t, "UDP", "127.0.0.9", "1002")
	for name, test := range map[string]struct {
		target  string
		headers []string
		code    int
	}{
		"somebody else's lamp": {"sip:1001@acme.test", []string{"Event: message-summary"}, 403},
		"the desk's lamp":      {"sip:5401@acme.test", []string{"Event: message-summary"}, 403},
		"nobody's calls":       {"sip:1999@acme.test", []string{"Event: dialog"}, 404},
		"no event":             {"sip:1001@acme.test", nil, 489},
		"an unknown event":     {"sip:1001@acme.test", []string{"Event: weather"}, 489},
		"a type there is not":  {"sip:1001@acme.test", []string{"Event: dialog", "Accept: text/plain"}, 406},
		"too short a time":     {"sip:1001@acme.test", []string{"Event: dialog", "Expires: 1"}, 423},
		"no time":              {"sip:1001@acme.test", []string{"Event: dialog", "Expires: never"}, 400},
	} {
		if m := p.Do(t, rawphone.Request{Method: "SUBSCRIBE", Target: test.target, Headers: test.headers}); m.Code() != test.code {
			t.Errorf("%s: want %d, got\n%s", name, test.code, m)
		}
	}
}
