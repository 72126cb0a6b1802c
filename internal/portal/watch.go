package portal

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// boardLag is how many facts the boards may lag behind.
const boardLag = 1 << 14

// boards hear what happens at desks, for the pages that show them. A fact only
// says at which desks to look again.
type boards struct {
	p     *Portal
	facts *events.Subscription // replaced by run alone

	mu      sync.Mutex
	epoch   string // of the counts of the boards: another one after facts were lost
	domains map[string]*board
	closed  bool
}

func newBoards(p *Portal) *boards {
	return &boards{p: p, facts: p.cfg.Events.Subscribe(boardLag), epoch: newEpoch(), domains: map[string]*board{}}
}

func newEpoch() string { return uuid.NewString()[:8] }

// run hears what happens until the context ends; then every browser is sent off.
func (b *boards) run(ctx context.Context) {
	for {
		b.hear(ctx)
		b.facts.Close()
		if ctx.Err() != nil {
			b.end()
			return
		}
		b.afresh()
		b.p.cfg.Log.WarnContext(ctx, "boards lag behind: all are read afresh")
	}
}

func (b *boards) hear(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case fact, ok := <-b.facts.Facts():
			if !ok {
				return
			}
			b.heard(fact)
		}
	}
}

// afresh forgets what was counted. The browsers are sent off, and come again.
func (b *boards) afresh() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.facts, b.epoch = b.p.cfg.Events.Subscribe(boardLag), newEpoch()
	b.dismiss()
}

// end sends every browser off for good.
func (b *boards) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.dismiss()
}

func (b *boards) dismiss() {
	for _, d := range b.domains {
		d.dismiss()
	}
	clear(b.domains)
}

// of is the board of a domain; nil after the end.
func (b *boards) of(domainID string) *board {
	b.mu.Lock()
	defer b.mu.Unlock()
	d := b.domains[domainID]
	if d == nil && !b.closed {
		d = &board{p: b.p, domainID: domainID, epoch: b.epoch, last: map[string]uint64{}, watchers: map[*watcher]struct{}{}}
		b.domains[domainID] = d
	}
	return d
}

// heard finds out which desks a fact concerns.
func (b *boards) heard(fact events.Fact) {
	switch f := fact.(type) {
	case directory.Changed:
		b.of(f.DomainID).changed()
	case switchboard.CallsChanged:
		for _, id := range f.Of { // users are among them
			b.moved(id)
		}
	case emergency.Placed:
		b.moved(f.DeviceID)
	case hotdesk.Refused:
		b.moved(f.DeviceID)
	default:
		b.moved(deskIn(fact))
	}
}

func (b *boards) moved(deviceID string) {
	if device, found := b.p.cfg.Directory.Device(deviceID); found {
		b.of(device.DomainID).moved(deviceID)
	}
}

// deskIn is the device that a session or a binding is at; "" for other facts.
func deskIn(fact events.Fact) string {
	switch f := fact.(type) {
	case hotdesk.LoggedIn:
		return f.Session.DeviceID
	case hotdesk.Extended:
		return f.Session.DeviceID
	case hotdesk.Ended:
		return f.Session.DeviceID
	case location.Registered:
		return f.Binding.DeviceID
	case location.Moved:
		return f.Binding.DeviceID
	case location.Lost:
		return f.Binding.DeviceID
	case location.Found:
		return f.Binding.DeviceID
	case location.Unregistered:
		return f.Binding.DeviceID
	case location.Expired:
		return f.Binding.DeviceID
	default:
		return ""
	}
}
