package location

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

const (
	// sweepEvery is how often expired bindings are removed. They are skipped
	// long before: no look-up returns one.
	sweepEvery = 10 * time.Second
	// sweepBatch is how many devices one store transaction of a sweep clears.
	sweepBatch = 256
)

// Config is what a [Service] needs; all of it.
type Config struct {
	Store  Store
	Events *events.Bus
	Now    func() time.Time
	Log    *slog.Logger
}

// Service answers where devices are, from memory; the [Store] is behind it so
// that a restart forgets nothing. It is safe for concurrent use.
type Service struct {
	cfg     Config
	devices devices
	flows   flows
	count   atomic.Int64
}

// New loads the bindings that are still valid and makes a service of them. The
// others are swept later.
func New(ctx context.Context, cfg Config) (*Service, error) {
	stored, err := cfg.Store.Bindings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the bindings: %w", err)
	}
	s := &Service{cfg: cfg}
	for _, b := range stored {
		d := s.devices.make(b.DeviceID)
		b.DeviceID = d.id
		h := compact(b)
		d.set(insert(slices.Clip(d.held()), h))
		s.flows.add(h.Flow, d.id)
	}
	s.count.Store(int64(len(stored)))
	return s, nil
}

// Apply changes a device's bindings as the function says, which gets those
// that are valid now, in the order of [Service.Lookup], the unreachable ones
// too, in a list that it may keep and change. For one device, one Apply runs at a time. It returns the bindings that
// then hold, once they are on disk. When the function or the store fails
// nothing has changed. A binding put without an ID gets one; a binding that is
// put counts as reachable.
func (s *Service) Apply(ctx context.Context, deviceID string, decide func(current []Binding) (Change, error)) ([]Binding, error) {
	d := s.devices.lock(deviceID)
	defer s.devices.unlock(d)
	before := d.held()
	valid, expired := split(before, s.cfg.Now())
	change, err := decide(plain(valid))
	if err != nil {
		return nil, err
	}
	next := apply(before, expired, &change, d.id)
	if len(change.Put)+len(change.Renewed)+len(change.Drop) == 0 {
		return plain(next), nil
	}
	if err := s.cfg.Store.Save(ctx, change); err != nil {
		return nil, fmt.Errorf("store the bindings: %w", err)
	}
	s.replace(d, next)
	s.publish(before, next, expired)
	return plain(next), nil
}

// Lookup returns where a device answers now: its bindings that are valid and
// reachable, the highest q first, among equals the newest first.
func (s *Service) Lookup(deviceID string) []Binding {
	return s.list(deviceID, func(h *holding) bool { return !h.unreachable.Load() })
}

// Bindings returns all valid bindings of a device, also those that do not
// answer at the moment, in the order of [Service.Lookup].
func (s *Service) Bindings(deviceID string) []Binding {
	return s.list(deviceID, func(*holding) bool { return true })
}

func (s *Service) list(deviceID string, want func(*holding) bool) []Binding {
	d := s.devices.find(deviceID)
	if d == nil {
		return nil
	}
	held := d.held()
	now := s.cfg.Now()
	found := make([]Binding, 0, len(held))
	for _, h := range held {
		if h.validAt(now) && want(h) {
			found = append(found, h.Binding)
		}
	}
	return found
}

// ByFlow returns the valid bindings made over a flow.
func (s *Service) ByFlow(flow string) []Binding {
	var found []Binding
	for _, deviceID := range s.flows.devices(flow) {
		found = append(found, s.list(deviceID, func(h *holding) bool { return h.Flow == flow })...)
	}
	return found
}

// FlowClosed notes that a flow is gone: the bindings made over it do not
// answer until their phones register again. It returns them. Those made through
// an edge go on: the flow was the edge's, and its closing says nothing of them.
func (s *Service) FlowClosed(flow string) []Binding {
	closed := slices.DeleteFunc(s.ByFlow(flow), func(b Binding) bool { return len(b.Path) > 0 })
	for _, b := range closed {
		s.mark(b.DeviceID, func(h *holding) bool { return h.ID == b.ID && h.Flow == flow }, true)
	}
	return closed
}

