package sqlstore

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// EventLog is the [eventlog.Store]: the outbox as a log of what happened.
type EventLog struct{ db *DB }

// EventLog returns the log of what happened.
func (db *DB) EventLog() *EventLog { return &EventLog{db} }

// followed is for how long somebody may read the log. Each call would write to
// it, and in most offices nobody reads.
type followed struct {
	until atomic.Int64 // milliseconds

	mu    sync.Mutex
	since time.Time // nothing is missing from then on
}

// loadFollowed reads who followed the log before this server started. A log that
// other servers write too is always followed: they would hear of it too late.
func (db *DB) loadFollowed(ctx context.Context) error {
	if !db.local {
		db.followed.until.Store(math.MaxInt64)
		return nil
	}
	type span struct{ since, until time.Time }
	spans, err := collect(ctx, db.reader, func(s *span) []any { return []any{instant{&s.since}, instant{&s.until}} },
		"select since, until from event_log_followed")
	for _, s := range spans {
		db.followed.since = s.since
		db.followed.until.Store(millis(s.until))
	}
	return err
}

// wants tells whether somebody waits for facts of a kind or may read of them.
func (db *DB) wants(kind string) bool {
	return len(db.consumers.of(kind)) > 0 || time.Now().UnixMilli() < db.followed.until.Load()
}

// Wants implements [eventlog.Store].
func (l *EventLog) Wants(kind string) bool { return l.db.wants(kind) }

// Follow implements [eventlog.Store].
func (l *EventLog) Follow(ctx context.Context, until time.Time) (since time.Time, err error) {
	f := &l.db.followed
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	switch known := f.until.Load(); {
	case known >= millis(until):
		return f.since, nil
	case known <= now.UnixMilli():
		f.since = now
	}
	f.until.Store(millis(until)) // first, so that nothing is missing since then
	err = l.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, `insert into event_log_followed (one, since, until) values (1, $1, $2)
			on conflict (one) do update set since = excluded.since, until = excluded.until`, millis(f.since), millis(until))
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("note that the log is followed: %w", err)
	}
	return f.since, nil
}

// Append implements [eventlog.Store].
func (l *EventLog) Append(ctx context.Context, facts []outbox.Fact) error {
	err := l.db.write(ctx, func(ctx context.Context, tx *writeConn) error { return insertFacts(ctx, tx, facts) })
	if err != nil {
		return fmt.Errorf("store facts: %w", err)
	}
	return nil
}

// After implements [eventlog.Store].
func (l *EventLog) After(ctx context.Context, id string, limit int) ([]outbox.Fact, error) {
	return collect(ctx, l.db.reader, factFields, "select id, domain_id, kind, at, payload from outbox where id > $1 order by id limit $2", id, limit)
}

// Newest implements [eventlog.Store].
func (l *EventLog) Newest(ctx context.Context) (string, error) {
	found, err := collect(ctx, l.db.reader, func(id *string) []any { return []any{id} }, "select id from outbox order by id desc limit 1")
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
