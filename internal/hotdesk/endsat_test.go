package hotdesk_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

func TestEndsAt(t *testing.T) {
	t.Parallel()
	two := directory.ClockTime{Set: true, Hour: 2}
	midnight := directory.ClockTime{Set: true}
	for _, test := range []struct {
		name    string
		zone    string
		at      directory.ClockTime
		hours   int
		started string
		want    string // "" for never
		reason  hotdesk.Reason
	}{
		{"the next night", "America/Toronto", two, 0, "2026-01-14T09:00:00-05:00", "2026-01-15T02:00:00-05:00", hotdesk.Nightly},
		{"the same night", "America/Toronto", two, 0, "2026-01-14T01:59:59-05:00", "2026-01-14T02:00:00-05:00", hotdesk.Nightly},
		{"at the very instant", "America/Toronto", two, 0, "2026-01-14T02:00:00-05:00", "2026-01-15T02:00:00-05:00", hotdesk.Nightly},
		{"midnight", "Europe/Vienna", midnight, 0, "2026-06-30T18:00:00+02:00", "2026-07-01T00:00:00+02:00", hotdesk.Nightly},
		{"the end of a year", "Europe/Vienna", two, 0, "2026-12-31T18:00:00+01:00", "2027-01-01T02:00:00+01:00", hotdesk.Nightly},
		{"clocks jump over two", "America/Toronto", two, 0, "2026-03-07T18:00:00-05:00", "2026-03-08T03:00:00-04:00", hotdesk.Nightly},
		{"clocks jump over half past two", "America/Toronto", directory.ClockTime{Set: true, Hour: 2, Minute: 30}, 0, "2026-03-07T18:00:00-05:00", "2026-03-08T03:00:00-04:00", hotdesk.Nightly},
		{"logged in before the jump", "Europe/Vienna", two, 0, "2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", hotdesk.Nightly},
		{"logged in after the jump", "Europe/Vienna", two, 0, "2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00", hotdesk.Nightly},
		{"two comes twice", "Europe/Vienna", two, 0, "2026-10-24T18:00:00+02:00", "2026-10-25T02:00:00+02:00", hotdesk.Nightly},
		{"between the two", "Europe/Vienna", two, 0, "2026-10-25T02:30:00+02:00", "2026-10-26T02:00:00+01:00", hotdesk.Nightly},
		{"in the second two", "Europe/Vienna", two, 0, "2026-10-25T02:30:00+01:00", "2026-10-26T02:00:00+01:00", hotdesk.Nightly},
		{"two comes once when one comes twice", "America/Toronto", two, 0, "2026-10-31T18:00:00-04:00", "2026-11-01T02:00:00-05:00", hotdesk.Nightly},
		{"midnight does not exist", "America/Havana", midnight, 0, "2026-03-07T18:00:00-05:00", "2026-03-08T01:00:00-04:00", hotdesk.Nightly},
		{"a jump of half an hour", "Australia/Lord_Howe", directory.ClockTime{Set: true, Hour: 2, Minute: 15}, 0, "2026-10-03T18:00:00+10:30", "2026-10-04T02:30:00+11:00", hotdesk.Nightly},
		{"a day that does not exist", "Pacific/Apia", two, 0, "2011-12-29T03:00:00-10:00", "2011-12-31T00:00:00+14:00", hotdesk.Nightly},
		{"the hour limit first", "UTC", two, 8, "2026-01-14T09:00:00Z", "2026-01-14T17:00:00Z", hotdesk.HourLimit},
		{"the night first", "UTC", two, 8, "2026-01-14T20:00:00Z", "2026-01-15T02:00:00Z", hotdesk.Nightly},
		{"both at once", "UTC", two, 8, "2026-01-14T18:00:00Z", "2026-01-15T02:00:00Z", hotdesk.Nightly},
		{"hours are hours, also when clocks change", "America/Toronto", directory.ClockTime{}, 10, "2026-03-07T20:00:00-05:00", "2026-03-08T07:00:00-04:00", hotdesk.HourLimit},
		{"clocks jump before midnight", "America/Nuuk", directory.ClockTime{Set: true, Hour: 23, Minute: 30}, 0, "2045-03-25T18:00:00-02:00", "2045-03-26T00:00:00-01:00", hotdesk.Nightly},
		{"switched off", "UTC", directory.ClockTime{}, 0, "2026-01-14T20:00:00Z", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy := directory.HotDesking{ReleaseAt: test.at, MaxHours: test.hours}
			got, reason := hotdesk.EndsAt(policy, zone(t, test.zone), instant(t, test.started))
			var want time.Time
			if test.want != "" {
				want = instant(t, test.want)
			}
			if !got.Equal(want) || reason != test.reason {
				t.Errorf("ends at %s (%s), want %s (%s)", got.In(zone(t, test.zone)), reason, test.want, test.reason)
			}
		})
	}
}

