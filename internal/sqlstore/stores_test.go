package sqlstore_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestBindingsComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			device := db.office(t, "5401").Devices[0].ID
			one, two := fill[location.Binding](t, "a"), fill[location.Binding](t, "b")
			one.DeviceID, two.DeviceID = device, device
			two.Path, two.NAT, two.CSeq = nil, false, 0
			if err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{one, two}}); err != nil {
				t.Fatal(err)
			}
			db = db.reopen(t)
			assertBindings(t, db, one, two)
			again := fill[location.Binding](t, "c")
			again.ID, again.DeviceID = one.ID, device
			change := location.Change{Put: []location.Binding{again}, Drop: []string{two.ID, "never was"}}
			if err := db.Bindings().Save(t.Context(), change); err != nil {
				t.Fatal(err)
			}
			assertBindings(t, db, again)
		})
	}
}

func TestBindingsAreRenewed(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			one, gone := fill[location.Binding](t, "a"), fill[location.Binding](t, "b")
			one.DeviceID = db.office(t, "5401").Devices[0].ID
			gone.DeviceID = one.DeviceID
			if err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{one}}); err != nil {
				t.Fatal(err)
			}
			one.CSeq, one.RegisteredAt, one.ExpiresAt = one.CSeq+1, noon, noon.Add(time.Hour)
			// The second was taken away by another server.
			if err := db.Bindings().Save(t.Context(), location.Change{Renewed: []location.Binding{one, gone}}); err != nil {
				t.Fatal(err)
			}
			assertBindings(t, db, one, gone)
			bad := location.Binding{ID: newID(), DeviceID: "deleted meanwhile"}
			if db.Bindings().Save(t.Context(), location.Change{Renewed: []location.Binding{bad}}) == nil {
				t.Error("a binding without a device is renewed")
			}
			assertBindings(t, db, one, gone)
		})
	}
}

func assertBindings(t *testing.T, db *database, want ...location.Binding) {
	t.Helper()
	got, err := db.Bindings().Bindings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(got, func(a, b location.Binding) int { return strings.Compare(a.ID, b.ID) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestBindingOfUnknownDevice(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			good := location.Binding{ID: newID(), DeviceID: db.office(t, "5401").Devices[0].ID}
			bad := location.Binding{ID: newID(), DeviceID: "deleted meanwhile"}
			if db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{good, bad}}) == nil {
				t.Error("a binding without a device is stored")
			}
			assertBindings(t, db)
		})
	}
}

func TestBindingsGoWithTheirDevice(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			o := db.office(t, "5401", "5402")
			one := location.Binding{ID: newID(), DeviceID: o.Devices[0].ID, RegisteredAt: noon, ExpiresAt: noon}
			two := location.Binding{ID: newID(), DeviceID: o.Devices[1].ID, RegisteredAt: noon, ExpiresAt: noon}
			if err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{one, two}}); err != nil {
				t.Fatal(err)
			}
			o.Devices[1].Disabled = true // a changed device keeps its bindings
			err := db.Directory().Save(t.Context(), directory.Change{
				Domain: o.Domain, DropDevices: []string{o.Devices[0].ID}, PutDevices: o.Devices[1:],
			})
			if err != nil {
				t.Fatal(err)
			}
			assertBindings(t, db, two)
		})
	}
}

func TestTextsNoDatabaseLikes(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			b := location.Binding{ID: newID(), DeviceID: db.office(t, "5401").Devices[0].ID, RegisteredAt: noon, ExpiresAt: noon}
			b.UserAgent, b.Contact = "nul\x00 and \xff\xfe", "sip:' or 1=1; drop table bindings--@x"
			b.Path = []string{"<sip:a\n<sip:b>", `"\`}
			if err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{b}}); err != nil {
				t.Fatal(err)
			}
			b.UserAgent, b.Path = "nul\uFFFD and \uFFFD", []string{"<sip:a <sip:b>", `"\`}
			assertBindings(t, db, b)
			subject := "account:x/\x00\xc3"
			if err := db.Failures().Save(t.Context(), login.Failures{Subject: subject, Count: 1, LastAt: noon}); err != nil {
				t.Fatal(err)
			}
			got, err := db.Failures().Failures(t.Context(), subject)
			if err != nil || len(got) != 1 {
				t.Errorf("what was stored is not found: %v, %v", got, err)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			a, b := fill[login.Failures](t, "a"), fill[login.Failures](t, "b")
			b.LockedTo = time.Time{}
			save := func(fs ...login.Failures) {
				if err := db.Failures().Save(t.Context(), fs...); err != nil {
					t.Fatal(err)
				}
			}
			assert := func(want ...login.Failures) {
				got, err := db.Failures().Failures(t.Context(), a.Subject, "never", b.Subject)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			assert()
			save(b, a)
			db = db.reopen(t)
			assert(a, b)
			a.Count, a.Rounds, a.LockedTo = 0, 7, noon // between rounds: not forgotten
			save(a)
			assert(a, b)
			save(login.Failures{Subject: a.Subject}, login.Failures{Subject: "never"})
			assert(b)
			forget := func(before time.Time) {
				if err := db.Failures().Forget(t.Context(), before); err != nil {
					t.Fatal(err)
				}
			}
			a.LastAt, a.LockedTo = noon.Add(-time.Hour), noon
			b.LastAt = noon.Add(-time.Minute)
			save(a, b)
			for now, want := range map[time.Time][]login.Failures{noon.Add(-time.Millisecond): {a}, noon: nil} {
				if got, err := db.Failures().Locked(t.Context(), now); err != nil || !cmp.Equal(want, got) {
					t.Errorf("locked at %s: %v, %v", now, got, err)
				}
			}
			forget(noon.Add(-time.Minute))
			assert(a, b)
			forget(noon.Add(-time.Minute + time.Millisecond))
			assert(a)
			forget(noon.Add(time.Millisecond))
			assert()
			save(a, b)
			entry := fill[audit.Entry](t, "lifted")
			if err := db.Failures().Lift(t.Context(), entry, a.Subject, "never"); err != nil {
				t.Fatal(err)
			}
			assert(b)
			entries, err := db.Audit().Entries(t.Context(), audit.Query{DomainID: entry.DomainID})
			if diff := cmp.Diff([]audit.Entry{entry}, entries); diff != "" || err != nil {
				t.Error(err, diff)
			}
			save()
			if got, err := db.Failures().Failures(t.Context()); got != nil || err != nil {
				t.Errorf("no subjects: %v, %v", got, err)
			}
		})
	}
}

