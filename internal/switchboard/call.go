package switchboard

import (
	"context"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// call is one live call. Its goroutine alone touches it; everything else posts
// to its inbox.
type call struct {
	board    *Switchboard
	log      *slog.Logger
	domain   directory.Domain
	begin    func(ctx context.Context) outcome // what whoever called wants
	hops     int                               // Max-Forwards left for the far side
	madeFrom string                            // the ID of the device that made it, or ""
	dialled  string
	wish     dialplan.Action // what that means
	foreign  bool            // the dialled address is of another domain of this server
	withheld bool            // whoever calls does not want to be shown
	inbox    inbox

	pending  []any // messages to be read before those in the inbox
	stopping bool  // the server stops, or the call was flooded

	caller   *party
	callee   *party    // nil until somebody has answered
	waiting  *party    // for whom phones ring or a conversation speaks: the caller, or who is transferred
	transfer *transfer // under way, or nil
	redirect string    // where a phone that was rung wants the call to go (3xx), or ""
	absorbed bool      // another call has taken this one's caller: nothing is left to be told of it
	record   callrecord.Record
	saved    callrecord.Record // as it is on disk
	parties  []*party          // all who have a part, the caller first
}

// The inbox carries [dialog.Event]s and these.
type (
	// hangUp ends the call from inside: the server stops.
	hangUp struct{}
	// talkDone says that the conversation on a call has said all.
	talkDone struct{ err error }
)

// newCall makes the call that an INVITE asks for.
func (s *Switchboard) newCall(tx *sip.ServerTx, from identity, domain directory.Domain) *call {
	req := tx.Request()
	named, known := s.cfg.Directory.DomainByName(req.Recipient.Host)
	c := s.blankCall(from, domain)
	c.hops = hopsLeft(req)
	c.dialled = sip.URIUser(req.Recipient)
	c.wish = c.read(c.dialled)
	c.record.Dialled = c.dialled
	c.foreign = known && named.ID != domain.ID
	c.withheld = wantsPrivacy(req)
	return c
}

// blankCall makes a call of somebody to nobody yet.
func (s *Switchboard) blankCall(from identity, domain directory.Domain) *call {
	id := newID()
	c := &call{
		board:    s,
		log:      s.cfg.Log.With(slog.String("call", id), slog.String("from", from.name())),
		domain:   domain,
		hops:     maxHops,
		madeFrom: from.device.ID,
		inbox:    newInbox(),
		record: callrecord.Record{
			ID: id, DomainID: domain.ID, StartedAt: s.cfg.Now().UTC(), Caller: from.shown,
		},
	}
	c.caller = c.join(from)
	c.caller.place = "caller"
	c.waiting = c.caller
	return c
}

// maxHops is Max-Forwards for the far side of a call without one, less our own hop.
const maxHops = 69

// hopsLeft is Max-Forwards for the far side (RFC 3261 16.6 step 3).
func hopsLeft(req *sip.Request) int {
	if hops, ok := req.MaxForwards(); ok {
		return int(hops) - 1
	}
	return maxHops
}

// event is the sink of the call's legs.
func (c *call) event(e dialog.Event) { _ = c.post(e) }

// post puts a message into the inbox. A phone that floods it ends its call.
func (c *call) post(message any) (posted bool) {
	posted = c.inbox.post(message)
	if !posted {
		c.log.Error("inbox is full, the call ends")
	}
	return posted
}

// next waits for a message, until the timer fires (nil: for ever).
func (c *call) next(timer <-chan time.Time) (message any, timeout bool) {
	for len(c.pending) == 0 {
		select {
		case <-c.inbox.came:
			c.pending = c.inbox.take()
		case <-timer:
			return nil, true
		}
	}
	message, c.pending = c.pending[0], c.pending[1:]
	return c.noted(message), false
}

// noted keeps what no part of a call may overlook.
func (c *call) noted(message any) any {
	switch m := message.(type) {
	case dialog.Ended:
		if p := c.partyOf(m.Leg); p != nil {
			p.ended = &m
		}
	case dialog.Canceled:
		if p := c.partyOf(m.Leg); p != nil {
			p.ended = &dialog.Ended{Leg: m.Leg, By: dialog.ByPeer, Reason: m.Reason}
		}
	case hangUp:
		c.stopping = true
	}
	return message
}

// run is the call from its first moment to its last.
func (c *call) run() {
	defer c.board.remove(c)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("call failed", slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			c.end(ctx, outcomeFailed())
		}
	}()
	c.end(ctx, c.serve(ctx))
}

