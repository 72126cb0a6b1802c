package apptest_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// acme is the domain of most tests.
const acme = "acme.test"

// pinHash is the hash of everybody's PIN, which takes long to make.
var pinHash = sync.OnceValues(func() (string, error) { return credential.HashPIN("4711") })

// office is an office file: Ana (1001), Ben (1002) and Caro (1003) with a phone
// of their own each, the desks 5401 and 5402, and the unassigned phone spare.
func office(t *testing.T, domain, zone string, policy ...string) string {
	t.Helper()
	hash, err := pinHash()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[domain]\nname = %q\ntimezone = %q\ncountry = \"CA\"\n[domain.hot_desking]\n%s\n", domain, zone, strings.Join(policy, "\n"))
	fmt.Fprintf(&b, "[[device]]\nname = \"spare\"\npassword = %q\n", apptest.Password("spare"))
	add := func(extension, name, device, more string) {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = %q\n%s\n", extension, name, more)
		fmt.Fprintf(&b, "  [[user.device]]\n  name = %q\n  password = %q\n", device, apptest.Password(device))
	}
	pin := fmt.Sprintf("pin_hash = %q", hash)
	add("1001", "Ana Ruiz", "ana", pin)
	add("1002", "Ben Okafor", "ben", pin)
	add("1003", "Caro Lind", "caro", pin)
	add("5401", "Window 1", "5401", "")
	add("5402", "Window 2", "5402", "")
	return b.String()
}

// scene is a running office with what happens in it.
type scene struct {
	*apptest.Office

	t      *testing.T
	domain directory.Domain // acme
	facts  *events.Subscription
}

// start opens the office of acme, in Toronto, at a time.
func start(t *testing.T, at time.Time, policy ...string) *scene {
	t.Helper()
	s := &scene{Office: apptest.Start(t), t: t}
	s.Clock.Set(at)
	s.domain = s.Apply(t, office(t, acme, "America/Toronto", policy...))
	s.facts = s.Listen(t)
	return s
}

// monday is a time of day in Toronto on Monday, 15 June 2026.
func monday(t *testing.T, hour, minute int) time.Time {
	t.Helper()
	return time.Date(2026, 6, 15, hour, minute, 0, 0, zone(t, "America/Toronto"))
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func (s *scene) phone(device string) *softphone.Phone {
	s.t.Helper()
	return s.Phone(s.t, acme, device)
}

// converse dials a code and presses keys as soon as that is answered.
func (s *scene) converse(phone *softphone.Phone, code, keys string) *softphone.Call {
	s.t.Helper()
	call, err := phone.Dial(apptest.Soon(s.t), code)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
	if err := call.PressBy(apptest.Soon(s.t), softphone.DigitsInfo, keys); err != nil {
		s.t.Fatal(err)
	}
	return call
}

// logIn logs a person in by star code and keys. Who has heard enough hangs up.
func (s *scene) logIn(desk *softphone.Phone, extension string) hotdesk.Session {
	s.t.Helper()
	call := s.converse(desk, "*88"+extension, "4711#")
	session := apptest.Await(s.t, s.facts, func(hotdesk.LoggedIn) bool { return true }).Session
	s.hangUp(call)
	return session
}

// place logs a person in as an operator does, to set a scene.
func (s *scene) place(extension, device string) hotdesk.Session {
	s.t.Helper()
	result, err := s.App.Sessions().Login(s.t.Context(), hotdesk.LoginRequest{
		DeviceID: s.device(device).ID, UserID: s.user(extension).ID, By: hotdesk.By{Actor: "cli", Door: hotdesk.DoorCLI},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return result.Session
}

func (s *scene) user(extension string) directory.User {
	s.t.Helper()
	user, found := s.App.Directory().UserByExtension(s.domain.ID, extension)
	if !found {
		s.t.Fatalf("no user %s", extension)
	}
	return user
}

func (s *scene) device(name string) directory.Device {
	s.t.Helper()
	device, found := s.App.Directory().DeviceByName(s.domain.ID, name)
	if !found {
		s.t.Fatalf("no device %s", name)
	}
	return device
}

// hangUp ends a call and waits for its record.
func (s *scene) hangUp(call *softphone.Call) callrecord.Record {
	s.t.Helper()
	call.Hangup()
	return apptest.Await(s.t, s.facts, func(switchboard.Ended) bool { return true }).Record
}

// hears waits until a sentence is spoken, and tells all that was said with it.
func (s *scene) hears(sentence prompts.Name) string {
	s.t.Helper()
	library, err := prompts.New(nil, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	text := library.Clip("en", acme, sentence).Text
	said := ""
	defer func() {
		if s.t.Failed() {
			s.t.Logf("said before: %s", said)
		}
	}()
	return apptest.Await(s.t, s.facts, func(now ivr.Said) bool {
		said += now.Text + " "
		return strings.Contains(now.Text, text)
	}).Text
}

// ended waits for the end of a session and checks why it ended.
func (s *scene) ended(session hotdesk.Session, as hotdesk.Reason) hotdesk.Session {
	s.t.Helper()
	over := apptest.Await(s.t, s.facts, func(e hotdesk.Ended) bool { return e.Session.ID == session.ID }).Session
	if over.Ended != as {
		s.t.Errorf("the session ended as %q, want %q", over.Ended, as)
	}
	return over
}

// atDesks checks who is logged in where, as "1001 at 5401", and nobody else.
func (s *scene) atDesks(want ...string) {
	s.t.Helper()
	open, err := s.App.Sessions().Sessions(s.t.Context(), hotdesk.Query{Open: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, session := range open {
		user, _ := s.App.Directory().User(session.UserID)
		device, _ := s.App.Directory().Device(session.DeviceID)
		domain, _ := s.App.Directory().Domain(session.DomainID)
		where := user.Extension + " at " + device.Name
		if domain.Name != acme {
			where += " of " + domain.Name
		}
		got = append(got, where)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		s.t.Errorf("logged in are %q, want %q", got, want)
	}
}

// talk connects two phones.
func (s *scene) talk(from, to *softphone.Phone, number string) (caller, callee *softphone.Call) {
	s.t.Helper()
	caller, err := from.Dial(apptest.Soon(s.t), number)
	if err != nil {
		s.t.Fatal(err)
	}
	if callee, err = to.Incoming(apptest.Soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
	if err := callee.Answer(); err != nil {
		s.t.Fatal(err)
	}
	if err := caller.Answered(apptest.Soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
	return caller, callee
}

// shows checks whose number a phone shows when it calls another.
func (s *scene) shows(from, to *softphone.Phone, number, want string) {
	s.t.Helper()
	caller, err := from.Dial(apptest.Soon(s.t), number)
	if err != nil {
		s.t.Fatal(err)
	}
	callee, err := to.Incoming(apptest.Soon(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	if got := callee.Party(); got.User != want || got.Asserted != want {
		s.t.Errorf("the call shows %+v, want %s", got, want)
	}
	s.hangUp(caller)
	if _, err := callee.Ended(apptest.Soon(s.t)); err != nil {
		s.t.Error(err)
	}
}
