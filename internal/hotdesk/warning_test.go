package hotdesk_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

func TestWarnAt(t *testing.T) {
	t.Parallel()
	two := directory.ClockTime{Set: true, Hour: 2}
	for _, test := range []struct {
		name    string
		zone    string
		minutes int
		hours   int
		started string
		want    string // "" for not at all
	}{
		{"before the night", "America/Toronto", 5, 0, "2026-01-14T09:00:00-05:00", "2026-01-15T01:55:00-05:00"},
		{"a quarter of an hour", "America/Toronto", 15, 0, "2026-01-14T09:00:00-05:00", "2026-01-15T01:45:00-05:00"},
		{"switched off", "America/Toronto", 0, 0, "2026-01-14T09:00:00-05:00", ""},
		{"just before its time", "America/Toronto", 5, 0, "2026-01-15T01:54:59-05:00", "2026-01-15T01:55:00-05:00"},
		{"logged in at its time", "America/Toronto", 5, 0, "2026-01-15T01:55:00-05:00", ""},
		{"logged in after its time", "America/Toronto", 5, 0, "2026-01-15T01:58:00-05:00", ""},
		{"before the hour limit", "UTC", 5, 8, "2026-01-14T09:00:00Z", "2026-01-14T16:55:00Z"},
		{"clocks jump over two", "America/Toronto", 5, 0, "2026-03-07T18:00:00-05:00", "2026-03-08T01:55:00-05:00"},
		{"clocks jump between warning and end", "Australia/Lord_Howe", 5, 0, "2026-10-03T18:00:00+10:30", "2026-10-04T01:55:00+10:30"},
		{"two comes twice", "Europe/Vienna", 5, 0, "2026-10-24T18:00:00+02:00", "2026-10-25T01:55:00+02:00"},
		{"between the two", "Europe/Vienna", 5, 0, "2026-10-25T02:30:00+02:00", "2026-10-26T01:55:00+01:00"},
		{"one comes twice before two", "America/Toronto", 5, 0, "2026-10-31T18:00:00-04:00", "2026-11-01T01:55:00-05:00"},
		{"hours across the change", "America/Toronto", 5, 10, "2026-03-07T12:00:00-05:00", "2026-03-07T21:55:00-05:00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy := directory.HotDesking{ReleaseAt: two, MaxHours: test.hours, WarnMinutes: test.minutes}
			started := instant(t, test.started)
			endsAt, _ := hotdesk.EndsAt(policy, zone(t, test.zone), started)
			var want time.Time
			if test.want != "" {
				want = instant(t, test.want)
			}
			if got := hotdesk.WarnAt(policy, endsAt, started); !got.Equal(want) {
				t.Errorf("warned at %s, want %s", got.In(zone(t, test.zone)), test.want)
			}
		})
	}
	if at := hotdesk.WarnAt(directory.HotDesking{WarnMinutes: 5}, time.Time{}, time.Now()); !at.IsZero() {
		t.Errorf("a session without end is warned at %s", at)
	}
}

