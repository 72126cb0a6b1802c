package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// plan is how writes are done on one kind of database.
type plan struct {
	workers int           // connections that write at the same time
	batch   int           // writes that share a commit, at most
	begin   string        // the statement that begins a transaction
	timeout time.Duration // of one transaction, 0: none
}

// maxTries is how often one write is tried when other transactions are in its way.
const maxTries = 50

// write is one transaction of a caller, waiting for its turn.
type write struct {
	run     func(ctx context.Context, tx *writeConn) error // may run more than once; only the last run counts
	claimed atomic.Bool                                    // by the worker that runs it, or by the caller who gave up
	done    chan error                                     // its answer, when it is on disk or has failed
	err     error                                          // of the last run
}

// writer gathers the writes of all callers, so that those that wait at the
// same time share one commit and its sync.
type writer struct {
	pool      *sql.DB
	plan      plan
	text      func(string) string
	consumers consumers

	mu      sync.Mutex
	arrived sync.Cond
	waiting []*write
	closed  bool

	workers sync.WaitGroup
}

func newWriter(e engine) *writer {
	w := &writer{pool: e.write, plan: e.plan, text: e.text}
	w.arrived.L = &w.mu
	for range e.plan.workers {
		w.workers.Go(w.work)
	}
	return w
}

// write runs a transaction and returns when it is on disk. A context that ends
// before its turn prevents it; one that ends later is too late, and the answer
// is waited for, so that the caller always knows.
func (w *writer) write(ctx context.Context, run func(context.Context, *writeConn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	one := &write{run: run, done: make(chan error, 1)}
	if !w.enqueue(one) {
		return ErrClosed
	}
	select {
	case err := <-one.done:
		return explain(err)
	case <-ctx.Done():
		if one.claimed.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return explain(<-one.done)
	}
}

func (w *writer) enqueue(one *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	w.waiting = append(w.waiting, one)
	w.arrived.Signal()
	return true
}

// take waits for writes and claims up to a batch of them; none are left when
// the writer is closed.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	var batch []*write
	for len(batch) == 0 {
		for len(w.waiting) == 0 {
			if w.closed {
				return nil
			}
			w.arrived.Wait()
		}
		n := min(len(w.waiting), w.plan.batch)
		for _, one := range w.waiting[:n] {
			if one.claimed.CompareAndSwap(false, true) {
				batch = append(batch, one)
			}
		}
		clear(w.waiting[:n])
		w.waiting = w.waiting[n:]
	}
	return batch
}

// close lets the waiting writes finish and ends the workers.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.arrived.Broadcast()
	w.mu.Unlock()
	w.workers.Wait()
}

func (w *writer) work() {
	c := &writeConn{pool: w.pool, begin: w.plan.begin, text: w.text, consumers: &w.consumers}
	defer c.drop()
	for batch := w.take(); batch != nil; batch = w.take() {
		if err := w.commit(c, batch); errors.Is(err, errAgain) {
			w.commitEach(c, batch)
		}
	}
}

// commit runs a batch in one transaction and answers, unless the transaction
// can be tried again.
func (w *writer) commit(c *writeConn, batch []*write) error {
	ctx := context.Background()
	if w.plan.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.plan.timeout)
		defer cancel()
	}
	err := c.transact(ctx, batch)
	if !errors.Is(err, errAgain) {
		answer(batch, err)
	}
	return err
}

// commitEach gives each write of a failed batch a transaction of its own, so
// that none suffers for another.
func (w *writer) commitEach(c *writeConn, batch []*write) {
	for i := range batch {
		one := batch[i : i+1]
		err := errAgain
		for tries := 0; tries < maxTries && errors.Is(err, errAgain); tries++ {
			err = w.commit(c, one)
		}
		if errors.Is(err, errAgain) {
			answer(one, err)
		}
		if errors.Is(err, errUnreachable) {
			answer(batch[i+1:], err)
			return
		}
	}
}

// answer tells the callers how their writes ended: each its own error, or the
// one of the transaction they shared.
func answer(batch []*write, err error) {
	for _, one := range batch {
		if err != nil {
			one.err = err
		}
		one.done <- one.err
	}
}
