package lamp

import (
	"context"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// listen hears what happens until the context ends. Whenever it begins, and
// after it lagged behind so far that facts were lost, every lamp is looked at
// afresh.
func (s *Service) listen(ctx context.Context) {
	for ctx.Err() == nil {
		facts := s.cfg.Events.Subscribe(s.cfg.Backlog,
			hotdesk.LoggedIn{}, hotdesk.Ended{}, voicemail.Changed{}, switchboard.CallsChanged{}, directory.Changed{},
			location.Registered{}, location.Moved{}, location.Unregistered{}, location.Expired{})
		s.afresh()
		s.hear(ctx, facts)
		facts.Close()
	}
}

// afresh tells every phone that shows something else than it should. Phones
// that have not subscribed are told one after the other.
func (s *Service) afresh() {
	s.subscriptions.ChangedAll()
	there := map[string]bool{}
	for b := range s.cfg.Locations.All() {
		there[b.ID] = true
		s.unasked.later(b)
	}
	s.unasked.keep(there)
}

func (s *Service) hear(ctx context.Context, facts *events.Subscription) {
	for {
		select {
		case <-ctx.Done():
			return
		case fact, ok := <-facts.Facts():
			if !ok {
				s.cfg.Log.WarnContext(ctx, "lamps lag behind: all are looked at afresh")
				return
			}
			s.heard(ctx, fact)
		}
	}
}

// heard finds out whose lamps a fact concerns.
func (s *Service) heard(ctx context.Context, fact events.Fact) {
	switch f := fact.(type) {
	case hotdesk.LoggedIn:
		s.desk(f.Session)
	case hotdesk.Ended:
		s.desk(f.Session)
	case voicemail.Changed:
		s.mailbox(ctx, f.UserID)
	case switchboard.CallsChanged:
		s.calls(f.Of)
	case directory.Changed:
		s.office(f)
	case location.Registered:
		s.registered(f.Binding)
	case location.Moved:
		s.registered(f.Binding)
	case location.Unregistered:
		s.left(f.Binding)
	case location.Expired:
		s.left(f.Binding)
	}
}

// desk is about a desk that has another holder than before.
func (s *Service) desk(session hotdesk.Session) {
	s.messages(session.DeviceID)
	s.changed(presence, session.UserID)
	s.owner(session.DeviceID)
}

// mailbox is about the messages of a user: on the user's own phones and at the
// desks that the user holds.
func (s *Service) mailbox(ctx context.Context, userID string) {
	for _, d := range s.cfg.Directory.DevicesOf(userID) {
		s.messages(d.ID)
	}
	desks, err := s.cfg.Sessions.DesksOf(ctx, userID)
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.ErrorContext(ctx, "find the desks whose lamps show a mailbox", slog.Any("error", err))
		s.subscriptions.ChangedAll() // those that have subscribed find out by themselves
	}
	for _, session := range desks {
		s.messages(session.DeviceID)
	}
}

// calls is about users and devices that have a part in other calls than before.
func (s *Service) calls(ids []string) {
	for _, id := range ids {
		if _, ok := s.cfg.Directory.User(id); ok {
			s.changed(dialogInfo, id)
			s.changed(presence, id)
			continue
		}
		if device, ok := s.cfg.Directory.Device(id); ok && device.OwnerID != "" {
			s.changed(dialogInfo, device.OwnerID) // a desk account shows what its phones do
			s.changed(presence, device.OwnerID)
		}
	}
}

// office is about an edit of a domain. Sessions that it ends are told as ended.
func (s *Service) office(f directory.Changed) {
	if f.Settings || f.Dropped {
		s.subscriptions.ChangedAll() // it changes seldom
	}
	for _, id := range f.Users {
		s.changed(dialogInfo, id)
		s.changed(presence, id)
	}
	for _, id := range f.Devices {
		s.messages(id)
		s.changed(registration, id)
		s.owner(id)
	}
}

// registered is about a phone that answers at a new place.
func (s *Service) registered(b location.Binding) {
	s.subscriptions.Reachable(b.DeviceID)
	s.unasked.later(b)
	s.changed(registration, b.DeviceID)
	s.owner(b.DeviceID)
}

// left is about a phone that answers no longer.
func (s *Service) left(b location.Binding) {
	s.unasked.gone(b.ID)
	s.unasked.later(b)
	s.changed(registration, b.DeviceID)
	s.owner(b.DeviceID)
}

func (s *Service) owner(deviceID string) {
	if device, ok := s.cfg.Directory.Device(deviceID); ok && device.OwnerID != "" {
		s.changed(presence, device.OwnerID)
	}
}

// messages is about the lamp of a device.
func (s *Service) messages(deviceID string) {
	s.changed(messageSummary, deviceID)
	s.unasked.now(deviceID)
}

func (s *Service) changed(pkg, subject string) {
	s.subscriptions.Changed(subscription.Topic{Package: pkg, Subject: subject})
}
