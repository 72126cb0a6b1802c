package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// Keys is the [login.KeyStore].
type Keys struct{ db *DB }

// Keys returns the store of API keys.
func (db *DB) Keys() *Keys { return &Keys{db} }

const keyColumns = "id, token_hash, start, name, domain_id, user_id, scope, created_by, created_at, used_at, expires_at"

func keyFields(k *login.Key) []any {
	return []any{
		&k.ID, &k.TokenHash, &k.Start, &k.Name,
		optionalText{&k.DomainID},
		optionalText{&k.UserID},
		&k.Scope, &k.CreatedBy,
		instant{&k.CreatedAt},
		instant{&k.UsedAt},
		instant{&k.ExpiresAt},
	}
}

// AddKey implements [login.KeyStore].
func (st *Keys) AddKey(ctx context.Context, k login.Key, entry audit.Entry) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		err := tx.do(ctx, "insert into api_keys ("+keyColumns+") values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
			k.ID, k.TokenHash, k.Start, k.Name, reference(k.DomainID), reference(k.UserID), string(k.Scope), k.CreatedBy,
			millis(k.CreatedAt), optional(k.UsedAt), optional(k.ExpiresAt))
		if err != nil {
			return err
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("store an API key: %w", err)
	}
	return nil
}

// KeyOf implements [login.KeyStore].
func (st *Keys) KeyOf(ctx context.Context, tokenHash string) (login.Key, error) {
	found, err := collect(ctx, st.db.reader, keyFields, "select "+keyColumns+" from api_keys where token_hash = $1", tokenHash)
	switch {
	case err != nil:
		return login.Key{}, fmt.Errorf("read an API key: %w", err)
	case len(found) == 0:
		return login.Key{}, login.ErrNoKey
	}
	return found[0], nil
}

// Keys implements [login.KeyStore].
func (st *Keys) Keys(ctx context.Context) ([]login.Key, error) {
	return collect(ctx, st.db.reader, keyFields, "select "+keyColumns+" from api_keys order by created_at, id")
}

// UseKey implements [login.KeyStore].
func (st *Keys) UseKey(ctx context.Context, id string, at time.Time) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, "update api_keys set used_at = $2 where id = $1", id, millis(at))
	})
	if err != nil {
		return fmt.Errorf("note the use of an API key: %w", err)
	}
	return nil
}

// DropKey implements [login.KeyStore].
func (st *Keys) DropKey(ctx context.Context, id string, entry audit.Entry) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if err := tx.do(ctx, "delete from api_keys where id = $1", id); err != nil {
			return err
		}
		return insertAudit(ctx, tx, []audit.Entry{entry})
	})
	if err != nil {
		return fmt.Errorf("remove an API key: %w", err)
	}
	return nil
}
