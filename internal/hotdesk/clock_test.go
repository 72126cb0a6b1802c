package hotdesk_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// run starts the clock of an office, and stops it when the test ends.
func (o *office) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- o.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

// until lets the time of a bubble pass.
func until(t time.Time) {
	<-time.After(time.Until(t))
	synctest.Wait()
}

func TestRunReleasesOnTheSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		vienna := o.book.domains["acme"]
		vienna.ID, vienna.TimeZone = "wien", "Europe/Vienna"
		o.book.domains["wien"] = vienna
		o.book.users["mia"] = directory.User{ID: "mia", DomainID: "wien", Extension: "1001"}
		o.book.devices["tisch"] = directory.Device{ID: "tisch", DomainID: "wien"}
		defer o.run(t)()
		ana, mia := o.login(t, "desk1", "ana").Session, o.login(t, "tisch", "mia").Session
		if got := ana.EndsAt.Sub(mia.EndsAt); got != 6*time.Hour {
			t.Fatalf("the nights of Vienna and Toronto are %s apart", got)
		}
		for _, s := range []hotdesk.Session{mia, ana} {
			until(s.EndsAt.Add(-time.Millisecond))
			if o.open(t)[s.DeviceID] == "" {
				t.Errorf("%s was released too early", s.DeviceID)
			}
			until(s.EndsAt)
			if o.open(t)[s.DeviceID] != "" {
				t.Errorf("%s is held after %s", s.DeviceID, s.EndsAt)
			}
			if got := o.store.sessions[s.ID]; got.Ended != hotdesk.Nightly || got.EndedBy != "system" {
				t.Errorf("ended as %+v", got)
			}
		}
	})
}

func TestRunReleasesASessionThatEndsBeforeItWouldLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		until(time.Date(2000, 1, 1, 6, 59, 52, 0, time.UTC))
		defer o.run(t)()
		until(time.Now().Add(time.Second))
		s := o.login(t, "desk1", "ana").Session
		until(s.EndsAt)
		if held := o.open(t); len(held) != 0 {
			t.Errorf("held at its end: %v", held)
		}
	})
}

func TestRunMakesUpForDowntime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		o.login(t, "desk1", "ana")
		until(time.Now().Add(30 * time.Hour))
		o.login(t, "desk2", "bo")
		o.login(t, "desk3", "cy")
		o.book.device("desk3", func(d *directory.Device) { d.OwnerID = "ana" })
		defer o.run(t)()
		if diff := cmp.Diff(map[string]string{"desk2": "bo"}, o.open(t)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRunNoticesThatTheTimeWasSet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var set atomic.Int64
		o := newOffice(t, func() time.Time { return time.Now().Add(time.Duration(set.Load())) })
		o.book.policy(func(p *directory.HotDesking) { p.IdleMinutes = 60 * 48 })
		defer o.run(t)()
		o.login(t, "desk1", "ana")
		set.Store(int64(-20 * time.Hour))
		until(time.Now().Add(time.Minute))
		if held := o.open(t); len(held) != 1 {
			t.Errorf("set back, and held: %v", held)
		}
		set.Store(int64(8 * time.Hour))
		until(time.Now().Add(30 * time.Second))
		if held := o.open(t); len(held) != 0 {
			t.Errorf("set to after the night, and held: %v", held)
		}
	})
}

func TestRunGoesOnWhenTheStoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		s := o.login(t, "desk1", "ana").Session
		o.store.setFail(errors.New("disk full"))
		defer o.run(t)()
		until(s.EndsAt.Add(time.Hour))
		o.store.setFail(nil)
		until(time.Now().Add(2 * time.Second))
		if held := o.open(t); len(held) != 0 {
			t.Errorf("held: %v", held)
		}
	})
}

func TestRunEndsIdleSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		o.book.policy(func(p *directory.HotDesking) { p.IdleMinutes = 30; p.ReleaseAt = directory.ClockTime{} })
		defer o.run(t)()
		o.login(t, "desk1", "ana")
		bo := o.login(t, "desk2", "bo").Session
		o.login(t, "desk3", "cy")
		o.calls.set("desk3", true)
		until(time.Now().Add(20 * time.Minute))
		o.Used(&bo)
		o.Used(nil)
		until(time.Now().Add(11 * time.Minute))
		if diff := cmp.Diff(map[string]string{"desk2": "bo", "desk3": "cy"}, o.open(t)); diff != "" {
			t.Error(diff)
		}
		until(time.Now().Add(20 * time.Minute))
		if diff := cmp.Diff(map[string]string{"desk3": "cy"}, o.open(t)); diff != "" {
			t.Error(diff)
		}
		o.calls.set("desk3", false)
		cy, err := o.DesksOf(t.Context(), "cy")
		if err != nil {
			t.Fatal(err)
		}
		o.Used(&cy[0]) // as at the end of each call
		until(time.Now().Add(29 * time.Minute))
		if diff := cmp.Diff(map[string]string{"desk3": "cy"}, o.open(t)); diff != "" {
			t.Error(diff)
		}
		until(time.Now().Add(2 * time.Minute))
		if held := o.open(t); len(held) != 0 {
			t.Errorf("held: %v", held)
		}
		for _, e := range o.store.entries()[3:] {
			if e.Action != "session.ended" || e.Detail != "idle_limit" || e.Actor != "system" {
				t.Errorf("audit: %+v", e)
			}
		}
	})
}

