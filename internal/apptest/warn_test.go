package apptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// rings waits for the call that warns a desk, and checks what the display shows.
func (s *scene) rings(desk *softphone.Phone) *softphone.Call {
	s.t.Helper()
	call, err := desk.Incoming(apptest.Soon(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	if p := call.Party(); p.User != "*88" || p.Display != "Hotdesk" || p.Asserted != "*88" {
		s.t.Errorf("the call shows %+v", p)
	}
	return call
}

func (s *scene) answers(call *softphone.Call) {
	s.t.Helper()
	if err := call.Answer(); err != nil {
		s.t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(s.t)); err != nil {
		s.t.Fatal(err)
	}
}

// over waits for the end of a call.
func (s *scene) over(call *softphone.Call) softphone.End {
	s.t.Helper()
	end, err := call.Ended(apptest.Soon(s.t))
	if err != nil {
		s.t.Fatal(err)
	}
	return end
}

// endsUnwarned waits for the end of a session of which no desk is warned from now on.
func (s *scene) endsUnwarned() {
	s.t.Helper()
	apptest.Await(s.t, s.facts, func(fact events.Fact) bool {
		if w, is := fact.(hotdesk.Warning); is {
			s.t.Errorf("a desk is warned: %+v", w)
		}
		_, over := fact.(hotdesk.Ended)
		return over
	})
}

// A desk is warned five minutes before two o'clock. One who presses one keeps it.
func TestWarningKeepsTheDesk(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	desk, ben := s.phone("5401"), s.phone("ben")
	session := s.logIn(desk, "1001")
	s.SetClock(monday(t, 25, 55))
	call := s.rings(desk)
	s.answers(call)
	if said := s.hears(prompts.SessionEnds); said != "Your session at this desk ends in five minutes. To stay, press one." {
		t.Errorf("said %q", said)
	}
	press(t, call, "1")
	kept := apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true }).Session
	if kept.ID != session.ID || !kept.EndsAt.Equal(monday(t, 50, 0)) || kept.UsedAt.Before(monday(t, 25, 55)) {
		t.Errorf("kept is %+v", kept)
	}
	if said := s.hears(prompts.KeptUntil); !strings.HasSuffix(said, "until two a.m. on Wednesday.") {
		t.Errorf("said %q", said)
	}
	if end := s.over(call); end.Code != 0 {
		t.Errorf("the call ended as %+v", end)
	}
	s.SetClock(monday(t, 26, 0))
	s.shows(desk, ben, "1002", "1001")
	s.atDesks("1001 at 5401")
}

// A desk that nobody answers rings for a while, once, shows no missed call, and
// the session ends as it would have.
func TestWarningThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	desk := s.phone("5401")
	s.logIn(desk, "1001")
	s.SetClock(monday(t, 25, 56))
	apptest.Await(t, s.facts, func(hotdesk.Warning) bool { return true })
	if end := s.over(s.rings(desk)); !end.Elsewhere() {
		t.Errorf("the call ended as %+v", end)
	}
	s.SetClock(monday(t, 26, 0))
	s.endsUnwarned()
	s.atDesks()
}

func TestWarningThatIsDeclined(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	desk := s.phone("5401")
	session := s.logIn(desk, "1001")
	s.SetClock(monday(t, 25, 55))
	if err := s.rings(desk).Reject(486, "Busy Here"); err != nil {
		t.Fatal(err)
	}
	s.SetClock(monday(t, 26, 0))
	s.ended(session, hotdesk.Nightly)
}

// Nobody is rung in the middle of a call; after it there may be time left.
func TestWarningWaitsForTheEndOfACall(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	desk, ben := s.phone("5401"), s.phone("ben")
	s.logIn(desk, "1001")
	out, _ := s.talk(desk, ben, "1002")
	s.SetClock(monday(t, 25, 56))
	fresh := s.place("1003", "5402") // so late that it needs no warning
	s.SetClock(monday(t, 25, 57))
	s.hangUp(out)
	call := s.rings(desk)
	s.answers(call)
	if said := s.hears(prompts.SessionEnds); !strings.Contains(said, "three minutes") {
		t.Errorf("said %q", said)
	}
	press(t, call, "9")
	s.hears(prompts.EndsAsSaid)
	s.over(call)
	s.SetClock(monday(t, 26, 0))
	s.ended(fresh, hotdesk.Nightly)
	s.atDesks()
}

func TestNoWarning(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy string
		hour   int // of the login
	}{
		"switched off":              {"warn_minutes = 0", 25},
		"nobody was there for long": {"", 20},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, monday(t, tt.hour, 0), tt.policy)
			s.place("1001", "5401")
			s.SetClock(monday(t, 25, 56))
			s.SetClock(monday(t, 26, 0))
			s.endsUnwarned()
		})
	}
}

