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
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
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
	Offices
	Devices
	User(id string) (directory.User, bool)
	UserByExtension(domainID, extension string) (directory.User, bool)
	PhoneOf(deviceID string) (directory.Phone, bool)
}

// Offices tells of domains and their public numbers.
type Offices interface {
	Domain(id string) (directory.Domain, bool)
	DomainByName(name string) (directory.Domain, bool)
	NumbersOf(userID string) []directory.Number
	NumberByE164(number string) (directory.Number, bool)
}

// Devices finds them.
type Devices interface {
	Device(id string) (directory.Device, bool)
	DeviceByName(domainID, name string) (directory.Device, bool)
	DevicesOf(userID string) []directory.Device
}

// Sessions tells who holds which desk now.
type Sessions interface {
	HolderOf(ctx context.Context, device directory.Device) (hotdesk.Holder, error)
	DesksOf(ctx context.Context, userID string) ([]hotdesk.Session, error)
	Used(session *hotdesk.Session)
	CheckLogin(ctx context.Context, req hotdesk.LoginRequest) error
}

// Locations tells where a device answers now.
type Locations interface {
	Lookup(deviceID string) []location.Binding
}

// Conversations are spoken with callers.
type Conversations interface {
	AtDesks
	Mailboxes
	InEmergencies
	Announcements
}

// Mailboxes take messages and play them.
type Mailboxes interface {
	OwnMailbox(ctx context.Context, caller ivr.Caller, desk ivr.Desk, holderID string) error
	AnyMailbox(ctx context.Context, caller ivr.Caller, desk ivr.Desk, extension string) error
	LeaveMessage(ctx context.Context, caller ivr.Caller, desk ivr.Desk, visit ivr.Visit) (messageID string, err error)
}

// InEmergencies are the conversations about emergency calls.
type InEmergencies interface {
	EmergencyTest(ctx context.Context, caller ivr.Caller, desk ivr.Desk, origin ivr.Origin) error
	EmergencyNews(ctx context.Context, caller ivr.Caller, desk ivr.Desk, origin ivr.Origin) error
}

// AtDesks are the conversations about who holds a desk, and what becomes of the
// calls to whoever does.
type AtDesks interface {
	Login(ctx context.Context, caller ivr.Caller, desk ivr.Desk, extension string) error
	Activate(ctx context.Context, caller ivr.Caller, desk ivr.Desk, watch ivr.Watch) error
	Release(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error
	Warn(ctx context.Context, caller ivr.Caller, desk ivr.Desk, warning hotdesk.Warning) error
	Answering(ctx context.Context, caller ivr.Caller, desk ivr.Desk, user directory.User, code dialplan.Action) error
}

// Announcements need no answer.
type Announcements interface {
	Announce(ctx context.Context, caller ivr.Caller, desk ivr.Desk, sentence ivr.Sentence) error
	Parked(ctx context.Context, caller ivr.Caller, desk ivr.Desk, slot string) error
	Music(desk ivr.Desk) []int16 // for who waits; at least a moment long
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
	Trunks        Trunks
	Emergencies   Emergencies
	Conversations Conversations
	Records       callrecord.Store
	Events        *events.Bus
	Now           func() time.Time
	Log           *slog.Logger
	RingFor       time.Duration // how long phones ring of users who have not said; 0: [directory.DefaultRingSeconds]
	ParkFor       time.Duration // how long a call stays parked before it comes back; 0: 3 minutes
	ActivateFor   time.Duration // how long a phone rings that is to be activated; 0: 30 s
	PerDevice     int           // calls that one device may make at once; 0: 32
	LinePatience  time.Duration // how long a carrier may say nothing at all before the next line is tried; 0: 4 s
}

// Switchboard holds the live calls. It is safe for concurrent use.
type Switchboard struct {
	cfg      Config
	table    table
	lines    lineUses
	lot      lot
	asked    activations
	running  sync.WaitGroup
	mu       sync.Mutex // guards what follows, for the time of a look-up
	calls    map[string]*call
	made     map[string]int // calls by the ID of the device that made them
	draining bool
}

// New makes a switchboard without calls.
func New(cfg Config) *Switchboard {
	cfg.RingFor = cmp.Or(cfg.RingFor, directory.DefaultRingSeconds*time.Second)
	cfg.ParkFor = cmp.Or(cfg.ParkFor, 3*time.Minute)
	cfg.ActivateFor = cmp.Or(cfg.ActivateFor, 30*time.Second)
	cfg.PerDevice = cmp.Or(cfg.PerDevice, 32)
	cfg.LinePatience = cmp.Or(cfg.LinePatience, 4*time.Second)
	return &Switchboard{cfg: cfg, calls: map[string]*call{}, made: map[string]int{}}
}

// Incoming takes an INVITE outside any dialog from an authenticated device. It
// returns at once; every INVITE gets its final response from the call it makes.
func (s *Switchboard) Incoming(tx *sip.ServerTx, device directory.Device, domain directory.Domain) {
	c := s.newCall(tx, identityOf(device, hotdesk.Holder{}), domain)
	c.begin = c.dial
	if c.urgent() {
		c.madeFrom = "" // no limit holds an emergency call
	}
	s.take(tx, c, dialog.LocalParty{ContactUser: device.Name})
}

// take begins the call of an INVITE, or refuses it.
func (s *Switchboard) take(tx *sip.ServerTx, c *call, local dialog.LocalParty) {
	if o, ok := s.add(c); !ok {
		c.log.Warn("a call is not taken on", slog.String("domain", c.domain.Name), slog.String("reason", o.reason))
		s.reply(tx, o.code, o.reason, sip.NewHeader("Retry-After", "10"))
		return
	}
	leg, err := s.cfg.Legs.Incoming(tx, local, c.event)
	if err == nil {
		c.caller.leg = leg
		go c.run()
		return
	}
	s.remove(c)
	if !errors.Is(err, dialog.ErrRefused) { // then the layer has answered
		s.cfg.Log.Error("take an INVITE", slog.String("call", c.record.ID), slog.Any("error", err))
		s.reply(tx, statusServerError, "Server Internal Error")
	}
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
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
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

// add takes a call on, or tells why not: the server stops, or the device makes
// so many calls that it would take the ports of all others.
func (s *Switchboard) add(c *call) (outcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return outcome{statusServiceUnavailable, "Shutting Down", callrecord.Failed}, false
	case c.madeFrom != "" && s.made[c.madeFrom] >= s.cfg.PerDevice:
		return outcome{statusBusyHere, "Too Many Calls At Once", callrecord.Failed}, false
	}
	s.running.Add(1)
	s.calls[c.record.ID] = c
	s.made[c.madeFrom]++
	return outcome{}, true
}

// adopt takes a call on that goes on with what another has begun.
func (s *Switchboard) adopt(c *call) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.running.Add(1)
	s.calls[c.record.ID] = c
	s.made[c.madeFrom]++
	return true
}

// find is a live call, or nil.
func (s *Switchboard) find(id string) *call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[id]
}

func (s *Switchboard) remove(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c.record.ID)
	if s.made[c.madeFrom]--; s.made[c.madeFrom] == 0 {
		delete(s.made, c.madeFrom)
	}
	s.running.Done()
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
