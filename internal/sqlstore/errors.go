package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What can be wrong with a database, in words for the operator.
var (
	ErrInUse    = errors.New("another server is using this data folder")
	ErrNewer    = errors.New("a newer version of this program wrote the database")
	ErrReadOnly = errors.New("the database cannot be written: check the permissions and the mount")
	ErrFull     = errors.New("the disk is full")
	ErrCorrupt  = errors.New("the database file is damaged or no database: restore a backup")
	ErrNoCopy   = errors.New("the data is in PostgreSQL: save it with pg_dump")
	ErrClosed   = errors.New("the database is closed")
)

// The PostgreSQL error codes that are told apart.
const (
	pgUniqueViolation      = "23505"
	pgReadOnly             = "25006"
	pgSerializationFailure = "40001"
	pgDeadlock             = "40P01"
	pgDiskFull             = "53100"
	pgLockTimeout          = "55P03"
	pgAdminShutdown        = "57P01"
	pgCrashShutdown        = "57P02"
	pgDataCorrupted        = "XX001"
	pgIndexCorrupted       = "XX002"
)

// explain puts the reason an operator can act on in front of a driver's error.
func explain(err error) error {
	if err == nil {
		return nil
	}
	reason := liteReason(err)
	switch postgresState(err) {
	case pgDiskFull:
		reason = ErrFull
	case pgReadOnly:
		reason = ErrReadOnly
	case pgDataCorrupted, pgIndexCorrupted:
		reason = ErrCorrupt
	}
	if errors.Is(err, sql.ErrConnDone) || strings.Contains(err.Error(), "sql: database is closed") {
		reason = ErrClosed // database/sql keeps that error to itself
	}
	if reason == nil || errors.Is(err, reason) {
		return err
	}
	return fmt.Errorf("%w: %w", reason, err)
}

// liteReason is the reason in an SQLite error, or nil.
func liteReason(err error) error {
	switch liteCode(err) & 0xff {
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return ErrReadOnly
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return ErrCorrupt
	}
	return nil
}

// isConflict reports whether the unique index of that name refused a row.
func isConflict(err error, index string) bool {
	if liteCode(err) == sqlite3.SQLITE_CONSTRAINT_UNIQUE || liteCode(err) == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return liteConflict(err) == index
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code == pgUniqueViolation && pg.ConstraintName == index
	}
	return false
}

// liteConflict turns the columns that SQLite reports, "users.domain_id,
// users.extension", into the name our unique indexes have: "users_domain_id_extension".
func liteConflict(err error) string {
	_, list, _ := strings.Cut(err.Error(), "UNIQUE constraint failed: ")
	list, _, _ = strings.Cut(list, " (") // the driver adds the code
	columns := strings.Split(list, ", ")
	for i, c := range columns {
		table, column, _ := strings.Cut(c, ".")
		columns[i] = column
		if i == 0 {
			columns[i] = table + "_" + column
		}
	}
	return strings.Join(columns, "_")
}

// isRetryable reports whether a transaction failed only because another one
// was in its way, and was rolled back for that.
func isRetryable(err error) bool {
	if code := liteCode(err) & 0xff; code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED {
		return true
	}
	return slices.Contains([]string{pgSerializationFailure, pgDeadlock, pgLockTimeout}, postgresState(err))
}

// isLostConnection reports whether PostgreSQL has gone from the other end of a
// connection; a new connection may well be served, unless this was one.
func isLostConnection(err error) bool {
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting {
		return false
	}
	_, network := errors.AsType[*net.OpError](err)
	return network || errors.Is(err, io.ErrUnexpectedEOF) ||
		slices.Contains([]string{pgAdminShutdown, pgCrashShutdown}, postgresState(err))
}

// liteCode is SQLite's extended result code, or 0.
func liteCode(err error) int {
	if lite, ok := errors.AsType[*sqlite.Error](err); ok {
		return lite.Code()
	}
	return 0
}

// postgresState is PostgreSQL's code, or "".
func postgresState(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}
