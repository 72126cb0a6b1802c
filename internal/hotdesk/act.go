package hotdesk

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// act is one change and what is told of it once it is stored.
type act struct {
	change Change
	ended  []Session // as they are if the change closes them
	facts  []events.Fact
}

func (s *Service) addEnding(a *act, session Session, reason Reason, by By, now time.Time) error {
	if by.Actor == "" {
		by.Actor = session.UserID
	}
	session.EndedAt, session.Ended, session.EndedBy = now, reason, by.Actor
	entry, stored, err := s.write(Ended{Session: session}, noteOf(session, by.Actor, string(reason), now), payloadOf(session))
	if err != nil {
		return err
	}
	a.change.End = append(a.change.End, Ending{
		SessionID: session.ID, At: now, Reason: reason, By: by.Actor, Audit: entry, Fact: stored,
	})
	a.ended = append(a.ended, session)
	return nil
}

// commit stores an act and then publishes its facts. It returns the sessions
// that were really closed.
func (s *Service) commit(ctx context.Context, a act) ([]Session, error) {
	if len(a.change.End) == 0 && len(a.change.Audit) == 0 && a.change.Start == nil && a.change.Extend == nil {
		return nil, nil
	}
	ids, err := s.cfg.Store.Commit(ctx, a.change)
	if err != nil {
		return nil, fmt.Errorf("store the change of sessions: %w", err)
	}
	closed := make(map[string]bool, len(ids))
	for _, id := range ids {
		closed[id] = true
	}
	var ended []Session
	for _, session := range a.ended {
		if closed[session.ID] {
			ended = append(ended, session)
			s.cfg.Events.Publish(Ended{Session: session})
		}
	}
	for _, fact := range a.facts {
		s.cfg.Events.Publish(fact)
	}
	return ended, nil
}

func (a *act) write(entry audit.Entry, stored outbox.Fact, fact events.Fact) {
	a.change.Audit = append(a.change.Audit, entry)
	a.change.Facts = append(a.change.Facts, stored)
	a.facts = append(a.facts, fact)
}
