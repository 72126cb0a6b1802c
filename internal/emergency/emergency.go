// Package emergency keeps what emergency calls leave behind: who was told, and
// which phone a call back belongs to. It also says where a phone stands, in the
// form that emergency services read. It makes no calls and knows no SQL.
package emergency

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// CallBack is how long after an emergency call a call to the number it showed
// rings the phone it was made from.
const CallBack = time.Hour

// Call is an emergency call as it began.
type Call struct {
	ID       string // of the call
	DomainID string
	DeviceID string // it was made from
	Desk     string // the extension of the device's owner, else the device's name
	UserID   string // the person the device acted for, or ""
	Dialled  string
	Number   string // E.164, as shown; "" when the domain has none to show
	Place    string // where the phone stands; "" when nobody has said
	Line     string // the name of the trunk it is tried over first; "" when there is none
	At       time.Time
}

// Placed is the fact that somebody has dialled an emergency number.
type Placed struct{ Call }

// Kind names the fact.
func (Placed) Kind() string { return outbox.KindEmergencyCall }

// Store keeps emergency calls.
type Store interface {
	// Put stores a call with what is told of it, all or nothing.
	Put(ctx context.Context, call Call, entry audit.Entry, fact outbox.Fact) error
	// Last finds the newest call of a domain that showed a number, not older
	// than a time; false when there is none.
	Last(ctx context.Context, domainID, number string, since time.Time) (Call, bool, error)
	// Since lists the calls of a domain that are not older than a time, newest first.
	Since(ctx context.Context, domainID string, since time.Time) ([]Call, error)
}

// Service takes note of emergency calls.
type Service struct {
	store Store
	bus   *events.Bus
	now   func() time.Time
}

// New makes a service.
func New(store Store, bus *events.Bus, now func() time.Time) *Service {
	return &Service{store: store, bus: bus, now: now}
}

// Begun tells everybody of a call that begins: the listeners at once, and, once
// it is on disk, the audit log and those who are told outside.
func (s *Service) Begun(ctx context.Context, call Call) error {
	call.At = s.now().UTC().Truncate(time.Millisecond)
	s.bus.Publish(Placed{Call: call})
	payload, err := json.Marshal(outbox.EmergencyCall{
		CallID: call.ID, DeviceID: call.DeviceID, UserID: call.UserID, Dialled: call.Dialled,
		CallerID: call.Number, Place: call.Place, Line: call.Line,
	})
	if err != nil {
		return fmt.Errorf("tell of an emergency call: %w", err)
	}
	entry := audit.Entry{
		ID: newID(), DomainID: call.DomainID, At: call.At, Actor: actor(call), Action: "call.emergency",
		DeviceID: call.DeviceID, UserID: call.UserID, Detail: detail(call),
	}
	fact := outbox.Fact{ID: newID(), DomainID: call.DomainID, Kind: outbox.KindEmergencyCall, At: call.At, Payload: payload}
	return s.store.Put(ctx, call, entry, fact)
}

func actor(call Call) string {
	if call.UserID == "" {
		return "system"
	}
	return call.UserID
}

// detail is the call in a line of the audit log.
func detail(call Call) string {
	text := call.Dialled + " from " + call.Desk
	if call.Place == "" {
		return text + ", no place is set"
	}
	return text + " at " + call.Place
}

// PhoneFor finds the emergency call that a call to a number answers, so that it
// rings the phone of that call; false when there was none within [CallBack].
func (s *Service) PhoneFor(ctx context.Context, domainID, number string) (Call, bool, error) {
	return s.store.Last(ctx, domainID, number, s.now().Add(-CallBack))
}

// Lately lists the emergency calls of a domain for which a call back would
// still be expected: those within [CallBack], newest first.
func (s *Service) Lately(ctx context.Context, domainID string) ([]Call, error) {
	return s.store.Since(ctx, domainID, s.now().Add(-CallBack))
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
