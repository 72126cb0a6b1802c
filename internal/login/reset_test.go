package login_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// people are users by their IDs.
type people map[string]directory.User

func (p people) User(id string) (directory.User, bool) {
	user, found := p[id]
	return user, found
}

func TestLinkForANewPassword(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ana := directory.User{ID: "ana", PasswordHash: "old", Scope: directory.ScopeBasicUser}
	known := people{"ana": ana}
	key := bytes.Repeat([]byte("k"), 32)
	resets := login.NewResets(key, known, func() time.Time { return now })
	token := resets.Token(ana)
	for _, c := range []struct {
		about string
		good  bool
		set   func()
		token string
	}{
		{"just sent", true, func() {}, token},
		{"to the minute", true, func() { now = now.Add(time.Hour) }, token},
		{"too old", false, func() { now = now.Add(time.Second) }, token},
		{"used", false, func() {
			now = now.Add(-time.Hour)
			known["ana"] = directory.User{ID: "ana", PasswordHash: "new", Scope: ana.Scope}
		}, token},
		{"disabled since", false, func() {
			known["ana"] = directory.User{ID: "ana", PasswordHash: "old", Disabled: true, Scope: ana.Scope}
		}, token},
		{"no portal any more", false, func() { known["ana"] = directory.User{ID: "ana", PasswordHash: "old", Scope: directory.ScopeNoPortal} }, token},
		{"gone", false, func() { delete(known, "ana") }, token},
		{"cut off", false, func() { known["ana"] = ana }, token[:len(token)-2]},
		{"with another key", false, func() {}, login.NewResets(nil, known, func() time.Time { return now }).Token(ana)},
		{"made up", false, func() {}, "YW5hfHp6enp6enw"},
		{"nothing", false, func() {}, ""},
	} {
		c.set()
		if user, err := resets.Who(c.token); (err == nil) != c.good || c.good && user.ID != "ana" {
			t.Errorf("%s: %+v, %v", c.about, user, err)
		}
	}
}

// However often somebody asks, a mailbox is not filled, and of whom nobody may
// sign in nothing is told.
func TestAskingForANewPassword(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ask := func(source, extension string) {
		t.Helper()
		user := directory.User{ID: "user" + extension, DomainID: "acme", Extension: extension, Scope: directory.ScopeBasicUser, Email: "ana@acme.test"}
		switch extension {
		case "1003":
			user.Disabled = true
		case "1005":
			user.Email = ""
		case "1007":
			user.Scope = directory.ScopeNoPortal
		case "":
			user = directory.User{}
		}
		if err := b.AskReset(t.Context(), source, user); err != nil {
			t.Fatal(err)
		}
	}
	for _, nobody := range []string{"1003", "1005", "1007", ""} {
		ask("elsewhere "+nobody, nobody)
	}
	if len(b.store.told) != 0 {
		t.Errorf("told of %v", b.store.told)
	}
	for range 10 {
		ask("192.0.2.1", "1001")
	}
	if len(b.store.told) != 3 {
		t.Errorf("%d mails for ten requests", len(b.store.told))
	}
	ask("192.0.2.2", "1001")
	if len(b.store.told) != 3 {
		t.Errorf("%d mails after asking from elsewhere", len(b.store.told))
	}
	for range 20 {
		ask("192.0.2.3", "")
	}
	ask("192.0.2.3", "1002")
	if len(b.store.told) != 3 {
		t.Errorf("%d mails for a place that has asked for twenty accounts", len(b.store.told))
	}
	b.now = b.now.Add(16 * time.Minute)
	ask("192.0.2.1", "1001")
	if len(b.store.told) != 4 {
		t.Errorf("%d mails after a while", len(b.store.told))
	}
}
