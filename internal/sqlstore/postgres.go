package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// What one server uses of PostgreSQL.
const (
	pgWriters        = 4
	pgReaders        = 8
	pgConnectTimeout = 5 * time.Second
	pgTimeout        = 30 * time.Second // of one transaction: a server that is gone says nothing
)

// openPostgres opens a database that other servers may use too.
func openPostgres(ctx context.Context, location string) (engine, error) {
	config, err := pgx.ParseConfig(location)
	if err != nil {
		return engine{}, err
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = pgConnectTimeout
	}
	config.RuntimeParams["application_name"] = "hotdesk"
	writing := config.Copy()
	// A batch holds the locks of many writes, so two servers may wait for each
	// other; giving up early and writing one by one ends that soonest.
	writing.RuntimeParams["lock_timeout"] = "100ms"
	e := engine{
		read:      stdlib.OpenDB(*config),
		write:     stdlib.OpenDB(*writing),
		text:      func(text string) string { return text },
		plan:      plan{writers: pgWriters, batch: 128, begin: "begin", timeout: pgTimeout},
		committed: func() {},
	}
	e.read.SetMaxOpenConns(pgReaders)
	e.read.SetMaxIdleConns(pgReaders)
	e.write.SetMaxOpenConns(pgWriters)
	e.closers = []io.Closer{e.read, e.write}
	if err := preparePostgres(ctx, e.read); err != nil {
		return engine{}, errors.Join(err, e.close())
	}
	return e, nil
}

// preparePostgres brings the tables up to date, one server at a time.
func preparePostgres(ctx context.Context, db *sql.DB) error {
	if err := db.PingContext(ctx); err != nil {
		return err
	}
	one, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	return migrate(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(one))
}
