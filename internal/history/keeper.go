// Package history is what becomes of call records: how long a domain keeps
// them, and the list of them as a file for spreadsheets. It knows nothing of
// SQL or HTTP.
package history

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// batch is how many records are removed at once. The records of live calls are
// written between two batches, and must not wait long.
const batch = 100

// Config is what a [Keeper] needs; all of it.
type Config struct {
	Store   callrecord.Store
	Domains func() []directory.Domain
	Now     func() time.Time
	Log     *slog.Logger
}

// Keeper removes records that are older than their domain keeps them.
type Keeper struct{ cfg Config }

// New makes a keeper.
func New(cfg Config) *Keeper { return &Keeper{cfg: cfg} }

// Run sweeps at once and then every day, until the context ends. What fails
// is tried again the next day.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := time.NewTicker(24 * time.Hour)
	defer ticker.Stop()
	for {
		gone, err := k.Sweep(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			k.cfg.Log.ErrorContext(ctx, "old calls were not removed", slog.Any("error", err))
		case gone > 0:
			k.cfg.Log.InfoContext(ctx, "old calls removed", slog.Int("calls", gone))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Sweep removes what is too old now, and what a domain that is gone has left,
// and returns how many calls that were.
func (k *Keeper) Sweep(ctx context.Context) (int, error) {
	now := k.cfg.Now()
	orphans, err := k.cfg.Store.Orphans(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, id := range orphans {
		if err := k.forget(ctx, id, now, &total); err != nil {
			return total, err
		}
	}
	for _, d := range k.cfg.Domains() {
		if d.KeepCalls == 0 {
			continue
		}
		if err := k.forget(ctx, d.ID, now.AddDate(0, 0, -d.KeepCalls), &total); err != nil {
			return total, err
		}
	}
	return total, nil
}

// forget removes the calls of a domain that began before a time, and counts them.
func (k *Keeper) forget(ctx context.Context, domainID string, before time.Time, total *int) error {
	for {
		gone, err := k.cfg.Store.Forget(ctx, domainID, before, batch)
		*total += gone
		if err != nil || gone < batch {
			return err
		}
	}
}
