package sqlstore

import (
	"context"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

// Bindings is the [location.Store].
type Bindings struct{ db *DB }

// Bindings returns the store of bindings.
func (db *DB) Bindings() *Bindings { return &Bindings{db} }

// Bindings implements [location.Store].
func (st *Bindings) Bindings(ctx context.Context) ([]location.Binding, error) {
	return collect(ctx, st.db.reader, bindingFields, `select id, device_id, contact, path, flow, instance_id, reg_id,
		call_id, cseq, q, user_agent, nat, registered_at, expires_at from bindings`)
}

func bindingFields(b *location.Binding) []any {
	return []any{
		&b.ID, &b.DeviceID, &b.Contact,
		lineList{&b.Path},
		&b.Flow, &b.InstanceID, &b.RegID,
		&b.CallID, &b.CSeq, &b.Q, &b.UserAgent, &b.NAT,
		instant{&b.RegisteredAt},
		instant{&b.ExpiresAt},
	}
}

// Save implements [location.Store]. A binding of a device that is no longer in
// the directory fails; the bindings of a device go when it goes.
func (st *Bindings) Save(ctx context.Context, c location.Change) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		for _, id := range c.Drop {
			if err := tx.do(ctx, "delete from bindings where id = $1", id); err != nil {
				return err
			}
		}
		for _, b := range c.Put {
			if err := putBinding(ctx, tx, b); err != nil {
				return err
			}
		}
		for _, b := range c.Renewed {
			if err := renewBinding(ctx, tx, b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store bindings: %w", err)
	}
	return nil
}

// renewBinding stores what a REGISTER changes of a binding that goes on. Where
// another server has taken it away meanwhile it is put.
func renewBinding(ctx context.Context, tx *writeConn, b location.Binding) error {
	n, err := tx.exec(ctx, "update bindings set cseq = $1, registered_at = $2, expires_at = $3 where id = $4",
		int64(b.CSeq), millis(b.RegisteredAt), millis(b.ExpiresAt), b.ID)
	if err != nil || n > 0 {
		return err
	}
	return putBinding(ctx, tx, b)
}

// putBinding stores a binding. One that is there stays its device's.
func putBinding(ctx context.Context, tx *writeConn, b location.Binding) error {
	return tx.do(ctx, `insert into bindings (id, device_id, contact, path, flow, instance_id, reg_id,
		call_id, cseq, q, user_agent, nat, registered_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		on conflict (id) do update set contact = excluded.contact,
		path = excluded.path, flow = excluded.flow, instance_id = excluded.instance_id, reg_id = excluded.reg_id,
		call_id = excluded.call_id, cseq = excluded.cseq, q = excluded.q, user_agent = excluded.user_agent,
		nat = excluded.nat, registered_at = excluded.registered_at, expires_at = excluded.expires_at`,
		b.ID, b.DeviceID, b.Contact, lines(b.Path), b.Flow, b.InstanceID, b.RegID,
		b.CallID, int64(b.CSeq), b.Q, b.UserAgent, b.NAT, millis(b.RegisteredAt), millis(b.ExpiresAt))
}
