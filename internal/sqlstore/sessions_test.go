package sqlstore_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// session is an open session that began some hours after noon.
func session(device, user string, hours int) *hotdesk.Session {
	at := noon.Add(time.Duration(hours) * time.Hour)
	return &hotdesk.Session{ID: newID(), DomainID: "acme", DeviceID: device, OwnerID: "account-of-" + device, UserID: user, StartedAt: at, UsedAt: at}
}

func ending(s *hotdesk.Session, at time.Time) hotdesk.Ending {
	return hotdesk.Ending{
		SessionID: s.ID, At: at, Reason: hotdesk.Released, By: s.UserID,
		Audit: audit.Entry{ID: newID(), Action: "session.ended", At: at},
		Fact:  outbox.Fact{ID: newID(), Kind: "session.ended", At: at, Payload: []byte("{}")},
	}
}

func commit(t *testing.T, db *database, c hotdesk.Change, wantClosed ...string) {
	t.Helper()
	closed, err := db.Sessions().Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantClosed, closed); diff != "" {
		t.Error("closed:", diff)
	}
}

func assertSessions(t *testing.T, db *database, q hotdesk.Query, want ...*hotdesk.Session) {
	t.Helper()
	got, err := db.Sessions().Sessions(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var all []*hotdesk.Session
	for i := range got {
		all = append(all, &got[i])
	}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("%+v: %s", q, diff)
	}
}

func TestSessionsComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			old := fill[hotdesk.Session](t, "old")
			fact := fill[outbox.Fact](t, "fact")
			fact.Payload = []byte(`{"a": "ü", "b": [1.50]}`)
			entry := fill[audit.Entry](t, "entry")
			commit(t, db, hotdesk.Change{
				Start: &old, Audit: []audit.Entry{entry}, Facts: []outbox.Fact{fact},
			})
			one, two := session("5401", "ana", 1), session("5402", "bob", 2)
			commit(t, db, hotdesk.Change{Start: one})
			commit(t, db, hotdesk.Change{Start: two})
			db = db.reopen(t)
			for _, c := range []struct {
				query hotdesk.Query
				want  []*hotdesk.Session
			}{
				{hotdesk.Query{}, []*hotdesk.Session{two, one, &old}},
				{hotdesk.Query{Open: true}, []*hotdesk.Session{two, one}},
				{hotdesk.Query{Limit: 1}, []*hotdesk.Session{two}},
				{hotdesk.Query{ID: one.ID}, []*hotdesk.Session{one}},
				{hotdesk.Query{DomainID: old.DomainID}, []*hotdesk.Session{&old}},
				{hotdesk.Query{DeviceID: "5402"}, []*hotdesk.Session{two}},
				{hotdesk.Query{UserID: "ana", Open: true}, []*hotdesk.Session{one}},
				{hotdesk.Query{UserID: "ana", DeviceID: "5402"}, nil},
				{hotdesk.Query{UsedBefore: two.UsedAt, Open: true}, []*hotdesk.Session{one}},
			} {
				assertSessions(t, db, c.query, c.want...)
			}
			if got, err := db.Audit().Entries(t.Context(), audit.Query{}); err != nil || !cmp.Equal(got, []audit.Entry{entry}) {
				t.Errorf("audit: %v, %v", got, err)
			}
			var kind, payload string
			err := db.raw(t).QueryRowContext(t.Context(), "select kind, payload from outbox where id = $1 and domain_id = $2 and at = $3",
				fact.ID, fact.DomainID, fact.At.UnixMilli()).Scan(&kind, &payload)
			if err != nil || kind != fact.Kind || payload != string(fact.Payload) {
				t.Errorf("outbox: %s %s, %v", kind, payload, err)
			}
		})
	}
}