// leave gives back what the call holds.
func (c *call) leave() {
	for _, p := range slices.Backward(c.parties) {
		p.leave()
	}
}

// serve does what whoever called wants.
func (c *call) serve(ctx context.Context) outcome {
	if err := c.identify(ctx); err != nil {
		c.log.Error("find the holder", slog.Any("error", err))
		if !c.urgent() {
			return outcomeFailed()
		}
	}
	if o, done := c.joins(); done {
		return o
	}
	c.publish(Started{
		CallID: c.record.ID, DomainID: c.domain.ID, Caller: c.record.Caller, Dialled: c.dialled, At: c.record.StartedAt,
	})
	return c.begin(ctx)
}

// identify decides for whom the calling device acts, for this call.
func (c *call) identify(ctx context.Context) error {
	if c.caller.device.ID == "" || c.caller.leg == nil { // an outside line, or the system itself
		return nil
	}
	holder, err := c.board.cfg.Sessions.HolderOf(ctx, c.caller.device)
	if err != nil {
		return err
	}
	c.caller.identity = identityOf(c.caller.device, holder)
	c.record.Caller = c.caller.shown
	return nil
}

// partyOf is a device with whoever it acts for.
func partyOf(device directory.Device, holder hotdesk.Holder) callrecord.Party {
	p := callrecord.Party{DeviceID: device.ID, DeviceName: device.Name, Number: device.Name, Name: device.Name}
	if holder.User != nil {
		p.UserID, p.Number, p.Name = holder.User.ID, holder.User.Extension, holder.User.Name
	}
	if holder.Session != nil {
		p.SessionID = holder.Session.ID
	}
	return p
}

// save writes the record. A call is not refused because its record cannot be
// written: people must be able to phone while a disk is full.
func (c *call) save(ctx context.Context) {
	write := c.board.cfg.Records.Put
	if c.record.IsEndOf(&c.saved) {
		write = c.board.cfg.Records.End
	}
	if err := write(ctx, c.record); err != nil {
		c.log.Error("write the call record", slog.Any("error", err))
		return
	}
	c.saved = c.record
}

// end closes the caller's leg if it is still open, gives back what the call
// holds, and closes the record.
func (c *call) end(ctx context.Context, o outcome) {
	if !c.record.EndedAt.IsZero() {
		return
	}
	if c.absorbed {
		if o.code >= 300 {
			c.refuse(o)
		}
		c.hangUpAll()
		c.leave()
		return
	}
	if o.code >= 300 && c.caller.leg != nil { // nil: the system calls, and nobody has answered
		c.refuse(o)
	}
	c.hangUpAll()
	c.leave() // who hears of the end finds the desk out of use
	c.record.EndedAt = c.now()
	c.record.Result = o.result
	c.record.Cause = o.code
	if c.record.EndedBy == "" {
		c.record.EndedBy = o.endedBy()
	}
	c.save(ctx)
	c.publish(Ended{Record: c.record})
}

func (c *call) hangUpAll() {
	for _, p := range c.parties {
		p.bye()
	}
}

func (c *call) refuse(o outcome) {
	if err := c.caller.leg.Reject(o.code, o.reason); err != nil {
		c.log.Debug("refuse a call that is over", slog.Any("error", err))
	}
}

func (c *call) now() time.Time { return c.board.cfg.Now().UTC() }

// publish tells a fact. Who hears of it finds it in [Switchboard.CallsOf].
func (c *call) publish(fact events.Fact) {
	concerned := c.board.table.note(fact)
	c.board.cfg.Events.Publish(fact)
	if len(concerned) > 0 {
		c.board.cfg.Events.Publish(CallsChanged{DomainID: c.domain.ID, Of: concerned})
	}
}
