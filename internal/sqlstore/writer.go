package sqlstore

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// plan is how writes are done on one kind of database.
type plan struct {
	writers int           // connections that write at the same time
	batch   int           // writes that share a commit, at most
	begin   string        // the statement that begins a transaction
	timeout time.Duration // of one transaction, 0: none
	log     string        // the file that a commit is in and that is synced here; "": the database does that
}

// maxTries is how often one write is tried when other transactions are in its way.
const maxTries = 50

// write is one transaction of a caller, waiting for its turn.
type write struct {
	run     func(ctx context.Context, tx *writeConn) error // may run more than once; only the last run counts
	claimed atomic.Bool                                    // by whoever runs it, or by the caller who gave up
	done    chan error                                     // its answer, when it is on disk or has failed
	err     error                                          // of the last run
}

// writer gathers the writes of all callers, so that those that wait at the
// same time share one commit and its sync. A caller who finds a connection free
// writes on its own goroutine; what others bring meanwhile waits for the next
// commit.
type writer struct {
	plan      plan
	consumers consumers
	committed func() // told of each commit; it must not block

	mu      sync.Mutex
	free    []*writeConn // some only while nothing waits
	waiting []*write
	closed  bool
	turns   sync.WaitGroup // connections that are not free
}

func newWriter(e engine) *writer {
	w := &writer{plan: e.plan, committed: e.committed}
	for range e.plan.writers {
		w.free = append(w.free, &writeConn{pool: e.write, begin: e.plan.begin, logFile: e.plan.log, text: e.text, consumers: &w.consumers})
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
	c, taken := w.enqueue(one)
	if !taken {
		return ErrClosed
	}
	if c != nil {
		w.turn(c)
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

// enqueue lets a write wait. With a connection comes the duty to take a turn
// with it.
func (w *writer) enqueue(one *write) (c *writeConn, taken bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, false
	}
	w.waiting = append(w.waiting, one)
	if last := len(w.free) - 1; last >= 0 {
		c, w.free = w.free[last], w.free[:last]
		w.turns.Add(1)
	}
	return c, true
}

// turn writes what waits, with one commit. What came meanwhile is written by
// somebody who has nobody waiting for it.
func (w *writer) turn(c *writeConn) {
	w.writeBatch(c, w.take())
	if w.ends(c) {
		return
	}
	go func() {
		for more := true; more; more = !w.ends(c) {
			w.writeBatch(c, w.take())
		}
	}()
}

// ends gives a connection back if nothing waits for it.
func (w *writer) ends(c *writeConn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) > 0 {
		return false
	}
	w.free = append(w.free, c)
	w.turns.Done()
	return true
}

// take claims up to a batch of the writes that wait. None may be left that
// nobody has given up.
func (w *writer) take() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), w.plan.batch)
	batch := make([]*write, 0, n)
	for _, one := range w.waiting[:n] {
		if one.claimed.CompareAndSwap(false, true) {
			batch = append(batch, one)
		}
	}
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch
}

// close lets the waiting writes finish and closes the connections.
func (w *writer) close() {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	w.turns.Wait()
	for _, c := range w.free {
		c.drop()
	}
}

// writeBatch runs writes in one transaction, or one by one if that fails, and
// answers them.
func (w *writer) writeBatch(c *writeConn, batch []*write) {
	if len(batch) == 0 {
		return
	}
	if err := w.commit(c, batch); errors.Is(err, errAgain) {
		w.commitEach(c, batch)
	}
	w.committed()
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