func TestDeskIsHeldByOne(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			ana, bob := session("5401", "ana", 0), session("5401", "bob", 1)
			commit(t, db, hotdesk.Change{Start: ana})
			change := hotdesk.Change{Start: bob, Audit: []audit.Entry{{ID: newID(), At: noon}}}
			if _, err := db.Sessions().Commit(t.Context(), change); !errors.Is(err, hotdesk.ErrTaken) {
				t.Fatalf("%v, want ErrTaken", err)
			}
			// The refused login would have ended ana's other session: it stays.
			other := session("5402", "bob", 0)
			commit(t, db, hotdesk.Change{Start: other})
			change.End = []hotdesk.Ending{ending(other, noon)}
			if _, err := db.Sessions().Commit(t.Context(), change); !errors.Is(err, hotdesk.ErrTaken) {
				t.Fatalf("%v, want ErrTaken", err)
			}
			assertSessions(t, db, hotdesk.Query{Open: true}, other, ana)
			if db.number(t, "select count(*) from audit_entries") != 0 || db.number(t, "select count(*) from outbox") != 0 {
				t.Error("a refused login has left a trace")
			}
			// A take-over ends and starts in one change.
			change.End = []hotdesk.Ending{ending(ana, noon.Add(time.Hour))}
			commit(t, db, change, ana.ID)
			assertSessions(t, db, hotdesk.Query{DeviceID: "5401", Open: true}, bob)
			again := *bob
			again.DeviceID = "5403"
			if _, err := db.Sessions().Commit(t.Context(), hotdesk.Change{Start: &again}); err == nil || errors.Is(err, hotdesk.ErrTaken) {
				t.Errorf("the same session twice: %v, want an error of its own", err)
			}
		})
	}
}

func TestEndIsToldOnce(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			ana := session("5401", "ana", 0)
			commit(t, db, hotdesk.Change{Start: ana})
			first := ending(ana, noon.Add(time.Hour))
			commit(t, db, hotdesk.Change{End: []hotdesk.Ending{first, ending(session("x", "y", 0), noon)}}, ana.ID)
			late := ending(ana, noon.Add(2*time.Hour))
			late.Reason = hotdesk.Nightly
			commit(t, db, hotdesk.Change{End: []hotdesk.Ending{late}})
			ana.EndedAt, ana.Ended, ana.EndedBy = first.At, hotdesk.Released, "ana"
			assertSessions(t, db, hotdesk.Query{}, ana)
			if db.number(t, "select count(*) from audit_entries") != 1 || db.number(t, "select count(*) from outbox") != 1 {
				t.Error("the end is not told exactly once")
			}
		})
	}
}

