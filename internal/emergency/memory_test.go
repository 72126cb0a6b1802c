package emergency_test

import (
	"context"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// memory is a store that shows what it was given.
type memory struct {
	entry audit.Entry
	fact  outbox.Fact
}

func (m *memory) Put(_ context.Context, _ emergency.Call, entry audit.Entry, fact outbox.Fact) error {
	m.entry, m.fact = entry, fact
	return nil
}

func (m *memory) Since(context.Context, string, time.Time) ([]emergency.Call, error) { return nil, nil }

func (m *memory) Last(context.Context, string, string, time.Time) (emergency.Call, bool, error) {
	return emergency.Call{}, false, nil
}
