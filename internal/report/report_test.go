package report_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc
}

func on(t *testing.T, loc *time.Location, text string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestDaysAndTheirHours(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, first, last string
		long              time.Duration
		hours, midnights  int // cuts within
	}{
		{"America/Toronto", "2026-01-14", "2026-01-14", 24 * time.Hour, 23, 0},
		{"America/Toronto", "2026-03-08", "2026-03-08", 23 * time.Hour, 22, 0},
		{"America/Toronto", "2026-11-01", "2026-11-01", 25 * time.Hour, 24, 0},
		{"America/Toronto", "2026-10-31", "2026-11-02", 73 * time.Hour, 72, 2},
		{"Asia/Kolkata", "2026-01-14", "2026-01-15", 48 * time.Hour, 47, 1},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-05", 24*time.Hour + 30*time.Minute, 24, 0}, // half an hour twice
		{"America/Santiago", "2026-09-06", "2026-09-06", 23 * time.Hour, 22, 0},                   // has no midnight
	} {
		loc := zone(t, c.zone)
		span := report.Days(on(t, time.UTC, c.first+" 15:00"), on(t, time.UTC, c.last+" 01:00"), loc)
		if got := span.To.Sub(span.From); got != c.long {
			t.Errorf("%s in %s is %s long, want %s", c.first, c.zone, got, c.long)
		}
		if hours, midnights := len(report.Hours(span, loc)), len(report.Midnights(span, loc)); hours != c.hours || midnights != c.midnights {
			t.Errorf("%s in %s is cut by %d hours and %d midnights, want %d and %d", c.first, c.zone, hours, midnights, c.hours, c.midnights)
		}
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	loc := zone(t, "America/Toronto")
	at := func(text string) time.Time { return on(t, loc, "2026-01-"+text) }
	span := report.Days(at("14 00:00"), at("15 00:00"), loc)
	for about, c := range map[string]struct {
		sessions []hotdesk.Session
		want     []report.Level // without their times
	}{
		"nobody":            {nil, []report.Level{{}, {}}},
		"a whole day":       {[]hotdesk.Session{{StartedAt: at("14 00:00"), EndedAt: at("15 00:00")}}, []report.Level{{Average: 1, Peak: 1}, {}}},
		"across midnight":   {[]hotdesk.Session{{StartedAt: at("14 18:00"), EndedAt: at("15 06:00")}}, []report.Level{{Average: .25, Peak: 1}, {Average: .25, Peak: 1}}},
		"still there":       {[]hotdesk.Session{{StartedAt: at("15 12:00")}}, []report.Level{{}, {Average: .5, Peak: 1}}},
		"from before on":    {[]hotdesk.Session{{StartedAt: at("01 12:00"), EndedAt: at("31 12:00")}}, []report.Level{{Average: 1, Peak: 1}, {Average: 1, Peak: 1}}},
		"before and after":  {[]hotdesk.Session{{StartedAt: at("13 12:00"), EndedAt: at("14 00:00")}, {StartedAt: at("16 00:00")}}, []report.Level{{}, {}}},
		"one after another": {[]hotdesk.Session{{StartedAt: at("14 00:00"), EndedAt: at("14 12:00")}, {StartedAt: at("14 12:00"), EndedAt: at("15 00:00")}}, []report.Level{{Average: 1, Peak: 1}, {}}},
		"two at once":       {[]hotdesk.Session{{StartedAt: at("14 00:00"), EndedAt: at("14 12:00")}, {StartedAt: at("14 06:00"), EndedAt: at("14 18:00")}}, []report.Level{{Average: 1, Peak: 2}, {}}},
	} {
		got := report.Levels(report.Steps(c.sessions, span), span, report.Midnights(span, loc))
		for i := range got {
			got[i].From, got[i].To = time.Time{}, time.Time{}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s:\n%s", about, diff)
		}
	}
}

func TestByHour(t *testing.T) {
	t.Parallel()
	loc := zone(t, "America/Toronto")
	for about, c := range map[string]struct {
		first, last, started, ended string
		day                         time.Weekday
		want                        map[int]float64 // by hour; all others 0
	}{
		"a morning":            {"2026-01-14", "2026-01-14", "2026-01-14 09:00", "2026-01-14 10:30", time.Wednesday, map[int]float64{9: 1, 10: .5}},
		"one of two days":      {"2026-01-14", "2026-01-21", "2026-01-14 09:00", "2026-01-14 10:00", time.Wednesday, map[int]float64{9: .5}},
		"the clocks go on":     {"2026-03-08", "2026-03-08", "2026-03-08 01:00", "2026-03-08 04:00", time.Sunday, map[int]float64{1: 1, 2: -1, 3: 1}},
		"the clocks go back":   {"2026-11-01", "2026-11-01", "2026-11-01 00:00", "2026-11-01 02:00", time.Sunday, map[int]float64{0: 1, 1: 1}},
		"a day that is not in": {"2026-01-14", "2026-01-14", "2026-01-14 09:00", "2026-01-14 09:00", time.Thursday, map[int]float64{0: -1, 23: -1}},
	} {
		span := report.Days(on(t, loc, c.first+" 00:00"), on(t, loc, c.last+" 00:00"), loc)
		sessions := []hotdesk.Session{{StartedAt: on(t, loc, c.started), EndedAt: on(t, loc, c.ended)}}
		week := report.ByHour(report.Steps(sessions, span), span, loc)
		for hour, got := range week[c.day] {
			if want, is := c.want[hour]; (is || c.day != time.Thursday) && math.Abs(got-want) > 1e-9 {
				t.Errorf("%s: %v in hour %d, want %v", about, got, hour, want)
			}
		}
	}
}

func TestUse(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time { return on(t, time.UTC, "2026-01-"+text) }
	span := report.Days(at("14 00:00"), at("20 00:00"), time.UTC).Until(at("15 12:00"))
	sessions := []hotdesk.Session{
		{DeviceID: "a", UserID: "ana", StartedAt: at("13 22:00"), EndedAt: at("14 02:00")},
		{DeviceID: "a", UserID: "ben", StartedAt: at("14 09:00"), EndedAt: at("14 17:00")},
		{DeviceID: "b", UserID: "ana", StartedAt: at("15 09:00")},
		{DeviceID: "c", UserID: "ana", StartedAt: at("12 09:00"), EndedAt: at("12 10:00")},
	}
	want := map[string]report.Use{"ana": {Sessions: 2, For: 5 * time.Hour, Last: at("15 09:00")}, "ben": {Sessions: 1, For: 8 * time.Hour, Last: at("14 09:00")}}
	if diff := cmp.Diff(want, report.UseBy(sessions, span, func(s hotdesk.Session) string { return s.UserID })); diff != "" {
		t.Error(diff)
	}
	if uses := report.UseBy(sessions, span, func(s hotdesk.Session) string { return s.DeviceID }); len(uses) != 2 {
		t.Errorf("desks: %v", uses)
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	at := func(text string) time.Time { return on(t, time.UTC, "2026-01-"+text) }
	ana, ben := callrecord.Party{UserID: "ana", Number: "1001"}, callrecord.Party{UserID: "ben", Number: "1002"}
	records := []callrecord.Record{
		{Caller: ana, Callee: ben, StartedAt: at("14 09:00"), AnsweredAt: at("14 09:01"), EndedAt: at("14 09:04"), Result: callrecord.Answered},
		{Caller: ana, Callee: ben, StartedAt: at("14 10:00"), EndedAt: at("14 10:01"), Result: callrecord.NoAnswer},
		{Caller: callrecord.Party{Number: "+14165550100"}, Callee: ana, StartedAt: at("14 11:00"), AnsweredAt: at("14 11:00"), EndedAt: at("14 11:02"), Result: callrecord.Answered},
		{Caller: ana, Dialled: "*88", StartedAt: at("14 08:00"), AnsweredAt: at("14 08:00"), EndedAt: at("14 08:01"), Result: callrecord.Service},
		{Caller: ana, Callee: ana, StartedAt: at("14 12:00"), EndedAt: at("14 12:01"), Result: callrecord.Busy},
	}
	want := map[string]report.Calls{"ana": {Made: 3, Received: 1, Talk: 5 * time.Minute}, "ben": {Received: 1, Missed: 1, Talk: 3 * time.Minute}}
	if diff := cmp.Diff(want, report.CallsBy(records)); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkYear counts a year of 100,000 sessions at 400 desks.
func BenchmarkYear(b *testing.B) {
	loc := zone(b, "America/Toronto")
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, loc)
	var sessions []hotdesk.Session
	for i := range 100_000 {
		start := first.AddDate(0, 0, i/274).Add(time.Duration(8*60+i%240) * time.Minute)
		sessions = append(sessions, hotdesk.Session{DeviceID: fmt.Sprint(i % 400), UserID: fmt.Sprint(i % 900), StartedAt: start, EndedAt: start.Add(8 * time.Hour)})
	}
	span := report.Days(first, first.AddDate(0, 0, 364), loc)
	for b.Loop() {
		steps := report.Steps(sessions, span)
		report.ByHour(steps, span, loc)
		report.Levels(steps, span, report.Midnights(span, loc))
		report.UseBy(sessions, span, func(s hotdesk.Session) string { return s.DeviceID })
	}
}
