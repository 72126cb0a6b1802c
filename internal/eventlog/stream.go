package eventlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// mostBehind is how many events the reader of a stream may lag behind.
const mostBehind = 1024

// ErrClosed says that the server stops.
var ErrClosed = errors.New("the server stops")

// Stream is what happens, as one reader is told of it.
type Stream struct {
	log    *Log
	events chan Told
}

// Open begins a stream of what happens from now on. [Stream.Close] ends it.
func (l *Log) Open(ctx context.Context) (*Stream, error) {
	if err := l.follow(ctx); err != nil {
		return nil, err
	}
	newest, err := l.cfg.Store.Newest(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the newest fact: %w", err)
	}
	if newest == "" {
		newest = idAt(time.Now())
	}
	recent, err := l.cfg.Store.After(ctx, before(newest, 2*late), 1<<20)
	if err != nil {
		return nil, fmt.Errorf("read the newest facts: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, ErrClosed
	}
	if l.last == "" {
		l.last, l.fed = newest, map[string]struct{}{}
		for _, fact := range recent {
			l.fed[fact.ID] = struct{}{}
			l.last = max(l.last, fact.ID)
		}
	}
	s := &Stream{log: l, events: make(chan Told, mostBehind)}
	l.streams[s] = struct{}{}
	return s, nil
}

// follow has everything stored for as long as a stream can go on that is cut now.
func (l *Log) follow(ctx context.Context) error {
	now := time.Now()
	since, err := l.cfg.Store.Follow(ctx, now.Add(Keep+followEvery))
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since, l.renew = since, now.Add(followEvery)
	return nil
}

// renewFollow notes now and then that streams are still open.
func (l *Log) renewFollow(ctx context.Context) {
	l.mu.Lock()
	due := len(l.streams) > 0 && time.Now().After(l.renew)
	l.mu.Unlock()
	if !due {
		return
	}
	if err := l.follow(ctx); err != nil && ctx.Err() == nil {
		l.cfg.Log.ErrorContext(ctx, "events may be missing from a stream that is cut", slog.Any("error", err))
	}
}

// Events is what happens. It is closed when the reader lags, and when the server
// stops.
func (s *Stream) Events() <-chan Told { return s.events }

// Close ends the stream.
func (s *Stream) Close() {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	s.log.remove(s)
}

// Since hands over what has happened since the event with an ID. It reports
// false, and hands over nothing, when that is not known any more.
func (l *Log) Since(ctx context.Context, id string, hand func(Told) error) (bool, error) {
	at, ok := timeOf(id)
	l.mu.Lock()
	complete := !at.Before(l.since.Truncate(time.Millisecond))
	l.mu.Unlock()
	if !ok || time.Since(at) > Keep || !complete {
		return false, nil
	}
	for {
		facts, err := l.cfg.Store.After(ctx, id, page)
		if err != nil {
			return true, fmt.Errorf("read the facts: %w", err)
		}
		for _, fact := range facts {
			told, is, err := Tell(l.cfg.Directory, fact)
			if err == nil && is {
				err = hand(told)
			}
			if err != nil {
				return true, err
			}
			id = fact.ID
		}
		if len(facts) < page {
			return true, nil
		}
	}
}
