package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Webhooks is the [outbox.WebhookStore].
type Webhooks struct{ db *DB }

// Webhooks returns the store of webhooks.
func (db *DB) Webhooks() *Webhooks { return &Webhooks{db} }

const webhookColumns = "id, domain_id, url, events, secret, anywhere, disabled, why, created_by, created_at"

func webhookFields(w *outbox.Webhook) []any {
	return []any{&w.ID, &w.DomainID, &w.URL, lineList{&w.Events}, &w.Secret, &w.Anywhere, &w.Disabled, &w.Why, &w.CreatedBy, instant{&w.CreatedAt}}
}

// Webhooks implements [outbox.WebhookStore].
func (st *Webhooks) Webhooks(ctx context.Context, domainID string) ([]outbox.Webhook, error) {
	var s selection
	s.where("domain_id = $", domainID)
	return collect(ctx, st.db.reader, webhookFields, "select "+webhookColumns+" from webhooks"+s.end("created_at, id", 0), s.args...)
}

// PutWebhook implements [outbox.WebhookStore].
func (st *Webhooks) PutWebhook(ctx context.Context, w outbox.Webhook, entry audit.Entry) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		err := tx.do(ctx, "insert into webhooks ("+webhookColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			on conflict (id) do update set url = excluded.url, events = excluded.events, secret = excluded.secret,
			anywhere = excluded.anywhere, disabled = excluded.disabled, why = excluded.why`,
			w.ID, w.DomainID, w.URL, lines(w.Events), w.Secret, w.Anywhere, w.Disabled, w.Why, w.CreatedBy, millis(w.CreatedAt))
		if err != nil {
			return err
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("store a webhook: %w", err)
	}
	return nil
}

// DropWebhook implements [outbox.WebhookStore].
func (st *Webhooks) DropWebhook(ctx context.Context, id string, entry audit.Entry) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		for _, text := range []string{"delete from deliveries where recipient = $1", "delete from webhooks where id = $1"} {
			if err := tx.do(ctx, text, id); err != nil {
				return err
			}
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("remove a webhook: %w", err)
	}
	return nil
}

// AddTry implements [outbox.WebhookStore].
func (st *Webhooks) AddTry(ctx context.Context, t outbox.Try, before time.Time) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if err := tx.do(ctx, "delete from webhook_tries where webhook_id = $1 and at < $2", t.WebhookID, millis(before)); err != nil {
			return err
		}
		return tx.do(ctx, `insert into webhook_tries (id, webhook_id, event_id, type, at, number, status, took, answer, failure, body)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			t.ID, t.WebhookID, t.EventID, t.Type, millis(t.At), t.Number, t.Status, t.Took.Milliseconds(), t.Answer, t.Failure, string(t.Body))
	})
	if err != nil {
		return fmt.Errorf("store the try of a webhook: %w", err)
	}
	return nil
}

// Tries implements [outbox.WebhookStore].
func (st *Webhooks) Tries(ctx context.Context, q outbox.TryQuery) ([]outbox.Try, error) {
	var s selection
	s.where("id = $", q.ID)
	s.where("webhook_id = $", q.WebhookID)
	s.after("at", q.AfterAt, q.AfterID)
	fields := func(t *outbox.Try) []any {
		return []any{&t.ID, &t.WebhookID, &t.EventID, &t.Type, instant{&t.At}, &t.Number, &t.Status, duration{&t.Took}, &t.Answer, &t.Failure, &t.Body}
	}
	return collect(ctx, st.db.reader, fields,
		"select id, webhook_id, event_id, type, at, number, status, took, answer, failure, body from webhook_tries"+s.end("at desc, id desc", q.Limit), s.args...)
}
