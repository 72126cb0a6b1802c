package hotdesk

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// UsedLately is how recently a desk must have been used for its holder to be
// warned of the nightly release and of the hour limit. Nobody sits at the others.
const UsedLately = 4 * time.Hour

// Warning is the fact that a session will soon end by the clock, and that the
// desk is to be told.
type Warning struct {
	Session Session
	EndsAt  time.Time
	As      Reason // which limit that is
}

// Kind names the fact.
func (Warning) Kind() string { return "session.warning" }

// WarnAt tells when a desk is warned of a session's end, which was decided at a
// time; zero when it is not. Whoever logs in so late that the time of the
// warning is past has just been told the end.
func WarnAt(policy directory.HotDesking, endsAt, decidedAt time.Time) time.Time {
	if policy.WarnMinutes <= 0 || endsAt.IsZero() {
		return time.Time{}
	}
	at := endsAt.Add(-warning(policy))
	if !at.After(decidedAt) {
		return time.Time{}
	}
	return at
}

// warning is how long before an end a desk is warned.
func warning(policy directory.HotDesking) time.Duration {
	return time.Duration(max(policy.WarnMinutes, 0)) * time.Minute
}

// IdleWarnAt tells when a desk that was last used at a time is warned of the
// idle limit; zero when it is not. No more than half of the limit is warning.
func IdleWarnAt(policy directory.HotDesking, usedAt time.Time) time.Time {
	idle := idleLimit(policy)
	if policy.WarnMinutes <= 0 || idle == 0 {
		return time.Time{}
	}
	return usedAt.Add(idle - min(warning(policy), idle/2))
}

// WarnOf tells of which end a desk is to be warned now, if of any: the first to
// come of which it was not warned yet. A desk in a call never is.
func WarnOf(policy directory.HotDesking, s Session, inCall bool, now time.Time) (Warning, bool) { //nolint:revive // flag-parameter: being in a call is an input of the rule
	if inCall || policy.WarnMinutes <= 0 || timeIsUp(s, now) {
		return Warning{}, false
	}
	limit, ofLimit := warnOfLimit(s, now)
	idle, ofIdle := warnOfIdle(policy, s, now)
	if ofIdle && (!ofLimit || idle.EndsAt.Before(limit.EndsAt)) {
		return idle, true
	}
	return limit, ofLimit
}

func warnOfLimit(s Session, now time.Time) (Warning, bool) {
	due := !s.WarnAt.IsZero() && !s.WarnAt.After(now) && s.WarnedAt.Before(s.WarnAt)
	return Warning{Session: s, EndsAt: s.EndsAt, As: s.limit()}, due && now.Sub(s.UsedAt) < UsedLately
}

func warnOfIdle(policy directory.HotDesking, s Session, now time.Time) (Warning, bool) {
	at, end := IdleWarnAt(policy, s.UsedAt), s.UsedAt.Add(idleLimit(policy))
	due := !at.IsZero() && !at.After(now) && end.After(now) && !s.WarnedAt.After(s.UsedAt)
	return Warning{Session: s, EndsAt: end, As: IdleLimit}, due
}

// Keep gives an open session a later end for whoever answers the warning at its
// desk, just as logging in there again does. It fails with [ErrNoSession] when
// the session is over.
func (s *Service) Keep(ctx context.Context, sessionID string) (Session, error) {
	held, err := s.open(ctx, Query{ID: sessionID, Open: true})
	if err != nil {
		return Session{}, err
	}
	if len(held) == 0 || !s.stands(held[0]) {
		return Session{}, ErrNoSession
	}
	session, now := held[0], s.cfg.Now()
	domain, found := s.cfg.Directory.Domain(session.DomainID)
	if !found {
		return Session{}, fmt.Errorf("domain %s: %w", session.DomainID, directory.ErrNotFound)
	}
	zone, err := s.zones.find(domain.TimeZone)
	if err != nil {
		return Session{}, err
	}
	extension := extend(session.ID, domain.HotDesking, zone, now)
	session = extension.of(session)
	var a act
	if err := s.addExtension(&a, session, extension, By{Actor: session.UserID, Door: DoorWarning}); err != nil {
		return Session{}, err
	}
	if _, err := s.commit(ctx, a); err != nil {
		return Session{}, err
	}
	return session, nil
}

// warn tells of the ends that are near.
func (s *Service) warn(ctx context.Context, now time.Time) error {
	domains := s.cfg.Directory.Domains()
	var longest time.Duration
	for _, domain := range domains {
		longest = max(longest, warning(domain.HotDesking))
	}
	near, err := s.cfg.Store.Warnable(ctx, Near{Now: now, EndsBy: now.Add(longest), UsedSince: now.Add(-UsedLately), Limit: page})
	if err != nil {
		return fmt.Errorf("read the sessions that end soon: %w", err)
	}
	left, err := s.warnOf(ctx, near, warnAtOnce, now)
	if err != nil {
		return err
	}
	for _, domain := range domains {
		warnAt := IdleWarnAt(domain.HotDesking, now)
		if warnAt.IsZero() || left == 0 {
			continue
		}
		unused := now.Sub(warnAt)
		idle, err := s.cfg.Store.Sessions(ctx, Query{DomainID: domain.ID, Open: true, UsedBefore: now.Add(unused), NotWarned: true, Limit: page})
		if err != nil {
			return fmt.Errorf("domain %s: read the sessions that are idle: %w", domain.Name, err)
		}
		if left, err = s.warnOf(ctx, idle, left, now); err != nil {
			return err
		}
	}
	return nil
}

// warnOf warns some of the desks, and returns how many more may be. Each is
// noted before it is told, so that a desk is warned once, also by several
// servers and across a restart.
func (s *Service) warnOf(ctx context.Context, sessions []Session, most int, now time.Time) (int, error) {
	for _, session := range sessions {
		if most == 0 {
			break
		}
		session.UsedAt = s.uses.latest(session)
		domain, found := s.cfg.Directory.Domain(session.DomainID)
		if !found || !s.stands(session) {
			continue
		}
		told, due := WarnOf(domain.HotDesking, session, s.cfg.Calls.InCall(session.DeviceID), now)
		if !due {
			continue
		}
		first, err := s.cfg.Store.Warn(ctx, session, now)
		if err != nil {
			return most, fmt.Errorf("note that a desk is warned: %w", err)
		}
		if first {
			told.Session.WarnedAt = now
			s.cfg.Events.Publish(told)
			most--
		}
	}
	return most, nil
}
