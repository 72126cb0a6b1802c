package lamp_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

type dialogInfo struct {
	Version int    `xml:"version,attr"`
	State   string `xml:"state,attr"`
	Entity  string `xml:"entity,attr"`
	Dialogs []struct {
		ID        string `xml:"id,attr"`
		CallID    string `xml:"call-id,attr"`
		LocalTag  string `xml:"local-tag,attr"`
		Direction string `xml:"direction,attr"`
		State     string `xml:"state"`
		Local     party  `xml:"local"`
		Remote    party  `xml:"remote"`
	} `xml:"dialog"`
}

type party struct {
	Identity struct {
		Display string `xml:"display,attr"`
		URI     string `xml:",chardata"`
	} `xml:"identity"`
}

func read(t *testing.T, m rawphone.Message) dialogInfo {
	t.Helper()
	var info dialogInfo
	if err := xml.Unmarshal([]byte(m.Body()), &info); err != nil || m.Header("Content-Type") != "application/dialog-info+xml" || info.State != "full" {
		t.Fatalf("%v:\n%s", err, m)
	}
	return info
}

// key is what a busy lamp key makes of a NOTIFY: "dark", or for each call its
// state, direction and far side.
func key(t *testing.T, m rawphone.Message) string {
	t.Helper()
	var calls []string
	for _, d := range read(t, m).Dialogs {
		if d.State == "terminated" {
			return "dark"
		}
		calls = append(calls, fmt.Sprintf("%s %s %s %s", d.State, d.Direction, d.Remote.Identity.Display, d.Remote.Identity.URI))
	}
	return strings.Join(calls, ", ")
}

// becomes waits until a key shows something.
func becomes(t *testing.T, w *rawphone.Watch, want string) dialogInfo {
	t.Helper()
	var got string
	for range 10 {
		m := w.Next(t)
		if got = key(t, m); got == want {
			return read(t, m)
		}
	}
	t.Fatalf("the key shows %q, want %q", got, want)
	return dialogInfo{}
}

// A key that watches a person blinks, lights and goes out with the person's calls
// at the desk that the person holds.
func TestKeyFollowsThePerson(t *testing.T) {
	t.Parallel()
	o := start(t)
	o.logIn()
	desk, ben := o.Phone(t, "acme.test", "5401"), o.Phone(t, "acme.test", "ben")
	caro := func(of string) *rawphone.Watch {
		w := o.phone("caro").Subscribe(t, "dialog", "sip:"+of+"@acme.test", "Accept: application/dialog-info+xml")
		becomes(t, w, "dark")
		return w
	}
	ana, window, caller := caro("1001"), caro("5401"), caro("1002")

	call, err := ben.Dial(apptest.Soon(t), "1001")
	if err != nil {
		t.Fatal(err)
	}
	incoming, err := desk.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	info := becomes(t, ana, "early recipient Ben <& Okafor sip:1002@acme.test")
	live := o.App.Switchboard().CallsOf(o.user("1001").ID)
	if d := info.Dialogs[0]; len(live) != 1 || d.CallID != live[0].ID || d.LocalTag != "1001" || d.Local.Identity.URI != "sip:1001@acme.test" || info.Entity != "sip:1001@acme.test" {
		t.Errorf("the dialog %+v of %s is not the live call %+v", d, info.Entity, live)
	}
	becomes(t, window, "early recipient Ben <& Okafor sip:1002@acme.test")
	becomes(t, caller, "early initiator Ana Ruiz sip:1001@acme.test")

	if err := incoming.Answer(); err != nil {
		t.Fatal(err)
	}
	becomes(t, ana, "confirmed recipient Ben <& Okafor sip:1002@acme.test")
	becomes(t, window, "confirmed recipient Ben <& Okafor sip:1002@acme.test")
	becomes(t, caller, "confirmed initiator Ana Ruiz sip:1001@acme.test")
	late := o.phone("caro").Subscribe(t, "dialog", "sip:1001@acme.test")
	becomes(t, late, "confirmed recipient Ben <& Okafor sip:1002@acme.test")

	call.Hangup()
	for _, w := range []*rawphone.Watch{ana, window, caller, late} {
		becomes(t, w, "dark")
	}
}

