package login_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func (b *bench) pin(t *testing.T, deviceID, extension, pin string) error {
	t.Helper()
	_, err := b.CheckPIN(t.Context(), "acme", deviceID, extension, pin)
	return err
}

func TestCheckPINOfTheRightPerson(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	user, err := b.CheckPIN(t.Context(), "acme", "desk", "1001", rightPIN)
	if err != nil || user.ID != "user1001" {
		t.Errorf("%+v, %v", user, err)
	}
	if len(b.store.failures) != 0 {
		t.Errorf("stored %v", b.store.failures)
	}
}

// TestCheckPINAnswersAllAlike has everything that is wrong get one answer, for
// one verification against a hash of the same cost, and leave the same traces.
func TestCheckPINAnswersAllAlike(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ domain, extension, pin string }{
		"wrong PIN":           {"acme", "1001", "4712"},
		"empty PIN":           {"acme", "1001", ""},
		"PIN of a kilobyte":   {"acme", "1001", strings.Repeat("4711", 256)},
		"unknown account":     {"acme", "1999", rightPIN},
		"disabled":            {"acme", "1003", rightPIN},
		"without leave":       {"acme", "1004", rightPIN},
		"without a PIN":       {"acme", "1005", rightPIN},
		"without, empty":      {"acme", "1005", ""},
		"the dummy's secret":  {"acme", "1005", "no such account"},
		"a damaged hash":      {"acme", "1006", rightPIN},
		"desk account":        {"acme", "5401", rightPIN},
		"no account":          {"acme", "", rightPIN},
		"not an extension":    {"acme", "1001' or '1'='1", rightPIN},
		"an endless one":      {"acme", strings.Repeat("1", 100_000), rightPIN},
		"of an unknown place": {"other", "1001", rightPIN},
	} {
		b := newBench(t)
		user, err := b.CheckPIN(t.Context(), c.domain, "desk", c.extension, c.pin)
		if err != login.ErrWrong || user != (directory.User{}) { //nolint:errorlint // nothing more may be said
			t.Errorf("%s: %+v, %v", name, user, err)
		}
		if n := b.verified.Load(); n != 1 {
			t.Errorf("%s: %d verifications", name, n)
		}
		for _, subject := range []string{login.Account(c.domain, c.extension), login.Device("desk")} {
			want := login.Failures{Subject: subject, Count: 1, LastAt: noon()}
			if diff := cmp.Diff(want, b.store.failures[subject]); diff != "" || len(subject) > 40 {
				t.Errorf("%s: %s", name, diff)
			}
		}
	}
}

func TestTheDummyCostsWhatAPINCosts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var seen []string
	s := login.New(login.Config{
		Store: b.store, Directory: &book{}, Now: noonNow, Log: slog.New(slog.DiscardHandler),
		Verify: func(_, hash string) bool { seen = append(seen, hash); return true },
	})
	if _, err := s.CheckPIN(t.Context(), "acme", "desk", "1999", "x"); !errors.Is(err, login.ErrWrong) {
		t.Error(err)
	}
	if _, err := s.CheckPassword(t.Context(), "acme", "192.0.2.1", "1999", "x"); !errors.Is(err, login.ErrWrong) {
		t.Error(err)
	}
	pin, _ := credential.HashPIN("4711")
	password, _ := credential.HashPassword("correct horse")
	for i, want := range []string{pin, password} {
		if got := seen[i]; got[:strings.LastIndex(got, "p=")+3] != want[:strings.LastIndex(want, "p=")+3] || len(got) != len(want) {
			t.Errorf("verified %s, a real one is %s", got, want)
		}
	}
}

func noonNow() time.Time { return noon() }

