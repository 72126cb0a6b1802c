package hotdesk_test

import (
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of sessions in maps.
type memory struct {
	mu       sync.Mutex
	sessions map[string]hotdesk.Session
	audit    []audit.Entry
	outbox   []outbox.Fact
	largest  int   // endings in one change
	fail     error // of every method, when set
	onDue    func()
}

func (m *memory) Sessions(_ context.Context, q hotdesk.Query) ([]hotdesk.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []hotdesk.Session
	for _, s := range m.sessions {
		if (q.ID == "" || q.ID == s.ID) && (q.DomainID == "" || q.DomainID == s.DomainID) &&
			(q.DeviceID == "" || q.DeviceID == s.DeviceID) && (q.UserID == "" || q.UserID == s.UserID) &&
			(!q.Open || s.EndedAt.IsZero()) && (!q.NotWarned || !s.WarnedAt.After(s.UsedAt)) && (q.UsedBefore.IsZero() || s.UsedAt.Before(q.UsedBefore)) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b hotdesk.Session) int {
		return cmp.Or(b.StartedAt.Compare(a.StartedAt), cmp.Compare(b.ID, a.ID))
	})
	if q.Limit > 0 {
		found = found[:min(q.Limit, len(found))]
	}
	return found, m.fail
}

func (m *memory) Commit(_ context.Context, c hotdesk.Change) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return nil, m.fail
	}
	if c.Extend != nil && (m.sessions[c.Extend.SessionID].ID == "" || !m.sessions[c.Extend.SessionID].EndedAt.IsZero()) {
		return nil, hotdesk.ErrEnded
	}
	ends := func(id string) bool {
		return slices.ContainsFunc(c.End, func(e hotdesk.Ending) bool { return e.SessionID == id })
	}
	if c.Start != nil {
		for _, s := range m.sessions {
			if s.DeviceID == c.Start.DeviceID && s.EndedAt.IsZero() && !ends(s.ID) {
				return nil, hotdesk.ErrTaken
			}
		}
	}
	var closed []string
	for _, e := range c.End {
		if s, found := m.sessions[e.SessionID]; found && s.EndedAt.IsZero() {
			s.EndedAt, s.Ended, s.EndedBy = e.At, e.Reason, e.By
			m.sessions[s.ID] = s
			m.audit, m.outbox = append(m.audit, e.Audit), append(m.outbox, e.Fact)
			closed = append(closed, s.ID)
		}
	}
	m.largest = max(m.largest, len(c.End))
	if c.Extend != nil {
		s := m.sessions[c.Extend.SessionID]
		s.EndsAt, s.EndsAs, s.WarnAt, s.UsedAt = c.Extend.EndsAt, c.Extend.EndsAs, c.Extend.WarnAt, c.Extend.UsedAt
		m.sessions[s.ID] = s
	}
	if c.Start != nil {
		m.sessions[c.Start.ID] = *c.Start
	}
	m.audit, m.outbox = append(m.audit, c.Audit...), append(m.outbox, c.Facts...)
	return closed, nil
}

func (m *memory) Due(_ context.Context, now time.Time, limit int) ([]hotdesk.Session, error) {
	m.mu.Lock()
	if m.onDue != nil {
		m.onDue()
	}
	var due []hotdesk.Session
	for _, s := range m.sessions {
		if s.EndedAt.IsZero() && !s.EndsAt.IsZero() && !s.EndsAt.After(now) {
			due = append(due, s)
		}
	}
	fail := m.fail
	m.mu.Unlock()
	slices.SortFunc(due, func(a, b hotdesk.Session) int { return a.EndsAt.Compare(b.EndsAt) })
	return due[:min(limit, len(due))], fail
}

func (m *memory) Warnable(_ context.Context, near hotdesk.Near) ([]hotdesk.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []hotdesk.Session
	for _, s := range m.sessions {
		if s.EndedAt.IsZero() && s.EndsAt.After(near.Now) && !s.EndsAt.After(near.EndsBy) && !s.UsedAt.Before(near.UsedSince) &&
			!s.WarnAt.IsZero() && !s.WarnAt.After(near.Now) && s.WarnedAt.Before(s.WarnAt) {
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b hotdesk.Session) int { return cmp.Or(a.EndsAt.Compare(b.EndsAt), cmp.Compare(a.ID, b.ID)) })
	return found[:min(near.Limit, len(found))], m.fail
}

func (m *memory) Warn(_ context.Context, session hotdesk.Session, at time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, found := m.sessions[session.ID]
	if m.fail != nil || !found || !s.EndedAt.IsZero() || !s.WarnedAt.Equal(session.WarnedAt) {
		return false, m.fail
	}
	s.WarnedAt = at
	m.sessions[s.ID] = s
	return true, nil
}

