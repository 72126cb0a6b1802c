package eventlog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

const (
	// Keep is how long a stream can go on where it was cut.
	Keep = 24 * time.Hour
	// lookEvery is how often the store is looked at while streams are open and
	// nothing is heard: other servers write there too.
	lookEvery = time.Second
	// followEvery is how often it is noted that streams are open.
	followEvery = time.Hour
	// late is how long a fact may take from its ID to its commit.
	late = 5 * time.Second
	page = 512
)

// Store is the log on disk.
type Store interface {
	// Follow has all facts stored until a time at least, those of calls and
	// registrations too, and tells since when that has been so.
	Follow(ctx context.Context, until time.Time) (since time.Time, err error)
	// Wants reports whether facts of a kind are to be stored: a stream may read
	// them, or somebody waits for them.
	Wants(kind string) bool
	// Append stores facts that belong to no other change.
	Append(ctx context.Context, facts []outbox.Fact) error
	// After reads facts whose ID is greater, in the order of their IDs, which is
	// that of time but for what is written at the same time.
	After(ctx context.Context, id string, limit int) ([]outbox.Fact, error)
	// Newest is the greatest ID, or "".
	Newest(ctx context.Context) (string, error)
}

// Config is what a [Log] needs; all of it.
type Config struct {
	Store     Store
	Directory Directory
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger
}

// Log is what has happened, and feeds streams with what happens. It is safe for
// concurrent use.
type Log struct {
	cfg  Config
	poke chan struct{} // something has happened

	mu      sync.Mutex // guards what follows
	streams map[*Stream]struct{}
	closed  bool
	since   time.Time           // no fact is missing from then on
	renew   time.Time           // when it is to be noted again that streams are open
	last    string              // the greatest ID that was fed; "": no stream is open
	fed     map[string]struct{} // what was fed of late
}

// New makes a log. [Log.Run] does its work.
func New(cfg Config) *Log {
	return &Log{cfg: cfg, poke: make(chan struct{}, 1), streams: map[*Stream]struct{}{}}
}

// Run keeps what happens and feeds the streams until the context ends, and with
// it every stream.
func (l *Log) Run(ctx context.Context) error {
	var recording sync.WaitGroup
	defer recording.Wait()
	recording.Go(func() { l.record(ctx) })
	defer l.closeAll()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		back := time.Duration(0)
		select {
		case <-ctx.Done():
			return nil
		case <-l.poke:
		case <-ticker.C:
			back = late
			l.renewFollow(ctx)
		}
		if err := l.feed(ctx, back); err != nil && ctx.Err() == nil {
			l.cfg.Log.ErrorContext(ctx, "events were not read", slog.Any("error", err))
		}
	}
}

// feed gives the streams what is new, from so long before the last on.
func (l *Log) feed(ctx context.Context, back time.Duration) error {
	l.mu.Lock()
	from := l.last
	if len(l.streams) == 0 {
		l.last, from = "", ""
	}
	l.mu.Unlock()
	if from == "" {
		return nil
	}
	if back > 0 {
		from = before(from, back)
	}
	for {
		facts, err := l.cfg.Store.After(ctx, from, page)
		if err != nil {
			return fmt.Errorf("read the facts: %w", err)
		}
		l.hand(ctx, facts)
		if len(facts) < page {
			return nil
		}
		from = facts[len(facts)-1].ID
	}
}

// hand gives facts to the streams, each once.
func (l *Log) hand(ctx context.Context, facts []outbox.Fact) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, fact := range facts {
		if _, known := l.fed[fact.ID]; known || l.last == "" {
			continue
		}
		l.fed[fact.ID] = struct{}{}
		l.last = max(l.last, fact.ID)
		told, is, err := Tell(l.cfg.Directory, fact)
		if err != nil {
			l.cfg.Log.ErrorContext(ctx, "an event is not told", slog.Any("error", err))
		}
		if is {
			l.give(told)
		}
	}
	if oldest := before(l.last, 2*late); l.last != "" {
		for id := range l.fed {
			if id < oldest {
				delete(l.fed, id)
			}
		}
	}
}

// give gives an event to every stream. One that lags is cut: its reader goes on
// where it was.
func (l *Log) give(told Told) {
	for s := range l.streams {
		select {
		case s.events <- told:
		default:
			l.remove(s)
		}
	}
}

func (l *Log) remove(s *Stream) {
	if _, on := l.streams[s]; on {
		delete(l.streams, s)
		close(s.events)
	}
}

func (l *Log) closeAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for s := range l.streams {
		l.remove(s)
	}
}

// before is an ID from so long before another.
func before(id string, back time.Duration) string {
	at, ok := timeOf(id)
	if !ok {
		return ""
	}
	return idAt(at.Add(-back))
}

// timeOf is when an ID was made (RFC 9562 5.7).
func timeOf(id string) (time.Time, bool) {
	parsed, err := uuid.Parse(id)
	if err != nil || parsed.Version() != 7 {
		return time.Time{}, false
	}
	var ms int64
	for _, b := range parsed[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms), true
}

// idAt is less than every ID made at a time.
func idAt(at time.Time) string {
	ms := at.UnixMilli()
	return fmt.Sprintf("%08x-%04x-7000-0000-000000000000", ms>>16, ms&0xffff)
}