// SetReachable notes whether a binding answers, until its phone registers
// again. It is not stored.
func (s *Service) SetReachable(deviceID, bindingID string, reachable bool) {
	s.mark(deviceID, func(h *holding) bool { return h.ID == bindingID }, !reachable)
}

func (s *Service) mark(deviceID string, which func(*holding) bool, unreachable bool) {
	d := s.devices.find(deviceID)
	if d == nil {
		return
	}
	for _, h := range d.held() {
		switch {
		case !which(h) || h.unreachable.Swap(unreachable) == unreachable:
		case unreachable:
			s.cfg.Events.Publish(Lost{Binding: h.Binding})
		default:
			s.cfg.Events.Publish(Found{Binding: h.Binding})
		}
	}
}

// Count is the number of bindings, those included that expired but have not
// been swept yet.
func (s *Service) Count() int { return int(s.count.Load()) }

// Run sweeps expired bindings until the context ends.
func (s *Service) Run(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if _, err := s.Expire(ctx, s.cfg.Now()); err != nil && ctx.Err() == nil {
			s.cfg.Log.ErrorContext(ctx, "expired bindings were not removed", slog.Any("error", err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Expire removes the bindings that are no longer valid, in batches, and
// returns how many. A device whose bindings are being changed is left to that
// change.
func (s *Service) Expire(ctx context.Context, now time.Time) (int, error) {
	total := 0
	for some := range slices.Chunk(s.devices.expired(now), sweepBatch) {
		removed, err := s.expireBatch(ctx, some, now)
		total += removed
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (s *Service) expireBatch(ctx context.Context, deviceIDs []string, now time.Time) (int, error) {
	type clearing struct {
		device *device
		left   []*holding
	}
	var clearings []clearing
	var gone []*holding
	var change Change
	for _, deviceID := range deviceIDs {
		d := s.devices.tryLock(deviceID)
		if d == nil {
			continue
		}
		defer s.devices.unlock(d)
		left, expired := split(d.held(), now)
		clearings = append(clearings, clearing{d, left})
		gone = append(gone, expired...)
		change.Drop = append(change.Drop, ids(expired)...)
	}
	if len(gone) == 0 {
		return 0, nil
	}
	if err := s.cfg.Store.Save(ctx, change); err != nil {
		return 0, fmt.Errorf("remove expired bindings: %w", err)
	}
	for _, c := range clearings {
		s.replace(c.device, c.left)
	}
	for _, h := range gone {
		s.cfg.Events.Publish(Expired{Binding: h.Binding})
	}
	return len(gone), nil
}

// replace makes bindings the ones that hold; the device is locked.
func (s *Service) replace(d *device, next []*holding) {
	before := d.held()
	// The new flows come before the new bindings and the old ones go after
	// them, so that a flow that closes meanwhile misses none.
	over := func(list []*holding, flow string) bool {
		return slices.ContainsFunc(list, func(h *holding) bool { return h.Flow == flow })
	}
	for _, h := range next {
		if !over(before, h.Flow) {
			s.flows.add(h.Flow, d.id)
		}
	}
	d.set(next)
	s.count.Add(int64(len(next) - len(before)))
	for _, old := range before {
		if !over(next, old.Flow) {
			s.flows.remove(old.Flow, d.id)
		}
	}
}

// publish tells what a change of one device's bindings made new and took away.
func (s *Service) publish(before, next, expired []*holding) {
	for _, old := range before {
		now := find(next, old.ID)
		switch {
		case now != nil && (now.Flow != old.Flow || old.unreachable.Load() && now != old):
			s.cfg.Events.Publish(Moved{Binding: now.Binding})
		case now != nil:
		case has(expired, old.ID):
			s.cfg.Events.Publish(Expired{Binding: old.Binding})
		default:
			s.cfg.Events.Publish(Unregistered{Binding: old.Binding})
		}
	}
	for _, h := range next {
		if !has(before, h.ID) {
			s.cfg.Events.Publish(Registered{Binding: h.Binding})
		}
	}
}
