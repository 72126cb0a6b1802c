package apptest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// At two o'clock in Berlin it is eight in the evening in Toronto.
func TestNightlyReleaseInTwoTimeZones(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 19, 45))
	berlin := s.Apply(t, office(t, "berg.test", "Europe/Berlin"))
	here, ben := s.phone("5401"), s.phone("ben")
	there, otherBen := s.Phone(t, "berg.test", "5401"), s.Phone(t, "berg.test", "ben")
	in := s.logIn(here, "1001")
	out := s.logIn(there, "1001")
	if out.DomainID != berlin.ID || in.DomainID != s.domain.ID {
		t.Fatalf("sessions in %s and %s", in.DomainID, out.DomainID)
	}
	s.shows(there, otherBen, "1002", "1001")

	s.SetClock(time.Date(2026, 6, 16, 2, 0, 0, 0, zone(t, "Europe/Berlin")))
	s.ended(out, hotdesk.Nightly)
	s.atDesks("1001 at 5401")
	s.shows(there, otherBen, "1002", "5401")
	s.shows(here, ben, "1002", "1001")

	s.SetClock(monday(t, 26, 0))
	s.ended(in, hotdesk.Nightly)
	s.atDesks()
}

func TestReleaseOnTheDaysWhenClocksChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		zone, releaseAt string
		login, ends     time.Time
		says            string
	}{
		"Toronto has no 02:00":          {"America/Toronto", "02:00", utc(3, 8, 6, 30), utc(3, 8, 7, 0), "three a.m."},
		"Toronto, an hour more":         {"America/Toronto", "02:00", utc(11, 1, 4, 30), utc(11, 1, 7, 0), "two a.m."},
		"Toronto has 01:30 twice":       {"America/Toronto", "01:30", utc(11, 1, 5, 0), utc(11, 1, 5, 30), "one thirty a.m."},
		"Toronto, between both 01:30s":  {"America/Toronto", "01:30", utc(11, 1, 6, 0), utc(11, 2, 6, 30), "one thirty a.m. on Monday."},
		"Berlin has no 02:00":           {"Europe/Berlin", "02:00", utc(3, 29, 0, 30), utc(3, 29, 1, 0), "three a.m."},
		"Berlin has 02:00 twice":        {"Europe/Berlin", "02:00", utc(10, 24, 23, 30), utc(10, 25, 0, 0), "two a.m."},
		"Berlin, between both 02:00s":   {"Europe/Berlin", "02:00", utc(10, 25, 0, 30), utc(10, 26, 1, 0), "two a.m. on Monday."},
		"Berlin, the day before spring": {"Europe/Berlin", "02:00", utc(3, 28, 0, 30), utc(3, 28, 1, 0), "two a.m."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tt.login)
			s.Apply(t, office(t, acme, tt.zone, `release_at = "`+tt.releaseAt+`"`))
			desk, ben := s.phone("5401"), s.phone("ben")
			call := s.converse(desk, "*881001", "4711#")
			session := apptest.Await(t, s.facts, func(hotdesk.LoggedIn) bool { return true }).Session
			if !session.EndsAt.Equal(tt.ends) {
				t.Fatalf("it ends at %v, want %v", session.EndsAt, tt.ends)
			}
			if said := s.hears(prompts.RingsHereUntil); !strings.HasSuffix(said, "until "+tt.says) {
				t.Errorf("said %q, want until %s", said, tt.says)
			}
			s.hangUp(call)

			s.SetClock(tt.ends.Add(-time.Minute))
			register(t, ben)
			s.shows(desk, ben, "1002", "1001")
			s.SetClock(tt.ends)
			s.ended(session, hotdesk.Nightly)
			s.shows(desk, ben, "1002", "5401")
		})
	}
}

