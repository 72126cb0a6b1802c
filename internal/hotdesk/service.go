package hotdesk

import (
	"context"
	"fmt"
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

// Config is what a [Service] needs; all of it.
type Config struct {
	Store     Store
	Directory Directory
	Calls     Calls
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger
	// Encode makes the payload of an [outbox.Fact]: [encoding/json.Marshal].
	Encode func(payload any) ([]byte, error)
}

// Service is the one way into and out of sessions, for every door. It is safe
// for concurrent use, also beside services on the same store in other servers.
type Service struct {
	cfg   Config
	uses  uses
	zones zones
	// The store's unique index guards a desk, but nothing there guards a person
	// who logs in at two desks at once; and decisions that come one after the
	// other need no second try.
	people, desks locks
	kick          chan struct{} // wakes the clock for a session that ends soon
}

// New makes a service. [Service.Run] is its clock.
func New(cfg Config) *Service { return &Service{cfg: cfg, kick: make(chan struct{}, 1)} }

// By says who does something, and through which door.
type By struct {
	Actor string // as [audit.Entry] has it; empty: the person whose session it is
	Door  Door
}

const (
	systemActor = "system"
	// callerActor is an unproven person at a desk.
	callerActor = "caller"
)

// Release ends the session at a hot desk for whoever stands at it. It fails
// with [ErrNoSession] when nobody holds the desk.
func (s *Service) Release(ctx context.Context, deviceID string, by By) (Session, error) {
	held, err := s.open(ctx, Query{DeviceID: deviceID, Open: true})
	if err != nil {
		return Session{}, err
	}
	return s.endOne(ctx, held, Released, by)
}

// ReleasePerson ends all sessions of a person, as asked from a device of that
// person's own. It fails with [ErrNoSession] when there is none.
func (s *Service) ReleasePerson(ctx context.Context, userID string, by By) ([]Session, error) {
	held, err := s.open(ctx, Query{UserID: userID, Open: true})
	if err != nil {
		return nil, err
	}
	ended, err := s.end(ctx, held, Released, by)
	if err == nil && len(ended) == 0 {
		return nil, ErrNoSession
	}
	return ended, err
}

// End ends the open session with that ID, or the one at the device with that
// ID, for somebody who may: the person whose session it is, or a manager. It
// fails with [ErrNoSession] when there is none.
func (s *Service) End(ctx context.Context, id string, by By) (Session, error) {
	held, err := s.open(ctx, Query{DeviceID: id, Open: true})
	if err == nil && len(held) == 0 {
		held, err = s.open(ctx, Query{ID: id, Open: true})
	}
	if err != nil {
		return Session{}, err
	}
	reason := EndedByAdmin
	if len(held) == 1 && (by.Actor == "" || by.Actor == held[0].UserID) {
		reason = Released
	}
	return s.endOne(ctx, held, reason, by)
}

// Sessions reads sessions, newest first.
func (s *Service) Sessions(ctx context.Context, q Query) ([]Session, error) {
	return s.cfg.Store.Sessions(ctx, q)
}

// open reads open sessions. An ID that is empty would select everybody's.
func (s *Service) open(ctx context.Context, q Query) ([]Session, error) {
	if q.ID == "" && q.DeviceID == "" && q.UserID == "" {
		return nil, nil
	}
	found, err := s.cfg.Store.Sessions(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read the open sessions: %w", err)
	}
	return found, nil
}

func (s *Service) endOne(ctx context.Context, held []Session, reason Reason, by By) (Session, error) {
	ended, err := s.end(ctx, held, reason, by)
	if err != nil {
		return Session{}, err
	}
	if len(ended) == 0 {
		return Session{}, ErrNoSession
	}
	return ended[0], nil
}

// end closes sessions in one transaction and returns those that it closed.
func (s *Service) end(ctx context.Context, held []Session, reason Reason, by By) ([]Session, error) {
	var act act
	for _, session := range held {
		if err := s.addEnding(&act, session, reason, by, s.cfg.Now()); err != nil {
			return nil, err
		}
	}
	return s.commit(ctx, act)
}

// office reads what the directory says about a desk and a person; userID may
// be "".
func (s *Service) office(deviceID, userID string) Office {
	var o Office
	if device, found := s.cfg.Directory.Device(deviceID); found {
		o.Device = &device
		if domain, found := s.cfg.Directory.Domain(device.DomainID); found {
			o.Domain = &domain
		}
		if owner, found := s.cfg.Directory.User(device.OwnerID); found && device.OwnerID != "" {
			o.Owner = &owner
		}
	}
	if userID == "" {
		return o
	}
	if person, found := s.cfg.Directory.User(userID); found {
		o.Person = &person
	}
	return o
}
