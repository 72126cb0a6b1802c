package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// ErrWrong is the one answer to an account that is unknown, disabled, a desk
// account, not allowed to use hot desks or without a PIN, and to a wrong PIN.
// It takes the same time for all of them.
var ErrWrong = errors.New("the account or the secret is wrong")

// LockedError says that too many wrong tries were made for the account or from
// the device. It looks the same for accounts that do not exist, and whether
// the secret was right.
type LockedError struct {
	Until time.Time
	Here  bool // only the device, or other source, is locked: the account may log in elsewhere
}

// Error says until when.
func (e *LockedError) Error() string {
	return "too many wrong tries; locked until " + e.Until.UTC().Format(time.RFC3339)
}

// Directory is what a [Service] asks of the directory.
type Directory interface {
	// Domain finds a domain by its ID.
	Domain(id string) (directory.Domain, bool)
	// UserByExtension finds a user of a domain.
	UserByExtension(domainID, extension string) (directory.User, bool)
}

// Config is what a [Service] needs.
type Config struct {
	Store     Store
	Directory Directory
	Now       func() time.Time
	Log       *slog.Logger
	// Verify reports whether a hash is that of a secret; nil stands for
	// [credential.Verify].
	Verify func(secret, hash string) bool
}

// Service proves who someone is. It is safe for concurrent use.
type Service struct {
	cfg Config
	// Tries of one subject come one after the other: else a burst of them would
	// all be verified before the first is counted.
	turns keyed
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Verify == nil {
		cfg.Verify = credential.Verify
	}
	return &Service{cfg: cfg}
}

// Account is the subject of an account's PIN, also of one that does not exist.
func Account(domainID, extension string) string { return subject("account", domainID, extension) }

// Device is the subject of a device at which PINs are keyed in.
func Device(deviceID string) string { return "device:" + deviceID }

// Portal is the subject of an account's portal password.
func Portal(domainID, extension string) string { return subject("portal", domainID, extension) }

// Source is the subject of a place that passwords come from. Places that differ
// only behind [maxSource] bytes count as one.
func Source(source string) string { return "source:" + source[:min(len(source), maxSource)] }

// maxSource is longer than any IP address with a port and a zone: nobody fills
// the store with long texts.
const maxSource = 80

// maxExtension is the number of digits that no extension exceeds.
const maxExtension = 10

// subject counts everything that cannot be an extension as one account, so
// that nobody fills the store with made-up texts.
func subject(kind, domainID, extension string) string {
	if extension == "" || len(extension) > maxExtension || strings.Trim(extension, "0123456789") != "" {
		extension = "none"
	}
	return kind + ":" + domainID + "/" + extension
}

// CheckPIN returns the person whose extension and PIN were keyed in at a
// device. It fails with [ErrWrong] or a [*LockedError]; any other error is a
// fault of the store or the end of the context.
func (s *Service) CheckPIN(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	user, found := s.person(domainID, extension)
	return s.checkPIN(ctx, domainID, deviceID, extension, pin, try{user: user, mayUse: found && !user.NoHotDesking})
}

// CheckMailbox is [Service.CheckPIN] for who wants to listen to messages, which
// needs no right to use hot desks. Wrong tries count together.
func (s *Service) CheckMailbox(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	user, found := s.person(domainID, extension)
	return s.checkPIN(ctx, domainID, deviceID, extension, pin, try{user: user, mayUse: found})
}

func (s *Service) checkPIN(ctx context.Context, domainID, deviceID, extension, pin string, t try) (directory.User, error) {
	t.account, t.source = Account(domainID, extension), Device(deviceID)
	t.secret, t.hash, t.dummy = pin, t.user.PINHash, credential.NobodysPIN
	return s.check(ctx, t)
}

