package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// syncs measures how long this disk takes to make a small write lasting, at
// times spread over whatever else is measured. It is part of each answer that
// means "on disk", and other programs on the machine lengthen it. The function
// it returns ends the measuring.
func (r *round) syncs(ctx context.Context) (stop func() (times, error), err error) {
	const (
		pause = 50 * time.Millisecond
		size  = 16 << 10 // about what a login writes
	)
	f, err := os.CreateTemp(r.Scratch, "sync-")
	if err != nil {
		return nil, fmt.Errorf("make a file to sync: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var took times
	ended := make(chan error, 1)
	go func() {
		ticker := time.NewTicker(pause)
		defer ticker.Stop()
		var failed error
		for failed == nil && ctx.Err() == nil {
			_, failed = f.WriteAt(make([]byte, size), 0)
			begun := time.Now()
			failed = errors.Join(failed, f.Sync())
			took = append(took, time.Since(begun))
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
		ended <- errors.Join(failed, f.Close(), os.Remove(f.Name()))
	}()
	return func() (times, error) {
		cancel()
		err := <-ended
		return took, err
	}, nil
}
