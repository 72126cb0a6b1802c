package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Sessions is the [hotdesk.Store].
type Sessions struct{ db *DB }

// Sessions returns the store of sessions.
func (db *DB) Sessions() *Sessions { return &Sessions{db} }

const selectSessions = `select id, domain_id, device_id, owner_id, user_id, door, started_at, ends_at, ends_as,
	warn_at, warned_at, used_at, ended_at, ended, ended_by from sessions`

// isOpen is "ended_at is null" for a session found by its id, in words that fit
// no index. PostgreSQL would rather read an index of all open sessions than find
// one by its id, as long as it has no statistics and takes the table for empty.
const isOpen = "coalesce(ended_at, -1) = -1"

func sessionFields(s *hotdesk.Session) []any {
	return []any{
		&s.ID, &s.DomainID, &s.DeviceID, &s.OwnerID, &s.UserID, &s.Door,
		instant{&s.StartedAt},
		instant{&s.EndsAt},
		&s.EndsAs,
		instant{&s.WarnAt},
		instant{&s.WarnedAt},
		instant{&s.UsedAt},
		instant{&s.EndedAt},
		&s.Ended, &s.EndedBy,
	}
}

// Sessions implements [hotdesk.Store].
func (st *Sessions) Sessions(ctx context.Context, q hotdesk.Query) ([]hotdesk.Session, error) {
	if !st.db.local || !st.db.nobody.keeps(q) {
		return st.find(ctx, q)
	}
	empty, starts := st.db.nobody.knows(q)
	if empty {
		return nil, nil
	}
	found, err := st.find(ctx, q)
	if err == nil && len(found) == 0 {
		st.db.nobody.learn(q, starts)
	}
	return found, err
}

func (st *Sessions) find(ctx context.Context, q hotdesk.Query) ([]hotdesk.Session, error) {
	var s selection
	s.where("id = $", q.ID)
	s.where("domain_id = $", q.DomainID)
	s.where("device_id = $", q.DeviceID)
	s.where("user_id = $", q.UserID)
	s.where("used_at < $", optional(q.UsedBefore))
	if q.Open {
		s.always("ended_at is null")
	}
	if !q.Since.IsZero() {
		s.where("coalesce(ended_at, 9223372036854775807) > $", millis(q.Since))
	}
	s.where("started_at >= $", optional(q.From))
	s.where("started_at < $", optional(q.To))
	s.after("started_at", q.After.StartedAt, q.After.ID)
	if q.NotWarned {
		s.always("coalesce(warned_at, 0) <= used_at")
	}
	text := selectSessions + s.end("started_at desc, id desc", q.Limit)
	return collect(ctx, st.db.reader, sessionFields, text, s.args...)
}

// Due implements [hotdesk.Store].
func (st *Sessions) Due(ctx context.Context, now time.Time, limit int) ([]hotdesk.Session, error) {
	var s selection
	s.always("ended_at is null")
	s.where("ends_at <= $", millis(now))
	text := selectSessions + s.end("ends_at, id", limit)
	return collect(ctx, st.db.reader, sessionFields, text, s.args...)
}

// Warnable implements [hotdesk.Store].
func (st *Sessions) Warnable(ctx context.Context, near hotdesk.Near) ([]hotdesk.Session, error) {
	var s selection
	s.always("ended_at is null")
	s.where("ends_at > $", millis(near.Now))
	s.where("ends_at <= $", millis(near.EndsBy))
	s.where("warn_at <= $", millis(near.Now))
	s.where("used_at >= $", millis(near.UsedSince))
	s.always("coalesce(warned_at, 0) < warn_at")
	text := selectSessions + s.end("ends_at, id", near.Limit)
	return collect(ctx, st.db.reader, sessionFields, text, s.args...)
}

