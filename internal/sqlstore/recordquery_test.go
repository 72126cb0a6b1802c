package sqlstore_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// putCalls stores records, each a second after the one before, and numbers them.
func putCalls(t *testing.T, db *database, calls ...callrecord.Record) []callrecord.Record {
	t.Helper()
	for i := range calls {
		r := &calls[i]
		r.ID, r.DomainID = fmt.Sprintf("%03d", i), "acme"
		if r.StartedAt.IsZero() {
			r.StartedAt = noon.Add(time.Duration(i) * time.Second)
		}
		if err := db.Records().Put(t.Context(), *r); err != nil {
			t.Fatal(err)
		}
	}
	return calls
}

// found lists the IDs of the records that a query selects.
func found(t *testing.T, db *database, q callrecord.Query) []string {
	t.Helper()
	records, err := db.Records().Records(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

// every is a call of every result for every way that two people can have a
// part in it.
func every() []callrecord.Record {
	people := []string{"", "ana", "ben"}
	results := []callrecord.Result{
		"", callrecord.Answered, callrecord.Busy, callrecord.Declined, callrecord.NoAnswer, callrecord.Cancelled, callrecord.NotFound,
		callrecord.NotReached, callrecord.Failed, callrecord.Service, callrecord.Voicemail, callrecord.Interrupted,
	}
	var all []callrecord.Record
	for _, caller := range people {
		for _, callee := range people {
			for _, first := range people {
				for _, result := range results {
					r := callrecord.Record{Result: result}
					r.Caller.UserID, r.Callee.UserID, r.Diverted.UserID = caller, callee, first
					if result == callrecord.Answered && first != "" {
						r.Transferred.UserID, r.TransferredBy, r.Diverted.UserID = first, "callee", ""
					}
					all = append(all, r)
				}
			}
		}
	}
	for _, result := range []callrecord.Result{"", callrecord.Answered, callrecord.Interrupted} {
		for _, caller := range people { // by way of one person to the next
			r := callrecord.Record{Result: result}
			r.Caller.UserID, r.Callee.UserID = caller, "cy"
			r.HandOn(callrecord.Transfer{Transferred: callrecord.Party{UserID: "ana"}, TransferredBy: "callee"})
			r.HandOn(callrecord.Transfer{Transferred: callrecord.Party{UserID: "ben"}, TransferredBy: "callee"})
			all = append(all, r)
		}
	}
	return all
}

func to(p callrecord.Party) callrecord.Transfer { return callrecord.Transfer{Transferred: p} }

// What the store selects for a person is what that person's view says.
func TestCallsOfAPersonAreThoseOfTheirView(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			all := putCalls(t, db, every()...)
			slices.Reverse(all)
			for _, direction := range []callrecord.Direction{"", callrecord.Made, callrecord.Received, callrecord.Missed} {
				want := []string{}
				for _, r := range all {
					e, has := callrecord.View(&r, "ana")
					if has && (direction == "" || direction == e.Direction || direction == callrecord.Missed && e.Missed()) {
						want = append(want, r.ID)
					}
				}
				q := callrecord.Query{DomainID: "acme", UserID: "ana", Direction: direction}
				if diff := cmp.Diff(want, found(t, db, q)); diff != "" || len(want) == 0 {
					t.Errorf("%q of %d: %s", direction, len(want), diff)
				}
				var pages []string
				for q.Limit = 7; ; {
					page, err := db.Records().Records(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					if len(page) == 0 {
						break
					}
					for _, r := range page {
						pages = append(pages, r.ID)
					}
					q.After = page[len(page)-1].Cursor()
				}
				if diff := cmp.Diff(want, pages); diff != "" {
					t.Errorf("%q by the page: %s", direction, diff)
				}
			}
		})
	}
}

