package sqltest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
)

// file is the name of SQLite's database in a data folder.
const file = "hotdesk.db"

// Folder makes a data folder with an empty SQLite database, as a server leaves
// it that had nothing to store. It is gone when the test ends.
func Folder(tb testing.TB) string {
	tb.Helper()
	text, err := empty()
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// empty is a database with its tables. Making them takes longer than most tests
// do then, so it is done once for all tests of a process.
var empty = sync.OnceValues(func() (text []byte, err error) { //nolint:gochecknoglobals // a constant that is computed
	dir, err := os.MkdirTemp("", "hotdesk-empty")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	db, err := sqlstore.Open(context.Background(), "sqlite", dir)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, file)) //nolint:gosec // a name of our own
})
