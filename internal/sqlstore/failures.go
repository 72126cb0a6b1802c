package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Failures is the [login.Store].
type Failures struct{ db *DB }

// Failures returns the store of failed log-ins.
func (db *DB) Failures() *Failures { return &Failures{db} }

// maxSuspects bounds what is remembered; beyond it everybody is a suspect.
const maxSuspects = 1 << 16

// suspects are the subjects that may have failed log-ins. All others, which are
// nearly all, are let in without a query. Only the one server of a file can know.
type suspects struct {
	mu    sync.Mutex
	known map[string]struct{}
}

func (s *suspects) load(ctx context.Context, r *reader) error {
	subjects, err := collect(ctx, r, func(subject *string) []any { return []any{subject} }, "select subject from login_failures")
	s.known = make(map[string]struct{}, len(subjects))
	for _, subject := range subjects {
		s.known[subject] = struct{}{}
	}
	return err
}

func (s *suspects) add(fs []login.Failures) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) > maxSuspects {
		return
	}
	for _, f := range fs {
		if f.Count > 0 || f.Rounds > 0 {
			s.known[f.Subject] = struct{}{}
		}
	}
}

func (s *suspects) among(subjects []string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.known) > maxSuspects || slices.ContainsFunc(subjects, func(subject string) bool { _, is := s.known[subject]; return is })
}

// Failures implements [login.Store].
func (st *Failures) Failures(ctx context.Context, subjects ...string) ([]login.Failures, error) {
	if len(subjects) == 0 || st.db.local && !st.db.suspects.among(subjects) {
		return nil, nil
	}
	args := make([]any, len(subjects))
	for i, subject := range subjects {
		args[i] = subject
	}
	return collect(ctx, st.db.reader, failureFields,
		"select subject, failures, rounds, last_at, locked_to from login_failures where subject in "+places(1, len(args))+
			" order by subject", args...)
}

// Locked implements [login.Store].
func (st *Failures) Locked(ctx context.Context, now time.Time) ([]login.Failures, error) {
	return collect(ctx, st.db.reader, failureFields,
		"select subject, failures, rounds, last_at, locked_to from login_failures where locked_to > $1 order by subject", millis(now))
}

func failureFields(f *login.Failures) []any {
	return []any{&f.Subject, &f.Count, &f.Rounds, instant{&f.LastAt}, instant{&f.LockedTo}}
}

// Save implements [login.Store].
func (st *Failures) Save(ctx context.Context, fs ...login.Failures) error {
	return st.save(ctx, nil, fs)
}

// SaveAndTell implements [login.Store].
func (st *Failures) SaveAndTell(ctx context.Context, fact outbox.Fact, fs ...login.Failures) error {
	return st.save(ctx, []outbox.Fact{fact}, fs)
}

func (st *Failures) save(ctx context.Context, facts []outbox.Fact, fs []login.Failures) error {
	fs = slices.Clone(fs) // in one order for all: two servers must not lock crosswise
	slices.SortStableFunc(fs, func(a, b login.Failures) int { return cmp.Compare(a.Subject, b.Subject) })
	st.db.suspects.add(fs) // before anybody can read it, and whatever becomes of it
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		for _, f := range fs {
			if err := putFailures(ctx, tx, f); err != nil {
				return err
			}
		}
		return insertFacts(ctx, tx, facts)
	})
	if err != nil {
		return fmt.Errorf("store failed log-ins: %w", err)
	}
	return nil
}

// Lift implements [login.Store].
func (st *Failures) Lift(ctx context.Context, entry audit.Entry, subjects ...string) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		for _, subject := range subjects {
			if err := putFailures(ctx, tx, login.Failures{Subject: subject}); err != nil {
				return err
			}
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("forget failed log-ins: %w", err)
	}
	return nil
}

// Forget implements [login.Store].
func (st *Failures) Forget(ctx context.Context, before time.Time) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, "delete from login_failures where last_at < $1 and coalesce(locked_to, 0) < $1", millis(before))
	})
	if err != nil {
		return fmt.Errorf("forget failed log-ins: %w", err)
	}
	return nil
}

func putFailures(ctx context.Context, tx *writeConn, f login.Failures) error {
	if f.Count == 0 && f.Rounds == 0 {
		return tx.do(ctx, "delete from login_failures where subject = $1", f.Subject)
	}
	return tx.do(ctx, `insert into login_failures (subject, failures, rounds, last_at, locked_to)
		values ($1, $2, $3, $4, $5)
		on conflict (subject) do update set failures = excluded.failures, rounds = excluded.rounds,
		last_at = excluded.last_at, locked_to = excluded.locked_to`,
		f.Subject, f.Count, f.Rounds, millis(f.LastAt), optional(f.LockedTo))
}