// Who dials shows that before a phone rings, and so does who listens to the
// system; but not what was dialled.
func TestKeyOfACaller(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben := o.Phone(t, "acme.test", "ben")
	w := o.phone("caro").Subscribe(t, "dialog", "sip:1002@acme.test")
	becomes(t, w, "dark")
	call, err := ben.Dial(apptest.Soon(t), "*97")
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, w, "trying initiator  ")
	call.Hangup()
	becomes(t, w, "dark")
}

// Who withholds who calls is not told by keys either, from whichever side.
func TestKeyOfACallerWhoWithholds(t *testing.T) {
	t.Parallel()
	o := start(t)
	ana, ben := o.Phone(t, "acme.test", "ana-1", func(c *softphone.Config) { c.AutoAnswer = true }), o.Phone(t, "acme.test", "ben")
	_ = ana
	called := o.phone("caro").Subscribe(t, "dialog", "sip:1001@acme.test")
	caller := o.phone("caro").Subscribe(t, "dialog", "sip:1002@acme.test")
	becomes(t, called, "dark")
	becomes(t, caller, "dark")
	call, err := ben.Dial(apptest.Soon(t), "*671001")
	if err != nil {
		t.Fatal(err)
	}
	becomes(t, called, "confirmed recipient  ")
	becomes(t, caller, "confirmed initiator  ")
	call.Hangup()
	becomes(t, called, "dark")
}

// While one phone of a person rings on, another's refusal puts nothing out; when
// all have stopped the key goes dark.
func TestKeyOfAPersonWithTwoPhones(t *testing.T) {
	t.Parallel()
	o := start(t)
	phones := []*softphone.Phone{o.Phone(t, "acme.test", "ana-1"), o.Phone(t, "acme.test", "ana-2")}
	ben := o.Phone(t, "acme.test", "ben")
	w := o.phone("caro").Subscribe(t, "dialog", "sip:1001@acme.test")
	becomes(t, w, "dark")
	if _, err := ben.Dial(apptest.Soon(t), "1001"); err != nil {
		t.Fatal(err)
	}
	var ringing []*softphone.Call
	for _, p := range phones {
		c, err := p.Incoming(apptest.Soon(t))
		if err != nil {
			t.Fatal(err)
		}
		ringing = append(ringing, c)
	}
	becomes(t, w, "early recipient Ben <& Okafor sip:1002@acme.test")
	if err := ringing[0].Reject(486, "Busy Here"); err != nil {
		t.Fatal(err)
	}
	if err := ringing[1].Reject(603, "Decline"); err != nil {
		t.Fatal(err)
	}
	becomes(t, w, "dark")
}

// The same extension in another domain is another person.
func TestKeyOfAnotherDomain(t *testing.T) {
	t.Parallel()
	o := start(t)
	ana, ben := o.Phone(t, "acme.test", "ana-1"), o.Phone(t, "acme.test", "ben")
	olga := rawphone.Listen(t, "127.0.0.1", o.account("olga"))
	olga.Domain = "other.test"
	w := olga.Subscribe(t, "dialog", "sip:1001@other.test")
	if info := read(t, w.Next(t)); info.Entity != "sip:1001@other.test" {
		t.Errorf("entity %s", info.Entity)
	}
	if _, err := ben.Dial(apptest.Soon(t), "1001"); err != nil {
		t.Fatal(err)
	}
	if _, err := ana.Incoming(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	watcher := o.phone("caro").Subscribe(t, "dialog", "sip:1001@acme.test")
	becomes(t, watcher, "early recipient Ben <& Okafor sip:1002@acme.test")
	if w.Again(t).Code() != 200 || key(t, w.Next(t)) != "dark" {
		t.Error("a call of another domain is shown")
	}
}
