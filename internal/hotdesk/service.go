package hotdesk

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// Directory is what a [Service] asks of the directory. It answers from memory.
type Directory interface {
	Domains() []directory.Domain
	Domain(id string) (directory.Domain, bool)
	Device(id string) (directory.Device, bool)
	User(id string) (directory.User, bool)
}

// Calls knows which devices are in calls.
type Calls interface {
	// InCall reports whether a device is in a call with somebody. A
	// conversation with the system, such as the login itself, is no call.
	InCall(deviceID string) bool
}

// Config is what a [Service] needs.
type Config struct {
	Store     Store
	Directory Directory
	Calls     Calls
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger
	// Encode makes the payload of an [OutboxFact]; [encoding/json.Marshal].
	Encode func(payload any) ([]byte, error)
}

// Service is the one way into and out of sessions, for every door. It is safe
// for concurrent use.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// By says who does something, and through which door.
type By struct {
	Actor string // as [audit.Entry] has it
	Door  Door
}

// LoginRequest asks for a desk for a person whom login.Service has proven, or
// for whom somebody acts who may manage the domain.
type LoginRequest struct {
	DeviceID string
	UserID   string
	TakeOver bool // the caller was told who holds the desk, and wants it
	By       By   // an empty Actor stands for the person
}

// LoginResult is what a login led to.
type LoginResult struct {
	Session  Session
	Extended bool      // the person already held the desk, and keeps it for longer
	Started  bool      // the session is new; neither: the person held the desk already
	Ended    []Session // the sessions that made way
}

// Login gives a desk to a person. Its refusals are [ErrSwitchedOff],
// [ErrNotHotDesk], [ErrNotAllowed], a [*TakenError] or an [*ElsewhereError];
// each is in the audit log. A device or user that does not exist is
// [directory.ErrNotFound].
func (s *Service) Login(ctx context.Context, req LoginRequest) (LoginResult, error) {
	return LoginResult{}, ctx.Err()
}

// CheckDesk refuses a desk at which nobody may log in, before a conversation
// there asks for a PIN: [ErrSwitchedOff] or [ErrNotHotDesk], with an audit entry.
func (s *Service) CheckDesk(ctx context.Context, deviceID string) error { return ctx.Err() }

// Refuse writes down a refusal that was decided elsewhere, such as a wrong PIN.
// DomainID and At are filled in.
func (s *Service) Refuse(ctx context.Context, refused Refused) error { return ctx.Err() }

// Release ends the session at a hot desk for whoever stands at it. It fails
// with [ErrNoSession] when nobody holds the desk.
func (s *Service) Release(ctx context.Context, deviceID string, by By) (Session, error) {
	return Session{}, ctx.Err()
}

// ReleasePerson ends all sessions of a person, as asked from a device of that
// person's own. It fails with [ErrNoSession] when there is none.
func (s *Service) ReleasePerson(ctx context.Context, userID string, by By) ([]Session, error) {
	return nil, ctx.Err()
}

// End ends the open session with that ID, or the one at the device with that
// ID, for somebody who may: the person itself, or a manager. It fails with
// [ErrNoSession] when there is none.
func (s *Service) End(ctx context.Context, id string, by By) (Session, error) {
	return Session{}, ctx.Err()
}

// ReleaseDue ends the sessions whose time has come, in batches, and returns
// how many.
func (s *Service) ReleaseDue(ctx context.Context, now time.Time) (int, error) { return 0, ctx.Err() }

// Reconcile ends the open sessions of a domain that the directory no longer
// allows; of all domains when domainID is "". It returns how many.
func (s *Service) Reconcile(ctx context.Context, domainID string) (int, error) { return 0, ctx.Err() }

// Used notes that the desk of a session was used: a call or a key press. A
// login that was tried there is no use of it. It returns at once; the note is
// stored within seconds. No session is nil.
func (s *Service) Used(session *Session) {}

// Holder is for whom a device acts.
type Holder struct {
	User    *directory.User // nil: nobody
	Session *Session        // nil: no session, the device acts for its owner
}

// HolderOf tells for whom a device acts at this moment. It is asked for every
// call and its answer is not kept.
func (s *Service) HolderOf(ctx context.Context, device directory.Device) (Holder, error) {
	return Holder{}, ctx.Err()
}

// DesksOf returns the sessions that a person has at this moment.
func (s *Service) DesksOf(ctx context.Context, userID string) ([]Session, error) {
	return nil, ctx.Err()
}

// Sessions reads sessions, newest first.
func (s *Service) Sessions(ctx context.Context, q Query) ([]Session, error) {
	return s.cfg.Store.Sessions(ctx, q)
}

// Run ends sessions when their time comes, watches the directory for changes
// and stores what was used, until the context ends.
func (s *Service) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