func TestLockOutOfAnAccount(t *testing.T) {
	t.Parallel()
	for _, extension := range []string{"1001", "1999"} { // one that exists and one that does not
		b := newBench(t)
		for i := range 5 {
			if err := b.pin(t, fmt.Sprint("desk", i), extension, "0001"); !errors.Is(err, login.ErrWrong) {
				t.Fatal(err)
			}
		}
		b.verified.Store(0)
		for _, pin := range []string{"0002", rightPIN} {
			err := b.pin(t, "another desk", extension, pin)
			if diff := cmp.Diff(&login.LockedError{Until: noon().Add(time.Minute)}, err); diff != "" {
				t.Errorf("%s: %s", extension, diff)
			}
		}
		if n := b.verified.Load(); n != 0 {
			t.Errorf("%s: %d PINs were looked at during the lock-out", extension, n)
		}
		if f := b.store.failures[login.Account("acme", extension)]; f.Count != 5 {
			t.Errorf("tries during the lock-out were counted: %+v", f)
		}
	}
}

func TestLockOutEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	fail := func() {
		for range 5 {
			_ = b.pin(t, "desk", "1001", "0001")
		}
	}
	fail()
	b.now = noon().Add(time.Minute)
	fail()
	var locked *login.LockedError
	if err := b.pin(t, "desk", "1001", rightPIN); !errors.As(err, &locked) || locked.Until.Sub(b.now) != 2*time.Minute {
		t.Errorf("second round: %v", err)
	}
	b.now = locked.Until
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Errorf("after the lock-out: %v", err)
	}
	if len(b.store.failures) != 0 {
		t.Errorf("a right PIN left %v", b.store.failures)
	}
}

func TestLockOutOfADevice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for i := range 4 {
		_ = b.pin(t, "desk", fmt.Sprint(1900+i), "0001")
	}
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Fatal(err)
	}
	// An account of one's own does not wash off what was tried on others.
	_ = b.pin(t, "desk", "1901", "0002")
	if err := b.pin(t, "desk", "1001", rightPIN); !isLocked(err) {
		t.Errorf("at the device that guessed: %v", err)
	}
	if err := b.pin(t, "other desk", "1001", rightPIN); err != nil {
		t.Errorf("at another device: %v", err)
	}
	if locked, err := b.LockedDevices(t.Context()); err != nil || len(locked) != 1 || !locked["desk"].After(b.now) {
		t.Errorf("locked devices: %v, %v", locked, err)
	}
	if err := b.LiftDevice(t.Context(), "cli", directory.Device{ID: "desk", DomainID: "acme", Name: "5401"}); err != nil {
		t.Fatal(err)
	}
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Errorf("lifted: %v", err)
	}
}

func isLocked(err error) bool {
	_, is := errors.AsType[*login.LockedError](err)
	return is
}

