package switchboard

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

const (
	// warnRing is how long a desk rings, once, to be warned.
	warnRing = 15 * time.Second
	// warnName is shown as the caller, with the login code as the number: the
	// display says why the phone rings, and calling back logs in again.
	warnName = "Hotdesk"
	// warningsBehind is how far the warnings may lag behind the bus.
	warningsBehind = 4096
)

// Warn rings the desks whose sessions soon end, and asks whoever answers
// whether to stay, until the context ends.
func (s *Switchboard) Warn(ctx context.Context) error {
	var ringing sync.WaitGroup
	defer ringing.Wait()
	for ctx.Err() == nil {
		s.warnUntilBehind(ctx, &ringing)
	}
	return nil
}

// warnUntilBehind returns when the context ends, or when warnings were lost.
func (s *Switchboard) warnUntilBehind(ctx context.Context, ringing *sync.WaitGroup) {
	facts := s.cfg.Events.Subscribe(warningsBehind, hotdesk.Warning{})
	defer facts.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case fact, open := <-facts.Facts():
			if !open {
				return
			}
			if warning, is := fact.(hotdesk.Warning); is {
				due := warning // only those that are warnings go to the heap
				ringing.Go(func() { s.warn(ctx, due) })
			}
		}
	}
}

func (s *Switchboard) warn(ctx context.Context, warning hotdesk.Warning) {
	session := warning.Session
	device, known := s.cfg.Directory.Device(session.DeviceID)
	user, there := s.cfg.Directory.User(session.UserID)
	domain, found := s.cfg.Directory.Domain(session.DomainID)
	if !known || !there || !found {
		return
	}
	result := s.summon(ctx, summons{
		domain: domain, shown: callrecord.Party{Number: domain.HotDesking.LoginCode, Name: warnName}, ringFor: min(warnRing, s.cfg.RingFor),
		find: func(ctx context.Context, c *call) ([]target, error) {
			return c.phones(ctx, device, hotdesk.Holder{User: &user, Session: &session}), nil
		},
		speak: func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			return s.cfg.Conversations.Warn(ctx, caller, desk, warning)
		},
	})
	s.cfg.Log.InfoContext(ctx, "a desk was warned", slog.String("device", device.Name), slog.String("result", string(result)))
}
