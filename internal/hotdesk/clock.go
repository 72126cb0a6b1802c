package hotdesk

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

const (
	// wakeAtLeast bounds how late the clock notices what it was not told:
	// that the server's time was set, or that another server stored a session.
	wakeAtLeast = 10 * time.Second
	// idleEvery is how often idle limits are looked at.
	idleEvery = 30 * time.Second
	// warnEvery is how often desks are warned, and warnAtOnce how many at most:
	// at two o'clock a hundred thousand sessions may end, and each warned desk
	// rings, and has ports for sound, for some time.
	warnEvery  = 5 * time.Second
	warnAtOnce = 64
	// retryAfter spaces the tries when the store fails.
	retryAfter = time.Second
	// batch is how many sessions one transaction ends, and breath is the pause
	// after it, so that logins get their turn at the store in between. They are
	// read by the page: at two o'clock all are due at once, and to find the
	// first of them the store may have to sort them all.
	batch  = 256
	breath = time.Millisecond
	page   = 16 * batch
	// factsBehind is how far the watch may lag behind the bus.
	factsBehind = 1024
	// lastStore bounds the storing of uses when the service stops.
	lastStore = 5 * time.Second
)

// Run ends sessions when their time comes, ends what the directory no longer
// allows, and stores which desks were used, until the context ends. Its first
// acts make up for the time the server was down.
func (s *Service) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	watch.Go(func() { s.watch(ctx) })
	defer watch.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var idle, warning every
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastStore)
			defer cancel()
			return s.storeUses(last)
		case <-timer.C:
		case <-s.kick:
		}
		now := s.cfg.Now()
		if idle.due(idleEvery, now) {
			s.attempt(ctx, "idle desks were not released", s.releaseIdle)
		}
		if warning.due(warnEvery, now) {
			s.attempt(ctx, "desks were not warned", s.warn)
		}
		s.attempt(ctx, "the use of desks was not stored", func(ctx context.Context, _ time.Time) error { return s.storeUses(ctx) })
		s.attempt(ctx, "desks were not released on time", func(ctx context.Context, now time.Time) error {
			_, err := s.ReleaseDue(ctx, now)
			return err
		})
		timer.Reset(min(s.untilNext(ctx), warnEvery))
	}
}

// every is when a task was begun last.
type every struct{ last time.Time }

// due reports whether a task's time has come, and notes that it is begun. A
// clock that was set back must not put it off for long.
func (e *every) due(interval time.Duration, now time.Time) bool {
	if passed := now.Sub(e.last); passed >= 0 && passed < interval {
		return false
	}
	e.last = now
	return true
}

// attempt does one of the clock's tasks, which is done again later in any case.
func (s *Service) attempt(ctx context.Context, failure string, task func(context.Context, time.Time) error) {
	if err := task(ctx, s.cfg.Now()); err != nil && ctx.Err() == nil {
		s.cfg.Log.ErrorContext(ctx, "a task of the clock failed", slog.String("task", failure), slog.Any("error", err))
	}
}

// untilNext is how long the clock may sleep.
func (s *Service) untilNext(ctx context.Context) time.Duration {
	now := s.cfg.Now()
	next, err := s.cfg.Store.Due(ctx, now.Add(wakeAtLeast), 1)
	switch {
	case err != nil:
		return retryAfter
	case len(next) == 0:
		return wakeAtLeast
	case timeIsUp(next[0], now):
		return retryAfter
	default:
		return next[0].EndsAt.Sub(now)
	}
}

// wakeFor wakes the clock for a session that ends before it would look.
func (s *Service) wakeFor(session Session, now time.Time) {
	if !session.EndsAt.IsZero() && session.EndsAt.Sub(now) <= wakeAtLeast {
		s.Wake()
	}
}

// Wake makes the clock look at once for what is due, for whoever has set the
// time and does not want to wait until it notices.
func (s *Service) Wake() {
	select {
	case s.kick <- struct{}{}:
	default:
	}
}

// ReleaseDue ends the sessions whose stored end is not after now, in batches,
// and returns how many.
func (s *Service) ReleaseDue(ctx context.Context, now time.Time) (int, error) {
	for total := 0; ; {
		due, err := s.cfg.Store.Due(ctx, now, page)
		if err != nil {
			return total, fmt.Errorf("read the sessions that are due: %w", err)
		}
		ended, err := s.endByClock(ctx, due, Session.limit, now)
		total += ended
		// When nothing was closed another server is at the same work.
		if err != nil || ended == 0 || len(due) < page {
			return total, err
		}
	}
}

