package sqlstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
)

// Secret is a random text of 32 bytes that all servers on the database share
// under a name, made when it is first asked for.
func (db *DB) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	if _, err := rand.Read(fresh); err != nil {
		return nil, fmt.Errorf("make the secret %s: %w", name, err)
	}
	err := db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, "insert into server_secrets (name, secret) values ($1, $2) on conflict (name) do nothing", name, hex.EncodeToString(fresh))
	})
	if err != nil {
		return nil, fmt.Errorf("store the secret %s: %w", name, err)
	}
	found, err := collect(ctx, db.reader, func(text *string) []any { return []any{text} }, "select secret from server_secrets where name = $1", name)
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("read the secret %s: %w", name, err)
	}
	secret, err := hex.DecodeString(found[0])
	if err != nil {
		return nil, fmt.Errorf("read the secret %s: %w", name, err)
	}
	return secret, nil
}
