package apptest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// activatable is the policy of an office with "Activate Phone".
const activatable = "activate_phone = true"

// activate asks for a desk as the portal does.
func (s *scene) activate(extension, desk string) switchboard.Activation {
	s.t.Helper()
	a, err := s.App.Switchboard().Activate(s.t.Context(), s.user(extension), desk)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

// stages reads those of an activation until it is over.
func stages(t *testing.T, facts *events.Subscription, id string) (passed []switchboard.Stage, last switchboard.Activation) {
	t.Helper()
	apptest.Await(t, facts, func(moved switchboard.ActivationMoved) bool {
		if moved.Activation.ID != id {
			return false
		}
		last = moved.Activation
		passed = append(passed, last.Stage)
		return last.Over()
	})
	return passed, last
}

func (s *scene) incoming(desk *softphone.Phone) *softphone.Call {
	s.t.Helper()
	call, err := desk.Incoming(apptest.Soon(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return call
}

func TestActivatePhone(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), activatable)
	desk := s.phone("5401")
	a := s.activate("1001", "5401")
	if a.Stage != switchboard.StageRinging {
		t.Errorf("begins as %s", a.Stage)
	}
	call := s.incoming(desk)
	if p := call.Party(); p.User != "*88" || p.Display != "Activate Phone" {
		t.Errorf("the call shows %+v", p)
	}
	if again := s.activate("1001", "5401"); again.ID != a.ID {
		t.Error("a second click makes a second call")
	}
	s.answers(call)
	press(t, call, "1001#4711#")
	passed, last := stages(t, s.facts, a.ID)
	want := []switchboard.Stage{
		switchboard.StageRinging, switchboard.StageAnswered, switchboard.StageAccount, switchboard.StagePIN, switchboard.StageDone,
	}
	if !slices.Equal(passed, want) {
		t.Errorf("passed %v, want %v", passed, want)
	}
	if last.Err != nil || last.Session.UserID != s.user("1001").ID || last.Session.Door != hotdesk.DoorActivate {
		t.Errorf("ends as %+v", last)
	}
	if kept, ok := s.App.Switchboard().ActivationOf(s.user("1001").ID); !ok || kept != last {
		t.Errorf("is kept as %+v", kept)
	}
	s.over(call)
	s.atDesks("1001 at 5401")
	s.shows(desk, s.phone("ben"), "1002", "1001")
	if b := s.activate("1001", "5401"); b.ID == a.ID { // who holds the desk may ask again, to keep it for longer
		t.Error("an activation that is over goes on")
	}
	s.App.Switchboard().CancelActivation(s.user("1001").ID, a.ID) // of the one before: too late
	s.answers(s.incoming(desk))
}

// TestActivateRefused are the refusals before anything rings.
func TestActivateRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy []string
		desk   string
		before func(s *scene)
		want   error
	}{
		"switched off":      {[]string{"activate_phone = false"}, "5401", nil, switchboard.ErrActivateOff},
		"no hot desking":    {[]string{activatable, "enabled = false"}, "5401", nil, hotdesk.ErrSwitchedOff},
		"nothing typed":     {[]string{activatable}, "", nil, directory.ErrNotFound},
		"no such desk":      {[]string{activatable}, "5499", nil, directory.ErrNotFound},
		"a person":          {[]string{activatable}, "1002", nil, hotdesk.ErrNotHotDesk},
		"somebody's device": {[]string{activatable}, "BEN", nil, hotdesk.ErrNotHotDesk},
		"not registered":    {[]string{activatable}, "5402", nil, switchboard.ErrNotRegistered},
		"held":              {[]string{activatable, `when_taken = "refuse"`}, "5401", func(s *scene) { s.place("1002", "5401") }, hotdesk.ErrHeld},
		"held, not yet idle": {
			[]string{activatable, `when_taken = "idle"`, "take_over_idle = 30"},
			"5401",
			func(s *scene) { s.place("1002", "5401") }, hotdesk.ErrHeld,
		},
		"elsewhere": {
			[]string{activatable, `when_elsewhere = "deny"`},
			"5401",
			func(s *scene) { s.place("1001", "5402") }, hotdesk.ErrElsewhere,
		},
		"in a call": {
			[]string{activatable, `when_taken = "confirm"`},
			"5401",
			func(s *scene) { s.talk(s.phone("5401"), s.phone("caro"), "1003") }, switchboard.ErrInCall,
		},
		"another Activate Phone": {
			[]string{activatable},
			"5401",
			func(s *scene) { s.activate("1002", "5401") }, switchboard.ErrDeskActivating,
		},
		"one's own at another desk": {
			[]string{activatable},
			"5401",
			func(s *scene) { s.phone("spare"); s.activate("1001", "spare") }, switchboard.ErrAlreadyActivating,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, monday(t, 9, 0), tt.policy...)
			s.phone("5401")
			if tt.before != nil {
				tt.before(s)
			}
			if _, err := s.App.Switchboard().Activate(t.Context(), s.user("1001"), tt.desk); !errors.Is(err, tt.want) {
				t.Errorf("Activate: %v, want %v", err, tt.want)
			}
		})
	}
}

