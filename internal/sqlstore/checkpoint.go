package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// SQLite's log, in pages of 4 KB and their headers.
const (
	foldPages = 4000             // so many are folded into the database file: 16 MB
	mostPages = 2 * foldPages    // so many a commit folds itself, should those beside it not get done
	keptPages = foldPages + 1000 // so many have room on disk from the start
	framed    = 4096 + 24
)

// checkpoints folds the log into the database file beside the commits, which
// would wait some ten milliseconds for it. The next commit then writes the log
// from its beginning.
type checkpoints struct {
	db    *sql.DB
	due   chan struct{}
	stop  context.CancelFunc
	ended sync.WaitGroup
}

func newCheckpoints(db *sql.DB) *checkpoints {
	ctx, stop := context.WithCancel(context.Background())
	c := &checkpoints{db: db, due: make(chan struct{}, 1), stop: stop}
	c.ended.Go(func() { c.run(ctx) })
	return c
}

// committed says that the log may have become long.
func (c *checkpoints) committed() {
	select {
	case c.due <- struct{}{}:
	default:
	}
}

func (c *checkpoints) run(ctx context.Context) {
	const pause = 50 * time.Millisecond
	for {
		select {
		case <-c.due:
		case <-ctx.Done():
			return
		}
		// What fails is still in the log, and is tried again after the next commit.
		_ = c.fold(ctx)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}

// fold folds a long log. What is committed meanwhile needs another pass, which
// has less to do; a log that always grows faster is left to the commits.
func (c *checkpoints) fold(ctx context.Context) error {
	const passes = 5
	pages, _, err := c.checkpoint(ctx, "noop")
	if err != nil || pages < foldPages {
		return err
	}
	for range passes {
		if pages, folded, err := c.checkpoint(ctx, "passive"); err != nil || folded == pages {
			return err
		}
	}
	return nil
}

// checkpoint tells how many pages the log has then and how many are in the file.
func (c *checkpoints) checkpoint(ctx context.Context, mode string) (pages, folded int, err error) {
	var busy int
	err = c.db.QueryRowContext(ctx, "pragma wal_checkpoint("+mode+")").Scan(&busy, &pages, &folded)
	return pages, folded, err
}

// Close ends what is under way.
func (c *checkpoints) Close() error {
	c.stop()
	c.ended.Wait()
	return c.db.Close()
}

// reserve gives the log its room on disk. A sync of a file that grows takes the
// file system's journal along, which takes several times as long. Where the
// disk has no room, the log grows with what is written.
func reserve(logFile string) (err error) {
	f, err := os.OpenFile(logFile, os.O_RDWR, 0) //nolint:gosec // our own file
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for at, nothing := info.Size(), make([]byte, 1<<16); at < keptPages*framed && err == nil; at += int64(len(nothing)) {
		_, err = f.WriteAt(nothing[:min(int64(len(nothing)), keptPages*framed-at)], at)
	}
	if err = errors.Join(err, f.Sync()); err != nil {
		return f.Truncate(info.Size())
	}
	return nil
}
