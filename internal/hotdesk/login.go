package hotdesk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// LoginRequest asks for a desk for a person whom login.Service has proven, or
// for whom somebody acts who may manage the domain.
type LoginRequest struct {
	DeviceID string
	UserID   string
	TakeOver bool // the caller was told who holds the desk, and wants it
	By       By
}

// LoginResult is what a login led to.
type LoginResult struct {
	Session  Session
	Started  bool      // the session is new; else the person held the desk already
	Extended bool      // the person held the desk already, and keeps it for longer
	Ended    []Session // the sessions that made way
}

// A decision that another server's login overtook is made again; as each try
// loses only to one that succeeded, so many in a row mean a broken store.
const maxTries = 10

// Login gives a desk to a person. Its refusals are [ErrSwitchedOff],
// [ErrNotHotDesk], [ErrNotAllowed], a [*TakenError] or an [*ElsewhereError];
// each is in the audit log. A device or user that does not exist is
// [directory.ErrNotFound].
func (s *Service) Login(ctx context.Context, req LoginRequest) (LoginResult, error) {
	if req.By.Actor == "" {
		req.By.Actor = req.UserID
	}
	defer s.people.lock(req.UserID)()
	defer s.desks.lock(req.DeviceID)()
	for try := 1; ; try++ {
		state, err := s.state(ctx, req.DeviceID, req.UserID)
		if err != nil {
			return LoginResult{}, err
		}
		now := s.cfg.Now()
		decision, err := Login(state, Request{Door: req.By.Door, TakeOver: req.TakeOver}, now)
		if err != nil {
			err = s.name(err)
			s.noteRefusal(ctx, state.Office, req, err)
			return LoginResult{}, err
		}
		result, err := s.carryOut(ctx, state, decision, req.By, now)
		overtaken := errors.Is(err, ErrTaken) || errors.Is(err, ErrEnded)
		if !overtaken || try == maxTries {
			return result, err
		}
	}
}

// CheckDesk refuses a desk at which nobody may log in, before a conversation
// there asks for a PIN: [ErrSwitchedOff] or [ErrNotHotDesk], with an audit
// entry.
func (s *Service) CheckDesk(ctx context.Context, deviceID string) error {
	office := s.office(deviceID, "")
	if office.Device == nil || office.Domain == nil {
		return fmt.Errorf("device %s: %w", deviceID, directory.ErrNotFound)
	}
	err := CheckDesk(office)
	if err != nil {
		s.noteRefusal(ctx, office, LoginRequest{DeviceID: deviceID, By: By{Door: DoorStarCode}}, err)
	}
	return err
}

// CheckLogin refuses what [Service.Login] would refuse, before anybody is asked
// for a PIN; it changes nothing. A desk that the person may take over is not
// refused, as that is asked there.
func (s *Service) CheckLogin(ctx context.Context, req LoginRequest) error {
	state, err := s.state(ctx, req.DeviceID, req.UserID)
	if err != nil {
		return err
	}
	if _, err := Login(state, Request{Door: req.By.Door, TakeOver: true}, s.cfg.Now()); err != nil {
		err = s.name(err)
		s.noteRefusal(ctx, state.Office, req, err)
		return err
	}
	return nil
}

// Refuse writes down a refusal that was decided elsewhere, such as a wrong
// PIN. DomainID and At are filled in.
func (s *Service) Refuse(ctx context.Context, refused Refused) error {
	device, found := s.cfg.Directory.Device(refused.DeviceID)
	if !found {
		return fmt.Errorf("device %s: %w", refused.DeviceID, directory.ErrNotFound)
	}
	refused.DomainID, refused.At = device.DomainID, s.cfg.Now()
	actor := refused.UserID
	if actor == "" {
		actor = callerActor
	}
	return s.refuse(ctx, refused, actor)
}

// noteRefusal writes down a refusal of the rules. It stands also when that
// cannot be stored.
func (s *Service) noteRefusal(ctx context.Context, office Office, req LoginRequest, cause error) {
	refused := Refused{
		DomainID: office.Device.DomainID, DeviceID: req.DeviceID, UserID: req.UserID,
		Door: req.By.Door, Code: RefusalCode(cause), At: s.cfg.Now(),
	}
	if office.Person != nil {
		refused.Account = office.Person.Extension
	}
	actor := req.By.Actor
	if actor == "" {
		actor = callerActor
	}
	if err := s.refuse(ctx, refused, actor); err != nil {
		s.cfg.Log.ErrorContext(ctx, "a refused login is not in the audit log",
			slog.String("device_id", req.DeviceID), slog.String("refusal", refused.Code), slog.Any("error", err))
	}
}