func TestRecords(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			done, open := fill[callrecord.Record](t, "a"), fill[callrecord.Record](t, "b")
			open.Callee = callrecord.Party{Number: "1002"}
			open.StartedAt = noon.Add(time.Hour)
			open.AnsweredAt, open.EndedAt, open.Result = time.Time{}, time.Time{}, ""
			for _, r := range []callrecord.Record{done, open, done, open} {
				if err := db.Records().Put(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			db = db.reopen(t)
			assert := func(q callrecord.Query, want ...callrecord.Record) {
				t.Helper()
				got, err := db.Records().Records(t.Context(), q)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			assert(callrecord.Query{}, open, done)
			assert(callrecord.Query{Limit: 1}, open)
			assert(callrecord.Query{Open: true}, open)
			assert(callrecord.Query{DomainID: done.DomainID}, done)
			assert(callrecord.Query{DomainID: done.DomainID, Open: true})
			assert(callrecord.Query{UserID: open.Caller.UserID}, open)
			assert(callrecord.Query{UserID: done.Callee.UserID}, done)
			assert(callrecord.Query{UserID: done.Callee.UserID, DomainID: open.DomainID})
			for _, want := range []int{1, 0} {
				if n, err := db.Records().CloseOpen(t.Context(), noon.Add(2*time.Hour)); n != want || err != nil {
					t.Errorf("closed %d, %v, want %d", n, err, want)
				}
			}
			open.EndedAt, open.Result, open.EndedBy = noon.Add(2*time.Hour), callrecord.Interrupted, "system"
			assert(callrecord.Query{}, open, done)
		})
	}
}

func TestEndOfARecord(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			put, lost := fill[callrecord.Record](t, "a"), fill[callrecord.Record](t, "b")
			open := put
			open.EndedAt, open.Result, open.Cause, open.EndedBy = time.Time{}, "", 0, ""
			if err := db.Records().Put(t.Context(), open); err != nil {
				t.Fatal(err)
			}
			for _, r := range []callrecord.Record{put, lost} {
				for range 2 {
					if err := db.Records().End(t.Context(), r); err != nil {
						t.Fatal(err)
					}
				}
				found, err := db.Records().Records(t.Context(), callrecord.Query{UserID: r.Caller.UserID})
				if diff := cmp.Diff([]callrecord.Record{r}, found); diff != "" || err != nil {
					t.Errorf("%v %s", err, diff)
				}
			}
		})
	}
}

func TestAuditEntries(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			a, b := fill[audit.Entry](t, "a"), fill[audit.Entry](t, "b")
			b.At = a.At.Add(time.Minute)
			o := db.office(t)
			if err := db.Directory().Save(t.Context(), directory.Change{Domain: o.Domain, Audit: []audit.Entry{a, b}}); err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				query audit.Query
				want  []audit.Entry
			}{
				{audit.Query{}, []audit.Entry{b, a}},
				{audit.Query{Limit: 1}, []audit.Entry{b}},
				{audit.Query{DomainID: a.DomainID}, []audit.Entry{a}},
				{audit.Query{UserID: b.UserID}, []audit.Entry{b}},
				{audit.Query{DeviceID: a.DeviceID, Action: b.Action}, nil},
				{audit.Query{Action: b.Action}, []audit.Entry{b}},
			} {
				got, err := db.Audit().Entries(t.Context(), c.query)
				if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
					t.Errorf("%+v: %v %s", c.query, err, diff)
				}
			}
		})
	}
}