// The idle limit warns too, and a key is a use.
func TestWarningOfTheIdleLimit(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), "idle_minutes = 30")
	desk := s.phone("5401")
	session := s.logIn(desk, "1001")
	s.SetClock(monday(t, 9, 26).Add(30 * time.Second))
	call := s.rings(desk)
	s.answers(call)
	if said := s.hears(prompts.SessionEnds); !strings.Contains(said, "four minutes") {
		t.Errorf("said %q", said)
	}
	press(t, call, "1")
	kept := apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true }).Session
	if !kept.EndsAt.Equal(session.EndsAt) {
		t.Errorf("kept until %v, want %v", kept.EndsAt, session.EndsAt)
	}
	s.over(call)
	s.SetClock(monday(t, 9, 50))
	s.atDesks("1001 at 5401")
	s.SetClock(monday(t, 9, 52))
	if end := s.over(s.rings(desk)); !end.Elsewhere() {
		t.Errorf("the call ended as %+v", end)
	}
	s.SetClock(monday(t, 9, 58))
	s.ended(session, hotdesk.IdleLimit)
}

// The hour limit warns, and starts anew for who stays.
func TestWarningOfTheHourLimit(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), "max_hours = 1")
	desk := s.phone("5401")
	s.logIn(desk, "1001")
	s.SetClock(monday(t, 9, 55))
	call := s.rings(desk)
	s.answers(call)
	press(t, call, "1")
	kept := apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true }).Session
	if left := kept.EndsAt.Sub(monday(t, 9, 55)); kept.EndsAs != hotdesk.HourLimit || left < time.Hour || left > time.Hour+time.Minute {
		t.Errorf("kept is %+v", kept)
	}
}

// A warning is not repeated by a server that starts again.
func TestWarningAcrossARestart(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	desk := s.phone("5401")
	s.logIn(desk, "1001")
	s.SetClock(monday(t, 25, 55))
	s.rings(desk).Hangup()
	s.Stop(t)
	s.Run(t)
	s.facts = s.Listen(t)
	s.SetClock(monday(t, 25, 57))
	s.SetClock(monday(t, 26, 0))
	s.endsUnwarned()
}

// The server stops while desks ring.
func TestStopDuringAWarning(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	ringing, talking := s.phone("5401"), s.phone("5402")
	s.logIn(ringing, "1001")
	s.logIn(talking, "1003")
	s.SetClock(monday(t, 25, 55))
	first, second := s.rings(ringing), s.rings(talking)
	s.answers(second)
	s.Stop(t)
	s.over(first)
	s.over(second)
}

// Both phones of a desk answer at the same moment: one is spoken with, the
// other is hung up.
func TestWarningAtTwoPhones(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	s.place("1001", "5401")
	answering := func(c *softphone.Config) { c.AutoAnswer = true }
	first, second := s.Phone(t, acme, "5401", answering), s.Phone(t, acme, "5401", answering)
	s.SetClock(monday(t, 25, 55))
	calls := []*softphone.Call{s.rings(first), s.rings(second)}
	s.hears(prompts.SessionEnds)
	talking := 0
	for _, call := range calls {
		if call.PressBy(apptest.Soon(t), softphone.DigitsInfo, "1") == nil {
			talking++
		}
	}
	if talking != 1 {
		t.Errorf("%d phones are spoken with", talking)
	}
	apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true })
	for _, call := range calls {
		s.over(call)
	}
}

// One phone answers, and the other stops ringing.
func TestWarningIsAnsweredAtOneOfTwoPhones(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	s.place("1001", "5401")
	here, there := s.phone("5401"), s.phone("5401")
	s.SetClock(monday(t, 25, 55))
	answered, other := s.rings(here), s.rings(there)
	s.answers(answered)
	if end := s.over(other); !end.Elsewhere() {
		t.Errorf("the other phone stopped as %+v", end)
	}
	if err := answered.PressBy(apptest.Soon(t), softphone.DigitsEvents, "1"); err != nil {
		t.Fatal(err)
	}
	apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true })
	answered.Hangup()
	s.SetClock(monday(t, 26, 0))
	s.atDesks("1001 at 5401")
}

// A desk whose phone is not there is not rung, and is released in time.
func TestWarningWhereNoPhoneIs(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 20))
	session := s.place("1001", "5401")
	s.SetClock(monday(t, 25, 55))
	apptest.Await(t, s.facts, func(hotdesk.Warning) bool { return true })
	s.SetClock(monday(t, 26, 0))
	s.ended(session, hotdesk.Nightly)
	if n := s.App.Streams(); n != 0 {
		t.Errorf("%d port pairs are in use", n)
	}
}