// register registers a phone again, whose binding has expired since the clock moved.
func register(t *testing.T, phone *softphone.Phone) {
	t.Helper()
	if err := phone.Register(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
}

func utc(month, day, hour, minute int) time.Time {
	return time.Date(2026, time.Month(month), day, hour, minute, 0, 0, time.UTC)
}

func TestHourLimit(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), "max_hours = 8")
	desk := s.phone("5401")
	session := s.logIn(desk, "1001")
	s.SetClock(monday(t, 12, 0))
	late := s.place("1002", "5402")
	s.SetClock(session.EndsAt)
	over := s.ended(session, hotdesk.HourLimit)
	if lasted := over.EndedAt.Sub(over.StartedAt); lasted < 8*time.Hour || lasted > 8*time.Hour+time.Minute {
		t.Errorf("it lasted %v, want 8 h", lasted)
	}
	s.atDesks("1002 at 5402")
	s.SetClock(late.EndsAt)
	s.ended(late, hotdesk.HourLimit)
}

// A desk is idle from its last login, call or key press on, and never in a call.
func TestIdleLimit(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0), "idle_minutes = 30")
	desk, ben := s.phone("5401"), s.phone("ben")
	ana := s.logIn(desk, "1001")

	s.SetClock(monday(t, 9, 25))
	s.shows(desk, ben, "1002", "1001") // a call is a use
	caro := s.place("1003", "5402")
	s.SetClock(monday(t, 9, 50))
	onTheLine, _ := s.talk(desk, ben, "1002")
	s.SetClock(monday(t, 9, 56)) // 5402 has been idle for 31 minutes
	s.ended(caro, hotdesk.IdleLimit)
	s.atDesks("1001 at 5401")

	caro = s.place("1003", "5402")
	s.SetClock(monday(t, 10, 30)) // 40 minutes into the call
	s.ended(caro, hotdesk.IdleLimit)
	s.atDesks("1001 at 5401")
	s.hangUp(onTheLine)

	s.SetClock(monday(t, 10, 59))
	s.place("1003", "5402")
	s.SetClock(monday(t, 11, 2)) // 31 minutes after the call
	s.ended(ana, hotdesk.IdleLimit)
	s.atDesks("1003 at 5402")
	s.shows(desk, s.phone("ana"), "1001", "5401")
}

// What came due while the server was down is done before anybody can call.
func TestDueWhileTheServerWasDown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy string
		as     hotdesk.Reason
	}{
		"nightly":    {"", hotdesk.Nightly},
		"hour limit": {"max_hours = 1", hotdesk.HourLimit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, monday(t, 23, 0), tt.policy)
			desk := s.phone("5401")
			s.logIn(desk, "1001")
			s.Stop(t)
			s.Clock.Set(monday(t, 29, 0))
			s.Run(t)
			s.facts = s.Listen(t)
			s.atDesks()
			all, err := s.App.Sessions().Sessions(t.Context(), hotdesk.Query{})
			if err != nil || len(all) != 1 || all[0].Ended != tt.as || all[0].EndedAt.Before(monday(t, 29, 0).Truncate(time.Millisecond)) {
				t.Errorf("the sessions are %+v, %v", all, err)
			}
			s.shows(desk, s.phone("ben"), "1002", "5401")
		})
	}
}

func TestIdleWhileTheServerWasDown(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 23, 0), "idle_minutes = 30")
	idle := s.place("1001", "5401")
	s.Stop(t)
	s.Clock.Set(monday(t, 25, 59))
	s.Run(t)
	s.facts = s.Listen(t)
	fresh := s.place("1002", "5402")
	s.SetClock(monday(t, 26, 0))
	s.ended(fresh, hotdesk.Nightly)
	all, err := s.App.Sessions().Sessions(t.Context(), hotdesk.Query{ID: idle.ID})
	if err != nil || len(all) != 1 || all[0].Ended != hotdesk.IdleLimit {
		t.Errorf("the idle session is %+v, %v", all, err)
	}
}

