package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

var cluster sqltest.Cluster

func TestMain(m *testing.M) {
	if play := os.Getenv(childVariable); play != "" {
		os.Exit(child(play))
	}
	goleak.VerifyTestMain(withCluster{m})
}

type withCluster struct{ tests *testing.M }

func (w withCluster) Run() int {
	code := w.tests.Run()
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// database is an open store, and what it takes to look behind it.
type database struct {
	*sqlstore.DB
	url, dir string
}

// databases opens an empty database of each kind.
var databases = map[string]func(testing.TB) *database{
	"sqlite": func(tb testing.TB) *database {
		tb.Helper()
		return open(tb, "sqlite", sqltest.Folder(tb))
	},
	"postgres": func(tb testing.TB) *database {
		tb.Helper()
		return open(tb, cluster.Database(tb), "")
	},
}

func open(tb testing.TB, url, dir string) *database {
	tb.Helper()
	db, err := sqlstore.Open(tb.Context(), url, dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return &database{DB: db, url: url, dir: dir}
}

// reopen closes the database and opens it again, as a restart does.
func (db *database) reopen(t *testing.T) *database {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, db.url, db.dir)
}

// raw opens the tables behind the store's back.
func (db *database) raw(tb testing.TB) *sql.DB {
	tb.Helper()
	driver, source := "pgx", db.url
	if db.url == "sqlite" {
		driver, source = "sqlite", filepath.Join(db.dir, "hotdesk.db")
	}
	raw, err := sql.Open(driver, source)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = raw.Close() })
	return raw
}

// number runs a query that answers with one number.
func (db *database) number(tb testing.TB, query string) int {
	tb.Helper()
	var n int
	if err := db.raw(tb).QueryRowContext(tb.Context(), query).Scan(&n); err != nil {
		tb.Fatal(query, err)
	}
	return n
}

// office makes a domain with devices and returns it as it is stored.
func (db *database) office(tb testing.TB, devices ...string) directory.Office {
	tb.Helper()
	id := newID()
	change := directory.Change{Domain: directory.Domain{ID: id, Name: id + ".test", TimeZone: "UTC"}}
	for _, name := range devices {
		change.PutDevices = append(change.PutDevices, directory.Device{ID: newID(), DomainID: id, Name: name, CreatedAt: noon})
	}
	if err := db.Directory().Save(tb.Context(), change); err != nil {
		tb.Fatal(err)
	}
	stored, err := db.Directory().Office(tb.Context(), id)
	if err != nil {
		tb.Fatal(err)
	}
	return stored
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// fill sets every field, so that a field that a store forgets is seen.
func fill[T any](tb testing.TB, seed string) T {
	tb.Helper()
	var one T
	n := 0
	fillValue(tb, reflect.ValueOf(&one).Elem(), seed, &n)
	return one
}

func fillValue(tb testing.TB, v reflect.Value, seed string, n *int) {
	tb.Helper()
	*n++
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(noon.Add(time.Duration(*n) * 1001 * time.Millisecond)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s-%d-ü☎", seed, *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint32:
		v.SetUint(1<<32 - uint64(*n))
	case reflect.Uint8:
		v.SetUint('a')
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillValue(tb, v.Index(i), seed, n)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillValue(tb, field, seed, n)
		}
	default:
		tb.Fatalf("no example for %s", v.Type())
	}
}