func (m *memory) Use(_ context.Context, ids []string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if s, found := m.sessions[id]; found && at.After(s.UsedAt) && m.fail == nil {
			s.UsedAt = at
			m.sessions[id] = s
		}
	}
	return m.fail
}

func (m *memory) setFail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = err
}

func (m *memory) entries() []audit.Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.audit)
}

// book is a directory in maps.
type book struct {
	mu      sync.Mutex
	domains map[string]directory.Domain
	devices map[string]directory.Device
	users   map[string]directory.User
}

func find[T any](b *book, m map[string]T, id string) (T, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	found, ok := m[id]
	return found, ok
}

func (b *book) Domain(id string) (directory.Domain, bool) { return find(b, b.domains, id) }
func (b *book) Device(id string) (directory.Device, bool) { return find(b, b.devices, id) }
func (b *book) User(id string) (directory.User, bool)     { return find(b, b.users, id) }

func (b *book) Domains() []directory.Domain {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []directory.Domain
	for _, d := range b.domains {
		all = append(all, d)
	}
	return all
}

func (b *book) policy(change func(p *directory.HotDesking)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.domains["acme"]
	change(&d.HotDesking)
	b.domains["acme"] = d
}

func (b *book) device(id string, change func(d *directory.Device)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.devices[id]
	change(&d)
	b.devices[id] = d
}

// calls is the set of devices in calls.
type calls struct {
	mu     sync.Mutex
	inCall map[string]bool
}

func (c *calls) InCall(deviceID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.inCall[deviceID]
}

func (c *calls) set(deviceID string, inCall bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inCall = map[string]bool{deviceID: inCall}
}

// office is a service with all that it needs: the people ana, bo and cy, the
// desk phones desk1 to desk3 of desk accounts, the unassigned phone, and own,
// the phone of ana.
type office struct {
	*hotdesk.Service

	store *memory
	book  *book
	calls *calls
	bus   *events.Bus
	now   func() time.Time
	facts *events.Subscription
}

func newOffice(tb testing.TB, now func() time.Time) *office {
	tb.Helper()
	domain := directory.Defaults("acme.test")
	domain.ID, domain.TimeZone = "acme", "America/Toronto"
	o := &office{
		store: &memory{sessions: map[string]hotdesk.Session{}},
		book: &book{
			domains: map[string]directory.Domain{"acme": domain},
			users:   map[string]directory.User{},
			devices: map[string]directory.Device{
				"unassigned": {ID: "unassigned", DomainID: "acme", Name: "shared1"},
				"own":        {ID: "own", DomainID: "acme", Name: "1001", OwnerID: "ana"},
			},
		},
		calls: &calls{}, bus: &events.Bus{}, now: now,
	}
	for id, extension := range map[string]string{"ana": "1001", "bo": "1002", "cy": "1003", "account1": "5401", "account2": "5402", "account3": "5403"} {
		o.book.users[id] = directory.User{ID: id, DomainID: "acme", Extension: extension, Name: id}
	}
	for _, n := range []string{"1", "2", "3"} {
		o.book.devices["desk"+n] = directory.Device{ID: "desk" + n, DomainID: "acme", OwnerID: "account" + n, Name: "540" + n}
	}
	o.facts = o.bus.Subscribe(10000)
	tb.Cleanup(o.facts.Close)
	o.Service = o.another()
	return o
}

// another is a second server on the same store.
func (o *office) another() *hotdesk.Service {
	return hotdesk.New(hotdesk.Config{
		Store: o.store, Directory: o.book, Calls: o.calls, Events: o.bus, Now: o.now,
		Log: slog.New(slog.DiscardHandler), Encode: json.Marshal,
	})
}

// told takes the facts published so far.
func (o *office) told() []events.Fact {
	var facts []events.Fact
	for {
		select {
		case f := <-o.facts.Facts():
			facts = append(facts, f)
		default:
			return facts
		}
	}
}

func (o *office) open(t *testing.T) map[string]string {
	t.Helper()
	sessions, err := o.Sessions(t.Context(), hotdesk.Query{Open: true})
	if err != nil {
		t.Fatal(err)
	}
	held := map[string]string{}
	for _, s := range sessions {
		held[s.DeviceID] = s.UserID
	}
	return held
}

func (o *office) login(t *testing.T, deviceID, userID string) hotdesk.LoginResult {
	t.Helper()
	result, err := o.Login(t.Context(), byStarCode(deviceID, userID))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func byStarCode(deviceID, userID string) hotdesk.LoginRequest {
	return hotdesk.LoginRequest{DeviceID: deviceID, UserID: userID, By: hotdesk.By{Door: hotdesk.DoorStarCode}}
}

func at(text string) func() time.Time {
	now, err := time.Parse(time.RFC3339, text)
	return func() time.Time {
		if err != nil {
			return time.Time{}
		}
		return now
	}
}

// atOnce runs a function n times at the same instant.
func atOnce(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}
