package switchboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// errLoop means that the only way to a phone leads back here.
var errLoop = errors.New("the way to the phone leads back to this server")

// branch is one phone that rings.
type branch struct {
	side
	target
	rang bool
	code int // its final answer; 0: it still rings
}

// ringing is the part of a call before somebody answers.
type ringing struct {
	*call
	offer    []byte // the caller's; nil: the phones are asked for theirs
	relies   bool   // the caller requires reliable provisional responses (RFC 3262)
	branches map[*dialog.Leg]*branch
	early    *branch // whose sound the caller hears already
}

// completedElsewhere goes with the CANCEL of phones that rang in vain, so that
// they show no missed call (RFC 3326).
func completedElsewhere() sip.Header {
	return sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`)
}

// connect calls an extension of the domain.
func (c *call) connect(ctx context.Context, extension string) outcome {
	user, ok := c.board.cfg.Directory.UserByExtension(c.domain.ID, extension)
	if !ok || user.Disabled {
		return outcomeNotFound()
	}
	c.record.Callee = callrecord.Party{UserID: user.ID, Number: user.Extension, Name: user.Name}
	if c.hops < 1 {
		return outcome{statusTooManyHops, "Too Many Hops", callrecord.Failed}
	}
	targets, err := c.targets(ctx, user)
	if err != nil {
		c.log.Error("find the phones", slog.Any("error", err))
		return outcomeFailed()
	}
	c.board.cfg.Sessions.Used(c.holder.Session)
	defer c.board.cfg.Sessions.Used(c.holder.Session)
	c.onLeave(c.board.cfg.Busy.occupy(c.device.ID))
	invitation := c.caller.leg.Invitation()
	r := &ringing{
		call: c, offer: c.caller.leg.RemoteSDP(), relies: sip.HasOption(invitation, "Require", "100rel"),
		branches: map[*dialog.Leg]*branch{},
	}
	if o, ok := r.start(targets); !ok {
		return o
	}
	winner, o := r.wait(c.board.cfg.RingFor)
	if winner == nil {
		return o
	}
	return c.talk(ctx, winner, r.offer)
}

// start rings all phones at once.
func (r *ringing) start(targets []target) (outcome, bool) {
	if r.offer != nil {
		if _, err := audioOf(r.offer); err != nil {
			return r.refusalOf(err), false
		}
	}
	caller, err := r.openSide(r.board.cfg.Engine.Local(r.caller.leg.Flow()).Addr())
	if err != nil {
		return r.refusalOf(err), false
	}
	caller.leg = r.caller.leg
	r.caller = caller
	for _, t := range targets {
		if failure := r.ring(t); failure != nil {
			r.log.Warn("ring a phone", slog.String("to", t.device.Name), slog.Any("error", failure))
			err = failure
		}
	}
	switch {
	case len(r.branches) > 0:
		return outcome{}, true
	case err != nil:
		return r.refusalOf(err), false
	default:
		return outcomeNotReached(), false
	}
}

// ring sends the INVITE for one phone. It shows the holder of the calling
// device, as decided for this call.
func (r *ringing) ring(t target) error {
	t.flows = slices.DeleteFunc(t.flows, r.leadsHere)
	if len(t.flows) == 0 {
		return errLoop
	}
	s, err := r.openSide(r.board.cfg.Engine.Local(t.flows[0]).Addr())
	if err != nil {
		return fmt.Errorf("open its sound: %w", err)
	}
	b := &branch{side: s, target: t}
	var offer []byte
	if r.offer != nil {
		if offer, err = b.offer(r.offer); err != nil {
			return fmt.Errorf("relay the offer: %w", err)
		}
	}
	from := r.address(r.record.Caller)
	b.leg, err = r.board.cfg.Legs.Invite(dialog.Invite{
		Target: t.uri, Flows: t.flows, Routes: t.routes,
		From: from, To: r.address(t.party), ContactUser: r.device.Name, MaxForwards: r.hops,
		SDP: offer,
		// A reliable response would hold an offer that only the caller, who has
		// not been answered yet, could answer (RFC 3262 5).
		Unreliable: offer == nil,
		Headers:    []sip.Header{sip.NewHeader("P-Asserted-Identity", from.String())},
	}, r.event)
	if err != nil {
		return err
	}
	r.branches[b.leg] = b
	r.onLeave(func() { b.leg.Bye() }) // whatever becomes of the call
	return nil
}

// leadsHere tells whether a flow ends at this server, so that a call over it
// would go round.
func (c *call) leadsHere(flow sip.Flow) bool {
	engine := c.board.cfg.Engine
	return flow.Remote == engine.Addr() || flow.Remote == engine.Local(flow)
}

// address shows a party inside the domain.
func (c *call) address(p callrecord.Party) sip.Address {
	return sip.Address{Display: p.Name, URI: sip.URI{Scheme: "sip", User: p.Number, Host: c.domain.Name}}
}

// wait rings until one phone answers, the caller gives up, all have refused,
// or the time is over. All other phones stop ringing.
func (r *ringing) wait(ringFor time.Duration) (*branch, outcome) {
	timer := time.NewTimer(ringFor)
	defer timer.Stop()
	for {
		message, timeout := r.next(timer.C)
		if timeout {
			r.stop(nil)
			return nil, outcomeNoAnswer()
		}
		switch m := message.(type) {
		case dialog.Answered:
			if winner := r.branches[m.Leg]; winner != nil {
				r.stop(winner, completedElsewhere())
				return winner, outcome{}
			}
		case dialog.Progressed:
			r.progressed(m)
		case dialog.Failed:
			if o, over := r.failed(m); over {
				return nil, o
			}
		case dialog.Canceled:
			r.stop(nil, reasonsOf(m.Reason)...)
			return nil, outcomeCancelled()
		case dialog.Ended: // the caller keeps silent on a reliable response
			r.stop(nil)
			return nil, outcomeCancelled()
		case hangUp:
			r.stop(nil)
			return nil, outcome{statusServiceUnavailable, "Shutting Down", callrecord.Interrupted}
		default:
			r.declineOffer(message)
		}
	}
}

// stop ends the calls of all phones but one: those that ring, and those that
// have answered at the same moment.
func (r *ringing) stop(but *branch, reason ...sip.Header) {
	for _, b := range r.branches {
		if b != but {
			b.leg.Bye(reason...)
			b.stream.Close()
		}
	}
}

// failed notes a phone's refusal. The call is over when it speaks for all, or
// when it was the last.
func (r *ringing) failed(m dialog.Failed) (outcome, bool) {
	b := r.branches[m.Leg]
	if b == nil {
		return outcome{}, false
	}
	b.code = m.Code
	if b.rang {
		r.publish(StoppedRinging{CallID: r.record.ID, DomainID: r.domain.ID, DeviceID: b.device.ID, At: r.now()})
	}
	if m.Err != nil {
		r.log.Info("phone does not answer", slog.String("to", b.device.Name), slog.Int("code", m.Code), slog.Any("error", m.Err))
	}
	if stopsForking(m.Code) {
		r.stop(nil)
		return bestOutcome([]int{m.Code}), true
	}
	var codes []int
	rings := false
	for _, other := range r.branches {
		if other.code != 0 {
			codes = append(codes, other.code)
		} else if other.rang {
			rings = true
		}
	}
	if len(codes) == len(r.branches) {
		return bestOutcome(codes), true
	}
	if r.early == b { // others may be heard now, or at least ring
		r.early = nil
		if rings {
			r.progress(statusRinging, "Ringing", nil)
		}
	}
	return outcome{}, false
}

// progressed tells the caller that a phone rings. The first phone that sends
// sound already is heard.
func (r *ringing) progressed(m dialog.Progressed) {
	b := r.branches[m.Leg]
	if b == nil {
		return
	}
	if !b.rang && m.Response.StatusCode == statusRinging {
		b.rang = true
		r.publish(Ringing{CallID: r.record.ID, DomainID: r.domain.ID, DeviceID: b.device.ID, Caller: r.record.Caller, Callee: b.party, At: r.now()})
	}
	code, reason := m.Response.StatusCode, m.Response.Reason
	if body := r.earlySound(b, m); body != nil {
		r.progress(statusSessionProgress, "Session Progress", body)
		return
	}
	if r.early == nil && code == statusRinging {
		r.progress(code, reason, nil)
	}
}

// earlySound joins the caller to the first phone that sends sound before it is
// answered, and gives the answer for the caller; nil when there is none. Where
// the caller made no offer there is nobody to send sound to yet; and an answer
// that is sent reliably stands (RFC 3262 5), so that no other phone could take
// the call any more.
func (r *ringing) earlySound(b *branch, m dialog.Progressed) []byte {
	if m.SDP == nil || r.offer == nil || r.early != nil && r.early != b || r.relies && len(r.branches) > 1 {
		return nil
	}
	body, err := r.join(b, m.SDP, r.offer)
	if err != nil {
		r.log.Info("phone sends early sound that cannot be relayed", slog.String("to", b.device.Name), slog.Any("error", err))
		return nil
	}
	r.early = b
	return body
}

func (r *ringing) progress(code int, reason string, body []byte) {
	if r.relies && r.offer == nil {
		return // the first reliable response must hold an offer (RFC 3261 13.2.1), and nobody has made one
	}
	if err := r.caller.leg.Progress(code, reason, body); err != nil {
		r.log.Debug("tell the caller of progress", slog.Any("error", err))
	}
}