// CheckPassword returns the user whose extension and portal password came from
// a source, such as an IP address. It fails as [Service.CheckPIN] does; the
// failures of passwords are counted apart from those of PINs.
func (s *Service) CheckPassword(ctx context.Context, domainID, source, extension, password string) (directory.User, error) {
	user, _ := s.cfg.Directory.UserByExtension(domainID, extension)
	return s.check(ctx, try{
		account: Portal(domainID, extension), source: Source(source),
		secret: password, hash: user.PasswordHash, dummy: credential.NobodysPassword, user: user, mayUse: mayUsePortal(user),
	})
}

// person finds a user and reports whether it is a person who may log in.
func (s *Service) person(domainID, extension string) (directory.User, bool) {
	user, found := s.cfg.Directory.UserByExtension(domainID, extension)
	domain, known := s.cfg.Directory.Domain(domainID)
	may := found && known && !user.Disabled && !user.IsDeskAccount(domain.HotDesking)
	return user, may
}

// try is one attempt to prove who somebody is.
type try struct {
	account, source string // the subjects it counts for
	secret          string
	hash            string // "" when the account has none
	dummy           string // verified in its place
	user            directory.User
	mayUse          bool
}

func (s *Service) check(ctx context.Context, t try) (directory.User, error) {
	unlock, err := s.lock(ctx, t.account, t.source)
	if err != nil {
		return directory.User{}, err
	}
	defer unlock()
	account, source, err := s.failures(ctx, t)
	if err != nil {
		return directory.User{}, err
	}
	if until, locked := latestLock(s.cfg.Now(), account, source); locked {
		_, everywhere := Locked(account, s.cfg.Now())
		return directory.User{}, &LockedError{Until: until, Here: !everywhere}
	}
	right := s.verify(t)
	// From here on the caller knows the answer: hanging up must not undo that
	// the try counts.
	ctx = context.WithoutCancel(ctx)
	if !right {
		return directory.User{}, s.countWrong(ctx, account, source)
	}
	if err := s.forgive(ctx, account, source); err != nil {
		return directory.User{}, err
	}
	return t.user, nil
}

// verify does the same work whether the account can be used or not.
func (s *Service) verify(t try) bool {
	hash, usable := t.hash, t.mayUse && t.hash != "" && t.secret != ""
	if credential.CheckHash(hash) != nil {
		hash, usable = t.dummy, false
	}
	secret := t.secret
	if secret == "" || len(secret) > credential.MaxPassword {
		secret, usable = "none", false
	}
	return s.cfg.Verify(secret, hash) && usable
}

// countWrong counts a wrong try and returns what the caller gets to know.
func (s *Service) countWrong(ctx context.Context, account, source Failures) error {
	now := s.cfg.Now()
	account = AccountLimits().Failed(account, now)
	source = SourceLimits().Failed(source, now)
	if err := s.cfg.Store.Save(ctx, account, source); err != nil {
		return fmt.Errorf("count a wrong try: %w", err)
	}
	for _, f := range []Failures{account, source} {
		if until, locked := Locked(f, now); locked {
			s.cfg.Log.WarnContext(ctx, "locked after wrong tries",
				slog.String("subject", f.Subject), slog.Int("round", f.Rounds), slog.Time("until", until))
		}
	}
	return ErrWrong
}

// forgive forgets the wrong tries that a right one makes up for.
func (s *Service) forgive(ctx context.Context, account, source Failures) error {
	if account.Count == 0 && account.Rounds == 0 {
		return nil
	}
	forgiven := SourceLimits().Forgiven(source, account, s.cfg.Now())
	if err := s.cfg.Store.Save(ctx, Failures{Subject: account.Subject}, forgiven); err != nil {
		return fmt.Errorf("forget wrong tries: %w", err)
	}
	return nil
}

