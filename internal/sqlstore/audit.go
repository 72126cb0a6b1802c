package sqlstore

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
)

// Audit is the audit log. Entries are written by the stores whose acts they
// tell of, in the same transaction, and by [Audit.Write] where no store is
// changed.
type Audit struct{ db *DB }

// Audit returns the audit log.
func (db *DB) Audit() *Audit { return &Audit{db} }

// Entries implements [audit.Log].
func (a *Audit) Entries(ctx context.Context, q audit.Query) ([]audit.Entry, error) {
	var s selection
	s.where("domain_id = $", q.DomainID)
	s.where("user_id = $", q.UserID)
	s.where("device_id = $", q.DeviceID)
	s.where("action = $", q.Action)
	s.where("at >= $", optional(q.From))
	s.where("at < $", optional(q.To))
	s.after("at", q.After.At, q.After.ID)
	text := "select id, domain_id, at, actor, action, device_id, user_id, detail from audit_entries" +
		s.end("at desc, id desc", q.Limit)
	return collect(ctx, a.db.reader, auditFields, text, s.args...)
}

// Write writes entries of acts that change nothing that is stored.
func (a *Audit) Write(ctx context.Context, entries ...audit.Entry) error {
	err := a.db.write(ctx, func(ctx context.Context, tx *writeConn) error { return insertAudit(ctx, tx, entries) })
	if err != nil {
		return fmt.Errorf("write to the audit log: %w", err)
	}
	return nil
}

func auditFields(e *audit.Entry) []any {
	return []any{&e.ID, &e.DomainID, instant{&e.At}, &e.Actor, &e.Action, &e.DeviceID, &e.UserID, &e.Detail}
}

// insertAudit writes entries in the transaction of their act.
func insertAudit(ctx context.Context, tx *writeConn, entries []audit.Entry) error {
	rows := make([][]any, len(entries))
	for i, e := range entries {
		rows[i] = []any{e.ID, e.DomainID, millis(e.At), e.Actor, e.Action, e.DeviceID, e.UserID, e.Detail}
	}
	_, err := tx.insert(ctx, `insert into audit_entries
		(id, domain_id, at, actor, action, device_id, user_id, detail) values %s`, rows)
	return err
}
