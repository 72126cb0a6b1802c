// Package sqlstore keeps everything the services store in tables, in SQLite or
// PostgreSQL, with one SQL text for both. Each store method is one transaction.
// A write returns when it is on disk; writes that wait at the same time share
// one commit. It knows rows and constraints, never a rule of the product.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// DB is an open database. Its parts, [DB.Directory], [DB.Sessions] and so on,
// are the stores of the services.
type DB struct {
	*reader
	*writer
	nobody   nobody
	suspects suspects
	followed followed
	closed   func() error // closes everything, once
	copyTo   func(ctx context.Context, file string) error
}

// Open opens the database and brings its tables up to date. The database is
// "sqlite", which is the file hotdesk.db in dataDir, used by one server at a
// time, or a PostgreSQL URL ("postgres://user@host/name"), for which dataDir is
// not used. It fails with [ErrInUse], [ErrNewer], [ErrReadOnly], [ErrFull] or
// [ErrCorrupt] where one of these is the reason.
func Open(ctx context.Context, database, dataDir string) (*DB, error) {
	scheme, _, _ := strings.Cut(database, ":")
	var (
		parts engine
		err   error
	)
	switch scheme {
	case "sqlite":
		parts, err = openSQLite(ctx, dataDir)
	case "postgres", "postgresql":
		parts, err = openPostgres(ctx, database)
	default:
		return nil, fmt.Errorf("unknown kind of database %q: use sqlite or postgres://user@host/name", scheme)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", explain(err))
	}
	db := &DB{reader: newReader(parts), writer: newWriter(parts), copyTo: parts.copyTo}
	db.closed = sync.OnceValue(func() error {
		db.writer.close()
		return explain(errors.Join(db.reader.close(), parts.close()))
	})
	if err := errors.Join(db.suspects.load(ctx, db.reader), db.loadFollowed(ctx)); err != nil {
		return nil, fmt.Errorf("open the database: %w", errors.Join(err, db.Close()))
	}
	return db, nil
}

// Close finishes the writes that wait, then closes the database. Later calls of
// its stores fail with [ErrClosed]. It may be called more than once.
func (db *DB) Close() error { return db.closed() }

// Copy writes the whole database, as it is at one moment, to a new file, while
// others read and write. It fails with [ErrNoCopy] for PostgreSQL, which has its
// own ways.
func (db *DB) Copy(ctx context.Context, file string) error {
	if db.copyTo == nil {
		return ErrNoCopy
	}
	if err := db.copyTo(ctx, file); err != nil {
		return fmt.Errorf("copy the database: %w", explain(err))
	}
	return nil
}

// engine is what differs between the databases.
type engine struct {
	read, write *sql.DB
	local       bool                // in this process, with no network between
	text        func(string) string // of a statement as this database takes it best
	plan        plan
	committed   func()                                       // told of each commit
	closers     []io.Closer                                  // what there is to close, in this order
	copyTo      func(ctx context.Context, file string) error // nil: it cannot copy itself
}

func (e engine) close() error {
	var errs []error
	for _, c := range e.closers {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
