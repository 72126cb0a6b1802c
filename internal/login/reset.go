package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// ErrLink says that a link for a new password is made up, too old, or used.
var ErrLink = errors.New("the link is not valid any more")

// resetLife is how long a link for a new password may be used.
const resetLife = time.Hour

// ResetLimits are those of asking for a new password by e-mail for one account:
// nobody's mailbox is filled with links.
func ResetLimits() Limits {
	return Limits{Tries: 3, First: 15 * time.Minute, Most: 24 * time.Hour, Window: 24 * time.Hour}
}

// ResetSourceLimits are those of one place, which may be a whole office.
func ResetSourceLimits() Limits {
	return Limits{Tries: 20, First: 15 * time.Minute, Most: 24 * time.Hour, Window: time.Hour}
}

// AskReset has a link for a new password mailed to whoever has forgotten
// theirs, unless it was asked for too often. Whoever asks must not learn whether
// that happened. The zero user stands for an account that does not exist.
func (s *Service) AskReset(ctx context.Context, source string, user directory.User) error {
	t := try{account: subject("reset", user.DomainID, user.Extension), source: "reset-" + Source(source)}
	unlock, err := s.lock(ctx, t.account, t.source)
	if err != nil {
		return err
	}
	defer unlock()
	account, place, err := s.failures(ctx, t)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	if until, locked := Locked(place, now); locked {
		s.cfg.Log.WarnContext(ctx, "new passwords are asked for too often", slog.String("source", source), slog.Time("until", until))
		return nil
	}
	place = ResetSourceLimits().Failed(place, now)
	domain, _ := s.cfg.Directory.Domain(user.DomainID)
	if _, locked := Locked(account, now); locked || !mayUsePortal(user) || user.Email == "" || domain.Mail.Address == "" {
		return s.cfg.Store.Save(ctx, place)
	}
	account = ResetLimits().Failed(account, now)
	payload, err := json.Marshal(outbox.PasswordForgotten{UserID: user.ID})
	if err != nil {
		return fmt.Errorf("tell of a forgotten password: %w", err)
	}
	return s.cfg.Store.SaveAndTell(ctx, outbox.Fact{
		ID: directory.NewID(), DomainID: user.DomainID, Kind: outbox.KindPasswordForgotten, At: now, Payload: payload,
	}, account, place)
}

// mayUsePortal tells whether a user, who is zero when there is none, may sign
// in to the portal.
func mayUsePortal(user directory.User) bool {
	return user.ID != "" && !user.Disabled && user.Scope != directory.ScopeNoPortal
}

// Resets makes and reads the links by which people choose a new password. A
// link holds all there is to know, signed, so that nothing is stored for it.
type Resets struct {
	key   []byte
	users Users
	now   func() time.Time
}

// NewResets makes one; servers that share a database share the key.
func NewResets(key []byte, users Users, now func() time.Time) *Resets {
	return &Resets{key: key, users: users, now: now}
}

// Token is what stands in a link for a user. It is good for an hour, and until
// the password is another one.
func (r *Resets) Token(user directory.User) string {
	return r.sign(user, strconv.FormatInt(r.now().Add(resetLife).Unix(), 36))
}

// Who finds the user who may choose a new password by a token, or fails with
// [ErrLink].
func (r *Resets) Who(token string) (directory.User, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return directory.User{}, ErrLink
	}
	id, rest, _ := strings.Cut(string(raw), "|")
	until, _, _ := strings.Cut(rest, "|")
	user, _ := r.users.User(id)
	end, err := strconv.ParseInt(until, 36, 64)
	genuine := subtle.ConstantTimeCompare([]byte(token), []byte(r.sign(user, until))) == 1
	if err != nil || !genuine || r.now().Unix() > end || !mayUsePortal(user) {
		return directory.User{}, ErrLink
	}
	return user, nil
}

func (r *Resets) sign(user directory.User, until string) string {
	mac := hmac.New(sha256.New, r.key)
	text := user.ID + "|" + until
	_, _ = mac.Write([]byte("reset|" + text + "|" + user.PasswordHash))
	return base64.RawURLEncoding.EncodeToString([]byte(text + "|" + string(mac.Sum(nil))))
}
