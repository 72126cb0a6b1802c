package switchboard

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// errLoop means that the only way to a phone leads back here.
var errLoop = errors.New("the way to the phone leads back to this server")

// branch is one phone that rings.
type branch struct {
	*party
	rang bool
	code int // its final answer; 0: it still rings
}

// ringing is the part of a call before somebody answers.
type ringing struct {
	*call
	offer    []byte // of whoever waits; nil: the phones are asked for theirs
	relies   bool   // the caller requires reliable provisional responses (RFC 3262)
	branches map[*dialog.Leg]*branch
	early    *branch // whose sound the caller hears already
}

// completedElsewhere goes with the CANCEL of phones that rang in vain, so that
// they show no missed call (RFC 3326).
func completedElsewhere() sip.Header {
	return sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`)
}

// ring rings one group of a destination's targets after the other, until one
// phone answers.
func (c *call) ring(d destination) (*party, outcome) {
	r := &ringing{
		call: c, offer: c.waiting.able,
	}
	if c.transfer == nil {
		r.offer = c.waiting.leg.RemoteSDP()
		r.relies = sip.HasOption(c.waiting.leg.Invitation(), "Require", "100rel")
	}
	if err := r.prepare(); err != nil {
		return nil, r.refusalOf(err)
	}
	last := outcomeNotReached()
	for _, group := range d.groups {
		if err := r.start(group); err != nil {
			last = r.refusalOf(err)
		}
		if len(r.branches) == 0 {
			continue
		}
		winner, o, over := r.wait(d)
		if winner != nil || over {
			return winner, o
		}
		last = o
	}
	return nil, last
}

// prepare opens the caller's sound, unless the offer is none that can be relayed.
func (r *ringing) prepare() error {
	if r.offer != nil {
		if _, err := audioOf(r.offer); err != nil {
			return err
		}
	}
	return r.openSound(r.waiting, r.local(r.waiting))
}

// start rings all phones of a group at once. It fails when none can be rung,
// and does nothing when there are none.
func (r *ringing) start(group []target) error {
	var err error
	r.branches, r.early = map[*dialog.Leg]*branch{}, nil
	for _, t := range group {
		if failure := r.invite(t); failure != nil {
			r.log.Warn("ring a phone", slog.String("to", t.name()), slog.Any("error", failure))
			err = failure
		}
	}
	return err
}

// invite sends the INVITE for one phone. It shows the holder of the calling
// device, as decided for this call.
func (r *ringing) invite(t target) error {
	t.flows = slices.DeleteFunc(t.flows, r.leadsHere)
	if len(t.flows) == 0 {
		return errLoop
	}
	b := &branch{party: r.join(t.identity)}
	if err := r.openSound(b.party, r.board.cfg.Engine.Local(t.flows[0]).Addr()); err != nil {
		return fmt.Errorf("open its sound: %w", err)
	}
	invite := r.invitation(t)
	if r.offer != nil {
		offer, err := r.offerFor(b.party)
		if err != nil {
			return fmt.Errorf("relay the offer: %w", err)
		}
		invite.SDP, invite.Unreliable = offer, false
	}
	leg, err := r.board.cfg.Legs.Invite(invite, r.event)
	if err != nil {
		return err
	}
	b.leg = leg
	r.branches[leg] = b
	return nil
}

// offerFor is the offer of whoever waits, as a phone gets it.
func (r *ringing) offerFor(p *party) ([]byte, error) {
	if r.transfer == nil {
		return p.offer(r.offer)
	}
	return p.tell(sdp.RelayAnew(r.offer, nil, p.at, p.origin))
}

// invitation is the INVITE for a target, without an offer.
func (r *ringing) invitation(t target) dialog.Invite {
	from, to := r.address(r.waiting.shown), r.address(t.shown)
	if r.withheld && r.waiting == r.caller {
		from = anonymous()
	}
	invite := dialog.Invite{
		Target: t.uri, Flows: t.flows, Routes: t.routes, Patience: t.patience,
		From: from, To: to, ContactUser: cmp.Or(t.contact, r.waiting.device.Name, r.waiting.shown.Number), MaxForwards: r.hops,
		// A reliable response would hold an offer that only the caller, who has
		// not been answered yet, could answer (RFC 3262 5).
		Unreliable: true,
		Headers:    t.headers, Parts: t.parts, Credentials: t.credentials,
	}
	if t.from != nil {
		invite.From = *t.from
	}
	if t.to != nil {
		invite.To = *t.to
	}
	if t.headers == nil {
		invite.Headers = []sip.Header{sip.NewHeader("P-Asserted-Identity", from.String())}
	}
	return invite
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
// or the time is over. All other phones stop ringing. Over says that no other
// group is to be tried.
func (r *ringing) wait(d destination) (winner *party, o outcome, over bool) {
	timer := time.NewTimer(d.ringFor)
	defer timer.Stop()
	for {
		message, timeout := r.next(timer.C)
		if timeout {
			r.stop(nil)
			return nil, outcomeNoAnswer(), true
		}
		if winner, taken := r.taken(message); taken {
			return winner, r.pickupFailed(), true
		}
		switch m := message.(type) {
		case dialog.Progressed:
			r.progressed(m)
		case dialog.Failed:
			if codes := r.failed(m); codes != nil {
				o, over := d.judge(codes)
				return nil, o, over
			}
		default:
			if o, over := r.givenUp(message); over {
				return nil, o, true
			}
		}
	}
}

// taken tells whether a phone has answered, or one that dialled in for it.
func (r *ringing) taken(message any) (winner *party, taken bool) {
	switch m := message.(type) {
	case dialog.Answered:
		if b := r.branches[m.Leg]; b != nil {
			r.stop(b, completedElsewhere())
			return b.party, true
		}
	case visit:
		return r.visited(m)
	}
	return nil, false
}

// givenUp takes what has to do with whoever waits, and tells whether there is
// nobody to ring for any more.
func (r *ringing) givenUp(message any) (o outcome, over bool) {
	o = outcomeCancelled()
	var reason []sip.Header
	switch m := message.(type) {
	case dialog.Canceled:
		reason = reasonsOf(m.Reason)
		over = true
	case dialog.Ended: // before the answer: the caller keeps silent on a reliable response
		over = m.Leg == r.waiting.leg
	case plea:
		over = r.plead(m)
	case hangUp:
		o, over = outcome{statusServiceUnavailable, "Shutting Down", callrecord.Interrupted}, true
	}
	if over {
		r.stop(nil, reason...)
		return o, true
	}
	r.aside(message)
	return o, false
}

// stop ends the calls of all phones but one: those that ring, and those that
// have answered at the same moment.
func (r *ringing) stop(but *branch, reason ...sip.Header) {
	for _, b := range r.branches {
		if b != but {
			b.leg.Bye(reason...)
			b.stream.Close()
			if but == nil {
				r.silenced(b)
			}
		}
	}
}

// silenced tells that a phone rings no longer while the call may go on to others.
func (r *ringing) silenced(b *branch) {
	if b.rang {
		r.publish(StoppedRinging{CallID: r.record.ID, DomainID: r.domain.ID, DeviceID: b.device.ID, At: r.now()})
	}
	b.rang = false
}

// failed notes a phone's refusal. It gives the final answers that decide, once
// one speaks for all or the last has come.
func (r *ringing) failed(m dialog.Failed) []int {
	b := r.branches[m.Leg]
	if b == nil {
		return nil
	}
	b.code = m.Code
	r.silenced(b)
	if m.Err != nil {
		r.log.Info("phone does not answer", slog.String("to", b.name()), slog.Int("code", m.Code), slog.Any("error", m.Err))
	}
	if to, ok := r.redirected(b, m); ok {
		r.redirect = to
	}
	if stopsForking(m.Code) {
		r.stop(nil)
		return []int{m.Code}
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
		return codes
	}
	if r.early == b { // others may be heard now, or at least ring
		r.early = nil
		if rings {
			r.progress(statusRinging, "Ringing", nil)
		}
	}
	return nil
}

// redirected is the number of the domain, or outside, that a phone sends the call
// on to. Another domain, or an outside line that does so, is not followed.
func (r *ringing) redirected(b *branch, m dialog.Failed) (number string, ok bool) {
	if m.Code < 300 || m.Code >= 400 || m.Response == nil || b.device.ID == "" {
		return "", false
	}
	contact, err := sip.ParseAddress(sip.Value(m.Response, "Contact"))
	if err != nil {
		return "", false
	}
	named, known := r.board.cfg.Directory.DomainByName(contact.URI.Host)
	ours := known && named.ID == r.domain.ID || contact.URI.Host == r.board.cfg.Engine.Addr().Addr().String()
	number = sip.URIUser(contact.URI)
	return number, number != "" && (ours || contact.URI.Scheme == "tel")
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
		r.publish(Ringing{
			CallID: r.record.ID, DomainID: r.domain.ID, DeviceID: b.device.ID, Caller: r.waiting.shown, Callee: b.shown,
			Withheld: r.withheld && r.waiting == r.caller, At: r.now(),
		})
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
// the call any more, and is not sent again when the phone repeats its own.
func (r *ringing) earlySound(b *branch, m dialog.Progressed) []byte {
	if m.SDP == nil || r.offer == nil || r.transfer != nil || r.early != nil && r.early != b || r.relies && len(r.branches) > 1 {
		return nil
	}
	body, err := r.bridge(b.party, m.SDP, r.offer)
	if err != nil {
		r.log.Info("phone sends early sound that cannot be relayed", slog.String("to", b.name()), slog.Any("error", err))
		return nil
	}
	if r.relies && r.early == b {
		return nil
	}
	r.early = b
	return body
}

func (r *ringing) progress(code int, reason string, body []byte) {
	if r.transfer != nil {
		r.transfer.tell(code, reason)
		return
	}
	if r.relies && r.offer == nil {
		return // the first reliable response must hold an offer (RFC 3261 13.2.1), and nobody has made one
	}
	if err := r.caller.leg.Progress(code, reason, body); err != nil {
		r.log.Debug("tell the caller of progress", slog.Any("error", err))
	}
}
