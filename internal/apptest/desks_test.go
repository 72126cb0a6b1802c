package apptest_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func press(t *testing.T, call *softphone.Call, keys string) {
	t.Helper()
	if err := call.PressBy(apptest.Soon(t), softphone.DigitsInfo, keys); err != nil {
		t.Fatal(err)
	}
}

// refused tries to log in, hears a sentence, and finds the refusal told.
func (s *scene) refused(desk *softphone.Phone, extension string, sentence prompts.Name, code string) {
	s.t.Helper()
	call := s.converse(desk, "*88"+extension, "4711#")
	if got := apptest.Await(s.t, s.facts, func(hotdesk.Refused) bool { return true }); got.Code != code || got.Account != extension {
		s.t.Errorf("refused with %+v, want %s", got, code)
	}
	s.hears(sentence)
	s.hangUp(call)
}

func TestHeldDeskIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), `when_taken = "refuse"`)
	desk := s.phone("5401")
	s.logIn(desk, "1001")
	s.refused(desk, "1002", prompts.InUse, "held")
	s.atDesks("1001 at 5401")
	s.shows(desk, s.phone("ben"), "1002", "1001")
}

func TestHeldDeskIsTakenOver(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), `when_taken = "confirm"`)
	desk := s.phone("5401")
	ana := s.logIn(desk, "1001")

	s.SetClock(monday(t, 9, 40))
	call := s.converse(desk, "*881002", "4711#")
	said := s.hears(prompts.InUseBy)
	if want := "one zero zero one, since nine, unused for"; !strings.Contains(said, want) {
		t.Errorf("said %q, want %s", said, want)
	}
	press(t, call, "1")
	s.hears(prompts.LeftAsItIs)
	s.hangUp(call)
	s.atDesks("1001 at 5401")

	call = s.converse(desk, "*881002", "4711#")
	s.hears(prompts.InUseBy)
	press(t, call, "2")
	over := s.ended(ana, hotdesk.TakenOver)
	if ben := s.user("1002"); over.EndedBy != ben.ID {
		t.Errorf("taken over by %s, want %s", over.EndedBy, ben.ID)
	}
	s.hears(prompts.RingsHereUntil)
	s.hangUp(call)
	s.atDesks("1002 at 5401")
}

func TestIdleDeskIsTakenOver(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), `when_taken = "idle"`, "take_over_idle = 30")
	desk, caro := s.phone("5401"), s.phone("caro")
	ana := s.logIn(desk, "1001")
	s.SetClock(monday(t, 9, 29))
	s.refused(desk, "1002", prompts.InUse, "held")

	onTheLine, _ := s.talk(desk, caro, "1003")
	s.SetClock(monday(t, 10, 0))
	s.refused(desk, "1002", prompts.InUseCall, "held")
	s.hangUp(onTheLine)
	s.refused(desk, "1002", prompts.InUse, "held") // it was used just now

	s.SetClock(monday(t, 10, 31)) // a login that was refused was no use
	call := s.converse(desk, "*881002", "4711#")
	s.hears(prompts.InUseBy)
	press(t, call, "2")
	s.ended(ana, hotdesk.TakenOver)
	s.hangUp(call)
	s.atDesks("1002 at 5401")
}

func TestLoginAtAnotherDesk(t *testing.T) {
	t.Parallel()
	t.Run("move", func(t *testing.T) {
		t.Parallel()
		s := start(t, monday(t, 9, 0), `when_elsewhere = "move"`)
		first, second := s.phone("5401"), s.phone("5402")
		s.logIn(first, "1001")
		call := s.converse(second, "*881001", "4711#")
		over := apptest.Await(t, s.facts, func(hotdesk.Ended) bool { return true }).Session
		if over.Ended != hotdesk.Moved || over.DeviceID != s.device("5401").ID {
			t.Errorf("ended is %+v", over)
		}
		s.hears(prompts.Moved)
		s.hangUp(call)
		s.atDesks("1001 at 5402")
		ben := s.phone("ben")
		s.shows(first, ben, "1002", "5401")
		s.shows(second, ben, "1002", "1001")
	})
	t.Run("allow", func(t *testing.T) {
		t.Parallel()
		s := start(t, monday(t, 9, 0), `when_elsewhere = "allow"`)
		first, second := s.phone("5401"), s.phone("5402")
		s.logIn(first, "1001")
		s.logIn(second, "1001")
		s.atDesks("1001 at 5401", "1001 at 5402")
		call, err := s.phone("ben").Dial(apptest.Soon(t), "1001")
		if err != nil {
			t.Fatal(err)
		}
		for _, desk := range []*softphone.Phone{first, second} {
			if _, err := desk.Incoming(apptest.Soon(t)); err != nil {
				t.Error(err)
			}
		}
		s.hangUp(call)
	})
	t.Run("deny", func(t *testing.T) {
		t.Parallel()
		s := start(t, monday(t, 9, 0), `when_elsewhere = "deny"`)
		first, second := s.phone("5401"), s.phone("5402")
		s.logIn(first, "1001")
		s.refused(second, "1001", prompts.Elsewhere, "elsewhere")
		s.atDesks("1001 at 5401")
		s.logIn(second, "1002")
		s.atDesks("1001 at 5401", "1002 at 5402")
	})
}

