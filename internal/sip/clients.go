package sip

import (
	"maps"
	"slices"
	"sync"
)

// clients are the client transactions under way.
type clients struct {
	mu     sync.Mutex
	all    map[clientKey]*ClientTx
	closed bool
}

func newClients() *clients { return &clients{all: map[clientKey]*ClientTx{}} }

func (c *clients) add(tx *ClientTx) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.all[tx.key] = tx
	}
	return !c.closed
}

func (c *clients) drop(tx *ClientTx) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, tx.key)
}

// receive brings a response to its transaction (RFC 3261 17.1.3); a stray one
// is dropped.
func (c *clients) receive(res *Response) {
	branch, _ := res.Via().Params.Get("branch")
	c.mu.Lock()
	tx := c.all[clientKey{branch, res.CSeq().Method}]
	c.mu.Unlock()
	if tx != nil {
		tx.receive(res)
	}
}

// failFlow ends the transactions on a connection that has closed.
func (c *clients) failFlow(f Flow) {
	c.fail(ErrFlowGone, func(tx *ClientTx) bool { return tx.flow == f })
}

func (c *clients) failAll(err error) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.fail(err, func(*ClientTx) bool { return true })
}

func (c *clients) fail(err error, which func(*ClientTx) bool) {
	c.mu.Lock()
	all := slices.Collect(maps.Values(c.all))
	c.mu.Unlock()
	for _, tx := range all {
		if which(tx) {
			tx.failNow(err)
		}
	}
}
