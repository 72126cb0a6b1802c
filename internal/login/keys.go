package login

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

const (
	// keyPrefix is what every API key begins with, so that people and scanners
	// for leaked secrets know one when they see it.
	keyPrefix = "hdk_"
	// keyStart is how much of a key is kept in clear, to tell it from others.
	keyStart = len(keyPrefix) + 4
	// keyBits are random in a key; base32 has five in a character.
	keyBits = 130
	// keyTouch is the time between two notes of a key's use.
	keyTouch = time.Minute
	// longestKeyName bounds what people call a key.
	longestKeyName = 80
)

var (
	// ErrBadKey is the one answer to an API key that is unknown, revoked or
	// expired, or whose user may no longer do anything.
	ErrBadKey = errors.New("the API key is unknown, revoked or expired")
	// ErrNoKey says that there is no such key, or none that the actor may see.
	ErrNoKey = errors.New("there is no such API key")
)

// KeyError is the refusal to make a key: what is wrong with which field.
type KeyError struct {
	Field string // "name", "scope", "domain", "user", "expires_at"
	Wrong string
}

// Error says what is wrong.
func (e *KeyError) Error() string { return e.Wrong }

// Where names the field.
func (e *KeyError) Where() string { return e.Field }

// Key lets a program use the API.
type Key struct {
	ID        string
	TokenHash string // hex SHA-256 of the key itself
	Start     string // its first characters
	Name      string
	DomainID  string // where it opens anything; "": the whole server
	UserID    string // for whom it acts; "" for nobody
	Scope     directory.Scope
	CreatedBy string // as [audit.Entry] Actor
	CreatedAt time.Time
	UsedAt    time.Time // zero: never; exact to a minute
	ExpiresAt time.Time // zero: never
}

// KeyStore keeps API keys.
type KeyStore interface {
	// AddKey stores a key, and the entry that says who made it.
	AddKey(ctx context.Context, key Key, entry audit.Entry) error
	// KeyOf finds a key by its hash, or fails with [ErrNoKey].
	KeyOf(ctx context.Context, tokenHash string) (Key, error)
	// Keys lists all keys, the oldest first.
	Keys(ctx context.Context) ([]Key, error)
	// UseKey notes that a key was used.
	UseKey(ctx context.Context, id string, at time.Time) error
	// DropKey removes a key, with the entry that says who wanted that.
	DropKey(ctx context.Context, id string, entry audit.Entry) error
}

// KeyUsers finds the users whom keys act for, and what they may do.
type KeyUsers interface {
	Users
	// ActorOf is a user who wants to do something.
	ActorOf(user directory.User) directory.Actor
}

// KeysConfig is what [Keys] need; all of it.
type KeysConfig struct {
	Store    KeyStore
	Failures Store
	Users    KeyUsers
	Now      func() time.Time
	Log      *slog.Logger
}

// Keys makes API keys and knows whose they are. It is safe for concurrent use.
type Keys struct {
	cfg   KeysConfig
	turns keyed // by source
}

// NewKeys makes the service of API keys.
func NewKeys(cfg KeysConfig) *Keys { return &Keys{cfg: cfg} }

// Maker is who makes a key.
type Maker struct {
	Actor   directory.Actor
	Expires time.Time // of the key with which the maker came; zero: never
	// Random is what the key is made from; nil: the system's. Whoever asks twice
	// with the same gets the same key, which is made once.
	Random io.Reader
}

// Add makes a key of which the caller fills in Name, DomainID, UserID, Scope and
// ExpiresAt. The secret it returns is for the program that shall use it: it is
// kept nowhere. It fails with a [*KeyError].
func (k *Keys) Add(ctx context.Context, by Maker, key Key) (made Key, secret string, err error) {
	user, _ := k.cfg.Users.User(key.UserID)
	now := k.cfg.Now().UTC().Truncate(time.Millisecond)
	key.Name = strings.TrimSpace(key.Name)
	if err := CheckKey(by, key, user, now); err != nil {
		return Key{}, "", err
	}
	if secret, err = newSecret(cmp.Or(by.Random, rand.Reader)); err != nil {
		return Key{}, "", fmt.Errorf("make an API key: %w", err)
	}
	key.ID, key.TokenHash, key.Start = directory.NewID(), tokenHash(secret), secret[:keyStart]
	key.CreatedBy, key.CreatedAt, key.UsedAt = by.Actor.Name, now, time.Time{}
	key.ExpiresAt = key.ExpiresAt.UTC().Truncate(time.Millisecond)
	if err := k.cfg.Store.AddKey(ctx, key, k.entry(by.Actor, key, "key.added")); err != nil {
		if there, lost := k.cfg.Store.KeyOf(ctx, key.TokenHash); lost == nil && maySeeKey(by.Actor, there) {
			return there, secret, nil
		}
		return Key{}, "", fmt.Errorf("store an API key: %w", err)
	}
	return key, secret, nil
}

// newSecret makes a key of [keyBits] random bits.
func newSecret(random io.Reader) (string, error) {
	raw := make([]byte, (keyBits+7)/8)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", err
	}
	return keyPrefix + base32.StdEncoding.EncodeToString(raw)[:keyBits/5], nil
}