// What the directory no longer allows ends at once, and says so.
func TestSessionIsWithdrawn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*directory.Office){
		"device deleted":         func(o *directory.Office) { o.RemoveDevice(o.DeviceByName("5401").ID) },
		"device disabled":        func(o *directory.Office) { o.DeviceByName("5401").Disabled = true },
		"device given to Ben":    func(o *directory.Office) { o.DeviceByName("5401").OwnerID = o.UserByExtension("1002").ID },
		"desk account deleted":   func(o *directory.Office) { o.RemoveUser(o.UserByExtension("5401").ID) },
		"desk account disabled":  func(o *directory.Office) { o.UserByExtension("5401").Disabled = true },
		"person deleted":         func(o *directory.Office) { o.RemoveUser(o.UserByExtension("1001").ID) },
		"person disabled":        func(o *directory.Office) { o.UserByExtension("1001").Disabled = true },
		"leave withdrawn":        func(o *directory.Office) { o.UserByExtension("1001").NoHotDesking = true },
		"hot desking turned off": func(o *directory.Office) { o.Domain.HotDesking.Enabled = false },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, monday(t, 9, 0))
			session, window := s.place("1001", "5401"), s.device("5401")
			if _, err := s.App.Directory().Edit(t.Context(), directory.System(), s.domain.ID, func(o *directory.Office) error {
				change(o)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			// A call counts it as over even before it has been ended.
			if holder, err := s.App.Sessions().HolderOf(t.Context(), window); err != nil || holder.Session != nil {
				t.Errorf("the desk still acts for %+v, %v", holder.User, err)
			}
			if over := s.ended(session, hotdesk.Withdrawn); over.EndedBy != "system" {
				t.Errorf("ended by %s", over.EndedBy)
			}
			s.atDesks()
		})
	}
}

// The person is disabled in the middle of a call: the call goes on.
func TestCallOutlivesAWithdrawnSession(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0))
	desk, ben := s.phone("5401"), s.phone("ben")
	session := s.logIn(desk, "1001")
	out, in := s.talk(desk, ben, "1002")
	if _, err := s.App.Directory().Edit(t.Context(), directory.System(), s.domain.ID, func(o *directory.Office) error {
		o.UserByExtension("1001").Disabled = true
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	s.ended(session, hotdesk.Withdrawn)
	press(t, in, "5")
	if err := out.Wait(apptest.Soon(t), func() bool { return out.Digits() == "5" }); err != nil {
		t.Error(err)
	}
	if r := s.hangUp(out); r.Caller.SessionID != session.ID || r.Caller.Number != "1001" {
		t.Errorf("the call is on record as %+v", r)
	}
	s.shows(desk, ben, "1002", "5401")
}

func TestRelease(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), `when_elsewhere = "allow"`)
	window, door, spare, ana, ben := s.phone("5401"), s.phone("5402"), s.phone("spare"), s.phone("ana"), s.phone("ben")
	release := func(phone *softphone.Phone, sentence prompts.Name) string {
		t.Helper()
		call := s.converse(phone, "*89", "")
		said := s.hears(sentence)
		s.hangUp(call)
		return said
	}

	// At a desk: that desk, whoever stands there.
	release(window, prompts.NobodyHere)
	first := s.place("1001", "5401")
	s.place("1003", "spare")
	release(door, prompts.NobodyHere)
	s.atDesks("1001 at 5401", "1003 at spare")
	release(window, prompts.Released)
	s.atDesks("1003 at spare")
	over, err := s.App.Sessions().Sessions(t.Context(), hotdesk.Query{ID: first.ID})
	if err != nil || len(over) != 1 || over[0].Ended != hotdesk.Released || over[0].EndedBy != first.UserID {
		t.Errorf("the session is %+v, %v", over, err)
	}

	// At somebody's own phone: all that person's, and nobody else's.
	release(ana, prompts.NotLoggedIn)
	s.place("1001", "5401")
	release(ben, prompts.NotLoggedIn)
	s.atDesks("1001 at 5401", "1003 at spare")
	release(ana, prompts.SessionEnded)
	s.atDesks("1003 at spare")
	s.place("1001", "5401")
	s.place("1001", "5402")
	if said := release(ana, prompts.SessionsAt); !strings.Contains(said, "two") {
		t.Errorf("said %q", said)
	}
	s.atDesks("1003 at spare")
	release(spare, prompts.Released)
	s.atDesks()
}