// releaseIdle ends the sessions at desks that were not used for as long as
// their domain allows. A desk in a call is in use.
func (s *Service) releaseIdle(ctx context.Context, now time.Time) error {
	if err := s.storeUses(ctx); err != nil {
		return err
	}
	for _, domain := range s.cfg.Directory.Domains() {
		idle := idleLimit(domain.HotDesking)
		if idle == 0 {
			continue
		}
		query := Query{DomainID: domain.ID, Open: true, UsedBefore: now.Add(-idle), Limit: page}
		for more := true; more; {
			var err error
			if more, err = s.releaseIdleBatch(ctx, query, now); err != nil {
				return fmt.Errorf("domain %s: %w", domain.Name, err)
			}
		}
	}
	return nil
}

// releaseIdleBatch ends or renews some idle sessions and reports whether there
// may be more.
func (s *Service) releaseIdleBatch(ctx context.Context, query Query, now time.Time) (bool, error) {
	found, err := s.cfg.Store.Sessions(ctx, query)
	if err != nil || len(found) == 0 {
		return false, err
	}
	var idle []Session
	var inUse []string
	for _, session := range found {
		if s.cfg.Calls.InCall(session.DeviceID) || !s.uses.latest(session).Before(query.UsedBefore) {
			inUse = append(inUse, session.ID)
		} else {
			idle = append(idle, session)
		}
	}
	if len(inUse) > 0 {
		if err := s.cfg.Store.Use(ctx, inUse, now); err != nil {
			return false, fmt.Errorf("store the use of desks: %w", err)
		}
	}
	ended, err := s.endByClock(ctx, idle, func(Session) Reason { return IdleLimit }, now)
	if err != nil {
		return false, err
	}
	return len(found) == query.Limit && ended+len(inUse) > 0, nil
}

// Reconcile ends the open sessions of a domain that the directory no longer
// allows; of all domains when domainID is "". It returns how many.
func (s *Service) Reconcile(ctx context.Context, domainID string) (int, error) {
	open, err := s.cfg.Store.Sessions(ctx, Query{DomainID: domainID, Open: true})
	if err != nil {
		return 0, fmt.Errorf("read the open sessions: %w", err)
	}
	var over []Session
	for _, session := range open {
		if _, allowed := StillAllowed(session, s.office(session.DeviceID, session.UserID)); !allowed {
			over = append(over, session)
		}
	}
	return s.endByClock(ctx, over, func(Session) Reason { return Withdrawn }, s.cfg.Now())
}

// endByClock closes sessions in batches and returns how many it closed.
func (s *Service) endByClock(ctx context.Context, sessions []Session, reason func(Session) Reason, now time.Time) (int, error) {
	total := 0
	for some := range slices.Chunk(sessions, batch) {
		var a act
		for _, session := range some {
			if err := s.addEnding(&a, session, reason(session), By{Actor: systemActor, Door: DoorClock}, now); err != nil {
				return total, err
			}
		}
		ended, err := s.commit(ctx, a)
		total += len(ended)
		if err != nil {
			return total, err
		}
		if err := wait(ctx, breath); err != nil {
			return total, err
		}
	}
	return total, nil
}

// wait sleeps unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// watch ends what a change of the directory no longer allows, as soon as it is
// told of one. At its start, and when it lagged behind, it looks at everything.
func (s *Service) watch(ctx context.Context) {
	for ctx.Err() == nil {
		s.watchOnce(ctx)
	}
}

func (s *Service) watchOnce(ctx context.Context) {
	sub := s.cfg.Events.Subscribe(factsBehind, directory.Changed{})
	defer sub.Close()
	s.reconcile(ctx, "")
	for {
		select {
		case <-ctx.Done():
			return
		case fact, on := <-sub.Facts():
			if !on {
				return
			}
			if changed, is := fact.(directory.Changed); is {
				s.reconcile(ctx, changed.DomainID)
			}
		}
	}
}

func (s *Service) reconcile(ctx context.Context, domainID string) {
	for {
		_, err := s.Reconcile(ctx, domainID)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.cfg.Log.ErrorContext(ctx, "sessions were not checked against the directory",
			slog.String("domain_id", domainID), slog.Any("error", err))
		if wait(ctx, retryAfter) != nil {
			return
		}
	}
}
