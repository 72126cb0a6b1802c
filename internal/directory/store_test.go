package directory_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// memory is a store in memory that behaves as the real one: a version guard,
// domain names, MAC addresses and numbers unique everywhere.
type memory struct {
	mu      sync.Mutex
	offices map[string]directory.Office
	log     []audit.Entry
	saves   int
}

func (m *memory) Offices(context.Context) ([]directory.Office, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []directory.Office
	for _, o := range m.offices {
		all = append(all, o.Clone())
	}
	return all, nil
}

func (m *memory) Office(_ context.Context, id string) (directory.Office, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.offices[id]
	if !ok {
		return directory.Office{}, directory.ErrNotFound
	}
	return o.Clone(), nil
}

func (m *memory) Save(_ context.Context, c directory.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, known := m.offices[c.Domain.ID]
	if o.Domain.Version != c.Domain.Version || known != (c.Domain.Version > 0) {
		return directory.ErrStale
	}
	for id, other := range m.offices {
		if id == c.Domain.ID {
			continue
		}
		taken := slices.ContainsFunc(other.Phones, func(p directory.Phone) bool {
			return slices.ContainsFunc(c.PutPhones, func(q directory.Phone) bool { return p.MAC == q.MAC })
		})
		taken = taken || slices.ContainsFunc(other.Numbers, func(n directory.Number) bool {
			return slices.ContainsFunc(c.PutNumbers, func(m directory.Number) bool { return n.Number == m.Number })
		})
		if taken || other.Domain.Name == c.Domain.Name {
			return directory.ErrTaken
		}
	}
	m.saves++
	m.log = append(m.log, c.Audit...)
	if c.DropDomain {
		delete(m.offices, c.Domain.ID)
		return nil
	}
	o = o.Clone()
	o.Domain = c.Domain
	o.Domain.Version++
	o.Users = merge(o.Users, c.PutUsers, c.DropUsers, func(u directory.User) string { return u.ID })
	o.Devices = merge(o.Devices, c.PutDevices, c.DropDevices, func(d directory.Device) string { return d.ID })
	o.Phones = merge(o.Phones, c.PutPhones, c.DropPhones, func(p directory.Phone) string { return p.ID })
	o.Numbers = merge(o.Numbers, c.PutNumbers, c.DropNumbers, func(n directory.Number) string { return n.ID })
	o.Trunks = merge(o.Trunks, c.PutTrunks, c.DropTrunks, func(k directory.Trunk) string { return k.ID })
	if m.offices == nil {
		m.offices = make(map[string]directory.Office)
	}
	m.offices[c.Domain.ID] = o
	return nil
}

func merge[T any](all, put []T, drop []string, id func(T) string) []T {
	all = slices.DeleteFunc(slices.Clone(all), func(t T) bool {
		return slices.Contains(drop, id(t)) || slices.ContainsFunc(put, func(p T) bool { return id(p) == id(t) })
	})
	return append(all, put...)
}

func clock() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

func open(tb testing.TB, store directory.Store) (*directory.Service, *events.Subscription) {
	tb.Helper()
	bus := &events.Bus{}
	s, err := directory.Open(tb.Context(), store, bus, clock)
	if err != nil {
		tb.Fatal(err)
	}
	facts := bus.Subscribe(1000)
	tb.Cleanup(facts.Close)
	return s, facts
}

// acme fills an office: a person, a desk account with a device, an unassigned
// device and two phones.
func acme(o *directory.Office) error {
	o.Domain = directory.Defaults("acme.test")
	o.Domain.TimeZone, o.Domain.Country = "America/Toronto", "CA"
	ana := directory.User{ID: directory.NewID(), Extension: "1001", Name: "Ana Ruiz", Scope: directory.ScopeCallCenterAgent}
	if err := directory.SetPIN(&ana, "4711"); err != nil {
		return err
	}
	window := directory.User{ID: directory.NewID(), Extension: "5401", Name: "Window 1"}
	o.Users = []directory.User{ana, window}
	o.Devices = []directory.Device{
		{Name: "5401", OwnerID: window.ID}, {Name: "ana-mobile", OwnerID: ana.ID}, {Name: "ana-desk", OwnerID: ana.ID}, {Name: "spare"},
	}
	for i := range o.Devices {
		if err := directory.SetDevicePassword(&o.Devices[i], "acme.test", "sip-secret"); err != nil {
			return err
		}
	}
	o.Phones = []directory.Phone{
		{MAC: "80:5E:C0:11:22:33", Model: "Yealink T54W", Devices: []string{"5401"}},
		{MAC: "805ec0112234", Devices: []string{"ana-desk", "SPARE"}},
	}
	return nil
}

func create(tb testing.TB, s *directory.Service) directory.Office {
	tb.Helper()
	e, err := s.Create(tb.Context(), directory.CLI(), acme)
	if err != nil {
		tb.Fatal(err)
	}
	return e.After
}
