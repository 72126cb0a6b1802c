package switchboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// speech is what a conversation does with a caller.
type speech func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error

// conversing is a call with the system itself.
type conversing struct {
	*call
	ear      *earpiece
	endpoint sdp.Endpoint
}

// converse answers the call and hands the caller to a conversation.
func (c *call) converse(ctx context.Context, speak speech) outcome {
	if c.transfer != nil {
		return c.converseOn(ctx, speak)
	}
	v, body, err := c.describeSelf()
	if err != nil {
		return c.refusalOf(err)
	}
	c.record.AnsweredAt = c.now()
	c.save(ctx) // before the caller hears of it: an answered call is on disk
	if err := c.waiting.leg.Accept(body); err != nil {
		c.record.AnsweredAt = c.record.EndedAt // the caller never heard an answer
		return outcomeCancelled()
	}
	v.hold(ctx, speak)
	return outcome{code: 0, result: callrecord.Service}
}

// announce speaks one sentence as early sound, and then refuses the call, so
// that the phone shows the refusal too. A caller without an offer only gets
// the refusal.
func (c *call) announce(ctx context.Context, sentence ivr.Sentence, o outcome) outcome {
	if c.transfer != nil || c.waiting.leg.RemoteSDP() == nil {
		return o
	}
	v, body, err := c.describeSelf()
	if err != nil {
		c.log.Info("a refusal cannot be spoken", slog.Any("error", err))
		return o
	}
	if err := c.waiting.leg.Progress(statusSessionProgress, "Session Progress", body); err != nil {
		return outcomeCancelled()
	}
	v.hold(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
		return c.board.cfg.Conversations.Announce(ctx, caller, desk, sentence)
	})
	return o
}

// refusalOf is the answer to an INVITE that cannot have sound.
func (c *call) refusalOf(err error) outcome {
	c.log.Info("no sound for the call", slog.Any("error", err))
	switch {
	case errors.Is(err, sdp.ErrMalformed):
		return outcome{statusBadRequest, "Bad Session Description", callrecord.Failed}
	case errors.Is(err, sdp.ErrNoAudio), errors.Is(err, sdp.ErrSecure), errors.Is(err, sdp.ErrNoCodec):
		return outcome{statusNotAcceptableHere, "Not Acceptable Here", callrecord.Failed}
	case errors.Is(err, errLoop):
		return outcome{statusLoopDetected, "Loop Detected", callrecord.Failed}
	default:
		return outcome{statusServiceUnavailable, "No Media Ports", callrecord.Failed}
	}
}

// ourFormats are those that the system itself speaks and hears.
func ourFormats() []sdp.Format { return []sdp.Format{sdp.PCMU(), sdp.PCMA(), sdp.TelephoneEvent()} }

// describeSelf opens our own sound and answers the caller's offer, or makes one.
func (c *call) describeSelf() (*conversing, []byte, error) {
	p := c.waiting
	if err := c.openSound(p, c.local(p)); err != nil {
		return nil, nil, fmt.Errorf("open sound: %w", err)
	}
	v := c.speaker()
	body, err := v.answer(c.waiting.leg.RemoteSDP())
	return v, body, err
}

// speaker is a conversation with whoever waits, whose sound is open.
func (c *call) speaker() *conversing {
	p := c.waiting
	p.hush()
	return &conversing{
		call: c, ear: newEarpiece(p.stream, c.hangUpOnce()),
		endpoint: sdp.Endpoint{At: p.at, Origin: p.origin, Formats: ourFormats()},
	}
}

// hangUpOnce lets a conversation end the call.
func (c *call) hangUpOnce() func() {
	leg := c.waiting.leg
	return func() {
		if leg.Answered() {
			leg.Bye()
		}
	}
}

// answer agrees to the caller's offer; without one it makes ours.
func (v *conversing) answer(offer []byte) ([]byte, error) {
	if offer == nil {
		return v.endpoint.Offer(), nil
	}
	body, agreed, err := v.endpoint.Answer(offer)
	if err != nil {
		return nil, err
	}
	v.agree(agreed)
	return body, nil
}

