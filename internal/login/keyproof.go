package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// KeyLimits are those of a source that sends wrong API keys. Nobody guesses
// one, so they are there for programs that go on with a key that is revoked:
// each wrong key that counts is a write.
func KeyLimits() Limits {
	return Limits{Tries: 10, First: time.Minute, Most: time.Hour, Window: time.Hour}
}

// keySource is the subject of a place that API keys come from.
func keySource(source string) string { return "key-" + Source(source) }

// Who finds the actor that an API key, sent from a source such as an IP address,
// stands for. It fails with [ErrBadKey], or with a [*LockedError] when the
// source has sent too many wrong ones. A right key is taken from there all the
// same: one program with a revoked key must not lock out the others of its machine.
func (k *Keys) Who(ctx context.Context, secret, source string) (directory.Actor, Key, error) {
	key, err := k.find(ctx, secret)
	if errors.Is(err, ErrNoKey) {
		return directory.Actor{}, Key{}, k.countWrong(ctx, keySource(source))
	}
	if err != nil {
		return directory.Actor{}, Key{}, fmt.Errorf("read an API key: %w", err)
	}
	now := k.cfg.Now().UTC()
	actor, may := k.actor(key)
	if !may || !key.ExpiresAt.IsZero() && !now.Before(key.ExpiresAt) {
		return directory.Actor{}, Key{}, k.countWrong(ctx, keySource(source))
	}
	if now.Sub(key.UsedAt) >= keyTouch {
		key.UsedAt = now
		if err := k.cfg.Store.UseKey(ctx, key.ID, now); err != nil {
			return directory.Actor{}, Key{}, fmt.Errorf("note the use of an API key: %w", err)
		}
	}
	return actor, key, nil
}

func (k *Keys) find(ctx context.Context, secret string) (Key, error) {
	if !strings.HasPrefix(secret, keyPrefix) {
		return Key{}, ErrNoKey
	}
	return k.cfg.Store.KeyOf(ctx, tokenHash(secret))
}

// actor is who a key stands for now: a user whose scope was narrowed, or who
// was disabled, takes the keys along.
func (k *Keys) actor(key Key) (directory.Actor, bool) {
	actor := directory.Actor{Name: "key:" + key.Name, Scope: key.Scope, DomainID: key.DomainID}
	if key.UserID != "" {
		user, found := k.cfg.Users.User(key.UserID)
		if !found || user.Disabled || user.Scope == directory.ScopeNoPortal || !within(key.Scope, user.Scope) {
			return actor, false
		}
		actor = k.cfg.Users.ActorOf(user)
		if !key.Scope.Covers(user.Scope) {
			actor.Scope = key.Scope
		}
	}
	if actor.Scope == directory.ScopeReseller && key.UserID == "" {
		actor.Domains = []string{key.DomainID}
	}
	return actor, slices.Contains(directory.Scopes(), actor.Scope)
}

// countWrong counts a wrong key, unless its source is locked already: then it
// costs no write.
func (k *Keys) countWrong(ctx context.Context, subject string) error {
	unlock, err := k.turns.lock(ctx, subject)
	if err != nil {
		return fmt.Errorf("wait for the tries before: %w", err)
	}
	defer unlock()
	found, err := k.cfg.Failures.Failures(ctx, subject)
	if err != nil {
		return fmt.Errorf("read the wrong tries: %w", err)
	}
	failed := Failures{Subject: subject}
	if len(found) == 1 {
		failed = found[0]
	}
	now := k.cfg.Now()
	if until, locked := Locked(failed, now); locked {
		return &LockedError{Until: until, Here: true}
	}
	failed = KeyLimits().Failed(failed, now)
	if err := k.cfg.Failures.Save(context.WithoutCancel(ctx), failed); err != nil {
		return fmt.Errorf("count a wrong try: %w", err)
	}
	if until, locked := Locked(failed, now); locked {
		k.cfg.Log.WarnContext(ctx, "locked after wrong API keys", slog.String("subject", subject), slog.Time("until", until))
	}
	return ErrBadKey
}
