package switchboard

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

const (
	// writeWithin bounds the writing down of an emergency call, which goes on
	// beside the call.
	writeWithin = 10 * time.Second
	// noteWithin is how long the call waits for its record to be on disk.
	noteWithin = time.Second
	// notifyRing is how long it rings where emergency calls are told.
	notifyRing = time.Minute
	// roomWithin is how long an emergency call waits for another to end.
	roomWithin = 2 * time.Second
)

// Emergencies keep what emergency calls leave behind.
type Emergencies interface {
	// Begun tells everybody of a call.
	Begun(ctx context.Context, call emergency.Call) error
	// PhoneFor finds the emergency call that a call to a number answers.
	PhoneFor(ctx context.Context, domainID, number string) (emergency.Call, bool, error)
}

// urgent tells whether digits call for help, also behind the code that
// withholds who calls.
func (c *call) urgent() bool {
	action := c.wish
	if action.Kind == dialplan.Withhold {
		action = c.read(action.Number)
	}
	return action.Kind == dialplan.Emergency
}

// origin is what an emergency call from the calling device shows: the desk,
// never the person who holds it.
func (c *call) origin(dialled string) (emergency.Call, directory.User) {
	d, device := c.board.cfg.Directory, c.caller.device
	owner, _ := d.User(device.OwnerID)
	phone, _ := d.PhoneOf(device.ID)
	call := emergency.Call{
		ID: c.record.ID, DomainID: c.domain.ID, DeviceID: device.ID, Desk: cmp.Or(owner.Extension, device.Name), Dialled: dialled,
		Number: c.domain.EmergencyNumberOf(owner, d.NumbersOf(owner.ID)),
		Place:  c.domain.PlaceOf(phone, owner),
	}
	if user := c.caller.user; user != nil && !user.IsDeskAccount(c.domain.HotDesking) {
		call.UserID = user.ID
	}
	return call, owner
}

// emergency calls for help over the first outside line that works.
func (c *call) emergency(ctx context.Context, dialled string) outcome {
	call, owner := c.origin(dialled)
	if lines := c.board.cfg.Trunks.Lines(c.domain.ID); len(lines) > 0 {
		call.Line = lines[0].Name
	}
	c.log.Warn("emergency call", slog.String("dialled", dialled), slog.String("desk", call.Desk), slog.String("number", call.Number))
	told := c.tell(call)
	c.note(ctx)
	w := outward{
		number: dialled, name: cmp.Or(owner.Name, c.caller.device.Name), callerID: cmp.Or(call.Number, call.Desk),
		emergency: true, headers: []sip.Header{sip.NewHeader("Priority", "emergency")},
	}
	winner, o := c.overLines(ctx, w.located(call, c.domain, c.now()))
	if winner == nil && !isOver(o) && call.Place != "" { // a carrier may stumble over the place
		winner, o = c.overLines(ctx, w)
	}
	switch {
	case winner != nil:
		return c.talk(ctx, winner)
	case isOver(o):
		return o
	default:
		<-told // the one thing that is left of the call
		return c.announce(ctx, ivr.EmergencyFailed, outcome{statusServiceUnavailable, "No Line For Emergency Calls", callrecord.Failed})
	}
}

// located adds the place (RFC 6442), for the called party and to route by.
func (w outward) located(call emergency.Call, domain directory.Domain, at time.Time) outward {
	if call.Place == "" {
		return w
	}
	id := call.ID + "@" + domain.Name
	w.headers = append(slices.Clip(w.headers), sip.NewHeader("Geolocation", "<cid:"+id+">"), sip.NewHeader("Geolocation-Routing", "yes"))
	w.parts = []dialog.Part{{
		Type: emergency.PIDFType, ID: id,
		Content: emergency.PIDF("pres:"+call.Desk+"@"+domain.Name, domain.Country, call.Place, at),
	}}
	return w
}