func TestWarnOf(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	now := instant(t, winterMorning)
	for name, test := range map[string]struct {
		session hotdesk.Session // its times, as minutes before now
		idle    int
		off     bool
		inCall  bool
		ends    time.Duration // after now; 0: no warning
		as      hotdesk.Reason
	}{
		"the night is near":       {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now.Add(-minute)}, ends: 4 * minute, as: hotdesk.Nightly},
		"the hour limit is near":  {session: hotdesk.Session{EndsAt: now.Add(4 * minute), EndsAs: hotdesk.HourLimit, WarnAt: now, UsedAt: now}, ends: 4 * minute, as: hotdesk.HourLimit},
		"it is not yet time":      {session: hotdesk.Session{EndsAt: now.Add(6 * minute), WarnAt: now.Add(minute), UsedAt: now}},
		"the end has come":        {session: hotdesk.Session{EndsAt: now, WarnAt: now.Add(-5 * minute), UsedAt: now}},
		"never told":              {session: hotdesk.Session{EndsAt: now.Add(4 * minute), UsedAt: now}},
		"told already":            {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), WarnedAt: now.Add(-minute), UsedAt: now}},
		"told of an earlier end":  {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), WarnedAt: now.Add(-2 * minute), UsedAt: now}, ends: 4 * minute, as: hotdesk.Nightly},
		"in a call":               {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now}, inCall: true},
		"switched off since":      {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now}, off: true},
		"nobody there for long":   {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now.Add(-hotdesk.UsedLately)}},
		"somebody there lately":   {session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now.Add(minute - hotdesk.UsedLately)}, ends: 4 * minute, as: hotdesk.Nightly},
		"nearly idle":             {session: hotdesk.Session{UsedAt: now.Add(-25 * minute)}, idle: 30, ends: 5 * minute, as: hotdesk.IdleLimit},
		"not nearly idle":         {session: hotdesk.Session{UsedAt: now.Add(-24 * minute)}, idle: 30},
		"idle for too long":       {session: hotdesk.Session{UsedAt: now.Add(-30 * minute)}, idle: 30},
		"nearly idle, told":       {session: hotdesk.Session{UsedAt: now.Add(-26 * minute), WarnedAt: now.Add(-minute)}, idle: 30},
		"nearly idle, used again": {session: hotdesk.Session{UsedAt: now.Add(-26 * minute), WarnedAt: now.Add(-40 * minute)}, idle: 30, ends: 4 * minute, as: hotdesk.IdleLimit},
		"nearly idle, in a call":  {session: hotdesk.Session{UsedAt: now.Add(-26 * minute)}, idle: 30, inCall: true},
		"half of a short limit":   {session: hotdesk.Session{UsedAt: now.Add(-2 * minute)}, idle: 4, ends: 2 * minute, as: hotdesk.IdleLimit},
		"less than half of it":    {session: hotdesk.Session{UsedAt: now.Add(-minute)}, idle: 4},
		"idle before the night": {
			session: hotdesk.Session{EndsAt: now.Add(4 * minute), WarnAt: now.Add(-minute), UsedAt: now.Add(-27 * minute)}, idle: 30, ends: 3 * minute, as: hotdesk.IdleLimit,
		},
		"the night before idle": {
			session: hotdesk.Session{EndsAt: now.Add(3 * minute), WarnAt: now.Add(-2 * minute), UsedAt: now.Add(-26 * minute)}, idle: 30, ends: 3 * minute, as: hotdesk.Nightly,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			policy := directory.HotDesking{WarnMinutes: 5, IdleMinutes: test.idle}
			if test.off {
				policy.WarnMinutes = 0
			}
			warning, due := hotdesk.WarnOf(policy, test.session, test.inCall, now)
			if due != (test.ends > 0) || due && (!warning.EndsAt.Equal(now.Add(test.ends)) || warning.As != test.as || warning.Session != test.session) {
				t.Errorf("%v: %s in %s", due, warning.As, warning.EndsAt.Sub(now))
			}
		})
	}
}

// warnings are the facts of the last moments that desks are to be warned.
func (o *office) warnings() []string {
	var desks []string
	for _, fact := range o.told() {
		if w, is := fact.(hotdesk.Warning); is {
			desks = append(desks, fmt.Sprintf("%s %s %s", w.Session.DeviceID, w.As, w.EndsAt.Sub(o.now())))
		}
	}
	return desks
}

func (o *office) warned(t *testing.T, want ...string) {
	t.Helper()
	got := o.warnings()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("warned %q, want %q", got, want)
	}
}

func TestRunWarnsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		stop := o.run(t)
		early := o.login(t, "desk1", "ana").Session
		until(early.EndsAt.Add(-time.Hour))
		late := o.login(t, "desk2", "bo").Session
		o.login(t, "desk3", "cy")
		o.calls.set("desk3", true)
		until(early.EndsAt.Add(-5*time.Minute - time.Second))
		o.warned(t)
		until(early.EndsAt.Add(-5 * time.Minute))
		o.warned(t, "desk2 nightly 5m0s") // nobody has sat at desk1 for hours, and desk3 is in a call
		stop()
		defer o.run(t)() // what was told is not told again
		o.calls.set("", true)
		until(early.EndsAt.Add(-4 * time.Minute))
		o.warned(t, "desk3 nightly 4m0s")
		kept, err := o.Keep(t.Context(), late.ID)
		if err != nil || !kept.EndsAt.Equal(late.EndsAt.Add(24*time.Hour)) || !kept.UsedAt.Equal(time.Now()) {
			t.Errorf("kept until %s, %v", kept.EndsAt, err)
		}
		entries := o.store.entries()
		if last := entries[len(entries)-1]; last.Action != "session.extended" || last.Detail != "warning" || last.Actor != "bo" {
			t.Errorf("written down: %+v", last)
		}
		until(early.EndsAt)
		if held := o.open(t); len(held) != 1 || held["desk2"] != "bo" {
			t.Errorf("held: %v", held)
		}
		until(kept.EndsAt.Add(-6 * time.Minute))
		o.Used(&kept)
		until(kept.EndsAt.Add(-time.Second))
		o.warned(t, "desk2 nightly 1s") // of the new end, again
	})
}

func TestRunWarnsOfTheIdleLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		o.book.policy(func(p *directory.HotDesking) { p.IdleMinutes, p.ReleaseAt = 30, directory.ClockTime{} })
		defer o.run(t)()
		ana, bo := o.login(t, "desk1", "ana").Session, o.login(t, "desk2", "bo").Session
		until(ana.StartedAt.Add(20 * time.Minute))
		o.Used(&bo)
		until(ana.StartedAt.Add(25*time.Minute + 5*time.Second))
		o.warned(t, "desk1 idle_limit 4m55s")
		if _, err := o.Keep(t.Context(), ana.ID); err != nil {
			t.Fatal(err)
		}
		until(ana.StartedAt.Add(45*time.Minute + 5*time.Second))
		o.warned(t, "desk2 idle_limit 4m55s")
		until(ana.StartedAt.Add(50*time.Minute + 10*time.Second))
		o.warned(t, "desk1 idle_limit 4m55s") // once for each time that it is unused
		until(ana.StartedAt.Add(51 * time.Minute))
		if held := o.open(t); held["desk1"] != "ana" || len(held) != 1 {
			t.Errorf("held: %v", held)
		}
	})
}

func TestManyAreWarnedFewAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		const many = 200
		for i := range many {
			id := fmt.Sprint(i)
			o.book.users["user"+id] = directory.User{ID: "user" + id, DomainID: "acme", Extension: "2" + id}
			o.book.devices["phone"+id] = directory.Device{ID: "phone" + id, DomainID: "acme"}
		}
		until(instant(t, "2000-01-01T06:00:00Z"))
		for i := range many {
			o.login(t, fmt.Sprint("phone", i), fmt.Sprint("user", i))
		}
		defer o.run(t)()
		until(instant(t, "2000-01-01T06:55:00Z"))
		total := 0
		for total < many {
			at := len(o.warnings())
			if at == 0 || at > 64 {
				t.Fatalf("%d at once, after %d", at, total)
			}
			total += at
			until(time.Now().Add(5 * time.Second))
		}
		until(instant(t, "2000-01-01T06:59:59Z"))
		o.warned(t)
	})
}

func TestKeepRefuses(t *testing.T) {
	t.Parallel()
	now := instant(t, winterMorning)
	o := newOffice(t, func() time.Time { return now })
	session := o.login(t, "desk1", "ana").Session
	for name, id := range map[string]string{"unknown": "unknown", "nothing": ""} {
		if _, err := o.Keep(t.Context(), id); !errors.Is(err, hotdesk.ErrNoSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now = session.EndsAt // the clock has not come by yet
	if _, err := o.Keep(t.Context(), session.ID); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Errorf("at its end: %v", err)
	}
	now = session.EndsAt.Add(-time.Minute)
	if _, err := o.Release(t.Context(), "desk1", hotdesk.By{}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Keep(t.Context(), session.ID); !errors.Is(err, hotdesk.ErrNoSession) {
		t.Errorf("released: %v", err)
	}
}
