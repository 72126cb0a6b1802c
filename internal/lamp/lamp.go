// Package lamp decides what the lamps and displays of phones show: the waiting
// messages of whoever holds a phone (RFC 3842), who of the domain is on the phone
// (RFC 4235), who is there (RFC 3863), and a phone's own registration (RFC 3680).
// It remembers nothing of that: facts only say whom to tell, and what to tell is
// computed when it is told.
package lamp

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// The event packages, each with what its subject is.
const (
	messageSummary = "message-summary" // a device
	dialogInfo     = "dialog"          // a user
	presence       = "presence"        // a user
	registration   = "reg"             // a device
)

func packages() []subscription.Package {
	return []subscription.Package{
		{Name: messageSummary, ContentType: summaryType},
		{Name: dialogInfo, ContentType: "application/dialog-info+xml"},
		{Name: presence, ContentType: "application/pidf+xml"},
		{Name: registration, ContentType: "application/reginfo+xml"},
	}
}

// Directory is what a [Service] asks of the directory. It answers from memory.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	DomainByName(name string) (directory.Domain, bool)
	User(id string) (directory.User, bool)
	UserByExtension(domainID, extension string) (directory.User, bool)
	Device(id string) (directory.Device, bool)
	DevicesOf(userID string) []directory.Device
}

// Sessions tells who holds which desk now.
type Sessions interface {
	HolderOf(ctx context.Context, device directory.Device) (hotdesk.Holder, error)
	DesksOf(ctx context.Context, userID string) ([]hotdesk.Session, error)
}

// Calls tells who is in which call now.
type Calls interface {
	CallsOf(id string) []switchboard.LiveCall
}

// Mailboxes tells how many messages wait for a user now.
type Mailboxes interface {
	Counts(ctx context.Context, userID string) (voicemail.Counts, error)
}

// Config is what a [Service] needs. All of it but the fields after Log is required.
type Config struct {
	Engine    *sip.Engine
	Directory Directory
	Sessions  Sessions
	Locations *location.Service
	Calls     Calls
	Mailboxes Mailboxes
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger

	// Pace is the time between two phones that are told unasked because the
	// server has started or they have registered, when many are: 2 ms.
	Pace time.Duration
	// Backlog is how many facts the service may lag behind before it looks at
	// everything afresh: 16,384.
	Backlog int
}

// Service is what phones subscribe to. It is safe for concurrent use.
type Service struct {
	cfg           Config
	subscriptions *subscription.Layer
	unasked       *unasked
}

// New makes a service. It tells phones while [Service.Run] runs.
func New(cfg Config) *Service {
	if cfg.Pace == 0 {
		cfg.Pace = 2 * time.Millisecond
	}
	if cfg.Backlog == 0 {
		cfg.Backlog = 16384
	}
	s := &Service{cfg: cfg}
	s.subscriptions = subscription.New(subscription.Config{
		Engine: cfg.Engine, Source: s, Packages: packages(), Now: cfg.Now, Log: cfg.Log, Way: s.way,
	})
	s.unasked = newUnasked(s)
	return s
}

// Run tells phones what has changed until the context ends.
func (s *Service) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { _ = s.subscriptions.Run(ctx) }) // it never fails
	running.Go(func() { s.unasked.run(ctx) })
	s.listen(ctx)
	running.Wait()
	return nil
}

// Subscribe takes a SUBSCRIBE from a device that has proven itself, and answers it.
func (s *Service) Subscribe(tx *sip.ServerTx, device directory.Device, domain directory.Domain) {
	s.subscriptions.Serve(tx, device.ID, func(w subscription.Wish) (string, error) {
		return s.admit(w, device, domain)
	})
}

// Packages are the names of the event packages, for Allow-Events.
func (s *Service) Packages() []string { return s.subscriptions.Packages() }

// way is where a subscribed phone is told: over the connection of its last
// SUBSCRIBE, or over the way on which it has registered since.
func (s *Service) way(deviceID string, target sip.URI, last sip.Flow) sip.Flow {
	open := s.cfg.Engine.Alive(last)
	if open && last.Transport.Reliable() {
		return last
	}
	bindings := s.cfg.Locations.Lookup(deviceID)
	text := last.String()
	if slices.ContainsFunc(bindings, func(b location.Binding) bool { return b.Flow == text }) {
		return last
	}
	for _, b := range bindings {
		only := !open && len(bindings) == 1
		if flow, err := sip.ParseFlow(b.Flow); err == nil && (only || leadsTo(b, target)) {
			return flow
		}
	}
	return last
}

// leadsTo tells whether a binding is of the phone that a target names.
func leadsTo(b location.Binding, target sip.URI) bool {
	contact, err := sip.ParseURI(b.Contact)
	return err == nil && contact.Host == target.Host && contact.Port == target.Port
}