// A desk account with two phones does not tell which of them is meant.
func TestActivateOneOfSeveral(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), activatable)
	_, err := s.App.Directory().Edit(t.Context(), directory.System(), s.domain.ID, func(o *directory.Office) error {
		for i := range o.Devices {
			if o.Devices[i].Name == "spare" || o.Devices[i].Name == "5402" {
				o.Devices[i].OwnerID = s.user("5401").ID
			}
		}
		o.Devices = slices.DeleteFunc(o.Devices, func(d directory.Device) bool { return d.Name == "5401" })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var several *switchboard.SeveralError
	if _, err := s.App.Switchboard().Activate(t.Context(), s.user("1001"), "5401"); !errors.As(err, &several) || len(several.Devices) != 2 {
		t.Errorf("Activate: %v", err)
	}
	s.phone("spare")
	s.activate("1001", "spare")
	if _, err := s.App.Switchboard().Activate(t.Context(), s.user("1002"), "5402"); !errors.Is(err, switchboard.ErrNotRegistered) {
		t.Errorf("Activate: %v", err)
	}
}

// TestActivateEnds are the ends of a call that rings.
func TestActivateEnds(t *testing.T) {
	t.Parallel()
	answered := func(keys string) func(*scene, switchboard.Activation, *softphone.Call) {
		return func(s *scene, _ switchboard.Activation, call *softphone.Call) {
			s.answers(call)
			press(s.t, call, keys)
		}
	}
	for name, tt := range map[string]struct {
		do    func(s *scene, a switchboard.Activation, call *softphone.Call)
		want  error
		desks []string
	}{
		"nobody answers": {func(*scene, switchboard.Activation, *softphone.Call) {}, switchboard.ErrNoAnswer, nil},
		"declined": {func(_ *scene, _ switchboard.Activation, call *softphone.Call) {
			_ = call.Reject(603, "Decline")
		}, switchboard.ErrDeclined, nil},
		"busy": {func(_ *scene, _ switchboard.Activation, call *softphone.Call) {
			_ = call.Reject(486, "Busy Here")
		}, switchboard.ErrInCall, nil},
		"the dialog is closed": {func(s *scene, a switchboard.Activation, call *softphone.Call) {
			s.App.Switchboard().CancelActivation(s.user("1002").ID, a.ID) // not another's
			s.App.Switchboard().CancelActivation(a.UserID, a.ID)
			if end := s.over(call); !end.Elsewhere() {
				s.t.Errorf("the phone stopped ringing as %+v", end)
			}
		}, switchboard.ErrCancelled, nil},
		"the dialog is closed after the answer": {func(s *scene, a switchboard.Activation, call *softphone.Call) {
			s.answers(call)
			apptest.Await(s.t, s.facts, func(m switchboard.ActivationMoved) bool { return m.Activation.Stage == switchboard.StageAccount })
			s.App.Switchboard().CancelActivation(a.UserID, a.ID)
			press(s.t, call, "1001#4711#")
		}, nil, []string{"1001 at 5401"}},
		"hung up": {func(s *scene, _ switchboard.Activation, call *softphone.Call) {
			s.answers(call)
			press(s.t, call, "1001")
			call.Hangup()
		}, ivr.ErrGone, nil},
		"another person": {answered("1002#4711#"), switchboard.ErrOtherPerson, []string{"1002 at 5401"}},
		"the server stops": {func(s *scene, _ switchboard.Activation, call *softphone.Call) {
			s.Stop(s.t)
			s.over(call)
		}, switchboard.ErrActivateFailed, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := patient(t, 3*time.Second, activatable)
			desk := s.phone("5401")
			watching := s.Listen(t)
			a := s.activate("1001", "5401")
			tt.do(s, a, s.incoming(desk))
			_, last := stages(t, watching, a.ID)
			if !errors.Is(last.Err, tt.want) {
				t.Errorf("ended as %v, want %v", last.Err, tt.want)
			}
			if name != "the server stops" {
				s.atDesks(tt.desks...)
			}
		})
	}
}