func TestOneOfTwoEndsWins(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			ana := session("5401", "ana", 0)
			commit(t, db, hotdesk.Change{Start: ana})
			var (
				group sync.WaitGroup
				mu    sync.Mutex
				told  int
			)
			for range 50 {
				group.Go(func() {
					closed, err := db.Sessions().Commit(t.Context(), hotdesk.Change{End: []hotdesk.Ending{ending(ana, noon)}})
					mu.Lock()
					defer mu.Unlock()
					told += len(closed)
					if err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if told != 1 || db.number(t, "select count(*) from outbox") != 1 {
				t.Errorf("%d callers ended it, want 1", told)
			}
		})
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			ana := session("5401", "ana", 3)
			ana.EndsAt, ana.EndsAs = noon.Add(4*time.Hour), hotdesk.Nightly
			commit(t, db, hotdesk.Change{Start: ana})
			later := hotdesk.Extension{SessionID: ana.ID, EndsAt: noon.Add(9 * time.Hour), EndsAs: hotdesk.HourLimit, UsedAt: noon}
			commit(t, db, hotdesk.Change{Extend: &later})
			ana.EndsAt, ana.EndsAs = later.EndsAt, later.EndsAs // UsedAt does not go back
			assertSessions(t, db, hotdesk.Query{}, ana)
			never := hotdesk.Extension{SessionID: ana.ID, UsedAt: noon.Add(5 * time.Hour)}
			commit(t, db, hotdesk.Change{Extend: &never})
			ana.EndsAt, ana.EndsAs, ana.UsedAt = time.Time{}, "", never.UsedAt
			assertSessions(t, db, hotdesk.Query{}, ana)
			commit(t, db, hotdesk.Change{End: []hotdesk.Ending{ending(ana, noon)}}, ana.ID)
			if _, err := db.Sessions().Commit(t.Context(), hotdesk.Change{Extend: &later}); !errors.Is(err, hotdesk.ErrEnded) {
				t.Errorf("%v, want ErrEnded", err)
			}
		})
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			limits := map[string]time.Time{"at": noon, "before": noon.Add(-time.Hour), "after": noon.Add(time.Millisecond), "never": {}, "ended": noon}
			all := map[string]*hotdesk.Session{}
			for name, at := range limits {
				s := session(name, "ana", -5)
				s.EndsAt = at
				all[name] = s
				commit(t, db, hotdesk.Change{Start: s})
			}
			commit(t, db, hotdesk.Change{End: []hotdesk.Ending{ending(all["ended"], noon)}}, all["ended"].ID)
			for limit, want := range map[int][]hotdesk.Session{0: {*all["before"], *all["at"]}, 1: {*all["before"]}, 9: {*all["before"], *all["at"]}} {
				got, err := db.Sessions().Due(t.Context(), noon, limit)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(limit, err, diff)
				}
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			all := map[string]*hotdesk.Session{}
			for name, change := range map[string]func(*hotdesk.Session){
				"first":       func(s *hotdesk.Session) { s.EndsAt = noon.Add(time.Millisecond) },
				"second":      func(s *hotdesk.Session) { s.UsedAt = noon.Add(-time.Hour) },
				"again":       func(s *hotdesk.Session) { s.EndsAt, s.WarnedAt = noon.Add(3*time.Minute), noon.Add(-2*time.Minute) },
				"warned":      func(s *hotdesk.Session) { s.WarnedAt = s.WarnAt },
				"later":       func(s *hotdesk.Session) { s.WarnAt = noon.Add(time.Millisecond) },
				"not at all":  func(s *hotdesk.Session) { s.WarnAt = time.Time{} },
				"over":        func(s *hotdesk.Session) { s.EndsAt = noon },
				"long unused": func(s *hotdesk.Session) { s.UsedAt = noon.Add(-time.Hour - time.Millisecond) },
				"far away":    func(s *hotdesk.Session) { s.EndsAt = noon.Add(5*time.Minute + time.Millisecond) },
				"ended":       func(s *hotdesk.Session) { s.EndedAt = noon },
			} {
				s := session(name, "ana", 0)
				s.EndsAt, s.WarnAt = noon.Add(2*time.Minute), noon.Add(-time.Minute)
				change(s)
				all[name] = s
				commit(t, db, hotdesk.Change{Start: s})
			}
			assert := func(limit int, want ...string) {
				t.Helper()
				near := hotdesk.Near{Now: noon, EndsBy: noon.Add(5 * time.Minute), UsedSince: noon.Add(-time.Hour), Limit: limit}
				got, err := db.Sessions().Warnable(t.Context(), near)
				var sessions []hotdesk.Session
				for _, name := range want {
					sessions = append(sessions, *all[name])
				}
				if diff := cmp.Diff(sessions, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			assert(0, "first", "second", "again")
			assert(2, "first", "second")
			for name, want := range map[string]bool{"first": true, "again": true, "warned": true, "ended": false} {
				for range 2 { // as a second server that read it before
					first, err := db.Sessions().Warn(t.Context(), *all[name], noon)
					if first != want || err != nil {
						t.Errorf("%s: %v, %v", name, first, err)
					}
					want = false
				}
			}
			assert(0, "second")
			unused, err := db.Sessions().Sessions(t.Context(), hotdesk.Query{DeviceID: "first", NotWarned: true})
			if err != nil || len(unused) != 1 {
				t.Errorf("warned in the instant of its use: %v, %v", unused, err)
			}
			extended := hotdesk.Extension{SessionID: all["first"].ID, EndsAt: noon.Add(time.Minute), WarnAt: noon, UsedAt: noon.Add(time.Second)}
			commit(t, db, hotdesk.Change{Extend: &extended})
			assert(0, "second") // warned at the very time of the new warning
			extended.WarnAt = time.Time{}
			commit(t, db, hotdesk.Change{Extend: &extended})
			if _, err := db.Sessions().Warn(t.Context(), hotdesk.Session{ID: all["first"].ID, WarnedAt: noon}, noon.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			unused, err = db.Sessions().Sessions(t.Context(), hotdesk.Query{DeviceID: "first", NotWarned: true})
			if err != nil || len(unused) != 0 {
				t.Errorf("warned after its use: %v, %v", unused, err)
			}
		})
	}
}

