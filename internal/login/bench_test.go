package login_test

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of failures in a map.
type memory struct {
	mu       sync.Mutex
	failures map[string]login.Failures
	told     []outbox.Fact
	audit    []audit.Entry
	fail     error
}

func (m *memory) Failures(_ context.Context, subjects ...string) ([]login.Failures, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []login.Failures
	for _, subject := range subjects {
		if f, ok := m.failures[subject]; ok {
			found = append(found, f)
		}
	}
	return found, m.fail
}

func (m *memory) Locked(_ context.Context, now time.Time) ([]login.Failures, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var locked []login.Failures
	for _, f := range m.failures {
		if f.LockedTo.After(now) {
			locked = append(locked, f)
		}
	}
	return locked, m.fail
}

func (m *memory) Save(ctx context.Context, fs ...login.Failures) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for _, f := range fs {
		if f.Count == 0 && f.Rounds == 0 {
			delete(m.failures, f.Subject)
		} else {
			m.failures[f.Subject] = f
		}
	}
	return ctx.Err()
}

func (m *memory) SaveAndTell(ctx context.Context, fact outbox.Fact, fs ...login.Failures) error {
	if err := m.Save(ctx, fs...); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, fact)
	return nil
}

func (m *memory) Lift(_ context.Context, entry audit.Entry, subjects ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for _, subject := range subjects {
		delete(m.failures, subject)
	}
	m.audit = append(m.audit, entry)
	return nil
}

func (m *memory) Forget(_ context.Context, before time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	maps.DeleteFunc(m.failures, func(_ string, f login.Failures) bool { return f.LastAt.Before(before) && f.LockedTo.Before(before) })
	return nil
}

// breakBy makes the store fail from now on, or mends it, and returns how many
// subjects it holds.
func (m *memory) breakBy(err error) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
	return len(m.failures)
}

// book is the directory of acme: ana may log in, the others may not.
type book struct {
	domain directory.Domain
	users  map[string]directory.User
}

func (b *book) Domain(id string) (directory.Domain, bool) { return b.domain, id == b.domain.ID }

func (b *book) UserByExtension(domainID, extension string) (directory.User, bool) {
	u, found := b.users[extension]
	return u, found && domainID == b.domain.ID
}

const (
	rightPIN      = "4711"
	rightPassword = "correct horse"
)

type bench struct {
	*login.Service

	store    *memory
	now      time.Time
	verified atomic.Int64 // verifications so far
	during   func()       // called in each
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	pin, err := credential.HashPIN(rightPIN)
	if err != nil {
		tb.Fatal(err)
	}
	password, err := credential.HashPassword(rightPassword)
	if err != nil {
		tb.Fatal(err)
	}
	domain := directory.Defaults("acme.test")
	domain.ID, domain.Mail.Address = "acme", "mail.acme.test:587"
	users := map[string]directory.User{}
	for extension, change := range map[string]func(u *directory.User){
		"1001": func(*directory.User) {},
		"1002": func(*directory.User) {},
		"1003": func(u *directory.User) { u.Disabled = true },
		"1004": func(u *directory.User) { u.NoHotDesking = true },
		"1005": func(u *directory.User) { u.PINHash, u.PasswordHash = "", "" },
		"1006": func(u *directory.User) { u.PINHash, u.PasswordHash = "damaged", "damaged" },
		"1007": func(u *directory.User) { u.Scope = directory.ScopeNoPortal },
		"5401": func(*directory.User) {},
	} {
		u := directory.User{ID: "user" + extension, DomainID: "acme", Extension: extension, PINHash: pin, PasswordHash: password, Scope: directory.ScopeBasicUser, Email: extension + "@acme.test"}
		change(&u)
		users[extension] = u
	}
	b := &bench{store: &memory{failures: map[string]login.Failures{}}, now: noon()}
	b.Service = login.New(login.Config{
		Store: b.store, Directory: &book{domain, users}, Now: func() time.Time { return b.now },
		Log: slog.New(slog.DiscardHandler),
		Verify: func(secret, hash string) bool {
			b.verified.Add(1)
			if b.during != nil {
				b.during()
			}
			return credential.Verify(secret, hash)
		},
	})
	return b
}
