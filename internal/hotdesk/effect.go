package hotdesk

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Effect is what a change of the directory does to the sessions that are open.
type Effect struct {
	Ends []Closing // at once
	Stay []Session // go on until the end that their login set, although the next login will get another
}

// Empty reports whether no session notices the change.
func (e Effect) Empty() bool { return len(e.Ends)+len(e.Stay) == 0 }

// Outlook tells whether an open session ends at once under an office, and why.
func Outlook(s Session, office Office, inCall bool, now time.Time) (Reason, bool) {
	if reason, allowed := StillAllowed(s, office); !allowed {
		return reason, true
	}
	return Due(office.Domain.HotDesking, s, inCall, now)
}

// Effect tells what an edit of the directory would do to the open sessions,
// for whoever is about to make it: see [directory.Service.Try].
func (s *Service) Effect(ctx context.Context, edit directory.Edit) (Effect, error) {
	var effect Effect
	domain := edit.Before.Domain
	if domain.ID == "" {
		return effect, nil // a new domain has no sessions
	}
	open, err := s.cfg.Store.Sessions(ctx, Query{DomainID: domain.ID, Open: true})
	if err != nil {
		return effect, fmt.Errorf("read the open sessions: %w", err)
	}
	otherEnd, err := s.otherEnd(domain, edit.After.Domain)
	if err != nil {
		return effect, err
	}
	before, after, now := officesOf(&edit.Before), officesOf(&edit.After), s.cfg.Now()
	for _, session := range open {
		session.UsedAt = s.uses.latest(session)
		inCall := s.cfg.Calls.InCall(session.DeviceID)
		if _, over := Outlook(session, before(session), inCall, now); over {
			continue
		}
		if reason, ends := Outlook(session, after(session), inCall, now); ends {
			effect.Ends = append(effect.Ends, Closing{session, reason})
		} else if otherEnd(session) {
			effect.Stay = append(effect.Stay, session)
		}
	}
	return effect, nil
}

// otherEnd tells of a session whether one that starts when it did would end at
// another time after a change.
func (s *Service) otherEnd(before, after directory.Domain) (func(Session) bool, error) {
	old, err := s.zones.find(before.TimeZone)
	if err != nil {
		return nil, err
	}
	zone, err := s.zones.find(after.TimeZone)
	if err != nil {
		return nil, err
	}
	return func(session Session) bool {
		was, _ := EndsAt(before.HotDesking, old, session.StartedAt)
		is, _ := EndsAt(after.HotDesking, zone, session.StartedAt)
		return !was.Equal(is)
	}, nil
}

// officesOf finds what an office says about the desk and the person of a session.
func officesOf(o *directory.Office) func(Session) Office {
	users := make(map[string]*directory.User, len(o.Users))
	for i := range o.Users {
		users[o.Users[i].ID] = &o.Users[i]
	}
	devices := make(map[string]*directory.Device, len(o.Devices))
	for i := range o.Devices {
		devices[o.Devices[i].ID] = &o.Devices[i]
	}
	return func(s Session) Office {
		office := Office{Domain: &o.Domain, Device: devices[s.DeviceID], Person: users[s.UserID]}
		if office.Device != nil {
			office.Owner = users[office.Device.OwnerID]
		}
		return office
	}
}