// Warn implements [hotdesk.Store].
func (st *Sessions) Warn(ctx context.Context, session hotdesk.Session, at time.Time) (bool, error) {
	before := int64(-1)
	if !session.WarnedAt.IsZero() {
		before = millis(session.WarnedAt)
	}
	var changed int64
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) (err error) {
		changed, err = tx.exec(ctx, "update sessions set warned_at = $2 where id = $1 and coalesce(warned_at, -1) = $3 and "+isOpen,
			session.ID, millis(at), before)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("store a warning: %w", err)
	}
	return changed == 1, nil
}

// Commit implements [hotdesk.Store].
func (st *Sessions) Commit(ctx context.Context, c hotdesk.Change) ([]string, error) {
	if c.Start != nil {
		defer st.db.nobody.started(c.Start) // before anybody is told, and whatever became of it
	}
	var closed []string
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		var err error
		if closed, err = endSessions(ctx, tx, c.End); err != nil {
			return err
		}
		if err := extendSession(ctx, tx, c.Extend); err != nil {
			return err
		}
		if err := startSession(ctx, tx, c.Start); err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, c.Audit); err != nil {
			return err
		}
		return insertFacts(ctx, tx, c.Facts)
	})
	if err != nil {
		return nil, fmt.Errorf("store sessions: %w", err)
	}
	return closed, nil
}

// endSessions closes those sessions that are open and tells of these alone.
func endSessions(ctx context.Context, tx *writeConn, endings []hotdesk.Ending) ([]string, error) {
	var (
		closed []string
		told   []audit.Entry
		facts  []outbox.Fact
	)
	for _, e := range endings {
		changed, err := tx.exec(ctx, `update sessions set ended_at = $2, ended = $3, ended_by = $4
			where id = $1 and `+isOpen, e.SessionID, millis(e.At), string(e.Reason), e.By)
		if err != nil {
			return nil, err
		}
		if changed == 1 {
			closed = append(closed, e.SessionID)
			told = append(told, e.Audit)
			facts = append(facts, e.Fact)
		}
	}
	if err := insertAudit(ctx, tx, told); err != nil {
		return nil, err
	}
	return closed, insertFacts(ctx, tx, facts)
}

func extendSession(ctx context.Context, tx *writeConn, e *hotdesk.Extension) error {
	if e == nil {
		return nil
	}
	changed, err := tx.exec(ctx, `update sessions set ends_at = $2, ends_as = $3, warn_at = $4,
		used_at = case when used_at < $5 then $5 else used_at end
		where id = $1 and `+isOpen, e.SessionID, optional(e.EndsAt), string(e.EndsAs), optional(e.WarnAt), millis(e.UsedAt))
	if err == nil && changed == 0 {
		return hotdesk.ErrEnded
	}
	return err
}

func startSession(ctx context.Context, tx *writeConn, s *hotdesk.Session) error {
	if s == nil {
		return nil
	}
	err := tx.do(ctx, `insert into sessions (id, domain_id, device_id, owner_id, user_id, door, started_at, ends_at, ends_as,
		warn_at, warned_at, used_at, ended_at, ended, ended_by) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		s.ID, s.DomainID, s.DeviceID, s.OwnerID, s.UserID, string(s.Door), millis(s.StartedAt), optional(s.EndsAt), string(s.EndsAs),
		optional(s.WarnAt), optional(s.WarnedAt), millis(s.UsedAt), optional(s.EndedAt), string(s.Ended), s.EndedBy)
	if isConflict(err, "sessions_device_id") {
		return hotdesk.ErrTaken
	}
	return err
}

// Use implements [hotdesk.Store].
func (st *Sessions) Use(ctx context.Context, sessionIDs []string, at time.Time) error {
	ids := slices.Sorted(slices.Values(sessionIDs)) // one order for all: two servers must not lock crosswise
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		for _, id := range ids {
			if err := tx.do(ctx, "update sessions set used_at = $2 where id = $1 and used_at < $2 and "+isOpen,
				id, millis(at)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store the use of desks: %w", err)
	}
	return nil
}