func TestCallsOfADesk(t *testing.T) {
	t.Parallel()
	at := func(user, device string) callrecord.Party { return callrecord.Party{UserID: user, DeviceID: device} }
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			putCalls(t, db,
				callrecord.Record{Caller: at("ana", "desk"), Callee: at("ben", "own"), Result: callrecord.Answered},
				callrecord.Record{Caller: at("ben", "own"), Callee: at("ana", "desk"), Result: callrecord.Answered},
				callrecord.Record{Caller: at("ben", "own"), Callee: at("ana", ""), Result: callrecord.NoAnswer},
				callrecord.Record{Caller: at("", "desk"), Callee: at("ben", ""), Result: callrecord.Busy},
				callrecord.Record{Caller: at("ben", "own"), Callee: at("cy", "hall"), Transfer: to(at("ana", "desk")), Result: callrecord.Answered},
				callrecord.Record{Caller: at("ana", "desk"), Callee: at("", "desk"), Result: callrecord.Answered},
				callrecord.Record{
					Caller: at("ben", "own"), Callee: at("cy", "hall"), Result: callrecord.Answered,
					Earlier: []callrecord.Transfer{to(at("dan", "desk")), to(at("ana", "own"))}, Transfer: to(at("eve", "own")),
				},
			)
			for _, c := range []struct {
				q    callrecord.Query
				want []string
			}{
				{callrecord.Query{DeviceID: "desk"}, []string{"006", "005", "004", "003", "001", "000"}},
				{callrecord.Query{DeviceID: "desk", UserID: "dan"}, []string{"006"}},
				{callrecord.Query{DeviceID: "desk", Limit: 2}, []string{"006", "005"}},
				{callrecord.Query{DeviceID: "desk", UserID: "ana"}, []string{"005", "004", "001", "000"}},
				{callrecord.Query{DeviceID: "desk", UserID: "ana", Direction: callrecord.Received}, []string{"004", "001"}},
				{callrecord.Query{DeviceID: "desk", UserID: "ben"}, []string{}},
				{callrecord.Query{DeviceID: "desk", Result: callrecord.Busy}, []string{"003"}},
				{callrecord.Query{DeviceID: "nowhere"}, []string{}},
				{callrecord.Query{DeviceID: "desk", DomainID: "beta"}, []string{}},
			} {
				if got := found(t, db, c.q); !slices.Equal(got, c.want) {
					t.Errorf("%+v: %v, want %v", c.q, got, c.want)
				}
			}
		})
	}
}

func TestFiltersOfCalls(t *testing.T) {
	t.Parallel()
	named := func(number, name string) callrecord.Party { return callrecord.Party{Number: number, Name: name} }
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			putCalls(t, db,
				callrecord.Record{Caller: named("1001", "Ana Ruiz"), Dialled: "1002", Callee: named("1002", "Ben 100%"), EndedAt: noon, Result: callrecord.Answered},
				callrecord.Record{Caller: named("+14165550199", "A_Customer"), Dialled: "+14165550101", Callee: named("1001", "Ana Ruiz"), Way: callrecord.Inbound},
				callrecord.Record{Caller: named("1003", "Cy Öde"), Dialled: `\'; drop table call_records--`, Way: callrecord.Inside},
				callrecord.Record{Caller: named("1003", "Cy"), Dialled: "00491234567", Diverted: named("1009", "Gone"), Way: callrecord.Outward, StartedAt: noon.Add(3 * time.Second)},
				callrecord.Record{Caller: named("1003", "Cy"), Earlier: []callrecord.Transfer{to(named("1007", "100% Gus"))}, Transfer: to(named("1008", "Hal")), Way: callrecord.Outward, StartedAt: noon.Add(3 * time.Second)},
			)
			second := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
			for _, c := range []struct {
				q    callrecord.Query
				want []string
			}{
				{callrecord.Query{Text: "ana r"}, []string{"001", "000"}},
				{callrecord.Query{Text: "cY Öd"}, []string{"002"}},
				{callrecord.Query{Text: "4165550199"}, []string{"001"}},
				{callrecord.Query{Text: "%"}, []string{"004", "000"}},
				{callrecord.Query{Text: "A_C"}, []string{"001"}},
				{callrecord.Query{Text: "n_a"}, []string{}},
				{callrecord.Query{Text: `\'; DROP`}, []string{"002"}},
				{callrecord.Query{Text: "gone"}, []string{"003"}},
				{callrecord.Query{Text: "1008"}, []string{"004"}},
				{callrecord.Query{Text: "1007 / 100% g"}, []string{"004"}},
				{callrecord.Query{Text: "10011002"}, []string{}},
				{callrecord.Query{Way: callrecord.Inside}, []string{"002", "000"}},
				{callrecord.Query{Way: callrecord.Outward}, []string{"004", "003"}},
				{callrecord.Query{Result: callrecord.Answered}, []string{"000"}},
				{callrecord.Query{Open: true, Way: callrecord.Inbound}, []string{"001"}},
				{callrecord.Query{From: second(1), To: second(3)}, []string{"002", "001"}},
				{callrecord.Query{From: second(4)}, []string{}},
				{callrecord.Query{After: callrecord.Cursor{StartedAt: second(3), ID: "004"}, Limit: 2}, []string{"003", "002"}},
				{callrecord.Query{After: callrecord.Cursor{StartedAt: second(0), ID: "000"}}, []string{}},
			} {
				if got := found(t, db, c.q); !slices.Equal(got, c.want) {
					t.Errorf("%+v: %v, want %v", c.q, got, c.want)
				}
			}
		})
	}
}