// CheckKey refuses a key that somebody may not make, or that could open
// nothing, with a [*KeyError]. The user is the one for whom it acts, if any.
func CheckKey(by Maker, key Key, user directory.User, now time.Time) error {
	switch {
	case key.Name == "" || len(key.Name) > longestKeyName || strings.ContainsFunc(key.Name, isControl):
		return &KeyError{"name", "a key has a name of 1 to 80 characters that says what it is for"}
	case !key.ExpiresAt.IsZero() && !key.ExpiresAt.After(now):
		return &KeyError{"expires_at", "this is in the past"}
	case !by.Expires.IsZero() && (key.ExpiresAt.IsZero() || key.ExpiresAt.After(by.Expires)):
		return &KeyError{"expires_at", "a key does not outlive the one it is made with, which expires at " + by.Expires.UTC().Format(time.RFC3339)}
	}
	return checkKeyScope(by, key, user)
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func checkKeyScope(by Maker, key Key, user directory.User) error {
	if !directory.MayGrant(by.Actor, key.Scope) || key.Scope == directory.ScopeNoPortal {
		return &KeyError{"scope", "a key has a scope, other than no_portal, that is not wider than that of whoever makes it"}
	}
	check := checkKeyOfUser
	if key.UserID == "" {
		check = checkKeyOfNobody
	}
	if err := check(by, key, user); err != nil {
		return err
	}
	if !maySeeKey(by.Actor, key) {
		return &KeyError{"user", "a key for somebody else is made by who manages the domain"}
	}
	return nil
}

func checkKeyOfUser(by Maker, key Key, user directory.User) error {
	switch {
	case user.ID != key.UserID || user.DomainID != key.DomainID:
		return &KeyError{"user", "there is no such user in the domain"}
	case !user.Scope.Covers(key.Scope):
		return &KeyError{"scope", "a key that acts for a user has no wider scope than the user, " + string(user.Scope)}
	case !within(key.Scope, user.Scope):
		return &KeyError{"scope", "a key that acts for a " + string(user.Scope) + " has that scope, or one that opens the user's own things only"}
	case key.UserID != by.Actor.UserID && !directory.MayGrant(by.Actor, user.Scope):
		return &KeyError{"user", "this user may do more than whoever makes the key"}
	}
	return nil
}

func checkKeyOfNobody(_ Maker, key Key, _ directory.User) error {
	whole := key.Scope == directory.ScopeSuperUser
	switch {
	case !managesOthers(key.Scope) || key.Scope == directory.ScopeSiteManager: // whose site is that of the user
		return &KeyError{"user", "a key of this scope acts for a user: name one"}
	case whole && key.DomainID != "":
		return &KeyError{"domain", "a key of a super user opens every domain: name none, or a narrower scope"}
	case !whole && key.DomainID == "":
		return &KeyError{"domain", "a key of this scope opens one domain: name it"}
	}
	return nil
}

// within tells whether a key's scope opens nothing that the scope of its user
// does not; one that is as wide stands for the user's. For who manages a part of a domain, or domains elsewhere, some
// narrower scopes would: they see all of the user's domain.
func within(key, user directory.Scope) bool {
	bounded := user == directory.ScopeReseller || user == directory.ScopeSiteManager
	return !bounded || key.Covers(user) || directory.ScopeCallCenterAgent.Covers(key)
}

// managesOthers tells whether a scope opens more than a user's own things.
func managesOthers(scope directory.Scope) bool {
	return scope.Covers(directory.ScopeSupervisor)
}

// maySeeKey reports whether a key is an actor's own, or of a domain the actor manages.
func maySeeKey(actor directory.Actor, key Key) bool {
	if key.UserID != "" && key.UserID == actor.UserID {
		return true
	}
	act := directory.ActManageDomain
	if key.DomainID == "" {
		act = directory.ActManageServer
	}
	return directory.May(actor, act, directory.Target{DomainID: key.DomainID}) && directory.MayGrant(actor, key.Scope)
}

// List lists the keys that an actor may see, the oldest first.
func (k *Keys) List(ctx context.Context, actor directory.Actor) ([]Key, error) {
	all, err := k.cfg.Store.Keys(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the API keys: %w", err)
	}
	var seen []Key
	for _, key := range all {
		if maySeeKey(actor, key) {
			seen = append(seen, key)
		}
	}
	return seen, nil
}

// Revoke ends a key at once. It fails with [ErrNoKey].
func (k *Keys) Revoke(ctx context.Context, actor directory.Actor, id string) error {
	seen, err := k.List(ctx, actor)
	if err != nil {
		return err
	}
	for _, key := range seen {
		if key.ID != id {
			continue
		}
		if err := k.cfg.Store.DropKey(ctx, id, k.entry(actor, key, "key.revoked")); err != nil {
			return fmt.Errorf("revoke an API key: %w", err)
		}
		return nil
	}
	return ErrNoKey
}

func (k *Keys) entry(actor directory.Actor, key Key, action string) audit.Entry {
	return audit.Entry{
		ID: directory.NewID(), DomainID: key.DomainID, At: k.cfg.Now().UTC(), Actor: actor.Name,
		Action: action, UserID: key.UserID, Detail: key.Name + " " + string(key.Scope),
	}
}
