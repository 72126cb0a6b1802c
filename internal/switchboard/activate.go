package switchboard

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// activateName is shown as the caller, with the login code as the number.
const activateName = "Activate Phone"

// Activate rings the phone of a hot desk, named by its extension or device, for
// a person who is signed in to the portal; whoever answers logs in as by the
// login code. It returns when the phone is about to ring: the rest is told by
// [ActivationMoved]. Asking again for the same desk returns the call under way.
//
// It fails with one of the errors above, with [hotdesk.Service.CheckLogin]'s,
// and with [directory.ErrNotFound] when there is no such desk.
func (s *Switchboard) Activate(ctx context.Context, user directory.User, desk string) (Activation, error) {
	domain, known := s.cfg.Directory.Domain(user.DomainID)
	if !known || !domain.HotDesking.ActivatePhone {
		return Activation{}, ErrActivateOff
	}
	device, err := s.deskNamed(domain, desk)
	if err != nil {
		return Activation{}, err
	}
	if a := s.asked.of(user.ID); a.underWay() && a.now().DeviceID == device.ID {
		return a.now(), nil
	}
	by := hotdesk.By{Actor: user.ID, Door: hotdesk.DoorActivate}
	if err := s.cfg.Sessions.CheckLogin(ctx, hotdesk.LoginRequest{DeviceID: device.ID, UserID: user.ID, By: by}); err != nil {
		return Activation{}, err
	}
	switch {
	case s.cfg.Busy.InCall(device.ID):
		return Activation{}, ErrInCall
	case len(s.cfg.Locations.Lookup(device.ID)) == 0:
		return Activation{}, ErrNotRegistered
	}
	return s.beginActivation(domain, device, user)
}

// deskNamed finds a device by its name, or by the extension of its desk account.
func (s *Switchboard) deskNamed(domain directory.Domain, name string) (directory.Device, error) {
	if device, found := s.cfg.Directory.DeviceByName(domain.ID, strings.ToLower(name)); found {
		return device, nil
	}
	account, found := s.cfg.Directory.UserByExtension(domain.ID, name)
	if !found {
		return directory.Device{}, fmt.Errorf("desk %q: %w", name, directory.ErrNotFound)
	}
	if !account.IsDeskAccount(domain.HotDesking) {
		return directory.Device{}, hotdesk.ErrNotHotDesk
	}
	devices := s.cfg.Directory.DevicesOf(account.ID)
	switch len(devices) {
	case 0:
		return directory.Device{}, ErrNotRegistered
	case 1:
		return devices[0], nil
	}
	several := &SeveralError{}
	for _, d := range devices {
		several.Devices = append(several.Devices, d.Name)
	}
	return directory.Device{}, several
}

func (s *Switchboard) beginActivation(domain directory.Domain, device directory.Device, user directory.User) (Activation, error) {
	// The call outlives the request that asks for it.
	ctx, cancel := context.WithCancel(context.Background())
	a, began, err := s.asked.begin(&activation{bus: s.cfg.Events, cancel: cancel, state: Activation{
		ID: newID(), DomainID: domain.ID, UserID: user.ID, DeviceID: device.ID, StartedAt: s.cfg.Now().UTC(), Stage: StageRinging,
	}})
	if !began {
		cancel()
		if err != nil {
			return Activation{}, err
		}
		return a.now(), nil
	}
	state := a.now()
	s.cfg.Events.Publish(ActivationMoved{Activation: state})
	go func() {
		defer cancel()
		s.activate(ctx, a, domain, device)
	}()
	return state, nil
}

// activate makes the call of an activation.
func (s *Switchboard) activate(ctx context.Context, a *activation, domain directory.Domain, device directory.Device) {
	defer s.asked.end(a)
	holder := hotdesk.Holder{}
	if owner, owned := s.cfg.Directory.User(device.OwnerID); owned {
		holder.User = &owner
	}
	result := s.summon(ctx, summons{
		domain: domain, shown: callrecord.Party{Number: domain.HotDesking.LoginCode, Name: activateName}, ringFor: s.cfg.ActivateFor,
		find: func(ctx context.Context, c *call) ([]target, error) { return c.phones(ctx, device, holder), nil },
		speak: func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			if !a.reach(StageAnswered) { // cancelled in the same instant
				caller.Hangup()
				return nil
			}
			return s.cfg.Conversations.Activate(ctx, caller, desk, s.watch(a))
		},
	})
	a.fail(whyNot(result)) // unless it is over already
	s.cfg.Log.InfoContext(ctx, "a phone was rung to be activated", slog.String("device", device.Name), slog.String("stage", string(a.now().Stage)),
		slog.Any("error", a.now().Err))
}

// watch follows the login at the phone.
func (s *Switchboard) watch(a *activation) ivr.Watch {
	return ivr.Watch{
		Asked: func(what ivr.Asked) { a.reach(Stage(what)) },
		Decided: func(session hotdesk.Session, err error) {
			if err == nil && session.UserID != a.now().UserID {
				other, _ := s.cfg.Directory.User(session.UserID)
				err = &OtherPersonError{UserID: other.ID, Name: other.Name}
			}
			a.move(func(to *Activation) bool {
				to.Stage, to.Session, to.Err = StageDone, session, err
				if err != nil {
					to.Stage = StageFailed
				}
				return true
			})
		},
	}
}

// whyNot is why a call that nobody answered has activated nothing.
func whyNot(result callrecord.Result) error {
	switch result {
	case callrecord.Busy:
		return ErrInCall
	case callrecord.Declined:
		return ErrDeclined
	case callrecord.NoAnswer:
		return ErrNoAnswer
	case callrecord.NotReached:
		return ErrNotRegistered
	default:
		return ErrActivateFailed
	}
}

// ActivationOf is the last activation that a person has asked for.
func (s *Switchboard) ActivationOf(userID string) (Activation, bool) {
	a := s.asked.of(userID)
	if a == nil {
		return Activation{}, false
	}
	return a.now(), true
}

// CancelActivation stops the phone that rings for a person. A call that has been
// answered goes on, and one that is over is no error.
func (s *Switchboard) CancelActivation(userID, id string) {
	if a := s.asked.of(userID); a != nil && a.now().ID == id {
		a.stop()
	}
}
