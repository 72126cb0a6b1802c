package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/pressly/goose/v3"
)

// liteReaders is how many connections read SQLite at the same time.
const liteReaders = 4

// openSQLite opens hotdesk.db in the data folder, for this process alone.
func openSQLite(ctx context.Context, dataDir string) (engine, error) {
	dir, err := filepath.Abs(dataDir)
	if err != nil {
		return engine{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return engine{}, fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	held, err := lockFile(filepath.Join(dir, "hotdesk.lock"))
	if err != nil {
		return engine{}, err
	}
	e, err := openFile(ctx, filepath.Join(dir, "hotdesk.db"))
	e.closers = append(e.closers, held) // last: the folder is ours until the file is closed
	if err != nil {
		return engine{}, errors.Join(err, e.close())
	}
	return e, nil
}

// openFile opens the database file with one connection that writes and a few
// that read. What it could open is in the engine also when it fails.
func openFile(ctx context.Context, file string) (engine, error) {
	log := file + "-wal"
	e := engine{local: true, text: unnumbered, plan: plan{writers: 1, batch: 1024, begin: "begin immediate", log: log}}
	if err := private(file); err != nil {
		return e, fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	common := url.Values{
		"_busy_timeout": {"5000"}, // milliseconds; a backup may hold the file for a moment
		"_foreign_keys": {"on"},
		"_pragma": {
			"cache_size(-16000)", "temp_store(memory)", "journal_size_limit(67108864)", "wal_autocheckpoint(" + strconv.Itoa(mostPages) + ")",
		},
	}
	var err error
	common.Set("_txlock", "immediate")
	common.Set("_journal_mode", "wal")
	common.Set("_synchronous", "normal") // the file and the order of things; commits are synced by writeConn
	if e.write, err = sql.Open("sqlite", dataSource(file, common)); err != nil {
		return e, err
	}
	e.closers = []io.Closer{e.write}
	e.write.SetMaxOpenConns(1)
	if err := migrate(ctx, goose.DialectSQLite3, e.write); err != nil {
		return e, err
	}
	if err := reserve(log); err != nil {
		return e, err
	}
	common.Del("_journal_mode")
	common.Set("_txlock", "deferred")
	folding, err := sql.Open("sqlite", dataSource(file, common))
	if err != nil {
		return e, err
	}
	folding.SetMaxOpenConns(1)
	beside := newCheckpoints(folding)
	e.committed, e.closers = beside.committed, []io.Closer{beside, e.write}
	common.Set("_query_only", "on")
	if e.read, err = sql.Open("sqlite", dataSource(file, common)); err != nil {
		return e, err
	}
	// The readers close first: the last connection, the writing one, then folds the log into the file.
	e.closers = []io.Closer{beside, e.read, e.write}
	e.read.SetMaxOpenConns(liteReaders)
	e.read.SetMaxIdleConns(liteReaders)
	e.copyTo = func(ctx context.Context, copied string) error { return copyFile(ctx, file, copied) }
	return e, nil
}

// copyFile copies a database that may be in use, on a connection of its own: one
// that only answers queries may not write a copy either.
func copyFile(ctx context.Context, file, copied string) (err error) {
	if err := private(copied); err != nil {
		return err
	}
	db, err := sql.Open("sqlite", dataSource(file, url.Values{"mode": {"ro"}, "_busy_timeout": {"5000"}}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "vacuum into $1", copied)
	return err
}

// private makes sure that the file is there and nobody else can read it; the
// files that SQLite puts beside it take its mode.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the folder
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// dataSource is the data source name; as a URL, so that a folder may have "?" in its name.
func dataSource(file string, params url.Values) string {
	at := url.URL{Scheme: "file", Path: filepath.ToSlash(file), RawQuery: params.Encode()}
	return at.String()
}