// A call goes on when the session ends, and stays on the person's record, on
// whichever side the desk is.
func TestCallAcrossTheRelease(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 25, 30))
	window, door, ana, ben := s.phone("5401"), s.phone("5402"), s.phone("ana"), s.phone("ben")
	here, there := s.logIn(window, "1001"), s.logIn(door, "1003")
	out, atBen := s.talk(window, ben, "1002")
	fromAna, in := s.talk(ana, door, "1003")

	s.SetClock(monday(t, 26, 0))
	s.ended(here, hotdesk.Nightly)
	s.ended(there, hotdesk.Nightly)
	for from, to := range map[*softphone.Call]*softphone.Call{atBen: out, fromAna: in} {
		if err := from.PressBy(apptest.Soon(t), softphone.DigitsInfo, "7"); err != nil {
			t.Fatal(err)
		}
		if err := to.Wait(apptest.Soon(t), func() bool { return to.Digits() == "7" }); err != nil {
			t.Errorf("after the release, no key is heard: %v", err)
		}
	}
	s.hangUp(out)
	s.hangUp(in)

	records, err := s.App.Records().Records(t.Context(), callrecord.Query{UserID: s.user("1001").ID})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]callrecord.Record{}
	for _, r := range records {
		found[r.Dialled] = r
	}
	want := callrecord.Party{UserID: here.UserID, DeviceID: here.DeviceID, DeviceName: "5401", SessionID: here.ID, Number: "1001", Name: "Ana Ruiz"}
	if r := found["1002"]; r.Caller != want || r.Result != callrecord.Answered || r.EndedAt.Before(monday(t, 26, 0)) {
		t.Errorf("the call from the desk is on record as %+v", r)
	}
	want = callrecord.Party{UserID: there.UserID, DeviceID: there.DeviceID, DeviceName: "5402", SessionID: there.ID, Number: "1003", Name: "Caro Lind"}
	if r := found["1003"]; r.Callee != want || r.Result != callrecord.Answered || r.EndedAt.Before(monday(t, 26, 0)) {
		t.Errorf("the call to the desk is on record as %+v", r)
	}
	s.shows(window, ben, "1002", "5401")
}

// Who holds a desk and dials the code shortly before the release keeps it for
// another day.
func TestLoginAgainExtends(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 23, 0))
	desk := s.phone("5401")
	ana, caro := s.logIn(desk, "1001"), s.place("1003", "5402")

	again := func(until time.Time, says string) {
		t.Helper()
		call := s.converse(desk, "*881001", "4711#")
		session := apptest.Await(t, s.facts, func(hotdesk.Extended) bool { return true }).Session
		if session.ID != ana.ID || !session.EndsAt.Equal(until) {
			t.Errorf("at %v, the session lasts until %v, want %v", s.Clock.Now(), session.EndsAt, until)
		}
		if said := s.hears(prompts.AlreadyYoursUntil); !strings.HasSuffix(said, "until "+says) {
			t.Errorf("said %q, want until %s", said, says)
		}
		s.hangUp(call)
	}
	again(monday(t, 26, 0), "two a.m.")
	s.SetClock(monday(t, 25, 50))
	again(monday(t, 50, 0), "two a.m. on Wednesday.")

	s.SetClock(monday(t, 26, 0))
	s.ended(caro, hotdesk.Nightly)
	s.atDesks("1001 at 5401")
	s.SetClock(monday(t, 50, 0))
	s.ended(ana, hotdesk.Nightly)
	s.atDesks()
}

func TestNoReleaseWhereItIsSwitchedOff(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 23, 0), `release_at = "off"`)
	s.Apply(t, office(t, "berg.test", "America/Toronto"))
	desk, other := s.phone("5401"), s.Phone(t, "berg.test", "5401")
	call := s.converse(desk, "*881001", "4711#")
	if said := s.hears(prompts.RingsHere); strings.Contains(said, "until") {
		t.Errorf("said %q, though there is no limit", said)
	}
	s.hangUp(call)
	ends := s.logIn(other, "1001")
	s.SetClock(monday(t, 26, 0))
	s.ended(ends, hotdesk.Nightly)
	s.atDesks("1001 at 5401")
}
