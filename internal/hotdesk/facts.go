package hotdesk

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// LoggedIn is the fact that a session started.
type LoggedIn struct{ Session Session }

// Kind names the fact.
func (LoggedIn) Kind() string { return outbox.KindLogin }

// Extended is the fact that a session got a later end.
type Extended struct{ Session Session }

// Kind names the fact.
func (Extended) Kind() string { return "session.extended" }

// Ended is the fact that a session is over; it says when, why and by whom.
type Ended struct{ Session Session }

// Kind names the fact.
func (Ended) Kind() string { return outbox.KindEnded }

// Refused is the fact that a login was refused.
type Refused struct {
	DomainID string
	DeviceID string
	UserID   string // "" when nobody was proven
	Account  string // the extension that was keyed in, or ""
	Door     Door
	Code     string // as [RefusalCode], or of whoever refused: "pin_wrong"
	At       time.Time
}

// Kind names the fact.
func (Refused) Kind() string { return outbox.KindRefused }

func payloadOf(s Session) outbox.Session {
	return outbox.Session{
		SessionID: s.ID, DeviceID: s.DeviceID, UserID: s.UserID, Door: string(s.Door),
		StartedAt: s.StartedAt, EndsAt: unlessZero(s.EndsAt),
		EndedAt: unlessZero(s.EndedAt), Reason: string(s.Ended), EndedBy: s.EndedBy,
	}
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// note is what is written down about an act.
type note struct {
	domainID, deviceID, userID string
	actor, detail              string
	at                         time.Time
}

func noteOf(session Session, actor, detail string, at time.Time) note {
	return note{session.DomainID, session.DeviceID, session.UserID, actor, detail, at}
}

// write makes the audit entry and the stored form of a fact.
func (s *Service) write(fact events.Fact, n note, payload any) (audit.Entry, outbox.Fact, error) {
	text, err := s.cfg.Encode(payload)
	if err != nil {
		return audit.Entry{}, outbox.Fact{}, fmt.Errorf("encode the fact %s: %w", fact.Kind(), err)
	}
	entry := audit.Entry{
		ID: newID(), DomainID: n.domainID, At: n.at, Actor: n.actor, Action: fact.Kind(),
		DeviceID: n.deviceID, UserID: n.userID, Detail: n.detail,
	}
	return entry, outbox.Fact{ID: newID(), DomainID: n.domainID, Kind: fact.Kind(), At: n.at, Payload: text}, nil
}

// newID makes an ID whose order is that of time. Its random part comes from
// the operating system, which never fails to give it.
func newID() string { return uuid.Must(uuid.NewV7()).String() }
