// Package switchboard runs the live calls, one goroutine each: it finds the
// phones of whoever is called, rings them, joins the two legs and their sound,
// and hands callers to the spoken conversations. It decides for every call anew
// for whom a device acts. It knows nothing of REGISTER, SQL or HTTP.
package switchboard

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// Directory is what a [Switchboard] asks of the directory. It answers from memory.
type Directory interface {
	User(id string) (directory.User, bool)
	UserByExtension(domainID, extension string) (directory.User, bool)
	Device(id string) (directory.Device, bool)
	DevicesOf(userID string) []directory.Device
}

// Sessions tells who holds which desk now.
type Sessions interface {
	HolderOf(ctx context.Context, device directory.Device) (hotdesk.Holder, error)
	DesksOf(ctx context.Context, userID string) ([]hotdesk.Session, error)
	Used(session *hotdesk.Session)
}

// Locations tells where a device answers now.
type Locations interface {
	Lookup(deviceID string) []location.Binding
}

// Conversations are spoken with callers.
type Conversations interface {
	Login(ctx context.Context, caller ivr.Caller, desk ivr.Desk, extension string) error
	Release(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error
	Announce(ctx context.Context, caller ivr.Caller, desk ivr.Desk, sentence ivr.Sentence) error
}

// Config is what a [Switchboard] needs.
type Config struct {
	Engine        *sip.Engine
	Legs          *dialog.Layer
	Ports         *media.Ports
	Directory     Directory
	Sessions      Sessions
	Busy          *Busy
	Locations     Locations
	Conversations Conversations
	Records       callrecord.Store
	Events        *events.Bus
	Now           func() time.Time
	Log           *slog.Logger
	RingFor       time.Duration // how long phones ring before nobody has answered
	PerDevice     int           // calls that one device may make at once; 0: 32
}

// Switchboard holds the live calls. It is safe for concurrent use.
type Switchboard struct {
	cfg      Config
	draining atomic.Bool
	running  sync.WaitGroup
	mu       sync.Mutex // guards what follows, for the time of a look-up
	calls    map[string]*call
	made     map[string]int // calls by the ID of the device that makes them
}

// New makes a switchboard without calls.
func New(cfg Config) *Switchboard {
	if cfg.RingFor == 0 {
		cfg.RingFor = time.Minute
	}
	cfg.PerDevice = cmp.Or(cfg.PerDevice, 32)
	return &Switchboard{cfg: cfg, calls: map[string]*call{}, made: map[string]int{}}
}

// Incoming takes an INVITE outside any dialog from an authenticated device. It
// returns at once; every INVITE gets its final response from the call it makes.
func (s *Switchboard) Incoming(tx *sip.ServerTx, device directory.Device, domain directory.Domain) {
	if s.draining.Load() {
		s.reply(tx, statusServiceUnavailable, "Shutting Down", sip.NewHeader("Retry-After", "10"))
		return
	}
	if !s.reserve(device.ID) { // it must not take the ports of all others
		s.cfg.Log.Warn("a device makes too many calls at once", slog.String("device", device.Name), slog.String("domain", domain.Name))
		s.reply(tx, statusBusyHere, "Too Many Calls At Once")
		return
	}
	c := s.newCall(tx, device, domain)
	leg, err := s.cfg.Legs.Incoming(tx, dialog.LocalParty{ContactUser: device.Name}, c.event)
	if err != nil {
		s.release(device.ID)
	}
	if errors.Is(err, dialog.ErrRefused) {
		return // the layer has answered
	}
	if err != nil {
		s.cfg.Log.Error("take an INVITE", slog.String("call", c.record.ID), slog.Any("error", err))
		s.reply(tx, statusServerError, "Server Internal Error")
		return
	}
	c.caller.leg = leg
	s.add(c)
	go c.run()
}

func (s *Switchboard) reply(tx *sip.ServerTx, code int, reason string, headers ...sip.Header) {
	if err := tx.Reply(code, reason, headers...); err != nil {
		s.cfg.Log.Warn("answer a request", slog.Int("code", code), slog.Any("error", err))
	}
}

// Len is the number of live calls.
func (s *Switchboard) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// Drain refuses new calls and waits for the live ones to end. When the context
// ends first it hangs them up.
func (s *Switchboard) Drain(ctx context.Context) {
	s.draining.Store(true)
	ended := make(chan struct{})
	go func() { s.running.Wait(); close(ended) }()
	select {
	case <-ended:
		return
	case <-ctx.Done():
	}
	for _, c := range s.live() {
		c.post(hangUp{})
	}
	<-ended
}

func (s *Switchboard) live() []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := make([]*call, 0, len(s.calls))
	for _, c := range s.calls {
		calls = append(calls, c)
	}
	return calls
}

// reserve counts one more call of a device; false when it makes as many as it may.
func (s *Switchboard) reserve(deviceID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[deviceID] >= s.cfg.PerDevice {
		return false
	}
	s.made[deviceID]++
	return true
}

func (s *Switchboard) release(deviceID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.made[deviceID]--; s.made[deviceID] == 0 {
		delete(s.made, deviceID)
	}
}

func (s *Switchboard) add(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running.Add(1)
	s.calls[c.record.ID] = c
}

func (s *Switchboard) remove(c *call) {
	s.release(c.device.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c.record.ID)
	s.running.Done()
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
