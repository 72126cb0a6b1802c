package hotdesk

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// Holder is for whom a device acts.
type Holder struct {
	User    *directory.User // nil: nobody
	Session *Session        // nil: no session; the device acts for its owner
}

// HolderOf tells for whom a device acts at this moment: for the person logged
// in there, else its owner, else nobody. It is asked for every call and its
// answer is not kept. A session whose time is up, or that the directory no
// longer allows, counts as over although nobody has ended it yet.
func (s *Service) HolderOf(ctx context.Context, device directory.Device) (Holder, error) {
	office := s.office(device.ID, "")
	holder := Holder{User: office.Owner}
	if !lendable(office) {
		return holder, nil
	}
	held, err := s.open(ctx, Query{DeviceID: device.ID, Open: true})
	if err != nil {
		return Holder{}, err
	}
	for _, session := range held {
		if person, found := s.cfg.Directory.User(session.UserID); found && s.stands(session) {
			return Holder{User: &person, Session: &session}, nil
		}
	}
	return holder, nil
}

// DesksOf returns the sessions that a person has at this moment.
func (s *Service) DesksOf(ctx context.Context, userID string) ([]Session, error) {
	held, err := s.open(ctx, Query{UserID: userID, Open: true})
	if err != nil {
		return nil, err
	}
	var standing []Session
	for _, session := range held {
		if s.stands(session) {
			standing = append(standing, session)
		}
	}
	return standing, nil
}

func lendable(office Office) bool { return CheckDesk(office) == nil }

// stands reports whether an open session counts: whether neither the clock nor
// the directory has ended it already.
func (s *Service) stands(session Session) bool {
	_, allowed := StillAllowed(session, s.office(session.DeviceID, session.UserID))
	return allowed && !timeIsUp(session, s.cfg.Now())
}
