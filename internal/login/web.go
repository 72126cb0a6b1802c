package login

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// The life of a web session.
const (
	webIdle  = 12 * time.Hour     // without a request
	webLife  = 7 * 24 * time.Hour // in all
	webTouch = time.Minute        // between two notes of its use
)

// ErrSignedOut says that a web session is unknown or over.
var ErrSignedOut = errors.New("not signed in")

// WebSession is one browser in which a user is signed in to the portal.
type WebSession struct {
	ID        string
	TokenHash string // hex SHA-256 of what the browser holds
	DomainID  string
	UserID    string
	Source    string // the address it was made from
	Agent     string // the browser, in its own words
	CreatedAt time.Time
	UsedAt    time.Time
}

// WebStore keeps web sessions.
type WebStore interface {
	PutWebSession(ctx context.Context, s WebSession) error
	// WebSession finds one by the hash of its token, or fails with [ErrSignedOut].
	WebSession(ctx context.Context, tokenHash string) (WebSession, error)
	// WebSessions lists those of a user, the newest first.
	WebSessions(ctx context.Context, userID string) ([]WebSession, error)
	// DropWebSessions ends those of a user: all of them, or the one with the ID.
	DropWebSessions(ctx context.Context, userID, id string) error
	// ForgetWebSessions drops those not used since a time.
	ForgetWebSessions(ctx context.Context, before time.Time) error
}

// Web keeps people signed in to the portal. It is safe for concurrent use.
type Web struct {
	store WebStore
	users Users
	now   func() time.Time
	log   *slog.Logger
}

// Users finds the user behind a web session.
type Users interface {
	User(id string) (directory.User, bool)
}

// NewWeb makes one. [Web.Run] forgets what is over.
func NewWeb(store WebStore, users Users, now func() time.Time, log *slog.Logger) *Web {
	return &Web{store: store, users: users, now: now, log: log}
}

// Begin signs a user in who has proven who it is. The token is for the browser
// alone; only its hash is kept.
func (w *Web) Begin(ctx context.Context, user directory.User, source, agent string) (token string, err error) {
	if token, err = newToken(); err != nil {
		return "", err
	}
	now := w.now().UTC()
	err = w.store.PutWebSession(ctx, WebSession{
		ID: uuid.Must(uuid.NewV7()).String(), TokenHash: tokenHash(token), DomainID: user.DomainID, UserID: user.ID,
		Source: source, Agent: agent[:min(len(agent), maxAgent)], CreatedAt: now, UsedAt: now,
	})
	if err != nil {
		return "", fmt.Errorf("store a web session: %w", err)
	}
	return token, nil
}

// maxAgent bounds what is kept of a browser's own words.
const maxAgent = 200

// Who finds the user whose browser holds a token. It fails with [ErrSignedOut]
// when the session is over, or the user may no longer sign in.
func (w *Web) Who(ctx context.Context, token string) (directory.User, WebSession, error) {
	s, err := w.store.WebSession(ctx, tokenHash(token))
	if err != nil {
		return directory.User{}, WebSession{}, err
	}
	now := w.now().UTC()
	user, _ := w.users.User(s.UserID)
	over := now.Sub(s.UsedAt) > webIdle || now.Sub(s.CreatedAt) > webLife
	if over || !mayUsePortal(user) {
		return directory.User{}, WebSession{}, errors.Join(ErrSignedOut, w.store.DropWebSessions(ctx, s.UserID, s.ID))
	}
	if now.Sub(s.UsedAt) >= webTouch {
		s.UsedAt = now
		if err := w.store.PutWebSession(ctx, s); err != nil {
			return directory.User{}, WebSession{}, fmt.Errorf("note the use of a web session: %w", err)
		}
	}
	return user, s, nil
}

// Sessions lists where a user is signed in.
func (w *Web) Sessions(ctx context.Context, userID string) ([]WebSession, error) {
	return w.store.WebSessions(ctx, userID)
}

// End signs a user out: in the browser whose session has the ID, or everywhere
// when the ID is "".
func (w *Web) End(ctx context.Context, userID, id string) error {
	return w.store.DropWebSessions(ctx, userID, id)
}

// EndOthers signs a user out everywhere but in the browser whose session has the ID.
func (w *Web) EndOthers(ctx context.Context, userID, but string) error {
	sessions, err := w.store.WebSessions(ctx, userID)
	if err != nil {
		return fmt.Errorf("find where a user is signed in: %w", err)
	}
	for _, s := range sessions {
		if s.ID == but {
			continue
		}
		if err := w.store.DropWebSessions(ctx, userID, s.ID); err != nil {
			return fmt.Errorf("end a web session: %w", err)
		}
	}
	return nil
}

// Run drops the sessions that are over, until the context ends.
func (w *Web) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		if err := w.store.ForgetWebSessions(ctx, w.now().Add(-webIdle)); err != nil && ctx.Err() == nil {
			w.log.ErrorContext(ctx, "old web sessions were not forgotten", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// newToken makes a secret of 256 bits that fits into an address and a cookie.
func newToken() (string, error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
