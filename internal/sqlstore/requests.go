package sqlstore

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
)

// Requests is the [idempotency.Store].
type Requests struct{ db *DB }

// Requests returns the store of requests that must be done once.
func (db *DB) Requests() *Requests { return &Requests{db} }

// Begin implements [idempotency.Store].
func (st *Requests) Begin(ctx context.Context, r idempotency.Request) (idempotency.Request, bool, error) {
	var added int64
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) (err error) {
		added, err = tx.exec(ctx, "insert into requests (id, digest, begun_at, answer) values ($1, $2, $3, '') on conflict (id) do nothing",
			r.ID, r.Digest, millis(r.BegunAt))
		return err
	})
	if err != nil {
		return idempotency.Request{}, false, fmt.Errorf("store a request: %w", err)
	}
	if added == 1 {
		return r, true, nil
	}
	var answer string
	fields := func(r *idempotency.Request) []any { return []any{&r.ID, &r.Digest, instant{&r.BegunAt}, &answer} }
	found, err := collect(ctx, st.db.reader, fields, "select id, digest, begun_at, answer from requests where id = $1", r.ID)
	if err != nil {
		return idempotency.Request{}, false, fmt.Errorf("read a request: %w", err)
	}
	if len(found) == 0 { // it has failed in this instant
		return st.Begin(ctx, r)
	}
	if answer != "" {
		if found[0].Answer, err = base64.StdEncoding.DecodeString(answer); err != nil {
			return idempotency.Request{}, false, fmt.Errorf("read the answer to a request: %w", err)
		}
	}
	return found[0], false, nil
}

// Finish implements [idempotency.Store].
func (st *Requests) Finish(ctx context.Context, id string, answer []byte) error {
	return st.change(ctx, "update requests set answer = $2 where id = $1", id, base64.StdEncoding.EncodeToString(answer))
}

// Drop implements [idempotency.Store].
func (st *Requests) Drop(ctx context.Context, id string) error {
	return st.change(ctx, "delete from requests where id = $1", id)
}

// ForgetRequests implements [idempotency.Store].
func (st *Requests) ForgetRequests(ctx context.Context, before time.Time) error {
	return st.change(ctx, "delete from requests where begun_at < $1", millis(before))
}

func (st *Requests) change(ctx context.Context, text string, args ...any) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error { return tx.do(ctx, text, args...) })
	if err != nil {
		return fmt.Errorf("change a request: %w", err)
	}
	return nil
}