// tell writes an emergency call down and tells whoever is to know, beside the
// call, which does not wait for it. The channel is closed when that is done.
func (c *call) tell(call emergency.Call) <-chan struct{} {
	told := make(chan struct{})
	go func() {
		defer close(told)
		ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
		defer cancel()
		if err := c.board.cfg.Emergencies.Begun(ctx, call); err != nil {
			c.log.Error("write an emergency call down", slog.Any("error", err))
		}
	}()
	c.caller.onLeave(func() { <-told })
	go c.board.notify(c.domain, call)
	return told
}

// notify calls whoever is to know of emergency calls, and says which desk it is.
func (s *Switchboard) notify(domain directory.Domain, placed emergency.Call) {
	extension := domain.Emergency.NotifyExtension
	if extension == "" {
		return
	}
	log := s.cfg.Log.With(slog.String("domain", domain.Name), slog.String("extension", extension))
	user, ok := s.cfg.Directory.UserByExtension(domain.ID, extension)
	if !ok || user.Disabled {
		log.Error("nobody to tell of an emergency call")
		return
	}
	result := s.summon(context.Background(), summons{
		domain: domain, shown: callrecord.Party{Number: placed.Desk, Name: "Emergency at " + placed.Desk}, ringFor: notifyRing,
		find: func(ctx context.Context, c *call) ([]target, error) {
			targets, err := c.targets(ctx, user)
			calls := func(t target) bool { return t.device.ID == placed.DeviceID }
			return slices.DeleteFunc(targets, calls), err
		},
		speak: func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			return s.cfg.Conversations.EmergencyNews(ctx, caller, desk, originOf(placed))
		},
	})
	log.Warn("told of an emergency call", slog.String("desk", placed.Desk), slog.String("result", string(result)))
}

// note writes the record of a call that has only begun: others are written when
// they are answered, or over. A disk that takes long does not hold the call up.
func (c *call) note(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	c.save(ctx)
}

// makeRoom ends another call outside when all lines are in use.
func (c *call) makeRoom(use *lineUse) {
	other := c.board.lines.inTheWay(use, c.domain.Outside)
	if other == nil {
		return
	}
	c.log.Warn("a call is cut off for an emergency call", slog.String("other", other.call.record.ID))
	other.call.post(hangUp{})
	timer := time.NewTimer(roomWithin)
	defer timer.Stop()
	select {
	case <-other.gone:
	case <-timer.C:
	}
}

// callBack rings the phone of the last emergency call that showed a number,
// whoever holds it by now. Rang is false when there was no such call.
func (c *call) callBack(ctx context.Context, number string) (winner *party, o outcome, rang bool) {
	if number == "" {
		return nil, outcome{}, false
	}
	call, ok, err := c.board.cfg.Emergencies.PhoneFor(ctx, c.domain.ID, number)
	if err != nil {
		c.log.Error("find the phone to call back", slog.Any("error", err))
	}
	device, known := c.board.cfg.Directory.Device(call.DeviceID)
	if !ok || !known {
		return nil, outcome{}, false
	}
	c.log.Warn("a call back to an emergency call", slog.String("device", device.Name))
	holder := hotdesk.Holder{}
	if owner, ok := c.board.cfg.Directory.User(device.OwnerID); ok {
		holder.User = &owner
	}
	winner, o = c.ring(destination{groups: [][]target{c.phones(ctx, device, holder)}, ringFor: c.board.cfg.RingFor})
	return winner, o, true
}

// emergencyTest says what an emergency call from here would show.
func (c *call) emergencyTest(ctx context.Context) outcome {
	call, _ := c.origin("")
	return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
		return c.board.cfg.Conversations.EmergencyTest(ctx, caller, desk, originOf(call))
	})
}

func originOf(call emergency.Call) ivr.Origin {
	return ivr.Origin{Desk: call.Desk, Number: call.Number, Placed: call.Place != ""}
}