func TestUseThatIsNotStoredYetCounts(t *testing.T) {
	t.Parallel()
	now := instant(t, winterMorning)
	o := newOffice(t, func() time.Time { return now })
	o.book.policy(func(p *directory.HotDesking) { p.WhenTaken, p.TakeOverIdle = directory.TakenIdle, 10 })
	session := o.login(t, "desk1", "ana").Session
	now = now.Add(9 * time.Minute)
	o.Used(&session)
	now = now.Add(2 * time.Minute)
	_, err := o.Login(t.Context(), byStarCode("desk1", "bo"))
	if taken, is := errors.AsType[*hotdesk.TakenError](err); !is || taken.Offered || !taken.UsedAt.Equal(now.Add(-2*time.Minute)) {
		t.Errorf("%#v", err)
	}
}

func TestRunStoresUsesWhenItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		stop := o.run(t)
		s := o.login(t, "desk1", "ana").Session
		until(time.Now().Add(time.Second))
		o.Used(&s)
		stop()
		if got := o.store.sessions[s.ID].UsedAt; !got.Equal(time.Now()) {
			t.Errorf("used %s, stored %s", time.Now(), got)
		}
	})
}

func TestRunEndsWhatTheDirectoryNoLongerAllows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(t, time.Now)
		defer o.run(t)()
		o.login(t, "desk1", "ana")
		o.login(t, "desk2", "bo")
		o.book.device("desk1", func(d *directory.Device) { d.Disabled = true })
		o.bus.Publish(directory.Changed{DomainID: "other"})
		synctest.Wait()
		if held := o.open(t); len(held) != 2 {
			t.Errorf("another domain's change, and held: %v", held)
		}
		o.bus.Publish(directory.Changed{DomainID: "acme"})
		synctest.Wait()
		if diff := cmp.Diff(map[string]string{"desk2": "bo"}, o.open(t)); diff != "" {
			t.Error(diff)
		}
		o.store.setFail(errors.New("disk full")) // the watch lags behind and is dropped
		o.bus.Publish(directory.Changed{DomainID: "other"})
		synctest.Wait()
		for range 2000 {
			o.bus.Publish(directory.Changed{DomainID: "other"})
		}
		o.book.policy(func(p *directory.HotDesking) { p.Enabled = false })
		o.store.setFail(nil)
		until(time.Now().Add(2 * time.Second))
		if held := o.open(t); len(held) != 0 {
			t.Errorf("facts were lost, and held: %v", held)
		}
	})
}

func TestReleaseDueInBatches(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at("2026-01-15T07:00:00Z"))
	const many = 5000
	o.fill(many)
	o.login(t, "desk1", "ana") // while sessions are due, and not one of them
	n, err := o.ReleaseDue(t.Context(), o.now())
	if err != nil || n != many {
		t.Errorf("released %d, %v", n, err)
	}
	if diff := cmp.Diff(map[string]string{"desk1": "ana"}, o.open(t)); diff != "" {
		t.Error(diff)
	}
	if o.store.largest > 256 {
		t.Errorf("%d sessions in one transaction", o.store.largest)
	}
	if n, err := o.ReleaseDue(t.Context(), o.now()); err != nil || n != 0 {
		t.Errorf("released %d again, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	o.fill(many)
	cancel()
	if n, err := o.ReleaseDue(ctx, o.now()); !errors.Is(err, context.Canceled) || n == many {
		t.Errorf("cancelled, released %d, %v", n, err)
	}
}

// fill starts sessions that are due.
func (o *office) fill(n int) {
	for i := range n {
		id := fmt.Sprintf("%s-%d", o.now(), len(o.store.sessions)+i)
		o.store.sessions[id] = hotdesk.Session{
			ID: id, DomainID: "acme", DeviceID: "device" + id, UserID: "user" + id,
			EndsAt: o.now().Add(-time.Second), EndsAs: hotdesk.Nightly,
		}
	}
}

func BenchmarkLogin(b *testing.B) {
	o := newOffice(b, at(winterMorning))
	o.facts.Close()
	for b.Loop() {
		if _, err := o.Login(b.Context(), byStarCode("desk1", "ana")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHolderOf(b *testing.B) {
	o := newOffice(b, at(winterMorning))
	if _, err := o.Login(b.Context(), byStarCode("desk1", "ana")); err != nil {
		b.Fatal(err)
	}
	device := o.book.devices["desk1"]
	for b.Loop() {
		if _, err := o.HolderOf(b.Context(), device); err != nil {
			b.Fatal(err)
		}
	}
}