func TestUseNeverGoesBack(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			early, late, ended := session("5401", "ana", 0), session("5402", "bob", 2), session("5403", "eve", 0)
			for _, s := range []*hotdesk.Session{early, late, ended} {
				commit(t, db, hotdesk.Change{Start: s})
			}
			commit(t, db, hotdesk.Change{End: []hotdesk.Ending{ending(ended, noon)}}, ended.ID)
			at := noon.Add(time.Hour)
			if err := db.Sessions().Use(t.Context(), []string{late.ID, ended.ID, early.ID, "gone", early.ID}, at); err != nil {
				t.Fatal(err)
			}
			early.UsedAt = at
			ended.EndedAt, ended.Ended, ended.EndedBy = noon, hotdesk.Released, "eve"
			assertSessions(t, db, hotdesk.Query{}, late, ended, early)
		})
	}
}

// TestNobodyIsThereUntilASessionStarts asks for the sessions of desks and people
// again and again while others ask for the same and while sessions start and end.
func TestNobodyIsThereUntilASessionStarts(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			assertSessions(t, db, hotdesk.Query{Open: true})
			stop := make(chan struct{})
			var asking, working sync.WaitGroup
			for range 2 {
				asking.Go(func() {
					for n := 0; ; n++ {
						select {
						case <-stop:
							return
						default:
						}
						if _, err := db.Sessions().Sessions(t.Context(), hotdesk.Query{UserID: fmt.Sprint(n % 4), Open: true}); err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
			for i := range 4 {
				working.Go(func() { comeAndGo(t, db, fmt.Sprint(i), 30) })
			}
			working.Wait()
			close(stop)
			asking.Wait()
		})
	}
}

// comeAndGo has a person log in and out, and asks each time who is there.
func comeAndGo(t *testing.T, db *database, person string, times int) {
	t.Helper()
	expect := func(want int) {
		for _, q := range []hotdesk.Query{{UserID: person, Open: true}, {DeviceID: "desk of " + person, Open: true}} {
			for range 2 {
				if found, err := db.Sessions().Sessions(t.Context(), q); len(found) != want || err != nil {
					t.Errorf("%+v finds %d sessions, %v, want %d", q, len(found), err, want)
				}
			}
		}
	}
	for range times {
		expect(0)
		s := session(newID(), person, 0)
		s.DeviceID = "desk of " + person
		if _, err := db.Sessions().Commit(t.Context(), hotdesk.Change{Start: s}); err != nil {
			t.Error(err)
		}
		expect(1)
		if all, err := db.Sessions().Sessions(t.Context(), hotdesk.Query{Open: true}); len(all) == 0 || err != nil {
			t.Errorf("nobody is anywhere: %v", err)
		}
		if _, err := db.Sessions().Commit(t.Context(), hotdesk.Change{End: []hotdesk.Ending{ending(s, noon)}}); err != nil {
			t.Error(err)
		}
	}
}
