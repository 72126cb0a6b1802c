package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// How a transaction failed as a whole, beside the errors of its writes.
var (
	errAgain       = errors.New("the transaction was rolled back")
	errUnreachable = errors.New("the database does not answer")
	errCareful     = errors.New("a write among others has failed")
)

// writeConn is the connection of one worker, with its prepared statements. The
// writes of a batch run on it one after the other, each as in a transaction of
// its own.
type writeConn struct {
	pool      *sql.DB
	begin     string
	logFile   string
	text      func(string) string
	consumers *consumers
	conn      *sql.Conn
	stmts     map[string]*sql.Stmt
	log       *os.File // opened with the connection, as long as which the file stays
	lost      error    // a sync has failed: nothing behind it in the log can be relied on
}

// transact runs writes in one transaction and leaves the error of each in it.
// The error returned concerns all of them: [errAgain] when nothing is written
// and another try makes sense. Writes rarely fail, so it does without savepoints
// until one does.
func (c *writeConn) transact(ctx context.Context, batch []*write) error {
	err := c.run(ctx, batch, c.bare)
	if errors.Is(err, errCareful) {
		err = c.run(ctx, batch, c.step)
	}
	return err
}

// run runs writes, each by step, in one transaction.
func (c *writeConn) run(ctx context.Context, batch []*write, step func(context.Context, *write) error) error {
	if c.lost != nil {
		return c.lost
	}
	if err := c.open(ctx); err != nil {
		return fmt.Errorf("%w: %w", errUnreachable, err)
	}
	for _, one := range batch {
		if err := step(ctx, one); err != nil {
			c.rollback(ctx)
			if !errors.Is(err, errCareful) && (len(batch) > 1 || isRetryable(err)) {
				return fmt.Errorf("%w: %w", errAgain, err)
			}
			return err
		}
	}
	if err := c.do(ctx, "commit"); err != nil {
		c.rollback(ctx)
		if isRetryable(err) {
			return fmt.Errorf("%w: %w", errAgain, err)
		}
		return fmt.Errorf("commit: %w", err)
	}
	return c.sync()
}

// sync makes a commit lasting where the database leaves that to us. After a
// failure the kernel takes for written what is not; only a restart, which reads
// the log anew, tells what there is.
func (c *writeConn) sync() error {
	if c.log == nil || c.lost != nil {
		return c.lost
	}
	if err := syncData(c.log); err != nil {
		c.lost = fmt.Errorf("sync the database's log: %w", err)
	}
	return c.lost
}

// open begins a transaction, on a new connection when the old one is lost: the
// database may have been restarted since the last write.
func (c *writeConn) open(ctx context.Context) error {
	if c.conn != nil {
		if c.do(ctx, c.begin) == nil {
			return nil
		}
		c.drop()
	}
	conn, err := c.pool.Conn(ctx)
	if err != nil {
		return err
	}
	c.conn, c.stmts = conn, map[string]*sql.Stmt{}
	if err := c.do(ctx, c.begin); err != nil {
		c.drop()
		return err
	}
	if c.logFile == "" {
		return nil
	}
	if c.log, err = os.OpenFile(c.logFile, os.O_RDWR, 0); err != nil {
		c.drop()
	}
	return err
}

// bare runs one write that spoils the whole transaction when it fails.
func (c *writeConn) bare(ctx context.Context, one *write) error {
	one.err = c.safely(ctx, one)
	if one.err != nil && !isRetryable(one.err) {
		return errCareful
	}
	return one.err
}

// step runs one write in a savepoint, so that its failure undoes it alone. The
// error returned is one that spoils the whole transaction.
func (c *writeConn) step(ctx context.Context, one *write) error {
	if err := c.do(ctx, "savepoint one"); err != nil {
		return err
	}
	one.err = c.safely(ctx, one)
	if one.err != nil {
		if isRetryable(one.err) {
			return one.err
		}
		if err := c.do(ctx, "rollback to savepoint one"); err != nil {
			return errors.Join(one.err, err)
		}
	}
	return c.do(ctx, "release savepoint one")
}

// safely keeps a fault in one write from those that share its transaction.
func (c *writeConn) safely(ctx context.Context, one *write) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("a write faulted: %v: %s", fault, debug.Stack())
		}
	}()
	return one.run(ctx, c)
}

// rollback undoes the open transaction, and drops a connection that cannot.
func (c *writeConn) rollback(ctx context.Context) {
	if _, err := c.conn.ExecContext(context.WithoutCancel(ctx), "rollback"); err != nil {
		c.drop()
	}
}

// drop closes the connection with whatever is open on it. Its errors follow
// from the one that was the reason to drop it.
func (c *writeConn) drop() {
	if c.conn == nil {
		return
	}
	for _, s := range c.stmts {
		_ = s.Close()
	}
	if c.log != nil {
		_ = c.log.Close() // first: the last connection removes it
	}
	_ = c.conn.Raw(func(any) error { return driver.ErrBadConn }) // or the pool would keep it
	_ = c.conn.Close()
	c.conn, c.stmts, c.log = nil, nil, nil
}

// do runs a statement whose number of rows does not matter.
func (c *writeConn) do(ctx context.Context, text string, args ...any) error {
	_, err := c.exec(ctx, text, args...)
	return err
}

// exec runs a statement and returns the number of rows it changed.
func (c *writeConn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	s := c.stmts[text]
	if s == nil {
		var err error
		if s, err = c.conn.PrepareContext(ctx, c.text(text)); err != nil {
			return 0, err
		}
		c.stmts[text] = s
	}
	result, err := s.ExecContext(ctx, storable(args)...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// insert writes rows with one statement for many. The text has the place of
// the rows as "values %s"; all rows have the same length. It returns the number
// of rows inserted or updated.
func (c *writeConn) insert(ctx context.Context, text string, rows [][]any) (int64, error) {
	var total int64
	for len(rows) > 0 {
		n := 1 // two sizes, so that two statements serve any number of rows
		if len(rows) >= rowsTogether {
			n = rowsTogether
		}
		var args []any
		for _, row := range rows[:n] {
			args = append(args, row...)
		}
		changed, err := c.exec(ctx, fmt.Sprintf(text, places(n, len(rows[0]))), args...)
		if err != nil {
			return total, err
		}
		total += changed
		rows = rows[n:]
	}
	return total, nil
}
