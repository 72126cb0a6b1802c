package lamp_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// being is what a display makes of a presence document.
func being(t *testing.T, m rawphone.Message) string {
	t.Helper()
	var doc struct {
		Entity string `xml:"entity,attr"`
		Tuple  struct {
			Basic string `xml:"status>basic"`
			Note  string `xml:"note"`
		} `xml:"tuple"`
	}
	if err := xml.Unmarshal([]byte(m.Body()), &doc); err != nil || m.Header("Content-Type") != "application/pidf+xml" {
		t.Fatalf("%v:\n%s", err, m)
	}
	return doc.Tuple.Basic + " " + doc.Tuple.Note
}

// is waits until a display shows something.
func is(t *testing.T, w *rawphone.Watch, want string) {
	t.Helper()
	var got string
	for range 10 {
		if got = being(t, w.Next(t)); got == want {
			return
		}
	}
	t.Fatalf("the display shows %q, want %q", got, want)
}

func TestPresence(t *testing.T) {
	t.Parallel()
	o := start(t)
	watch := func(of string) *rawphone.Watch {
		return o.phone("caro").Subscribe(t, "presence", "sip:"+of+"@acme.test")
	}
	ana, window := watch("1001"), watch("5401")
	is(t, ana, "closed ")
	is(t, window, "closed ")
	o.logIn()
	is(t, ana, "closed At Window 1")
	is(t, window, "closed Ana Ruiz")
	desk := o.Phone(t, "acme.test", "5401")
	is(t, ana, "open At Window 1")
	is(t, window, "open Ana Ruiz")

	ben := o.Phone(t, "acme.test", "ben", func(c *softphone.Config) { c.AutoAnswer = true })
	_ = ben
	call, err := desk.Dial(apptest.Soon(t), "1002")
	if err != nil {
		t.Fatal(err)
	}
	is(t, ana, "open On the phone, At Window 1")
	is(t, window, "open On the phone, Ana Ruiz")
	call.Hangup()
	is(t, ana, "open At Window 1")

	edit := func(change func(*directory.User)) {
		t.Helper()
		if _, err := o.App.Directory().Edit(t.Context(), directory.System(), o.domain.ID, func(office *directory.Office) error {
			change(office.UserByExtension("1001"))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	edit(func(u *directory.User) { u.Answering.DoNotDisturb = true })
	is(t, ana, "open Do not disturb, At Window 1")
	edit(func(u *directory.User) { u.Answering.DoNotDisturb = false })
	o.logOut()
	is(t, ana, "closed ")
	is(t, window, "open ")
	if err := desk.Unregister(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	is(t, window, "closed ")
}

// A phone can see where its line is registered.
func TestRegistration(t *testing.T) {
	t.Parallel()
	o := start(t)
	p := o.phone("ben")
	w := p.Subscribe(t, "reg", "sip:ben@acme.test")
	type contact struct {
		State   string `xml:"state,attr"`
		Expires int    `xml:"expires,attr"`
		URI     string `xml:"uri"`
	}
	type reginfo struct {
		Registration struct {
			AOR      string    `xml:"aor,attr"`
			State    string    `xml:"state,attr"`
			Contacts []contact `xml:"contact"`
		} `xml:"registration"`
	}
	get := func(m rawphone.Message) string {
		t.Helper()
		var doc reginfo
		if err := xml.Unmarshal([]byte(m.Body()), &doc); err != nil || m.Header("Content-Type") != "application/reginfo+xml" {
			t.Fatalf("%v:\n%s", err, m)
		}
		r := doc.Registration
		text := r.AOR + " is " + r.State
		for _, c := range r.Contacts {
			text += fmt.Sprintf(", %s for %d min: %s", c.State, (c.Expires+59)/60, c.URI)
		}
		return text
	}
	if got := get(w.Next(t)); got != "sip:ben@acme.test is terminated" {
		t.Errorf("before: %s", got)
	}
	other := o.phone("ben")
	other.Register(t)
	if got, want := get(w.Next(t)), "sip:ben@acme.test is active, active for 60 min: "+strings.Trim(other.Contact(), "<>"); got != want {
		t.Errorf("after: %s, want %s", got, want)
	}
	o.SetClock(o.Clock.Now().Add(5*time.Minute - time.Second))
	if w.Again(t, "Expires: 300").Code() != 200 {
		t.Error("refresh")
	}
	if got, want := get(w.Next(t)), "sip:ben@acme.test is active, active for 55 min: "+strings.Trim(other.Contact(), "<>"); got != want {
		t.Errorf("after five minutes: %s, want %s", got, want)
	}
}
