package sqlstore

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// insertFacts puts facts into the outbox in the transaction of the act they tell of.
func insertFacts(ctx context.Context, tx *writeConn, facts []outbox.Fact) error {
	rows := make([][]any, len(facts))
	for i, f := range facts {
		rows[i] = []any{f.ID, f.DomainID, f.Kind, millis(f.At), string(f.Payload)}
	}
	_, err := tx.insert(ctx, "insert into outbox (id, domain_id, kind, at, payload) values %s", rows)
	return err
}
