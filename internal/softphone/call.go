package softphone

import (
	"context"
	"fmt"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/media"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// Call is one call of a phone, made or received. Its methods are safe for use
// by several goroutines.
type Call struct {
	phone    *Phone
	stream   *media.Stream
	outgoing bool
	flow     sip.Flow

	rings, answered, ended milestone

	talks sync.Once

	// Nothing of the stream is called with mu held: the stream calls hear and digit.
	mu        sync.Mutex
	leg       *dialog.Leg
	origin    *sdp.Origin
	direction sdp.Direction // what we want: sendonly while we hold the other side
	local     []byte        // our description that stands
	party     Party
	end       End
	held      bool // by the other side
	agreed    bool // there is a codec: we can talk
	events    bool // telephone events are agreed on
	sound     sound
	digits    string
	changed   chan struct{} // closed with the next change; nil while nobody waits for it
}

// milestone is passed once.
type milestone struct {
	once sync.Once
	ch   chan struct{}
}

func newMilestone() milestone { return milestone{ch: make(chan struct{})} }

func (m *milestone) pass() { m.once.Do(func() { close(m.ch) }) }

func (m *milestone) passed() bool {
	select {
	case <-m.ch:
		return true
	default:
		return false
	}
}

func (p *Phone) newCall(flow sip.Flow, party Party) (*Call, error) {
	stream, err := p.cfg.Ports.Open()
	if err != nil {
		return nil, fmt.Errorf("open sound: %w", err)
	}
	c := &Call{
		phone: p, stream: stream, flow: flow, party: party,
		rings: newMilestone(), answered: newMilestone(), ended: newMilestone(),
		origin: newOrigin(), direction: sdp.SendRecv,
		sound: sound{limit: int(p.cfg.Memory.Seconds() * g711.Rate)},
	}
	stream.Listen(media.Ear{Digit: c.digit, Sound: c.hear, InBand: true})
	return c, nil
}

// Outgoing tells whether this phone made the call.
func (c *Call) Outgoing() bool { return c.outgoing }

// Party is the other side, as it has presented itself so far.
func (c *Call) Party() Party {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.party
}

// ID is the Call-ID.
func (c *Call) ID() string { return c.theLeg().CallID() }

// Invitation is the INVITE that came, nil for a call we made. It is not to be changed.
func (c *Call) Invitation() *sip.Request { return c.theLeg().Invitation() }

// End tells how the call ended; ok is false while it lasts.
func (c *Call) End() (end End, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end, c.ended.passed()
}

// Held tells whether the other side holds us.
func (c *Call) Held() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held
}

// Stats are the counters of the sound.
func (c *Call) Stats() media.Stats { return c.stream.Stats() }

// Ringing waits until the other side rings, or has answered. The error is an *EndError when the call has ended instead.
func (c *Call) Ringing(ctx context.Context) error { return c.reach(ctx, &c.rings) }

// Answered waits until the call is answered. The error is an *EndError, which tells the code, when it was not.
func (c *Call) Answered(ctx context.Context) error { return c.reach(ctx, &c.answered) }

// Ended waits until the call has ended and tells how.
func (c *Call) Ended(ctx context.Context) (End, error) {
	select {
	case <-c.ended.ch:
		end, _ := c.End()
		return end, nil
	case <-ctx.Done():
		return End{}, fmt.Errorf("wait for the end of the call: %w", context.Cause(ctx))
	}
}

func (c *Call) reach(ctx context.Context, m *milestone) error {
	select {
	case <-m.ch:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the call: %w", context.Cause(ctx))
	case <-c.ended.ch:
	}
	if m.passed() {
		return nil
	}
	end, _ := c.End()
	return &EndError{End: end}
}

// Wait waits until done is true. It asks done after each change: sound that was
// heard, a digit, hold, a new party. When the call ends first it is an *EndError.
func (c *Call) Wait(ctx context.Context, done func() bool) error {
	for {
		changed := c.watch()
		if done() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait in the call: %w", context.Cause(ctx))
		case <-c.ended.ch:
			if done() {
				return nil
			}
			end, _ := c.End()
			return &EndError{End: end}
		}
	}
}

func (c *Call) watch() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// change makes a change under the lock and tells those who wait for one.
func (c *Call) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Hangup ends the call, in whatever state it is: answered by BYE, one we make
// by CANCEL, one that rings here by 480. Hanging up again does nothing.
func (c *Call) Hangup() { c.HangupWith() }

// HangupWith is Hangup with headers for the BYE or CANCEL, as Reason (RFC 3326).
func (c *Call) HangupWith(headers ...sip.Header) {
	if leg := c.theLeg(); leg != nil {
		leg.Bye(headers...)
	}
}

func (c *Call) theLeg() *dialog.Leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leg
}

func (c *Call) setLeg(leg *dialog.Leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leg = leg
}

// over is the end of the call, once.
func (c *Call) over(end End) {
	c.mu.Lock()
	again := c.ended.passed()
	if !again {
		c.end = end
	}
	c.mu.Unlock()
	if again {
		return
	}
	c.stream.Listen(media.Ear{})
	c.stream.Close()
	c.mu.Lock()
	c.sound.finish()
	c.mu.Unlock()
	c.phone.remove(c)
	c.ended.pass()
	c.phone.tell(Event{Kind: CallEnded, Call: c, Code: end.Code, Text: end.Reason})
}

// agree tells the stream what offer and answer came to.
func (c *Call) agree(a sdp.Agreement, local []byte) {
	remote := media.Remote{Addr: a.Remote.RTP, RTCP: a.Remote.RTCP, Direction: media.Direction(a.Direction)}
	switch a.Codec.Name {
	case "PCMU":
		remote.Codec = g711.ULaw
	case "PCMA":
		remote.Codec = g711.ALaw
	}
	if a.HasEvent {
		remote.Events = a.Event
	}
	if s, err := sdp.Parse(local); err == nil {
		if own, err := s.Audio(); err == nil {
			for _, f := range own.Formats {
				remote.Payloads = append(remote.Payloads, f.PayloadType)
			}
			remote.EventsIn, _ = own.Event(g711.Rate)
		}
	}
	c.stream.Update(remote)
	held := a.Remote.Held()
	was := held
	c.change(func() {
		c.agreed, c.events, was, c.held = true, a.HasEvent, c.held, held
		c.local = local
	})
	c.talks.Do(func() { // a phone talks all the time, be it silence
		go func() { _ = c.stream.Play(context.Background(), nil) }()
	})
	switch {
	case held && !was:
		c.phone.tell(Event{Kind: HeldByPeer, Call: c})
	case was && !held:
		c.phone.tell(Event{Kind: ResumedByPeer, Call: c})
	}
}

// offer and answer write a description under the lock, which the origin needs.
func (c *Call) offer() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local = c.phone.endpoint(c).Offer()
	return c.local
}

func (c *Call) answerTo(offer []byte) ([]byte, sdp.Agreement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phone.endpoint(c).Answer(offer)
}

// agreeTo reads the answer to our offer.
func (c *Call) agreeTo(answer []byte) error {
	c.mu.Lock()
	local := c.local
	agreed, err := c.phone.endpoint(c).Agree(answer)
	c.mu.Unlock()
	if err != nil {
		return err
	}
	c.agree(agreed, local)
	return nil
}
