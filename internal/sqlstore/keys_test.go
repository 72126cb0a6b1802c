package sqlstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

func TestKeysComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			domain := db.office(t).Domain
			user := directory.User{ID: newID(), DomainID: domain.ID, Extension: "1001", CreatedAt: noon}
			if err := db.Directory().Save(t.Context(), directory.Change{Domain: domain, PutUsers: []directory.User{user}}); err != nil {
				t.Fatal(err)
			}
			own, whole := fill[login.Key](t, "a"), fill[login.Key](t, "b")
			own.DomainID, own.UserID, own.CreatedAt = domain.ID, user.ID, noon
			whole.DomainID, whole.UserID, whole.CreatedAt = "", "", noon.Add(time.Hour)
			whole.UsedAt, whole.ExpiresAt = time.Time{}, time.Time{}
			for _, k := range []login.Key{own, whole} {
				if err := db.Keys().AddKey(t.Context(), k, audit.Entry{ID: newID(), DomainID: "keys", At: noon, Action: "key.added"}); err != nil {
					t.Fatal(err)
				}
			}
			whole.UsedAt = noon.Add(2 * time.Hour)
			if err := db.Keys().UseKey(t.Context(), whole.ID, whole.UsedAt); err != nil {
				t.Fatal(err)
			}
			db = db.reopen(t)
			stored := func(want ...login.Key) {
				t.Helper()
				got, err := db.Keys().Keys(t.Context())
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			stored(own, whole)
			found, err := db.Keys().KeyOf(t.Context(), own.TokenHash)
			if diff := cmp.Diff(own, found); diff != "" || err != nil {
				t.Error(err, diff)
			}
			if _, err := db.Keys().KeyOf(t.Context(), "none"); !errors.Is(err, login.ErrNoKey) {
				t.Errorf("an unknown key: %v", err)
			}
			if err := db.Keys().DropKey(t.Context(), whole.ID, audit.Entry{ID: newID(), DomainID: "keys", At: noon, Action: "key.revoked"}); err != nil {
				t.Fatal(err)
			}
			stored(own)
			if entries, err := db.Audit().Entries(t.Context(), audit.Query{DomainID: "keys"}); err != nil || len(entries) != 3 {
				t.Errorf("the audit log: %v %v", entries, err)
			}
			domain.Version++
			if err := db.Directory().Save(t.Context(), directory.Change{Domain: domain, DropUsers: []string{user.ID}}); err != nil {
				t.Fatal(err)
			}
			stored() // the key of a user who is gone opens nothing
		})
	}
}
