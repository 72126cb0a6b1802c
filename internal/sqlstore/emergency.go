package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// EmergencyCalls is the [emergency.Store].
type EmergencyCalls struct{ db *DB }

// EmergencyCalls returns the store of emergency calls.
func (db *DB) EmergencyCalls() *EmergencyCalls { return &EmergencyCalls{db} }

const selectEmergencies = "select id, domain_id, device_id, desk, user_id, dialled, number, place, line, at from emergency_calls"

// Put implements [emergency.Store].
func (st *EmergencyCalls) Put(ctx context.Context, c emergency.Call, entry audit.Entry, fact outbox.Fact) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		err := tx.do(ctx, `insert into emergency_calls (id, domain_id, device_id, desk, user_id, dialled, number, place, line, at)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			c.ID, c.DomainID, c.DeviceID, c.Desk, c.UserID, c.Dialled, c.Number, c.Place, c.Line, millis(c.At))
		if err != nil {
			return err
		}
		if err := insertAudit(ctx, tx, []audit.Entry{entry}); err != nil {
			return err
		}
		return insertFacts(ctx, tx, []outbox.Fact{fact})
	})
	if err != nil {
		return fmt.Errorf("store an emergency call: %w", err)
	}
	return nil
}

// Last implements [emergency.Store].
func (st *EmergencyCalls) Last(ctx context.Context, domainID, number string, since time.Time) (emergency.Call, bool, error) {
	found, err := collect(ctx, st.db.reader, emergencyFields,
		selectEmergencies+" where domain_id = $1 and number = $2 and at >= $3 order by at desc, id desc limit 1", domainID, number, millis(since))
	if err != nil || len(found) == 0 {
		return emergency.Call{}, false, err
	}
	return found[0], true, nil
}

// Since implements [emergency.Store].
func (st *EmergencyCalls) Since(ctx context.Context, domainID string, since time.Time) ([]emergency.Call, error) {
	return collect(ctx, st.db.reader, emergencyFields,
		selectEmergencies+" where domain_id = $1 and at >= $2 order by at desc, id desc", domainID, millis(since))
}

func emergencyFields(c *emergency.Call) []any {
	return []any{&c.ID, &c.DomainID, &c.DeviceID, &c.Desk, &c.UserID, &c.Dialled, &c.Number, &c.Place, &c.Line, instant{&c.At}}
}