func (v *conversing) agree(agreed sdp.Agreement) {
	remote := media.Remote{
		Addr: agreed.Remote.RTP, RTCP: agreed.Remote.RTCP, Host: v.waiting.leg.Flow().Remote.Addr(), Direction: media.Direction(agreed.Direction),
	}
	remote.Codec = g711.ULaw
	if agreed.Codec.Name == sdp.PCMA().Name {
		remote.Codec = g711.ALaw
	}
	remote.Payloads = []uint8{agreed.Codec.PayloadType}
	if agreed.HasEvent {
		remote.Events = agreed.Event
	}
	v.waiting.stream.Update(remote)
	v.ear.ready(agreed.HasEvent)
}

// hold lets the conversation speak until it has said all or the caller has
// hung up.
func (v *conversing) hold(ctx context.Context, speak speech) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	desk := v.desk()
	go func() { v.post(talkDone{err: v.speak(ctx, speak, desk)}) }()
	for {
		message, _ := v.next(nil)
		switch m := message.(type) {
		case talkDone:
			v.said(m.err)
			return
		case dialog.Ended:
			if m.Leg == v.waiting.leg { // else of a phone that rang in vain
				v.over(endedBy(m, v.waiting.place), cancel)
			}
		case dialog.Canceled:
			v.over("caller", cancel)
		case hangUp:
			v.over("system", cancel)
		case dialog.Acked:
			v.acked(m)
		case dialog.Reoffered:
			v.reoffered(m)
		case dialog.Requested:
			v.requested(m)
		default:
			v.declineOffer(message)
		}
	}
}

// over tells the conversation that nobody listens any more.
func (v *conversing) over(by string, stop func()) {
	if v.record.EndedBy == "" {
		v.record.EndedBy = by
	}
	v.ear.gone()
	stop()
}

// desk is the device as conversations know it.
func (c *call) desk() ivr.Desk {
	desk := ivr.Desk{
		CallID: c.record.ID, DomainID: c.domain.ID, Domain: c.domain.Name, Language: c.domain.Language,
		Zone: zoneOf(c.domain.TimeZone), DeviceID: c.waiting.device.ID, LoginCode: c.domain.HotDesking.LoginCode,
	}
	if owner, ok := c.board.cfg.Directory.User(c.waiting.device.OwnerID); ok && !owner.IsDeskAccount(c.domain.HotDesking) {
		desk.PersonID = owner.ID
	}
	return desk
}

// speak runs the conversation; a fault in it costs the call only.
func (v *conversing) speak(ctx context.Context, speak speech, desk ivr.Desk) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			v.log.Error("conversation failed", slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			err = fmt.Errorf("conversation failed: %v", fault)
		}
	}()
	return speak(ctx, v.ear, desk)
}

func (v *conversing) said(err error) {
	if v.record.EndedBy == "" {
		v.record.EndedBy = "system"
	}
	if err != nil && !errors.Is(err, ivr.ErrGone) {
		v.log.Warn("conversation ended early", slog.Any("error", err))
	}
}

// acked takes the answer to our offer.
func (v *conversing) acked(m dialog.Acked) {
	if m.SDP == nil {
		return
	}
	agreed, err := v.endpoint.Agree(m.SDP)
	if err != nil {
		v.log.Info("the caller's answer does not fit", slog.Any("error", err))
		v.waiting.leg.Bye()
		return
	}
	v.agree(agreed)
}

// reoffered agrees to a hold, a resume or another change by the caller.
func (v *conversing) reoffered(m dialog.Reoffered) {
	body, err := v.answer(m.Offer)
	if err != nil {
		v.rejectOffer(m, v.refusalOf(err).code, "Not Acceptable Here")
		return
	}
	if err := m.Answer(body); err != nil {
		v.log.Debug("answer an offer", slog.Any("error", err))
	}
}

// requested takes digits by INFO; other requests have nobody here to go to.
func (v *conversing) requested(m dialog.Requested) {
	digit, ok := digitOf(m.Tx.Request())
	switch {
	case ok:
		v.ear.press(digit)
		v.respond(m.Tx, statusOK, "OK")
	case m.Tx.Request().Method == sip.OPTIONS:
		v.respond(m.Tx, statusOK, "OK")
	case m.Tx.Request().Method == sip.INFO:
		v.respond(m.Tx, statusUnsupportedMedia, "Unsupported Media Type")
	default:
		v.respond(m.Tx, statusNotImplemented, "Not Implemented")
	}
}

// zoneOf is a domain's time zone; the directory has checked its name.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