func TestKeptUntil(t *testing.T) {
	t.Parallel()
	policy := directory.HotDesking{ReleaseAt: directory.ClockTime{Set: true, Hour: 2}}
	for _, test := range []struct{ now, want string }{
		{"2026-01-14T20:00:00Z", "2026-01-15T02:00:00Z"},
		{"2026-01-15T01:44:59Z", "2026-01-15T02:00:00Z"},
		{"2026-01-15T01:45:00Z", "2026-01-16T02:00:00Z"},
		{"2026-01-15T01:59:59Z", "2026-01-16T02:00:00Z"},
	} {
		got, reason := hotdesk.KeptUntil(policy, time.UTC, instant(t, test.now))
		if !got.Equal(instant(t, test.want)) || reason != hotdesk.Nightly {
			t.Errorf("kept at %s until %s (%s), want %s", test.now, got, reason, test.want)
		}
	}
	policy.WarnMinutes = 40
	for now, want := range map[string]string{"2026-01-15T01:19:59Z": "2026-01-15T02:00:00Z", "2026-01-15T01:20:00Z": "2026-01-16T02:00:00Z"} {
		if got, _ := hotdesk.KeptUntil(policy, time.UTC, instant(t, now)); !got.Equal(instant(t, want)) {
			t.Errorf("warned early, and kept at %s until %s, want %s", now, got, want)
		}
	}
	policy.WarnMinutes, policy.MaxHours = 5, 2
	got, reason := hotdesk.KeptUntil(policy, time.UTC, instant(t, "2026-01-15T01:50:00Z"))
	if !got.Equal(instant(t, "2026-01-15T03:50:00Z")) || reason != hotdesk.HourLimit {
		t.Errorf("kept until %s (%s), want the hour limit", got, reason)
	}
}

// TestEndsAtAgreesWithAClockThatIsWatched compares the computed release with
// that of somebody who watches a wall clock minute by minute and acts when it
// shows the release time, or a later one, for the first time.
func TestEndsAtAgreesWithAClockThatIsWatched(t *testing.T) {
	t.Parallel()
	names := changingZones()
	first, last := time.Date(1995, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(r *rapid.T) {
		zone := zone(t, rapid.SampledFrom(names).Draw(r, "zone"))
		started := time.Unix(rapid.Int64Range(first.Unix(), last.Unix()).Draw(r, "started"), 0)
		if rapid.Bool().Draw(r, "near a change") {
			if _, change := started.In(zone).ZoneBounds(); !change.IsZero() && change.Before(last) {
				started = change.Add(time.Duration(rapid.IntRange(-36*60, 4*60).Draw(r, "minutes")) * time.Minute)
			}
		}
		at := directory.ClockTime{Set: true, Hour: rapid.IntRange(0, 23).Draw(r, "hour"), Minute: rapid.IntRange(0, 59).Draw(r, "minute")}
		got, _ := hotdesk.EndsAt(directory.HotDesking{ReleaseAt: at}, zone, started)
		if want := watched(zone, at, started); !got.Equal(want) {
			r.Fatalf("from %s released at %s, want %s", started.In(zone), got.In(zone), want.In(zone))
		}
	})
}

func watched(zone *time.Location, at directory.ClockTime, started time.Time) time.Time {
	shown := func(instant time.Time) time.Time {
		y, m, d := instant.In(zone).Date()
		return time.Date(y, m, d, instant.In(zone).Hour(), instant.In(zone).Minute(), 0, 0, time.UTC)
	}
	instant := started.Truncate(time.Minute).Add(-50 * time.Hour)
	latest := shown(instant)
	for {
		instant = instant.Add(time.Minute)
		now := shown(instant)
		if !now.After(latest) {
			continue
		}
		for minute := latest.Add(time.Minute); !minute.After(now); minute = minute.Add(time.Minute) {
			if minute.Hour() == at.Hour && minute.Minute() == at.Minute && instant.After(started) {
				return instant
			}
		}
		latest = now
	}
}

// changingZones are zones whose clocks do everything that clocks do.
func changingZones() []string {
	return []string{
		"UTC", "America/Toronto", "America/St_Johns", "America/Havana", "America/Sao_Paulo", "America/Asuncion",
		"America/Santiago", "America/Caracas", "America/Scoresbysund", "America/Nuuk", "Europe/Vienna", "Europe/London",
		"Europe/Dublin", "Europe/Moscow", "Europe/Volgograd", "Europe/Istanbul", "Atlantic/Azores", "Africa/Cairo",
		"Africa/Casablanca", "Africa/Juba", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran", "Asia/Kathmandu", "Asia/Kolkata",
		"Asia/Pyongyang", "Asia/Amman", "Australia/Lord_Howe", "Australia/Eucla", "Pacific/Apia", "Pacific/Chatham",
		"Pacific/Kiritimati", "Pacific/Norfolk", "Pacific/Marquesas", "Pacific/Fiji", "Antarctica/Troll", "Antarctica/Casey",
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func BenchmarkEndsAt(b *testing.B) {
	toronto, err := time.LoadLocation("America/Toronto")
	if err != nil {
		b.Fatal(err)
	}
	policy := directory.HotDesking{ReleaseAt: directory.ClockTime{Set: true, Hour: 2}}
	started := time.Date(2026, 3, 7, 23, 0, 0, 0, time.UTC)
	for b.Loop() {
		hotdesk.EndsAt(policy, toronto, started)
	}
}
