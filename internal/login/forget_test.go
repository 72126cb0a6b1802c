package login_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestLiftAnAccount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ana := directory.User{ID: "user1001", DomainID: "acme", Extension: "1001"}
	for i := range 5 {
		_ = b.pin(t, fmt.Sprint("desk", i), "1001", "0001")
	}
	broken := errors.New("disk full")
	b.store.breakBy(broken)
	if err := b.LiftUser(t.Context(), "cli", ana); !errors.Is(err, broken) {
		t.Error(err)
	}
	b.store.breakBy(nil)
	if err := b.pin(t, "desk", "1001", rightPIN); !isLocked(err) {
		t.Fatal(err)
	}
	if err := b.LiftUser(t.Context(), "cli", ana); err != nil {
		t.Fatal(err)
	}
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Error(err)
	}
	want := []audit.Entry{{DomainID: "acme", At: noon(), Actor: "cli", Action: "user.unlocked", UserID: "user1001", Detail: "1001"}}
	if diff := cmp.Diff(want, b.store.audit, cmpopts.IgnoreFields(audit.Entry{}, "ID")); diff != "" || b.store.audit[0].ID == "" {
		t.Error(diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b.during = func() {
		if err := b.LiftUser(ctx, "cli", ana); !errors.Is(err, context.Canceled) {
			t.Errorf("given up while a try is under way: %v", err)
		}
	}
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Error(err)
	}
}

func TestRunForgetsWhatNoLongerCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{failures: map[string]login.Failures{}, fail: errors.New("busy")}
		s := login.New(login.Config{Store: store, Directory: &book{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		ago := func(d time.Duration) time.Time { return time.Now().Add(-d) }
		for subject, f := range map[string]login.Failures{
			"long ago":          {Count: 1, LastAt: ago(25 * time.Hour)},
			"just":              {Count: 1, LastAt: ago(0)},
			"locked until just": {Count: 5, Rounds: 1, LastAt: ago(25 * time.Hour), LockedTo: ago(0)},
		} {
			f.Subject = subject
			store.failures[subject] = f
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		for _, step := range []struct {
			after time.Duration
			left  int
		}{{time.Minute, 3}, {time.Hour, 2}, {22 * time.Hour, 2}, {2 * time.Hour, 0}} {
			time.Sleep(step.after) //nolint:forbidigo // of the bubble's clock
			synctest.Wait()
			if n := store.breakBy(nil); n != step.left {
				t.Errorf("after %s more %d subjects are left, want %d: %v", step.after, n, step.left, store.failures)
			}
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