func TestMistypingIsForgivenAtTheDevice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 10 {
		for _, extension := range []string{"1001", "1002"} {
			_ = b.pin(t, "desk", extension, "0001")
			_ = b.pin(t, "desk", extension, "0001")
			if err := b.pin(t, "desk", extension, rightPIN); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestTriesAtOnceAreCounted has a hundred tries on one account arrive in one
// instant: five are looked at, whichever desks they come from.
func TestTriesAtOnceAreCounted(t *testing.T) {
	t.Parallel()
	for name, try := range map[string]func(i int) (deviceID, extension string){
		"one account from many desks": func(i int) (string, string) { return fmt.Sprint("desk", i), "1001" },
		"many accounts from one desk": func(i int) (string, string) { return "desk", fmt.Sprint(1900 + i) },
		"one account from one desk":   func(int) (string, string) { return "desk", "1001" },
	} {
		b := newBench(t)
		start := make(chan struct{})
		var all sync.WaitGroup
		var wrong, locked atomic.Int64
		for i := range 100 {
			all.Go(func() {
				<-start
				deviceID, extension := try(i)
				_, err := b.CheckPIN(t.Context(), "acme", deviceID, extension, fmt.Sprintf("%04d", i))
				switch {
				case errors.Is(err, login.ErrWrong):
					wrong.Add(1)
				case isLocked(err):
					locked.Add(1)
				}
			})
		}
		close(start)
		all.Wait()
		if wrong.Load() != 5 || locked.Load() != 95 || b.verified.Load() != 5 {
			t.Errorf("%s: %d wrong, %d locked, %d looked at", name, wrong.Load(), locked.Load(), b.verified.Load())
		}
	}
}

// TestHangingUpDoesNotUndoATry has the caller gone while the PIN is verified.
func TestHangingUpDoesNotUndoATry(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		b.during = cancel
		if _, err := b.CheckPIN(ctx, "acme", "desk", "1001", "0001"); !errors.Is(err, login.ErrWrong) {
			t.Error(err)
		}
	}
	b.during = nil
	if err := b.pin(t, "desk", "1001", rightPIN); !isLocked(err) {
		t.Errorf("five tries did not count: %v", err)
	}
}

func TestWaitingForATurnEndsWithTheContext(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	inside, release := make(chan struct{}), make(chan struct{})
	var entered atomic.Bool
	b.during = func() {
		if entered.CompareAndSwap(false, true) {
			close(inside)
			<-release
		}
	}
	done := make(chan error, 1)
	go func() {
		_, err := b.CheckPIN(t.Context(), "acme", "desk", "1001", rightPIN)
		done <- err
	}()
	<-inside
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range [][2]string{{"desk", "1002"}, {"desk2", "1001"}} {
		if _, err := b.CheckPIN(ctx, "acme", c[0], c[1], rightPIN); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := b.pin(t, "desk2", "1002", rightPIN); err != nil {
		t.Errorf("somebody else had to wait: %v", err)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAFaultOfTheStoreIsNoWrongPIN(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	broken := errors.New("disk full")
	b.during = func() { b.store.fail = broken }
	for _, pin := range []string{"0001", rightPIN} {
		b.store.fail = nil
		err := b.pin(t, "desk", "1001", pin)
		// A right PIN has nothing to forgive and so nothing to store.
		if pin != rightPIN && (!errors.Is(err, broken) || errors.Is(err, login.ErrWrong)) || pin == rightPIN && err != nil {
			t.Errorf("%s: %v", pin, err)
		}
	}
	if err := b.pin(t, "desk", "1001", rightPIN); !errors.Is(err, broken) {
		t.Errorf("reading: %v", err)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	for extension, want := range map[string]error{
		"1001": nil, "1004": nil, "5401": nil,
		"1003": login.ErrWrong, "1005": login.ErrWrong, "1006": login.ErrWrong, "1007": login.ErrWrong, "1999": login.ErrWrong,
	} {
		if _, err := b.CheckPassword(ctx, "acme", "192.0.2."+extension, extension, rightPassword); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", extension, err, want)
		}
	}
	for i := range 5 {
		_, _ = b.CheckPassword(ctx, "acme", fmt.Sprint("192.0.2.", i), "1001", "wrong")
	}
	if _, err := b.CheckPassword(ctx, "acme", "192.0.2.9", "1001", rightPassword); !isLocked(err) {
		t.Errorf("five wrong passwords: %v", err)
	}
	if err := b.pin(t, "desk", "1001", rightPIN); err != nil {
		t.Errorf("guessing at the portal kept the person from the desk: %v", err)
	}
	if err := b.LiftUser(ctx, "cli", directory.User{DomainID: "acme", Extension: "1001"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CheckPassword(ctx, "acme", "192.0.2.9", "1001", rightPassword); err != nil {
		t.Errorf("lifted: %v", err)
	}
}

func TestLockedErrorSaysUntilWhen(t *testing.T) {
	t.Parallel()
	if got := (&login.LockedError{Until: noon()}).Error(); got != "too many wrong tries; locked until 2026-01-14T12:00:00Z" {
		t.Error(got)
	}
}

func TestSubjectsAreShort(t *testing.T) {
	t.Parallel()
	id := directory.NewID()
	for _, subject := range []string{
		login.Account(id, strings.Repeat("1", 1<<16)), login.Portal(id, strings.Repeat("x", 1<<16)), login.Source(strings.Repeat("x", 1<<16)),
	} {
		if len(subject) > 100 {
			t.Errorf("a subject of %d bytes: %.60s", len(subject), subject)
		}
	}
	if a, b := login.Source("2001:db8::1"), login.Source("2001:db8::2"); a == b {
		t.Errorf("two sources count as one: %s", a)
	}
}

func BenchmarkCheckPIN(b *testing.B) {
	s := newBench(b)
	for b.Loop() {
		if _, err := s.CheckPIN(b.Context(), "acme", "desk", "1001", rightPIN); err != nil {
			b.Fatal(err)
		}
	}
}
