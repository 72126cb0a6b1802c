// Package checksync asks registered phones to fetch their settings anew, or to
// start anew, and tells how they took it. What it sends is the NOTIFY that the
// makers of desk phones have agreed upon without a standard.
package checksync

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/phonemodel"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

// patience is how long somebody waits for a phone's answer who looks on.
const patience = 6 * time.Second

// ErrNotRegistered is the refusal for a phone that nobody can reach.
var ErrNotRegistered = errors.New("the phone is not registered, so nothing could be sent to it; it fetches its settings when it starts")

// Act is what a phone is asked to do.
type Act string

// The acts.
const (
	Resync Act = "resync" // fetch the settings and apply them
	Reboot Act = "reboot" // start anew
)

// Answer is how one phone took it.
type Answer struct {
	UserAgent string // of the phone's registration; may be ""
	Contact   string // where it is
	Status    int    // of its SIP response; 0: none came
	Reason    string // of the response, or why none came
}

// Taken tells whether the phone said yes.
func (a Answer) Taken() bool { return a.Status/100 == 2 }

// String is the answer in plain words.
func (a Answer) String() string {
	phone := a.UserAgent
	if phone == "" {
		phone = "the phone at " + a.Contact
	}
	switch {
	case a.Status == 0:
		return phone + " did not answer: " + a.Reason
	case a.Taken():
		return fmt.Sprintf("%s has taken it (%d %s)", phone, a.Status, a.Reason)
	default:
		return fmt.Sprintf("%s refused (%d %s)", phone, a.Status, a.Reason)
	}
}

// Directory is what a [Service] asks of the directory.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	DeviceByName(domainID, name string) (directory.Device, bool)
	PhoneOf(deviceID string) (directory.Phone, bool)
}

// Locations tells where devices answer now; location.Service does.
type Locations interface {
	Lookup(deviceID string) []location.Binding
}

// Audit is where it is written down who told a phone what.
type Audit interface {
	Write(ctx context.Context, entries ...audit.Entry) error
}

// Config is what a [Service] needs; all of it.
type Config struct {
	Engine    *sip.Engine
	Directory Directory
	Locations Locations
	Audit     Audit
	Now       func() time.Time
}

// Service tells phones. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a service.
func New(cfg Config) *Service { return &Service{cfg} }

// TellPhone asks a phone, through the first of its devices that is registered.
// It fails with [ErrNotRegistered]. By is the actor, as [audit.Entry] has it.
func (s *Service) TellPhone(ctx context.Context, by string, act Act, phone directory.Phone) ([]Answer, error) {
	for _, name := range phone.Devices {
		if device, found := s.cfg.Directory.DeviceByName(phone.DomainID, name); found && len(s.cfg.Locations.Lookup(device.ID)) > 0 {
			return s.Tell(ctx, by, act, device)
		}
	}
	return nil, ErrNotRegistered
}

// Tell asks the phones that are registered as a device; mostly that is one. It
// waits some seconds for the answers, which the audit log tells too, and fails
// with [ErrNotRegistered].
func (s *Service) Tell(ctx context.Context, by string, act Act, device directory.Device) ([]Answer, error) {
	bindings := s.cfg.Locations.Lookup(device.ID)
	if len(bindings) == 0 {
		return nil, ErrNotRegistered
	}
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answers := make([]Answer, len(bindings))
	var asking sync.WaitGroup
	for i, b := range bindings {
		asking.Go(func() { answers[i] = s.ask(asked, act, device, b) })
	}
	asking.Wait()
	entries := make([]audit.Entry, len(answers))
	for i, a := range answers {
		entries[i] = audit.Entry{
			ID: uuid.Must(uuid.NewV7()).String(), DomainID: device.DomainID, At: s.cfg.Now(),
			Actor: by, Action: "phone." + string(act), DeviceID: device.ID, Detail: a.String(),
		}
	}
	return answers, s.cfg.Audit.Write(context.WithoutCancel(ctx), entries...) // they were asked, whoever still looks on
}

func (s *Service) ask(ctx context.Context, act Act, device directory.Device, b location.Binding) Answer {
	answer := Answer{UserAgent: b.UserAgent, Contact: b.Contact}
	response, err := s.send(ctx, act, device, b)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, sip.ErrTimeout):
		answer.Reason = "nothing came back in time; it may be switched off or behind a broken line"
	case errors.Is(err, sip.ErrFlowGone):
		answer.Reason = "its connection is gone; it is told when it has registered anew and you try again"
	case err != nil:
		answer.Reason = err.Error()
	default:
		answer.Status, answer.Reason = response.StatusCode, response.Reason
	}
	return answer
}

// send sends the NOTIFY over the flow that the phone registered on.
func (s *Service) send(ctx context.Context, act Act, device directory.Device, b location.Binding) (*sip.Response, error) {
	contact, err := sip.ParseURI(b.Contact)
	if err != nil {
		return nil, err
	}
	flow, err := sip.ParseFlow(b.Flow)
	if err != nil {
		return nil, err
	}
	domain, _ := s.cfg.Directory.Domain(device.DomainID)
	phone, _ := s.cfg.Directory.PhoneOf(device.ID)
	event, reboot := phonemodel.CheckSync(b.UserAgent, phone.Model)
	if act == Reboot {
		event = reboot
	}
	notify := subscription.Unasked{
		To: contact, Path: b.Path, Account: "sip:" + device.Name + "@" + domain.Name, Contact: s.cfg.Engine.Contact("", flow),
		Event: event,
	}
	return s.cfg.Engine.Do(ctx, notify.Request(), flow)
}
