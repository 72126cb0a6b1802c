package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"time"
)

// untilDue is the time for the server to start and the phones to register,
// before the sessions end.
const untilDue = 15 * time.Second

// measureRelease lets the time come at which every session ends, while people
// go on calling each other.
func measureRelease(ctx context.Context, r *round) (err error) {
	o := of(2 * r.Devices) // half of the devices are desks
	o.sessions = true
	data, err := r.folder(ctx, o)
	if err != nil {
		return err
	}
	db, err := peek(data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	due := time.Now().Add(untilDue)
	if _, err := db.ExecContext(ctx, "update sessions set ends_at = ?", due.UnixMilli()); err != nil {
		return fmt.Errorf("move the end of the sessions: %w", err)
	}
	s, err := start(ctx, r.binary, data, r.Serve)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	f, err := newFleet(ctx, s.addr)
	if err != nil {
		return err
	}
	defer f.close()
	people := f.phones(o.people()[:2*perDomain])
	if err := registerAll(ctx, people, r.Parallel); err != nil {
		return err
	}
	if err := wait(ctx, time.Until(due)-2*time.Second); err != nil {
		return err
	}
	return r.release(ctx, s, people, func() (time.Duration, error) { return untilOver(ctx, db, due) })
}

// peek opens the server's database beside it.
func peek(data string) (*sql.DB, error) {
	file := url.URL{Scheme: "file", Path: filepath.Join(data, "hotdesk.db"), RawQuery: "_busy_timeout=5000"}
	return sql.Open("sqlite", file.String())
}

// release waits until the sessions are over, while there are calls.
func (r *round) release(ctx context.Context, s *server, people []*phone, over func() (time.Duration, error)) error {
	calling, silence := context.WithCancel(ctx)
	defer silence()
	calls := callsMeanwhile(calling, people)
	profiled := r.profiling(ctx, s, "release")
	var took time.Duration
	used, err := s.spend(func() (err error) {
		took, err = over()
		return err
	})
	silence()
	made := <-calls
	if err != nil {
		return err
	}
	r.note("seconds to release all sessions", took.Seconds())
	r.note("CPU seconds to release all sessions, and for the calls", used)
	r.note("calls meanwhile", float64(made.calls.Load()))
	r.note("calls that failed meanwhile", float64(made.failed.Load()))
	r.noteTimes("from INVITE to 200 meanwhile", made.setups)
	return profiled()
}

// callsMeanwhile has people call each other until the context ends, and then
// gives the count.
func callsMeanwhile(ctx context.Context, people []*phone) <-chan *tally {
	counted := make(chan *tally, 1)
	go func() {
		t := new(tally)
		var next atomic.Int64
		pace(ctx, callsASecond, func() {
			i := 2 * int(next.Add(1)) % (len(people) - 1)
			t.take(people[i].call(context.WithoutCancel(ctx), people[i+1].number))
		})
		counted <- t
	}()
	return counted
}

// untilOver waits until no session is open and tells how long after a time that was.
func untilOver(ctx context.Context, db *sql.DB, due time.Time) (time.Duration, error) {
	for {
		var open int
		if err := db.QueryRowContext(ctx, "select count(*) from (select 1 from sessions where ended_at is null limit 1)").Scan(&open); err != nil {
			return 0, fmt.Errorf("count the open sessions: %w", err)
		}
		if open == 0 {
			return time.Since(due), nil
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return 0, err
		}
	}
}
