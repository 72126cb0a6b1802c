package hotdesk

import (
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Office is what the directory says at this moment about a desk and a person.
// What it no longer knows is nil.
type Office struct {
	Domain *directory.Domain
	Device *directory.Device
	Owner  *directory.User // of the device; nil for one that nobody owns
	Person *directory.User
}

// State is all that a decision about a login depends on, besides the time.
type State struct {
	Office

	Zone      *time.Location // of the domain
	Holding   *Session       // the open session at the device; nil: none
	Elsewhere []Session      // the person's open sessions at other devices
	InCall    bool           // the device is in a call with somebody
}

// Request is how somebody asks for a desk.
type Request struct {
	Door     Door
	TakeOver bool // knowing who holds the desk
}

// Closing is a session that a decision ends.
type Closing struct {
	Session Session
	Reason  Reason
}

// Decision is what a login that is granted does.
type Decision struct {
	End    []Closing
	Start  *Session   // without its ID; nil when the person holds the desk already
	Extend *Extension // of the session the person holds already
}

// Login decides about a person's request for a desk. It refuses with
// [ErrSwitchedOff], [ErrNotHotDesk], [ErrNotAllowed], a [*TakenError] or an
// [*ElsewhereError], the first of these that applies.
//
// A session whose time is up stands in nobody's way, even when the clock has
// not ended it yet. The holder's own login changes nothing, but at the phone
// it extends the session: see [KeptUntil].
func Login(state State, request Request, now time.Time) (Decision, error) {
	if err := CheckDesk(state.Office); err != nil {
		return Decision{}, err
	}
	if !mayUse(state.Office) {
		return Decision{}, ErrNotAllowed
	}
	if s := state.Holding; s != nil && s.UserID == state.Person.ID && !timeIsUp(*s, now) {
		return keep(state, request, now), nil
	}
	var decision Decision
	if err := decision.clearDesk(state, request, now); err != nil {
		return Decision{}, err
	}
	if err := decision.leaveOthers(state, now); err != nil {
		return Decision{}, err
	}
	policy := state.Domain.HotDesking
	endsAt, endsAs := EndsAt(policy, state.Zone, now)
	decision.Start = &Session{
		DomainID: state.Domain.ID, DeviceID: state.Device.ID, OwnerID: state.Device.OwnerID, UserID: state.Person.ID,
		Door: request.Door, StartedAt: now, UsedAt: now, EndsAt: endsAt, EndsAs: endsAs, WarnAt: WarnAt(policy, endsAt, now),
	}
	return decision, nil
}

// CheckDesk refuses a desk at which nobody may log in: with [ErrSwitchedOff],
// else with [ErrNotHotDesk].
func CheckDesk(office Office) error {
	if office.Domain == nil || office.Device == nil || office.Device.DomainID != office.Domain.ID {
		return ErrNotHotDesk
	}
	policy := office.Domain.HotDesking
	switch {
	case !policy.Enabled:
		return ErrSwitchedOff
	case office.Device.Disabled, !IsHotDesk(*office.Device, office.Owner, policy), office.Owner != nil && office.Owner.Disabled:
		return ErrNotHotDesk
	default:
		return nil
	}
}

// IsHotDesk reports whether a device can be borrowed: nobody owns it, or a
// desk account does. The owner is nil when there is none.
func IsHotDesk(device directory.Device, owner *directory.User, policy directory.HotDesking) bool {
	if device.OwnerID == "" {
		return true
	}
	return owner != nil && owner.ID == device.OwnerID && owner.IsDeskAccount(policy)
}

// MayHotDesk reports whether a user of a domain may log in at its hot desks.
func MayHotDesk(user directory.User, domain directory.Domain) bool {
	return user.DomainID == domain.ID && !user.Disabled && !user.NoHotDesking && !user.IsDeskAccount(domain.HotDesking)
}

// StillAllowed reports whether the directory still allows a session, and if
// not, as what it ends. A desk that was given to another owner, or whose desk
// account is gone, is not the desk that was lent.
func StillAllowed(session Session, office Office) (Reason, bool) {
	if CheckDesk(office) != nil || office.Device.OwnerID != session.OwnerID || !mayUse(office) {
		return Withdrawn, false
	}
	return "", true
}

func mayUse(office Office) bool {
	return office.Person != nil && MayHotDesk(*office.Person, *office.Domain)
}

// keep decides about a login by the person who holds the desk.
func keep(state State, request Request, now time.Time) Decision {
	if request.Door != DoorStarCode && request.Door != DoorActivate {
		return Decision{}
	}
	extension := extend(state.Holding.ID, state.Domain.HotDesking, state.Zone, now)
	return Decision{Extend: &extension}
}

func extend(sessionID string, policy directory.HotDesking, zone *time.Location, now time.Time) Extension {
	endsAt, endsAs := KeptUntil(policy, zone, now)
	return Extension{SessionID: sessionID, EndsAt: endsAt, EndsAs: endsAs, WarnAt: WarnAt(policy, endsAt, now), UsedAt: now}
}

// clearDesk ends the session at the desk, or refuses.
func (d *Decision) clearDesk(state State, request Request, now time.Time) error {
	held := state.Holding
	if held == nil {
		return nil
	}
	policy := state.Domain.HotDesking
	if reason, due := Due(policy, *held, state.InCall, now); due {
		d.End = append(d.End, Closing{*held, reason})
		return nil
	}
	offered := mayTakeOver(policy, state, now)
	if !offered || !request.TakeOver {
		return &TakenError{
			UserID: held.UserID, Since: held.StartedAt, UsedAt: held.UsedAt,
			InCall: state.InCall, Offered: offered,
		}
	}
	d.End = append(d.End, Closing{*held, TakenOver})
	return nil
}

func mayTakeOver(policy directory.HotDesking, state State, now time.Time) bool {
	switch policy.WhenTaken {
	case directory.TakenConfirm:
		return true
	case directory.TakenIdle:
		unused := now.Sub(state.Holding.UsedAt)
		return !state.InCall && unused >= time.Duration(policy.TakeOverIdle)*time.Minute
	default:
		return false
	}
}

// leaveOthers ends the person's sessions at other desks, or refuses.
func (d *Decision) leaveOthers(state State, now time.Time) error {
	for _, other := range state.Elsewhere {
		switch {
		case timeIsUp(other, now):
			d.End = append(d.End, Closing{other, other.limit()})
		case state.Domain.HotDesking.WhenElsewhere == directory.ElsewhereAllow:
		case state.Domain.HotDesking.WhenElsewhere == directory.ElsewhereDeny:
			return &ElsewhereError{DeviceID: other.DeviceID, Since: other.StartedAt}
		default:
			d.End = append(d.End, Closing{other, Moved})
		}
	}
	return nil
}
