package location

import (
	"context"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

// Config is what a [Service] needs.
type Config struct {
	Store  Store
	Events *events.Bus
	Now    func() time.Time
	Log    *slog.Logger
}

// Service answers where devices are, from memory; the [Store] is behind it so
// that a restart forgets nothing. It is safe for concurrent use.
type Service struct{ cfg Config }

// New loads the bindings that are still valid and makes a service of them.
func New(ctx context.Context, cfg Config) (*Service, error) {
	return &Service{cfg: cfg}, ctx.Err()
}

// Apply changes a device's bindings as the function says, which gets those
// that are valid now, in the order of [Service.Lookup], the unreachable ones
// too. For one device, one Apply runs at a time. It returns the bindings that
// then hold, once they are on disk. When the function or the store fails
// nothing has changed. A binding put without an ID gets one; a binding that is
// put counts as reachable.
func (s *Service) Apply(ctx context.Context, deviceID string, decide func(current []Binding) (Change, error)) ([]Binding, error) {
	return nil, ctx.Err()
}

// Lookup returns where a device answers now: its bindings that are valid and
// reachable, the highest q first, among equals the newest first.
func (s *Service) Lookup(deviceID string) []Binding { return nil }

// Bindings returns all valid bindings of a device, also those that do not
// answer at the moment, in the order of [Service.Lookup].
func (s *Service) Bindings(deviceID string) []Binding { return nil }

// ByFlow returns the valid bindings made over a flow.
func (s *Service) ByFlow(flow string) []Binding { return nil }

// FlowClosed notes that a flow is gone: the bindings made over it do not
// answer until their phones register again. It returns them.
func (s *Service) FlowClosed(flow string) []Binding { return nil }

// SetReachable notes whether a binding answers, until its phone registers
// again. It is not stored.
func (s *Service) SetReachable(deviceID, bindingID string, reachable bool) {}

// Count is the number of bindings, those included that expired but have not
// been swept yet.
func (s *Service) Count() int { return 0 }

// Expire removes the bindings that are no longer valid and returns how many.
func (s *Service) Expire(ctx context.Context, now time.Time) (int, error) { return 0, ctx.Err() }

// Run sweeps expired bindings until the context ends.
func (s *Service) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
