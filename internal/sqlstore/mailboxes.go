package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Mailboxes is the [voicemail.Store].
type Mailboxes struct{ db *DB }

// Mailboxes returns the store of mailboxes and messages.
func (db *DB) Mailboxes() *Mailboxes { return &Mailboxes{db} }

// Messages implements [voicemail.Store].
func (st *Mailboxes) Messages(ctx context.Context, q voicemail.Query) ([]voicemail.Message, error) {
	var s selection
	s.where("id = $", q.ID)
	s.where("user_id = $", q.UserID)
	text := "select id, domain_id, user_id, call_id, caller_user_id, caller_number, caller_name, left_at, length, state from messages"
	if len(q.States) > 0 {
		s.always(stateIs(q.States))
	}
	return collect(ctx, st.db.reader, messageFields, text+s.end("left_at, id", 0), s.args...)
}

// stateIs is a condition on the state, whose values are words of ours.
func stateIs(states []voicemail.State) string {
	quoted := make([]string, len(states))
	for i, state := range states {
		quoted[i] = "'" + string(state) + "'"
	}
	return "state in (" + strings.Join(quoted, ", ") + ")"
}

func messageFields(m *voicemail.Message) []any {
	return []any{
		&m.ID, &m.DomainID, &m.UserID, &m.CallID, &m.From.UserID, &m.From.Number, &m.From.Name,
		instant{&m.LeftAt},
		duration{&m.Length},
		&m.State,
	}
}

// duration scans a length of time that is stored in milliseconds.
type duration struct{ *time.Duration }

// Scan implements [database/sql.Scanner].
func (d duration) Scan(src any) error {
	ms, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a length of time is stored as %T", src)
	}
	*d.Duration = time.Duration(ms) * time.Millisecond
	return nil
}

// Counts implements [voicemail.Store].
func (st *Mailboxes) Counts(ctx context.Context, userID string) (voicemail.Counts, error) {
	type group struct {
		state voicemail.State
		n     int
	}
	groups, err := collect(ctx, st.db.reader, func(g *group) []any { return []any{&g.state, &g.n} },
		"select state, count(*) from messages where user_id = $1 group by state", userID)
	var counts voicemail.Counts
	for _, g := range groups {
		switch g.state {
		case voicemail.StateNew:
			counts.New = g.n
		case voicemail.StateSaved:
			counts.Saved = g.n
		default: // not there for anybody
		}
	}
	return counts, err
}

// Begin implements [voicemail.Store].
func (st *Mailboxes) Begin(ctx context.Context, m voicemail.Message, most int) error {
	return st.write(ctx, "begin a message", func(ctx context.Context, tx *writeConn) error {
		if err := tx.do(ctx, `insert into mailboxes (user_id, domain_id, greeting, spoken_name) values ($1, $2, '', '')
			on conflict (user_id) do nothing`, m.UserID, m.DomainID); err != nil {
			return err
		}
		begun, err := tx.exec(ctx, `insert into messages
			(id, domain_id, user_id, call_id, caller_user_id, caller_number, caller_name, left_at, length, state)
			select $1, $2, $3, $4, $5, $6, $7, cast($8 as bigint), cast($9 as bigint), $10
			where (select count(*) from messages where user_id = $3 and state <> 'deleted') < cast($11 as bigint)`,
			m.ID, m.DomainID, m.UserID, m.CallID, m.From.UserID, m.From.Number, m.From.Name,
			millis(m.LeftAt), m.Length.Milliseconds(), string(m.State), most)
		if err == nil && begun == 0 {
			return voicemail.ErrFull
		}
		return err
	})
}

// Keep implements [voicemail.Store].
func (st *Mailboxes) Keep(ctx context.Context, m voicemail.Message, fact outbox.Fact) error {
	return st.write(ctx, "keep a message", func(ctx context.Context, tx *writeConn) error {
		kept, err := tx.exec(ctx, "update messages set state = $3, length = $4 where id = $1 and user_id = $2 and state = 'recording'",
			m.ID, m.UserID, string(voicemail.StateNew), m.Length.Milliseconds())
		if err != nil {
			return err
		}
		if kept == 0 {
			return voicemail.ErrNotFound
		}
		return insertFacts(ctx, tx, []outbox.Fact{fact})
	})
}

// Move implements [voicemail.Store].
func (st *Mailboxes) Move(ctx context.Context, userID string, ids []string, to voicemail.State, from ...voicemail.State) (int, error) {
	var moved int64
	text := "update messages set state = $3 where id = $1 and user_id = $2 and " + stateIs(from)
	err := st.write(ctx, "move messages", func(ctx context.Context, tx *writeConn) error {
		moved = 0
		for _, id := range inOrder(ids) {
			n, err := tx.exec(ctx, text, id, userID, string(to))
			if err != nil {
				return err
			}
			moved += n
		}
		return nil
	})
	return int(moved), err
}

// Purge implements [voicemail.Store].
func (st *Mailboxes) Purge(ctx context.Context, userID string, ids []string) error {
	return st.write(ctx, "remove messages", func(ctx context.Context, tx *writeConn) error {
		for _, id := range inOrder(ids) {
			if err := tx.do(ctx, "delete from messages where id = $1 and user_id = $2 and state = 'deleted'", id, userID); err != nil {
				return err
			}
		}
		return nil
	})
}

// inOrder is one order for all: two servers must not lock crosswise.
func inOrder(ids []string) []string { return slices.Sorted(slices.Values(ids)) }

// Mailboxes implements [voicemail.Store].
func (st *Mailboxes) Mailboxes(ctx context.Context, userID string) ([]voicemail.Mailbox, error) {
	var s selection
	s.where("user_id = $", userID)
	fields := func(b *voicemail.Mailbox) []any { return []any{&b.UserID, &b.DomainID, &b.Greeting, &b.Name} }
	text := "select user_id, domain_id, greeting, spoken_name from mailboxes"
	return collect(ctx, st.db.reader, fields, text+s.end("user_id", 0), s.args...)
}

// PutMailbox implements [voicemail.Store].
func (st *Mailboxes) PutMailbox(ctx context.Context, b voicemail.Mailbox) error {
	return st.write(ctx, "store a mailbox", func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, `insert into mailboxes (user_id, domain_id, greeting, spoken_name) values ($1, $2, $3, $4)
			on conflict (user_id) do update set greeting = excluded.greeting, spoken_name = excluded.spoken_name`,
			b.UserID, b.DomainID, b.Greeting, b.Name)
	})
}

// DropMailbox implements [voicemail.Store].
func (st *Mailboxes) DropMailbox(ctx context.Context, userID string, entry audit.Entry) error {
	return st.write(ctx, "remove a mailbox", func(ctx context.Context, tx *writeConn) error {
		if err := tx.do(ctx, "delete from messages where user_id = $1", userID); err != nil {
			return err
		}
		dropped, err := tx.exec(ctx, "delete from mailboxes where user_id = $1", userID)
		if err != nil || dropped == 0 { // another server was at the same work
			return err
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
}

// Note implements [voicemail.Store].
func (st *Mailboxes) Note(ctx context.Context, entry audit.Entry) error {
	return st.write(ctx, "write the audit log", func(ctx context.Context, tx *writeConn) error {
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
}

// write runs a transaction; its error says what was to be done.
func (st *Mailboxes) write(ctx context.Context, what string, run func(context.Context, *writeConn) error) error {
	if err := st.db.write(ctx, run); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