func TestOrphans(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			check := func(want ...string) {
				t.Helper()
				if got, err := db.Records().Orphans(t.Context()); !slices.Equal(got, want) || err != nil {
					t.Errorf("%v, %v, want %v", got, err, want)
				}
			}
			check()
			here := db.office(t).Domain.ID
			for i, domain := range []string{"a", here, "z", "a", "m", here} {
				r := callrecord.Record{ID: fmt.Sprint(i), DomainID: domain, StartedAt: noon}
				if err := db.Records().Put(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			check("a", "m", "z")
		})
	}
}

func TestEveryTransferIsKept(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			want := callrecord.Record{ID: "c", DomainID: "acme", StartedAt: noon, AnsweredAt: noon}
			put := func(store func(context.Context, callrecord.Record) error) {
				t.Helper()
				if err := store(t.Context(), want); err != nil {
					t.Fatal(err)
				}
				got, err := db.Records().Records(t.Context(), callrecord.Query{})
				if diff := cmp.Diff([]callrecord.Record{want}, got); diff != "" || err != nil {
					t.Fatal(diff, err)
				}
			}
			for n, name := range []string{"ana", "ben", "cy"} {
				want.HandOn(callrecord.Transfer{
					Transferred:   callrecord.Party{UserID: name, DeviceID: "d", DeviceName: "desk", SessionID: "s", Number: "1001", Name: name},
					TransferredAt: noon.Add(time.Duration(n) * time.Second), TransferredBy: "callee",
				})
				put(db.Records().Put)
			}
			want.EndedAt, want.Result = noon.Add(time.Minute), callrecord.Answered
			put(db.Records().End)
			if n, err := db.Records().Forget(t.Context(), "acme", noon.Add(time.Hour), 10); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			want.Earlier = want.Earlier[:1] // nothing of the old ones is left behind
			put(db.Records().End)
		})
	}
}

func TestForgetOldCalls(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			over := callrecord.Record{EndedAt: noon}
			putCalls(t, db, over, callrecord.Record{}, over, over, over)
			for _, step := range []struct{ most, gone int }{{2, 2}, {2, 1}, {2, 0}} {
				if n, err := db.Records().Forget(t.Context(), "acme", noon.Add(4*time.Second), step.most); n != step.gone || err != nil {
					t.Errorf("gone: %d, %v, want %d", n, err, step.gone)
				}
			}
			if n, err := db.Records().Forget(t.Context(), "beta", noon.Add(time.Hour), 100); n != 0 || err != nil {
				t.Errorf("of another domain: %d, %v", n, err)
			}
			if got := found(t, db, callrecord.Query{}); !slices.Equal(got, []string{"004", "001"}) {
				t.Errorf("left: %v; one goes on, one is not old enough", got)
			}
		})
	}
}
