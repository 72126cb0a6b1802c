package sqlstore_test

import (
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// callEnds stores that a call is over, and reports whether that is in the log.
func callEnds(t *testing.T, db *database, seed string) bool {
	t.Helper()
	if err := db.Records().Put(t.Context(), fill[callrecord.Record](t, seed)); err != nil {
		t.Fatal(err)
	}
	before := db.number(t, "select count(*) from outbox where kind = 'call.ended'")
	if err := db.Records().End(t.Context(), fill[callrecord.Record](t, seed)); err != nil {
		t.Fatal(err)
	}
	return db.number(t, "select count(*) from outbox where kind = 'call.ended'") > before
}

func follow(t *testing.T, db *database, until time.Time) time.Time {
	t.Helper()
	since, err := db.EventLog().Follow(t.Context(), until)
	if err != nil {
		t.Fatal(err)
	}
	return since
}

// Calls are in the log while somebody may read it, also after a restart, or waits
// for them. Where other servers write to it, they always are.
func TestCallsAreLoggedForWhoeverFollows(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			always := kind != "sqlite"
			if got := callEnds(t, db, "a"); got != always {
				t.Errorf("nobody follows, and logged is %t", got)
			}
			db.Outbox("webhooks", outbox.KindCallEnded)
			if !callEnds(t, db, "b") {
				t.Error("somebody waits for calls, and they are not logged")
			}
			db.Outbox("webhooks").Wait()
			if got := callEnds(t, db, "c"); got != always {
				t.Errorf("nobody waits any more, and logged is %t", got)
			}
			follow(t, db, time.Now().Add(time.Hour))
			db = db.reopen(t)
			if !db.EventLog().Wants(outbox.KindRegistered) || !callEnds(t, db, "d") {
				t.Error("the log was followed before the restart, and calls are not logged")
			}
		})
	}
}

// The log is whole since somebody has followed it without a pause.
func TestSinceWhenTheLogIsWhole(t *testing.T) {
	t.Parallel()
	db := databases["sqlite"](t)
	begun := time.Now()
	first := follow(t, db, begun.Add(time.Hour))
	if first.Before(begun) {
		t.Errorf("whole since %v, before %v", first, begun)
	}
	db = db.reopen(t)
	for _, until := range []time.Duration{2 * time.Hour, time.Minute} { // the second is nothing new
		if got := follow(t, db, begun.Add(until)); got.UnixMilli() != first.UnixMilli() {
			t.Errorf("whole since %v, was %v", got, first)
		}
	}
	if _, err := db.raw(t).ExecContext(t.Context(), "update event_log_followed set until = 1"); err != nil {
		t.Fatal(err)
	}
	db = db.reopen(t)
	if db.EventLog().Wants(outbox.KindCallStarted) {
		t.Error("nobody follows any more, and calls are wanted")
	}
	if got := follow(t, db, begun.Add(time.Hour)); slices.Contains([]int64{1, first.UnixMilli()}, got.UnixMilli()) {
		t.Errorf("after a pause still whole since %v", got)
	}
}
