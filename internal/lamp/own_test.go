package lamp_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// A phone sees its own messages and registration by whatever name, and nobody
// else's.
func TestOwnAndOthers(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.logIn()
	server := o.App.SIPAddr().String()
	for _, test := range []struct {
		name, phone, event, target string
		code                       int
	}{
		{"own name", "ana-1", "message-summary", "sip:ana-1@acme.test", 200},
		{"own name at the server's address", "ana-1", "message-summary", "sip:ana-1@" + server, 200},
		{"own name with the domain in it", "ana-1", "message-summary", "sip:ana-1%40acme.test@" + server, 200},
		{"the owner", "ana-1", "message-summary", "sip:1001@acme.test", 200},
		{"the mailbox code", "ana-1", "message-summary", "sip:*97@acme.test", 200},
		{"the holder", "5401", "message-summary", "sip:1001@acme.test", 200},
		{"the desk account", "5401", "message-summary", "sip:5401@acme.test", 200},
		{"somebody else", "ben", "message-summary", "sip:1001@acme.test", 403},
		{"somebody else's phone", "ben", "message-summary", "sip:ana-1@acme.test", 403},
		{"another phone of the person", "ana-1", "message-summary", "sip:ana-2@acme.test", 403},
		{"nobody", "ben", "message-summary", "sip:acme.test", 403},
		{"own name in another domain", "ben", "message-summary", "sip:ben@other.test", 403},
		{"any mailbox", "ben", "message-summary", "sip:*98@acme.test", 403},
		{"own registration", "ben", "reg", "sip:ben@acme.test", 200},
		{"another registration", "ben", "reg", "sip:ana-1@acme.test", 403},
		{"registration of the holder", "5401", "reg", "sip:1001@acme.test", 403},
		{"calls of a colleague", "ben", "dialog", "sip:1001@acme.test", 200},
		{"calls of a desk", "ben", "dialog", "sip:5401@acme.test", 200},
		{"calls of nobody", "ben", "dialog", "sip:1009@acme.test", 404},
		{"calls of a phone", "ben", "dialog", "sip:ana-1@acme.test", 404},
		{"calls in another domain", "ben", "dialog", "sip:1001@other.test", 404},
		{"presence of a colleague", "ben", "presence", "sip:1003@acme.test", 200},
		{"presence in another domain", "ben", "presence", "sip:1001%40other.test@" + server, 404},
		{"presence of nobody", "ben", "presence", "sip:nobody@acme.test", 404},
		{"what we do not have", "ben", "conference", "sip:1001@acme.test", 489},
	} {
		p := o.phone(test.phone)
		m := p.Do(t, rawphone.Request{Method: "SUBSCRIBE", Target: test.target, Headers: []string{"Event: " + test.event}})
		if m.Code() != test.code {
			t.Errorf("%s: want %d, got\n%s", test.name, test.code, m)
		}
		if events := m.Header("Allow-Events"); test.code == 489 && events != "message-summary, dialog, presence, reg" {
			t.Errorf("Allow-Events %q", events)
		}
		p.Close()
	}
}

// Whichever name it used, a desk shows the holder's messages: after the release
// no longer those of the person it subscribed to.
func TestSubscribedByTheHoldersName(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.leave()
	o.logIn()
	w := o.phone("5401").Subscribe(t, "message-summary", "sip:1001@acme.test")
	if got := shows(w.Next(t)); got != "1/0 (0/0)" {
		t.Errorf("shows %q", got)
	}
	o.logOut()
	if got := shows(w.Next(t)); got != "0/0 (0/0)" {
		t.Errorf("after the release it shows %q", got)
	}
}

// Whom an edit takes away is shown no longer, and what may no longer register
// sees nothing.
func TestEditsEndSubscriptions(t *testing.T) {
	t.Parallel()
	o := start(t)
	watch := o.phone("ben").Subscribe(t, "dialog", "sip:1003@acme.test")
	watch.Next(t)
	own := o.phone("caro").Subscribe(t, "message-summary", "sip:caro@acme.test")
	own.Next(t)
	if _, err := o.App.Directory().Edit(t.Context(), directory.System(), o.domain.ID, func(office *directory.Office) error {
		office.RemoveUser(office.UserByExtension("1003").ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := watch.Next(t).Header("Subscription-State"); got != "terminated;reason=noresource" {
		t.Errorf("the watcher of a removed user: %q", got)
	}
	if got := own.Next(t).Header("Subscription-State"); got != "terminated;reason=rejected" {
		t.Errorf("the removed phone: %q", got)
	}
}
