package location_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of bindings in a map.
type memory struct {
	mu       sync.Mutex
	bindings map[string]location.Binding
	saves    int
	renewed  int
	largest  int // bindings dropped in one change
	fail     error
	saving   func() // called in each save
}

func (m *memory) Bindings(context.Context) ([]location.Binding, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.bindings)), m.fail
}

func (m *memory) Save(_ context.Context, c location.Change) error {
	if m.saving != nil {
		m.saving()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	m.saves, m.largest = m.saves+1, max(m.largest, len(c.Drop))
	for _, id := range c.Drop {
		delete(m.bindings, id)
	}
	for _, b := range c.Put {
		m.bindings[b.ID] = b
	}
	for _, b := range c.Renewed {
		stored := m.bindings[b.ID]
		stored.CSeq, stored.RegisteredAt, stored.ExpiresAt = b.CSeq, b.RegisteredAt, b.ExpiresAt
		m.bindings[b.ID] = stored
		m.renewed++
	}
	return nil
}

type registrar struct {
	*location.Service

	store *memory
	bus   *events.Bus
	facts *events.Subscription
	clock atomic.Int64 // Unix seconds
}

func noon() time.Time { return time.Unix(1_800_000_000, 0).UTC() }

func (r *registrar) now() time.Time { return time.Unix(r.clock.Load(), 0).UTC() }

func newRegistrar(tb testing.TB, stored ...location.Binding) *registrar {
	tb.Helper()
	r := &registrar{store: &memory{bindings: map[string]location.Binding{}}, bus: &events.Bus{}}
	r.clock.Store(noon().Unix())
	for _, b := range stored {
		r.store.bindings[b.ID] = b
	}
	r.facts = r.bus.Subscribe(1000)
	tb.Cleanup(r.facts.Close)
	r.restart(tb)
	return r
}

func (r *registrar) restart(tb testing.TB) {
	tb.Helper()
	var err error
	r.Service, err = location.New(tb.Context(), location.Config{
		Store: r.store, Events: r.bus, Now: r.now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func (r *registrar) told() []string {
	var facts []string
	for {
		select {
		case fact := <-r.facts.Facts():
			contact := ""
			switch f := fact.(type) {
			case location.Registered:
				contact = f.Binding.Contact
			case location.Moved:
				contact = f.Binding.Contact
			case location.Unregistered:
				contact = f.Binding.Contact
			case location.Expired:
				contact = f.Binding.Contact
			case location.Lost:
				contact = f.Binding.Contact
			case location.Found:
				contact = f.Binding.Contact
			}
			facts = append(facts, fact.Kind()+" "+contact)
		default:
			return facts
		}
	}
}

func (r *registrar) put(t *testing.T, deviceID string, bindings ...location.Binding) []location.Binding {
	t.Helper()
	held, err := r.Apply(t.Context(), deviceID, func([]location.Binding) (location.Change, error) {
		return location.Change{Put: bindings}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func (r *registrar) drop(t *testing.T, deviceID string, ids ...string) {
	t.Helper()
	if _, err := r.Apply(t.Context(), deviceID, func([]location.Binding) (location.Change, error) {
		return location.Change{Drop: ids}, nil
	}); err != nil {
		t.Fatal(err)
	}
}

// bound is a binding that lasts a minute.
func bound(contact string) location.Binding {
	return location.Binding{
		Contact: contact, Flow: "tcp:" + contact, Q: 1000,
		RegisteredAt: noon(), ExpiresAt: noon().Add(time.Minute),
	}
}

func contacts(bindings []location.Binding) string {
	var names []string
	for _, b := range bindings {
		names = append(names, b.Contact)
	}
	return strings.Join(names, " ")
}