// Run forgets, hour by hour, the wrong tries that no longer count, until the
// context ends.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		// The longest window is that of accounts; who is forgotten later than need
		// be starts afresh all the same.
		before := s.cfg.Now().Add(-AccountLimits().Window)
		if err := s.cfg.Store.Forget(ctx, before); err != nil && ctx.Err() == nil {
			s.cfg.Log.ErrorContext(ctx, "old wrong tries were not forgotten", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// LockedUntil tells until when a user is locked out, at desks or in the portal;
// the zero time when not.
func (s *Service) LockedUntil(ctx context.Context, user directory.User) (time.Time, error) {
	found, err := s.cfg.Store.Failures(ctx, Account(user.DomainID, user.Extension), Portal(user.DomainID, user.Extension))
	if err != nil {
		return time.Time{}, fmt.Errorf("read the wrong tries: %w", err)
	}
	until, _ := latestLock(s.cfg.Now(), found...)
	return until, nil
}

// LiftUser ends the lock-outs of a user, at desks and in the portal, and
// forgets the wrong tries. By is the actor, as [audit.Entry] has it.
func (s *Service) LiftUser(ctx context.Context, by string, user directory.User) error {
	return s.lift(ctx, audit.Entry{
		DomainID: user.DomainID, Actor: by, Action: "user.unlocked", UserID: user.ID, Detail: user.Extension,
	}, Account(user.DomainID, user.Extension), Portal(user.DomainID, user.Extension))
}

// LiftDevice ends the lock-out of a device, and forgets the wrong tries made at
// it. By is the actor, as [audit.Entry] has it.
func (s *Service) LiftDevice(ctx context.Context, by string, device directory.Device) error {
	return s.lift(ctx, audit.Entry{
		DomainID: device.DomainID, Actor: by, Action: "device.unlocked", DeviceID: device.ID, Detail: device.Name,
	}, Device(device.ID))
}

// LockedDevices tells at which devices nobody may try a PIN now, by ID, and
// until when.
func (s *Service) LockedDevices(ctx context.Context) (map[string]time.Time, error) {
	locked, err := s.cfg.Store.Locked(ctx, s.cfg.Now())
	if err != nil {
		return nil, fmt.Errorf("read the lock-outs: %w", err)
	}
	until := map[string]time.Time{}
	for _, f := range locked {
		if deviceID, is := strings.CutPrefix(f.Subject, Device("")); is {
			until[deviceID] = f.LockedTo
		}
	}
	return until, nil
}

func (s *Service) lift(ctx context.Context, entry audit.Entry, subjects ...string) error {
	for _, subject := range subjects {
		// A try under way would store what it has read before. No try takes the
		// turns of two accounts, so these are in an order that nobody crosses.
		unlock, err := s.turns.lock(ctx, subject)
		if err != nil {
			return fmt.Errorf("wait for the tries before: %w", err)
		}
		defer unlock()
	}
	entry.ID, entry.At = directory.NewID(), s.cfg.Now().UTC()
	if err := s.cfg.Store.Lift(ctx, entry, subjects...); err != nil {
		return fmt.Errorf("lift a lock-out: %w", err)
	}
	return nil
}

// lock takes the turns of an account and a source, always in this order.
func (s *Service) lock(ctx context.Context, account, source string) (unlock func(), err error) {
	ofAccount, err := s.turns.lock(ctx, account)
	if err != nil {
		return nil, fmt.Errorf("wait for the tries before: %w", err)
	}
	ofSource, err := s.turns.lock(ctx, source)
	if err != nil {
		ofAccount()
		return nil, fmt.Errorf("wait for the tries before: %w", err)
	}
	return func() { ofSource(); ofAccount() }, nil
}

// failures reads how often the subjects of a try failed.
func (s *Service) failures(ctx context.Context, t try) (account, source Failures, err error) {
	found, err := s.cfg.Store.Failures(ctx, t.account, t.source)
	if err != nil {
		return Failures{}, Failures{}, fmt.Errorf("read the wrong tries: %w", err)
	}
	account.Subject, source.Subject = t.account, t.source
	for _, f := range found {
		switch f.Subject {
		case t.account:
			account = f
		case t.source:
			source = f
		}
	}
	return account, source, nil
}

func latestLock(now time.Time, subjects ...Failures) (time.Time, bool) {
	var latest time.Time
	for _, f := range subjects {
		if until, locked := Locked(f, now); locked && until.After(latest) {
			latest = until
		}
	}
	return latest, !latest.IsZero()
}
