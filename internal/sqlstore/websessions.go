package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// WebSessions is the [login.WebStore].
type WebSessions struct{ db *DB }

// WebSessions returns the store of web sessions.
func (db *DB) WebSessions() *WebSessions { return &WebSessions{db} }

const webSessionColumns = "id, token_hash, domain_id, user_id, source, agent, created_at, used_at"

func webSessionFields(s *login.WebSession) []any {
	return []any{&s.ID, &s.TokenHash, &s.DomainID, &s.UserID, &s.Source, &s.Agent, instant{&s.CreatedAt}, instant{&s.UsedAt}}
}

// PutWebSession implements [login.WebStore].
func (st *WebSessions) PutWebSession(ctx context.Context, s login.WebSession) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, "insert into web_sessions ("+webSessionColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (id) do update set used_at = excluded.used_at`,
			s.ID, s.TokenHash, s.DomainID, s.UserID, s.Source, s.Agent, millis(s.CreatedAt), millis(s.UsedAt))
	})
	if err != nil {
		return fmt.Errorf("store a web session: %w", err)
	}
	return nil
}

// WebSession implements [login.WebStore].
func (st *WebSessions) WebSession(ctx context.Context, tokenHash string) (login.WebSession, error) {
	found, err := collect(ctx, st.db.reader, webSessionFields,
		"select "+webSessionColumns+" from web_sessions where token_hash = $1", tokenHash)
	switch {
	case err != nil:
		return login.WebSession{}, fmt.Errorf("read a web session: %w", err)
	case len(found) == 0:
		return login.WebSession{}, login.ErrSignedOut
	}
	return found[0], nil
}

// WebSessions implements [login.WebStore].
func (st *WebSessions) WebSessions(ctx context.Context, userID string) ([]login.WebSession, error) {
	return collect(ctx, st.db.reader, webSessionFields,
		"select "+webSessionColumns+" from web_sessions where user_id = $1 order by created_at desc, id desc", userID)
}

// DropWebSessions implements [login.WebStore].
func (st *WebSessions) DropWebSessions(ctx context.Context, userID, id string) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		if id == "" {
			return tx.do(ctx, "delete from web_sessions where user_id = $1", userID)
		}
		return tx.do(ctx, "delete from web_sessions where user_id = $1 and id = $2", userID, id)
	})
	if err != nil {
		return fmt.Errorf("end web sessions: %w", err)
	}
	return nil
}

// ForgetWebSessions implements [login.WebStore].
func (st *WebSessions) ForgetWebSessions(ctx context.Context, before time.Time) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, "delete from web_sessions where used_at < $1", millis(before))
	})
	if err != nil {
		return fmt.Errorf("forget web sessions: %w", err)
	}
	return nil
}