// patient is an office in which phones ring so long to be activated.
func patient(t *testing.T, ring time.Duration, policy ...string) *scene {
	t.Helper()
	s := &scene{Office: apptest.Start(t, func(c *app.Config) { c.ActivateFor = ring }), t: t}
	s.Clock.Set(monday(t, 9, 0))
	s.domain = s.Apply(t, office(t, acme, "America/Toronto", policy...))
	s.facts = s.Listen(t)
	return s
}

// Three wrong PINs end the call; two more lock the account.
func TestActivateWithWrongPINs(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), activatable)
	desk := s.phone("5401")
	guess := func(tries int) error {
		watching := s.Listen(t)
		a := s.activate("1001", "5401")
		call := s.incoming(desk)
		s.answers(call)
		for range tries {
			apptest.Await(t, s.facts, func(m switchboard.ActivationMoved) bool { return m.Activation.Stage == switchboard.StageAccount })
			press(t, call, "1001#1111#")
		}
		_, last := stages(t, watching, a.ID)
		s.over(call)
		return last.Err
	}
	if err := guess(3); !errors.Is(err, login.ErrWrong) {
		t.Errorf("three wrong PINs: %v", err)
	}
	if err := guess(3); !errors.As(err, new(*login.LockedError)) {
		t.Errorf("six wrong PINs: %v", err)
	}
	s.atDesks()
}

// A desk that may be taken over is rung, and whoever answers is asked.
func TestActivateHeldDesk(t *testing.T) {
	t.Parallel()
	for key, tt := range map[string]struct {
		want error
		at   string
	}{"2": {nil, "1001 at 5401"}, "1": {ivr.ErrLeftAsItIs, "1002 at 5401"}} {
		s := start(t, monday(t, 9, 0), activatable, `when_taken = "confirm"`)
		desk := s.phone("5401")
		s.place("1002", "5401")
		watching := s.Listen(t)
		a := s.activate("1001", "5401")
		call := s.incoming(desk)
		s.answers(call)
		press(t, call, "1001#4711#")
		apptest.Await(t, s.facts, func(m switchboard.ActivationMoved) bool { return m.Activation.Stage == switchboard.StageTakeOver })
		press(t, call, key)
		if _, last := stages(t, watching, a.ID); !errors.Is(last.Err, tt.want) {
			t.Errorf("pressing %s: %v, want %v", key, last.Err, tt.want)
		}
		s.atDesks(tt.at)
	}
}
