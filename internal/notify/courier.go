package notify

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

const (
	// lookEvery is how often the outbox is looked at; where nothing waits that
	// costs next to nothing.
	lookEvery = time.Second
	// page is how many facts are taken in one transaction.
	page = 256
	// maxLanes bounds the servers that are spoken to at the same time. Only when
	// so many of them hang does what is for another one wait, a minute or two.
	maxLanes = 256
)

// courierConfig is what a [courier] needs; all of it.
type courierConfig struct {
	outbox outbox.Store
	// address makes the deliveries that a fact leads to: Recipient, Lane and
	// Urgent of each.
	address func(ctx context.Context, fact outbox.Fact) []outbox.Delivery
	// deliver tries a delivery once and writes down how it went. It fails when the
	// other side did not do its work.
	deliver func(ctx context.Context, d outbox.Delivery) error
	claim   time.Duration // for how long nobody else tries a delivery
	now     func() time.Time
	log     *slog.Logger
}

// courier takes facts from the outbox and has them delivered, each lane on its
// own.
type courier struct {
	cfg   courierConfig
	lanes sync.WaitGroup
	mu    sync.Mutex      // guards what follows
	busy  map[string]bool // the lanes that are being worked off
	rest  map[string]rest // the lanes whose other side did not answer
}

// rest is how long a lane is left alone.
type rest struct {
	until  time.Time
	failed int // tries in a row
}

func newCourier(cfg courierConfig) *courier {
	return &courier{cfg: cfg, busy: map[string]bool{}, rest: map[string]rest{}}
}

// run delivers what waits until the context ends, and does other tasks now and then.
func (c *courier) run(ctx context.Context, tasks ...func(context.Context) error) error {
	defer c.lanes.Wait()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		for _, do := range tasks {
			c.attempt(ctx, "keep in order", do)
		}
		c.attempt(ctx, "take facts", c.take)
		c.attempt(ctx, "find what is due", c.startLanes)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// attempt does a task that is done again soon in any case.
func (c *courier) attempt(ctx context.Context, task string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		c.cfg.log.ErrorContext(ctx, "a task failed", slog.String("task", task), slog.Any("error", err))
	}
}

// take makes deliveries of the facts that wait.
func (c *courier) take(ctx context.Context) error {
	for {
		facts, err := c.cfg.outbox.Waiting(ctx, page)
		if err != nil || len(facts) == 0 {
			return err
		}
		now := c.cfg.now()
		var deliveries []outbox.Delivery
		for _, fact := range facts {
			for _, d := range c.cfg.address(ctx, fact) {
				d.ID, d.Fact, d.Since, d.DueAt = directory.NewID(), fact, now, now
				deliveries = append(deliveries, d)
			}
		}
		if err := c.cfg.outbox.Take(ctx, facts, deliveries); err != nil || len(facts) < page {
			return err
		}
	}
}

// startLanes has each lane worked off on its own, so that none waits for
// another's server.
func (c *courier) startLanes(ctx context.Context) error {
	now := c.cfg.now()
	lanes, err := c.cfg.outbox.Due(ctx, now)
	if err != nil {
		return err
	}
	for _, lane := range lanes {
		if c.enter(lane, now) {
			c.lanes.Go(func() {
				defer c.leave(lane)
				c.work(ctx, lane)
			})
		}
	}
	return nil
}

func (c *courier) enter(lane string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.busy[lane] || len(c.busy) >= maxLanes || now.Before(c.rest[lane].until) {
		return false
	}
	c.busy[lane] = true
	return true
}

func (c *courier) leave(lane string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.busy, lane)
}

// works notes that the other side of a lane did its work.
func (c *courier) works(lane string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rest, lane)
}

// fails leaves a lane alone whose other side did not do its work, for a minute
// at most.
func (c *courier) fails(lane string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	failed := c.rest[lane].failed + 1
	c.rest[lane] = rest{until: c.cfg.now().Add(min(Backoff(failed, true), time.Minute)), failed: failed}
}

// work delivers what is on a lane, one after the other, until nothing is due or
// the other side does not do its work.
func (c *courier) work(ctx context.Context, lane string) {
	for ctx.Err() == nil {
		now := c.cfg.now()
		d, err := c.cfg.outbox.Claim(ctx, lane, now, now.Add(c.cfg.claim))
		if errors.Is(err, outbox.ErrNone) {
			return
		}
		if err == nil {
			err = c.cfg.deliver(ctx, d)
		}
		if err != nil {
			c.fails(lane)
			c.cfg.log.WarnContext(ctx, "a delivery failed", slog.String("lane", lane), slog.Any("error", err))
			return
		}
		c.works(lane)
	}
}
