package switchboard

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// summons is a call that the system itself makes, to speak with whoever answers.
type summons struct {
	domain directory.Domain
	shown  callrecord.Party // whom the phones show as the caller
	// find gives the phones to ring, all at once.
	find    func(ctx context.Context, c *call) ([]target, error)
	ringFor time.Duration
	speak   speech
}

// summon makes such a call and returns when it is over, with how it went:
// [callrecord.Service] when somebody has answered. It is on no record: what it
// is made for tells of it.
func (s *Switchboard) summon(ctx context.Context, what summons) (result callrecord.Result) {
	c := s.ownCall(what)
	if o, ok := s.add(c); !ok {
		return o.result
	}
	defer s.remove(c)
	defer c.leave()
	defer func() {
		if fault := recover(); fault != nil {
			c.log.Error("call failed", slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			result = callrecord.Failed
		}
	}()
	targets, err := what.find(ctx, c)
	if err != nil {
		c.log.Error("find the phones", slog.Any("error", err))
		return callrecord.Failed
	}
	r := &summoning{call: c, summons: what, rings: map[*dialog.Leg]*party{}}
	for _, t := range targets {
		if err := r.invite(t); err != nil {
			c.log.Warn("ring a phone", slog.String("to", t.name()), slog.Any("error", err))
		}
	}
	v, result := r.answered(ctx)
	if v != nil {
		v.hold(ctx, what.speak)
		v.caller.leg.Bye()
	}
	return result
}

// ownCall makes a call without a caller.
func (s *Switchboard) ownCall(what summons) *call {
	id := newID()
	c := &call{
		board: s, log: s.cfg.Log.With(slog.String("call", id), slog.String("from", what.shown.Name)), domain: what.domain, hops: maxHops,
		inbox:  newInbox(),
		record: callrecord.Record{ID: id, DomainID: what.domain.ID, StartedAt: s.cfg.Now().UTC(), Caller: what.shown},
	}
	c.caller = c.join(identity{shown: what.shown})
	c.waiting = c.caller
	return c
}

// summoning is such a call before somebody has answered.
type summoning struct {
	*call
	summons
	rings map[*dialog.Leg]*party // whose phones have not refused
	codes []int                  // of those that have
}

// invite rings one phone with an offer of our own.
func (r *summoning) invite(t target) error {
	t.flows = slices.DeleteFunc(t.flows, r.leadsHere)
	if len(t.flows) == 0 {
		return errLoop
	}
	p := r.join(t.identity)
	if err := r.openSound(p, r.board.cfg.Engine.Local(t.flows[0]).Addr()); err != nil {
		return fmt.Errorf("open its sound: %w", err)
	}
	from := r.address(r.shown)
	leg, err := r.board.cfg.Legs.Invite(dialog.Invite{
		Target: t.uri, Flows: t.flows, Routes: t.routes, From: from, To: r.address(t.shown), ContactUser: r.shown.Number, MaxForwards: r.hops,
		SDP: selfOf(p).Offer(), Headers: []sip.Header{sip.NewHeader("P-Asserted-Identity", from.String())},
	}, r.event)
	if err != nil {
		return err
	}
	p.leg = leg
	r.rings[leg] = p
	p.onLeave(func() { leg.Bye(completedElsewhere()) }) // whoever is not there misses nothing
	return nil
}

// selfOf is our own sound on a party's stream.
func selfOf(p *party) sdp.Endpoint {
	return sdp.Endpoint{At: p.at, Origin: p.origin, Formats: ourFormats()}
}

// answered waits until somebody answers, all phones have refused, or they have
// rung for long enough. All others stop ringing.
func (r *summoning) answered(ctx context.Context) (*conversing, callrecord.Result) {
	timer := time.NewTimer(r.ringFor)
	defer timer.Stop()
	stop := context.AfterFunc(ctx, func() { r.post(hangUp{}) })
	defer stop()
	for len(r.rings) > 0 {
		message, timeout := r.next(timer.C)
		if timeout {
			return nil, callrecord.NoAnswer
		}
		switch m := message.(type) {
		case dialog.Answered:
			if v := r.meet(m); v != nil {
				return v, callrecord.Service
			}
		case dialog.Failed:
			delete(r.rings, m.Leg)
			r.codes = append(r.codes, m.Code)
		case hangUp:
			return nil, callrecord.Interrupted
		default:
			r.declineOffer(message)
		}
	}
	return nil, bestOutcome(r.codes).result
}

// meet begins the conversation with the phone that has answered; nil when it
// cannot hear us.
func (r *summoning) meet(m dialog.Answered) *conversing {
	p := r.rings[m.Leg]
	if p == nil {
		return nil
	}
	delete(r.rings, m.Leg)
	agreed, err := selfOf(p).Agree(m.SDP)
	if err != nil {
		r.log.Info("the phone's answer does not fit", slog.String("to", p.name()), slog.Any("error", err))
		p.leg.Bye()
		r.codes = append(r.codes, statusNotAcceptableHere)
		return nil
	}
	for leg := range r.rings {
		leg.Bye(completedElsewhere())
	}
	r.caller, r.waiting = p, p
	v := &conversing{call: r.call, ear: newEarpiece(p.stream, r.hangUpOnce()), endpoint: selfOf(p)}
	v.agree(agreed)
	return v
}
