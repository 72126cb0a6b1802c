package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestWebSessionsComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			user := directory.User{ID: newID(), Extension: "1001", CreatedAt: noon}
			domain := db.office(t).Domain
			user.DomainID = domain.ID
			if err := db.Directory().Save(t.Context(), directory.Change{Domain: domain, PutUsers: []directory.User{user}}); err != nil {
				t.Fatal(err)
			}
			one, two := fill[login.WebSession](t, "a"), fill[login.WebSession](t, "b")
			one.UserID, two.UserID = user.ID, user.ID
			one.CreatedAt, one.UsedAt = noon, noon
			two.CreatedAt, two.UsedAt = noon.Add(time.Hour), noon.Add(time.Hour)
			put := func(s login.WebSession) {
				t.Helper()
				if err := db.WebSessions().PutWebSession(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			stored := func(want ...login.WebSession) {
				t.Helper()
				got, err := db.WebSessions().WebSessions(t.Context(), user.ID)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
			put(one)
			put(two)
			one.UsedAt = noon.Add(time.Minute)
			put(one)
			db = db.reopen(t)
			stored(two, one)
			found, err := db.WebSessions().WebSession(t.Context(), one.TokenHash)
			if diff := cmp.Diff(one, found); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if _, err := db.WebSessions().WebSession(t.Context(), "none"); !errors.Is(err, login.ErrSignedOut) {
				t.Errorf("an unknown token: %v", err)
			}
			if err := db.WebSessions().ForgetWebSessions(t.Context(), noon.Add(30*time.Minute)); err != nil {
				t.Fatal(err)
			}
			stored(two)
			if err := db.WebSessions().DropWebSessions(t.Context(), user.ID, two.ID); err != nil {
				t.Fatal(err)
			}
			stored()
			put(one)
			if err := db.WebSessions().DropWebSessions(t.Context(), user.ID, ""); err != nil {
				t.Fatal(err)
			}
			stored()
		})
	}
}
