package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// Writes that share a commit fail alone: half of these break a foreign key.
func TestWriteFailsAlone(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			device := db.office(t, "5401").Devices[0].ID
			var group sync.WaitGroup
			for i := range 500 {
				group.Go(func() {
					b := location.Binding{ID: fmt.Sprintf("%d", i), DeviceID: device}
					if i%2 == 1 {
						b.DeviceID = "nowhere"
					}
					err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{b}})
					if failed := err != nil; failed != (i%2 == 1) {
						t.Errorf("write %d: %v", i, err)
					}
				})
			}
			group.Wait()
			if n := db.number(t, "select count(*) from bindings"); n != 250 {
				t.Errorf("%d bindings, want 250", n)
			}
		})
	}
}

// A context that ends early prevents a write or is too late for it; the answer
// says which, and the tables agree.
func TestCancelledWriteIsDoneOrNot(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			var (
				group     sync.WaitGroup
				done      atomic.Int64
				cancelled atomic.Int64
			)
			for i := range 400 {
				group.Go(func() {
					ctx, cancel := context.WithCancel(t.Context())
					go func() {
						for range i * 10 {
							runtime.Gosched()
						}
						cancel()
					}()
					err := db.Records().Put(ctx, callrecord.Record{ID: fmt.Sprintf("%d", i), StartedAt: noon})
					switch {
					case err == nil:
						done.Add(1)
					case errors.Is(err, context.Canceled):
						cancelled.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			t.Logf("%d done, %d cancelled", done.Load(), cancelled.Load())
			if n := db.number(t, "select count(*) from call_records"); n != int(done.Load()) {
				t.Errorf("%d records are stored, %d were acknowledged", n, done.Load())
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if err := db.Records().Put(ctx, callrecord.Record{ID: "late", StartedAt: noon}); !errors.Is(err, context.Canceled) {
				t.Errorf("a context that had ended: %v", err)
			}
		})
	}
}

// A write that waits for its turn can be given up while another is held up.
func TestWaitingWriteCanBeGivenUp(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite", t.TempDir())
	blocker, err := db.raw(t).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = blocker.Close() }()
	if _, err := blocker.ExecContext(t.Context(), "begin immediate"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	answers := make(chan error, 20)
	for i := range 20 { // whichever comes first is held up, with those that are in its batch
		go func() { answers <- db.Records().Put(ctx, callrecord.Record{ID: fmt.Sprint(i), StartedAt: noon}) }()
	}
	cancel()
	givenUp := 0
	for held := false; !held && givenUp < 20; {
		select {
		case err := <-answers:
			givenUp++
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		case <-time.After(time.Second):
			held = true
		}
	}
	if _, err := blocker.ExecContext(t.Context(), "rollback"); err != nil {
		t.Fatal(err)
	}
	for range 20 - givenUp {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if n := db.number(t, "select count(*) from call_records"); n != 20-givenUp {
		t.Errorf("%d records, want %d", n, 20-givenUp)
	}
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			var (
				group sync.WaitGroup
				acked atomic.Int64
			)
			for i := range 300 {
				group.Go(func() {
					err := db.Records().Put(t.Context(), callrecord.Record{ID: fmt.Sprintf("%d", i), StartedAt: noon})
					if err == nil {
						acked.Add(1)
					} else if !errors.Is(err, sqlstore.ErrClosed) {
						t.Error(err)
					}
				})
			}
			again := db.reopen(t)
			group.Wait()
			if n := again.number(t, "select count(*) from call_records"); n != int(acked.Load()) {
				t.Errorf("%d records are stored, %d were acknowledged", n, acked.Load())
			}
			if err := db.Records().Put(t.Context(), callrecord.Record{ID: "late", StartedAt: noon}); !errors.Is(err, sqlstore.ErrClosed) {
				t.Errorf("write after Close: %v", err)
			}
			if _, err := db.Records().Records(t.Context(), callrecord.Query{}); !errors.Is(err, sqlstore.ErrClosed) {
				t.Errorf("read after Close: %v", err)
			}
			if _, err := db.Directory().Offices(t.Context()); !errors.Is(err, sqlstore.ErrClosed) {
				t.Errorf("snapshot after Close: %v", err)
			}
		})
	}
}

// Two servers on one PostgreSQL write the same rows in opposite orders: they
// hold each other up, and every write succeeds all the same.
func TestServersThatLockCrosswise(t *testing.T) {
	t.Parallel()
	one := open(t, cluster.Database(t), "")
	two := open(t, one.url, "")
	o := one.office(t, "5401")
	var group sync.WaitGroup
	for i := range 400 {
		db, n := one, i/2%20
		if i%2 == 1 {
			db, n = two, 19-n
		}
		group.Go(func() {
			b := location.Binding{ID: fmt.Sprintf("%d", n), DeviceID: o.Devices[0].ID}
			if err := db.Bindings().Save(t.Context(), location.Change{Put: []location.Binding{b}}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := one.number(t, "select count(*) from bindings"); n != 20 {
		t.Errorf("%d bindings, want 20", n)
	}
}

// After PostgreSQL was restarted, or cut the connections, the store goes on.
func TestLostConnections(t *testing.T) {
	t.Parallel()
	db := open(t, cluster.Database(t), "")
	put := func(id string) error {
		return db.Records().Put(t.Context(), callrecord.Record{ID: id, StartedAt: noon})
	}
	for round := range 3 {
		if err := put(fmt.Sprint("before", round)); err != nil {
			t.Fatal(err)
		}
		db.number(t, `select count(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and application_name = 'hotdesk'`)
		if err := put(fmt.Sprint("after", round)); err != nil {
			t.Fatal(err)
		}
		if got, err := db.Records().Records(t.Context(), callrecord.Query{}); err != nil || len(got) != 2*(round+1) {
			t.Fatalf("%d records, %v", len(got), err)
		}
	}
}