func (s *Service) refuse(ctx context.Context, refused Refused, actor string) error {
	n := note{refused.DomainID, refused.DeviceID, refused.UserID, actor, refused.Code, refused.At}
	entry, stored, err := s.write(refused, n, outbox.Refusal{
		DeviceID: refused.DeviceID, UserID: refused.UserID, Account: refused.Account,
		Door: string(refused.Door), Reason: refused.Code,
	})
	if err != nil {
		return err
	}
	var a act
	a.write(entry, stored, refused)
	_, err = s.commit(ctx, a)
	return err
}

// state reads all that a login at a desk depends on.
func (s *Service) state(ctx context.Context, deviceID, userID string) (State, error) {
	state := State{Office: s.office(deviceID, userID)}
	switch {
	case state.Device == nil || state.Domain == nil:
		return State{}, fmt.Errorf("device %s: %w", deviceID, directory.ErrNotFound)
	case state.Person == nil:
		return State{}, fmt.Errorf("user %s: %w", userID, directory.ErrNotFound)
	}
	var err error
	if state.Zone, err = s.zones.find(state.Domain.TimeZone); err != nil {
		return State{}, err
	}
	held, err := s.open(ctx, Query{DeviceID: deviceID, Open: true})
	if err != nil {
		return State{}, err
	}
	if len(held) > 0 {
		held[0].UsedAt = s.uses.latest(held[0])
		state.Holding = &held[0]
	}
	others, err := s.open(ctx, Query{UserID: userID, Open: true})
	if err != nil {
		return State{}, err
	}
	for _, other := range others {
		if other.DeviceID != deviceID {
			state.Elsewhere = append(state.Elsewhere, other)
		}
	}
	state.InCall = s.cfg.Calls.InCall(deviceID)
	return state, nil
}

// carryOut stores what the rules decided.
func (s *Service) carryOut(ctx context.Context, state State, d Decision, by By, now time.Time) (LoginResult, error) {
	var a act
	for _, closing := range d.End {
		ender := by
		if isLimit(closing.Reason) {
			ender = By{Actor: systemActor, Door: DoorClock}
		}
		if err := s.addEnding(&a, closing.Session, closing.Reason, ender, now); err != nil {
			return LoginResult{}, err
		}
	}
	result := LoginResult{Started: d.Start != nil, Extended: d.Extend != nil}
	var err error
	switch {
	case d.Start != nil:
		result.Session = *d.Start
		result.Session.ID = newID()
		err = s.addStart(&a, result.Session, by)
	case d.Extend != nil:
		result.Session = d.Extend.of(*state.Holding)
		err = s.addExtension(&a, result.Session, *d.Extend, by)
	default:
		result.Session = *state.Holding
	}
	if err != nil {
		return LoginResult{}, err
	}
	if result.Ended, err = s.commit(ctx, a); err != nil {
		return LoginResult{}, err
	}
	s.wakeFor(result.Session, now)
	return result, nil
}

func isLimit(r Reason) bool { return r == Nightly || r == HourLimit || r == IdleLimit }

func (s *Service) addStart(a *act, session Session, by By) error {
	fact := LoggedIn{Session: session}
	entry, stored, err := s.write(fact, noteOf(session, by.Actor, string(by.Door), session.StartedAt), payloadOf(session))
	if err != nil {
		return err
	}
	a.change.Start = &session
	a.write(entry, stored, fact)
	return nil
}

// of is a session as it is once it is extended.
func (e Extension) of(s Session) Session {
	s.EndsAt, s.EndsAs, s.WarnAt, s.UsedAt = e.EndsAt, e.EndsAs, e.WarnAt, e.UsedAt
	return s
}

func (s *Service) addExtension(a *act, session Session, extension Extension, by By) error {
	fact := Extended{Session: session}
	entry, stored, err := s.write(fact, noteOf(session, by.Actor, string(by.Door), extension.UsedAt), payloadOf(session))
	if err != nil {
		return err
	}
	a.change.Extend = &extension
	a.write(entry, stored, fact)
	return nil
}

// name adds to a refusal the names that the rules do not know.
func (s *Service) name(refusal error) error {
	if taken, is := errors.AsType[*TakenError](refusal); is {
		if holder, found := s.cfg.Directory.User(taken.UserID); found {
			taken.Name = holder.Name
		}
	}
	if elsewhere, is := errors.AsType[*ElsewhereError](refusal); is {
		if device, found := s.cfg.Directory.Device(elsewhere.DeviceID); found {
			elsewhere.Name = device.Name
		}
	}
	return refusal
}
