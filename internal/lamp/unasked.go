package lamp

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// unasked tells the messages that wait to phones that are registered and have
// not subscribed. Most phones light their lamp for that too.
type unasked struct {
	service *Service
	some    chan struct{} // there may be something to do

	mu     sync.Mutex
	due    []string         // devices whose messages have changed, in order
	queued map[string]bool  // those in due
	moves  []move           // of phones that came or went lately, or are there since before the start
	known  map[string]*told // by binding ID
}

// move is that a phone of a device came or went.
type move struct{ deviceID, bindingID string }

// told is what a phone was told last.
type told struct {
	counts  voicemail.Counts
	told    bool // and has confirmed
	refuses bool // it wants no such NOTIFY
	flight  bool // one is on its way
	again   bool // and another is to follow
}

func newUnasked(s *Service) *unasked {
	return &unasked{service: s, some: make(chan struct{}, 1), queued: map[string]bool{}, known: map[string]*told{}}
}

// now has the phones of a device told, unless they know.
func (u *unasked) now(deviceID string) {
	u.mu.Lock()
	if !u.queued[deviceID] {
		u.queued[deviceID] = true
		u.due = append(u.due, deviceID)
	}
	u.mu.Unlock()
	u.wake()
}

// later has a phone told that may show anything, when its turn comes.
func (u *unasked) later(b location.Binding) {
	u.mu.Lock()
	u.moves = append(u.moves, move{b.DeviceID, b.ID})
	u.mu.Unlock()
	u.wake()
}

// gone forgets a phone that is no longer there.
func (u *unasked) gone(bindingID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.known, bindingID)
}

// keep forgets all phones but some.
func (u *unasked) keep(bindingIDs map[string]bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	maps.DeleteFunc(u.known, func(id string, _ *told) bool { return !bindingIDs[id] })
}

func (u *unasked) wake() {
	select {
	case u.some <- struct{}{}:
	default:
	}
}

// run tells phones until the context ends: at once where messages have changed,
// one after the other where many have come.
func (u *unasked) run(ctx context.Context) {
	pace := time.NewTimer(0)
	defer pace.Stop()
	var turn <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-u.some:
			turn = pace.C
		case <-turn:
			if m, ok := u.nextMove(); ok {
				u.moved(ctx, m)
				pace.Reset(u.service.cfg.Pace)
			} else {
				turn = nil
				pace.Reset(0)
			}
		}
		for device, ok := u.nextDue(); ok; device, ok = u.nextDue() {
			u.tellAll(ctx, device)
		}
	}
}

func (u *unasked) nextDue() (string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.due) == 0 {
		u.due = nil
		return "", false
	}
	device := u.due[0]
	u.due = u.due[1:]
	delete(u.queued, device)
	return device, true
}

func (u *unasked) nextMove() (move, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.moves) == 0 {
		u.moves = nil
		return move{}, false
	}
	m := u.moves[0]
	u.moves = u.moves[1:]
	return m, true
}

// moved tells a phone that came. Whether the person is there who holds its desk
// may have changed, too.
func (u *unasked) moved(ctx context.Context, m move) {
	u.doubt(m.bindingID)
	u.tellAll(ctx, m.deviceID)
	device, ok := u.service.cfg.Directory.Device(m.deviceID)
	if !ok {
		return
	}
	if holder, err := u.service.cfg.Sessions.HolderOf(ctx, device); err == nil && holder.Session != nil {
		u.service.changed(presence, holder.User.ID)
	}
}

// tellAll tells the phones of a device that have not subscribed.
func (u *unasked) tellAll(ctx context.Context, deviceID string) {
	device, ok := u.service.cfg.Directory.Device(deviceID)
	if !ok || device.Disabled {
		return
	}
	bindings := u.willing(deviceID)
	if len(bindings) == 0 {
		return
	}
	counts, err := u.service.countsOf(ctx, device)
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		u.service.cfg.Log.ErrorContext(ctx, "count the messages that a lamp shows", slog.String("device", device.Name), slog.Any("error", err))
		return
	}
	for _, b := range bindings {
		if t := u.start(b.ID, counts); t != nil {
			u.tell(device, b, t, counts)
		}
	}
}

// willing are the bindings of a device that can be told and that have neither
// subscribed nor said that they want no such NOTIFY.
func (u *unasked) willing(deviceID string) []location.Binding {
	bindings := u.service.cfg.Locations.Lookup(deviceID)
	if len(bindings) == 0 {
		return nil
	}
	subscribed := u.service.subscriptions.Flows(subscription.Topic{Package: messageSummary, Subject: deviceID})
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.DeleteFunc(bindings, func(b location.Binding) bool {
		flow, err := sip.ParseFlow(b.Flow)
		t := u.known[b.ID]
		return err != nil || t != nil && t.refuses || slices.Contains(subscribed, flow) || !u.service.cfg.Engine.Alive(flow)
	})
}

// doubt notes that a phone may show anything.
func (u *unasked) doubt(bindingID string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if t := u.known[bindingID]; t != nil {
		t.told = false
	}
}

// start notes that a phone is being told, unless it knows, has another NOTIFY on
// its way or has said meanwhile that it wants none.
func (u *unasked) start(bindingID string, counts voicemail.Counts) *told {
	u.mu.Lock()
	defer u.mu.Unlock()
	t := u.known[bindingID]
	switch {
	case t == nil:
		t = &told{}
		u.known[bindingID] = t
	case t.flight:
		t.again = true
		return nil
	case t.refuses, t.told && t.counts == counts:
		return nil
	}
	t.flight = true
	return t
}

func (u *unasked) tell(device directory.Device, b location.Binding, t *told, counts voicemail.Counts) {
	done := func(r sip.Reply) {
		if r.Err == nil && r.Response.IsProvisional() {
			return
		}
		if u.finished(t, counts, r) {
			u.now(device.ID)
		}
	}
	flow, err := sip.ParseFlow(b.Flow)
	if err == nil {
		err = u.send(device, b, flow, counts, done)
	}
	if err != nil {
		done(sip.Reply{Err: err})
	}
}

// finished notes how a phone took a NOTIFY, and reports whether there is news
// for it since.
func (u *unasked) finished(t *told, counts voicemail.Counts, r sip.Reply) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	again := t.again
	t.flight, t.again = false, false
	t.counts, t.told = counts, r.Err == nil && r.Response.IsSuccess()
	t.refuses = r.Err == nil && wantsNone(r.Response.StatusCode)
	return again && !t.refuses
}

// wantsNone tells which responses say that a phone takes no NOTIFY without a
// subscription.
func wantsNone(code int) bool {
	switch code {
	case 405, 481, 489, 501:
		return true
	default:
		return false
	}
}

// send sends a NOTIFY outside of dialogs to a binding, over its flow and through
// the proxies it registered through.
func (u *unasked) send(device directory.Device, b location.Binding, flow sip.Flow, counts voicemail.Counts, done func(sip.Reply)) error {
	contact, err := sip.ParseURI(b.Contact)
	if err != nil {
		return err
	}
	domain, _ := u.service.cfg.Directory.Domain(device.DomainID)
	notify := subscription.Unasked{
		To: contact, Path: b.Path, Account: address(device.Name, domain), Contact: u.service.cfg.Engine.Contact("", flow),
		Event: messageSummary, ContentType: summaryType, Body: summary(counts, domain),
	}
	_, err = u.service.cfg.Engine.Send(notify.Request(), flow, done)
	return err
}
