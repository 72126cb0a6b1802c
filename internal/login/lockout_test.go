package login_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func noon() time.Time { return time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC) }

func TestLockOutDoublesUpToADay(t *testing.T) {
	t.Parallel()
	limits := login.AccountLimits()
	now := noon()
	f := login.Failures{Subject: "x"}
	for round, want := range []time.Duration{
		1 * time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute, 32 * time.Minute,
		64 * time.Minute, 128 * time.Minute, 256 * time.Minute, 512 * time.Minute, 1024 * time.Minute, 24 * time.Hour, 24 * time.Hour,
	} {
		for try := 1; try <= 5; try++ {
			f = limits.Failed(f, now)
			until, locked := login.Locked(f, now)
			if locked != (try == 5) || locked && until.Sub(now) != want {
				t.Fatalf("round %d, try %d: locked %t for %s, want %s", round+1, try, locked, until.Sub(now), want)
			}
		}
		now = f.LockedTo
		if _, locked := login.Locked(f, now); locked {
			t.Fatal("still locked at the end of the lock-out")
		}
	}
	if f.Rounds != 13 || f.Count != 65 {
		t.Errorf("%+v", f)
	}
}

func TestFailuresAreForgottenAfterTheWindow(t *testing.T) {
	t.Parallel()
	limits := login.Limits{Tries: 2, First: time.Minute, Most: time.Hour, Window: 30 * time.Minute}
	f := limits.Failed(login.Failures{Subject: "x"}, noon())
	if got := limits.Failed(f, noon().Add(30*time.Minute-1)); got.Count != 2 || got.Rounds != 1 {
		t.Errorf("within the window %+v", got)
	}
	if got := limits.Failed(f, noon().Add(30*time.Minute)); got.Count != 1 || got.Rounds != 0 {
		t.Errorf("after the window %+v", got)
	}
	// The window opens when the lock-out ends, or a long one would wipe itself.
	f = login.Failures{Subject: "x", Count: 12, Rounds: 6, LastAt: noon(), LockedTo: noon().Add(time.Hour)}
	if got := limits.Failed(f, noon().Add(89*time.Minute)); got.Count != 13 {
		t.Errorf("after a long lock-out %+v", got)
	}
}

func TestForgiven(t *testing.T) {
	t.Parallel()
	limits := login.SourceLimits()
	at := func(count, rounds int, ago time.Duration) login.Failures {
		return login.Failures{Subject: "x", Count: count, Rounds: rounds, LastAt: noon().Add(-ago)}
	}
	for name, test := range map[string]struct{ source, account, want login.Failures }{
		"all its own":             {at(3, 0, 0), at(3, 0, 0), at(0, 0, 0)},
		"a lock-out of its own":   {at(6, 1, 0), at(6, 1, 0), at(0, 0, 0)},
		"others stay":             {at(4, 0, 0), at(1, 0, 0), at(3, 0, 0)},
		"a round of others stays": {at(7, 1, 0), at(2, 0, 0), at(5, 1, 0)},
		"more than there are":     {at(1, 0, 0), at(4, 0, 0), at(0, 0, 0)},
		"too long ago to count":   {at(4, 0, 0), at(4, 0, 2*time.Hour), at(4, 0, 0)},
	} {
		if diff := cmp.Diff(test.want, limits.Forgiven(test.source, test.account, noon())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestAnAttackerIsSlow lets somebody try as fast as the lock-out allows, with
// any pauses, and counts the tries within a year.
func TestAnAttackerIsSlow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		limits := login.AccountLimits()
		pause := time.Duration(rapid.Int64Range(0, int64(26*time.Hour)).Draw(r, "pause"))
		f, tries := login.Failures{}, 0
		for now := noon(); now.Before(noon().AddDate(1, 0, 0)); tries++ {
			f = limits.Failed(f, now)
			now = now.Add(1 + pause*time.Duration(min(f.Count%5, 1)))
			if until, locked := login.Locked(f, now); locked {
				now = until
			}
		}
		if tries > 2000 {
			r.Fatalf("%d tries in a year", tries)
		}
	})
}
