package history_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

func open(t *testing.T) *sqlstore.DB {
	t.Helper()
	db, err := sqlstore.Open(t.Context(), "sqlite", sqltest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestSweepKeepsWhatEachDomainSays(t *testing.T) {
	t.Parallel()
	db := open(t)
	store := db.Records()
	now := time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	put := func(domain string, age time.Duration, over bool) {
		r := callrecord.Record{ID: fmt.Sprintf("%s %s %v", domain, age, over), DomainID: domain, StartedAt: now.Add(-age)}
		if over {
			r.EndedAt, r.Result = r.StartedAt, callrecord.Answered
		}
		if err := store.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	const day = 24 * time.Hour
	for _, domain := range []string{"ten", "one", "ever"} {
		change := directory.Change{Domain: directory.Domain{ID: domain, Name: domain + ".test"}}
		if err := db.Directory().Save(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		put(domain, 2*day, true)
		put(domain, 20*day, true)
		put(domain, 20*day, false) // it goes on
	}
	put("gone", 0, true) // not before now
	put("gone", day, true)
	for n := range 450 { // more than two batches
		put("one", 3*day+time.Duration(n)*time.Second, true)
	}
	keeper := history.New(history.Config{
		Store: store, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Domains: func() []directory.Domain {
			return []directory.Domain{{ID: "ever"}, {ID: "ten", KeepCalls: 10}, {ID: "one", KeepCalls: 1}}
		},
	})
	for _, want := range []int{1 + 1 + 452, 0} {
		if gone, err := keeper.Sweep(t.Context()); gone != want || err != nil {
			t.Errorf("removed %d, %v, want %d", gone, err, want)
		}
	}
	left := map[string]int{}
	all, err := store.Records(t.Context(), callrecord.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		left[r.DomainID]++
	}
	if want := map[string]int{"ever": 3, "ten": 2, "one": 1, "gone": 1}; !cmp.Equal(left, want) {
		t.Errorf("left: %v, want %v", left, want)
	}
}

// full is a store on a disk that is full.
type full struct {
	callrecord.Store

	asked chan time.Time
}

func (full) Orphans(context.Context) ([]string, error) { return nil, nil }

func (f full) Forget(_ context.Context, _ string, before time.Time, _ int) (int, error) {
	f.asked <- before
	return 0, errors.New("the disk is full")
}

func TestRunTriesAgainTheNextDay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		store := full{asked: make(chan time.Time)}
		keeper := history.New(history.Config{
			Store: store, Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
			Domains: func() []directory.Domain { return []directory.Domain{{ID: "d", KeepCalls: 30}} },
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- keeper.Run(ctx) }()
		first := <-store.asked
		second := <-store.asked
		if second.Sub(first) != 24*time.Hour || !first.Equal(time.Now().AddDate(0, 0, -31)) {
			t.Errorf("asked to forget before %s and %s", first, second)
		}
		stop()
		if err := <-done; err != nil || !strings.Contains(log.String(), "the disk is full") {
			t.Errorf("ended with %v; %s", err, log.String())
		}
	})
}

// file writes records and reads the file back.
func file(t *testing.T, sheet history.Sheet, pages ...[]callrecord.Record) (text string, rows [][]string) {
	t.Helper()
	var b strings.Builder
	w := history.NewCSV(&b, sheet)
	for _, page := range pages {
		if err := w.Write(page); err != nil {
			t.Fatal(err)
		}
	}
	plain, marked := strings.CutPrefix(b.String(), "\uFEFF")
	rows, err := csv.NewReader(strings.NewReader(plain)).ReadAll()
	if err != nil || !marked {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return plain, rows
}

func TestCSV(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 25, 14, 0, 0, 0, time.UTC)
	call := callrecord.Record{
		ID: "c1", Caller: callrecord.Party{UserID: "ana", Number: "1001", Name: "Ana \"the Desk\" Öde, jr", DeviceName: "5401"},
		Dialled: "+14165550199", Callee: callrecord.Party{Number: "+14165550199", Name: "=HYPERLINK(\"http://x\")\r\n2"},
		StartedAt: start, AnsweredAt: start.Add(5 * time.Second), EndedAt: start.Add(65 * time.Second), Result: callrecord.Answered,
		Way: callrecord.Outward, TrunkID: "t1", Diverted: callrecord.Party{UserID: "ben", Number: "1002"},
	}
	for _, number := range []string{"1003", "+14165550111"} {
		call.HandOn(callrecord.Transfer{Transferred: callrecord.Party{Number: number}, TransferredAt: call.AnsweredAt, TransferredBy: "callee"})
	}
	sheet := history.Sheet{Zone: zone, Trunk: func(id string) string { return "trunk " + id }}
	text, rows := file(t, sheet, []callrecord.Record{call}, []callrecord.Record{{ID: "c2", StartedAt: start}})
	want := [][]string{
		history.Columns(),
		{
			"2026-11-25 09:00:00", "2026-11-25 09:00:05", "2026-11-25 09:01:05", "outbound", "answered", "60",
			"1001", "Ana \"the Desk\" Öde, jr", "5401", "+14165550199", "+14165550199", "'=HYPERLINK(\"http://x\")\n2", "",
			"1002", "1003 +14165550111", "trunk t1", "c1",
		},
		{"2026-11-25 09:00:00", "", "", "inside", "", "0", "", "", "", "", "", "", "", "", "", "trunk ", "c2"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Error(diff)
	}
	if strings.Count(text, "\r\n") != strings.Count(text, "\n") {
		t.Errorf("lines must end with CR LF: %q", text)
	}
	sheet.UserID = "ben"
	if _, rows := file(t, sheet, []callrecord.Record{call}); rows[1][3] != "inbound" || rows[1][4] != "answered_elsewhere" || rows[1][5] != "0" {
		t.Errorf("as Ben sees it: %v", rows[1])
	}
	if _, rows := file(t, sheet, nil); len(rows) != 1 {
		t.Errorf("without calls: %v", rows)
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "Ana": "Ana", "+14165550101": "+14165550101", "*88": "*88",
		"=1+1": "'=1+1", "+1+1": "'+1+1", "-2": "'-2", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "+cmd|' /C calc'!A0": "'+cmd|' /C calc'!A0",
	} {
		if got := history.Harmless(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestSpans(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2]string{
		"2026-11-25":                {"2026-11-25T05:00:00Z", "2026-11-26T05:00:00Z"},
		"2026-11-01":                {"2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"}, // 25 hours
		"2026-11-25T09:00:00Z":      {"2026-11-25T09:00:00Z", "2026-11-25T09:00:00Z"},
		"2026-11-25T09:00:00-05:00": {"2026-11-25T14:00:00Z", "2026-11-25T14:00:00Z"},
	} {
		from, err1 := history.ParseFrom(text, zone)
		to, err2 := history.ParseTo(text, zone)
		got := [2]string{from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339)}
		if got != want || err1 != nil || err2 != nil {
			t.Errorf("%s: %v, %v, %v, want %v", text, got, err1, err2, want)
		}
	}
	for _, text := range []string{"", "today", "25.11.2026", "2026-02-30", "2026-11-25 09:00"} {
		_, err1 := history.ParseFrom(text, zone)
		_, err2 := history.ParseTo(text, zone)
		if err1 == nil || err2 == nil || !strings.Contains(err1.Error(), "is no day such as") {
			t.Errorf("%q was taken: %v, %v", text, err1, err2)
		}
	}
}
