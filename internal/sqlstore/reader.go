package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"
)

// querier runs reads: on any connection, or in a snapshot.
type querier interface {
	query(ctx context.Context, text string, args ...any) (*sql.Rows, error)
}

// reader reads beside the writer, on connections of its own.
type reader struct {
	pool  *sql.DB
	local bool // a read is over before anybody could change their mind
	text  func(string) string
	mu    sync.Mutex
	stmts map[string]*sql.Stmt
}

func newReader(e engine) *reader {
	return &reader{pool: e.read, local: e.local, text: e.text, stmts: map[string]*sql.Stmt{}}
}

func (r *reader) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	s, err := r.prepared(ctx, text)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	storable(args)
	if r.local { // watching a context costs two goroutines
		ctx = context.WithoutCancel(ctx)
	}
	return onLiveConnection(func() (*sql.Rows, error) { return s.QueryContext(ctx, args...) })
}

// prepared returns the statement of a text, prepared once.
func (r *reader) prepared(ctx context.Context, text string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.stmts[text]; s != nil {
		return s, nil
	}
	//nolint:sqlclosecheck // kept for the next query, closed by close
	s, err := onLiveConnection(func() (*sql.Stmt, error) { return r.pool.PrepareContext(ctx, r.text(text)) })
	if err == nil {
		r.stmts[text] = s
	}
	return s, err
}

// snapshot runs reads that must see one state of the database.
func (r *reader) snapshot(ctx context.Context, read func(querier) error) error {
	tx, err := onLiveConnection(func() (*sql.Tx, error) {
		return r.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	})
	if err != nil {
		return explain(err)
	}
	return explain(errors.Join(read(snapshot{tx}), tx.Rollback()))
}

// onLiveConnection begins a read again while it meets connections that were
// lost when the database restarted, of which the pool may have kept several.
func onLiveConnection[T any](begin func() (T, error)) (T, error) {
	begun, err := begin()
	for tries := 0; tries < pgReaders && isLostConnection(err); tries++ {
		begun, err = begin()
	}
	return begun, err
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, s := range r.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// snapshot is a read transaction.
type snapshot struct{ tx *sql.Tx }

func (s snapshot) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	return s.tx.QueryContext(ctx, text, storable(args)...)
}

// collect reads all rows of a query, each into the places that fields names.
func collect[T any](ctx context.Context, q querier, fields func(*T) []any, text string, args ...any) ([]T, error) {
	rows, err := q.query(ctx, text, args...)
	if err != nil {
		return nil, explain(err)
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	var all []T
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var one T
		if err := rows.Scan(fields(&one)...); err != nil {
			return nil, explain(err)
		}
		all = append(all, one)
	}
	return all, explain(rows.Err())
}

// selection builds the end of a select statement from the fields of a query
// that are set.
type selection struct {
	conditions []string
	args       []any
}

// where adds a condition when the value is neither nil nor ""; "$" in the
// condition stands for the value.
func (s *selection) where(condition string, value any) {
	if value == nil || value == "" {
		return
	}
	s.args = append(s.args, value)
	s.conditions = append(s.conditions, strings.ReplaceAll(condition, "$", "$"+strconv.Itoa(len(s.args))))
}

// always adds a condition without a value.
func (s *selection) always(condition string) {
	s.conditions = append(s.conditions, condition)
}

// after adds that rows come behind one, in the order of time, newest first,
// unless its id is "".
func (s *selection) after(column string, at time.Time, id string) {
	if id == "" {
		return
	}
	s.args = append(s.args, millis(at), id)
	s.always("(" + column + ", id) < ($" + strconv.Itoa(len(s.args)-1) + ", $" + strconv.Itoa(len(s.args)) + ")")
}

// end returns the rest of the statement: conditions, order and limit (0: none).
func (s *selection) end(order string, limit int) string {
	text := ""
	if len(s.conditions) > 0 {
		text = " where " + strings.Join(s.conditions, " and ")
	}
	text += " order by " + order
	if limit > 0 {
		s.args = append(s.args, limit)
		text += " limit $" + strconv.Itoa(len(s.args))
	}
	return text
}
