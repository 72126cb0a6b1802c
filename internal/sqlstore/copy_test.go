package sqlstore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// A copy that is made while others write is a database with all that was
// written before, that only its owner can read.
func TestCopy(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite", t.TempDir())
	o := db.office(t, "5401")
	var writers sync.WaitGroup
	defer writers.Wait()
	for i := range 4 {
		writers.Go(func() {
			for n := range 50 {
				f := login.Failures{Subject: fmt.Sprint(i, " ", n), Count: 1, LastAt: noon}
				if err := db.Failures().Save(t.Context(), f); err != nil {
					t.Error(err)
				}
			}
		})
	}
	folder := t.TempDir()
	file := filepath.Join(folder, "hotdesk.db")
	if err := db.Copy(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy is %v, %v", info, err)
	}
	if err := db.Copy(t.Context(), file); err == nil {
		t.Error("a copy was written over another file")
	}
	copied := open(t, "sqlite", folder)
	all, err := copied.Directory().Offices(t.Context())
	if err != nil || len(all) != 1 || all[0].Domain.ID != o.Domain.ID || len(all[0].Devices) != 1 {
		t.Errorf("the copy holds %+v, %v", all, err)
	}
}

func TestNoCopyOfPostgreSQL(t *testing.T) {
	t.Parallel()
	db := databases["postgres"](t)
	if err := db.Copy(t.Context(), filepath.Join(t.TempDir(), "copy")); !errors.Is(err, sqlstore.ErrNoCopy) {
		t.Error(err)
	}
}
