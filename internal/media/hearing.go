package media

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

const (
	eventGrace   = 250 * time.Millisecond // how long a tone waits for the telephone event of the same press
	sameIfWithin = time.Second            // how long a later event is still known as that press
	concealed    = 3 * FrameSamples       // longest loss that a tone is thought to last through
	chunk        = FrameSamples
	gapSlack     = 500 * time.Millisecond // silence for a gap is at most so much longer than the time that went by
)

// hearing turns packets into sound and digits. Its memory outlives each Ear, so
// that the late packets of a digit are not a digit for the next Ear.
type hearing struct {
	now     func() time.Time
	another atomic.Bool // another phone may be at the other end

	mu       sync.Mutex
	ear      Ear
	events   dtmf.Events
	detector *dtmf.Detector
	order    sequencer
	pcm      []int16
	clock    uint32    // timestamp after the last sound
	clocked  time.Time // when that was; zero: no sound yet

	eventsAgreed bool
	sendsEvents  bool // this phone sends telephone events: its tones are echoes of them
	held         rune // a tone that waits for its event
	heldTimer    *time.Timer
	told         rune // the last tone told as a digit,
	toldAt       time.Time
}

func (h *hearing) prepare(now func() time.Time) {
	h.now = now
	h.order.out = h.inOrder
}

func (h *hearing) listen(ear Ear) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.order.flush()
	h.clocked = time.Time{} // what the ear before did not hear is no gap for this one
	h.ear = ear
	if ear.InBand && h.detector == nil {
		h.detector = dtmf.NewDetector()
	}
}

// end gives out what is left when the stream closes.
func (h *hearing) end() {
	h.listen(Ear{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropHeld()
}

// forget is for another phone at the other end. It takes no lock, so that an Ear may call Update.
func (h *hearing) forget() { h.another.Store(true) }

// packet takes an RTP packet of the other side.
func (h *hearing) packet(pkt []byte, r *route) {
	p, ok := parseRTP(pkt)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.another.Swap(false) {
		h.sendsEvents = false
	}
	if p.payload == r.remote.EventsIn && p.payload != 0 {
		if digit, ok := h.events.Packet(p.body, p.ts, h.now()); ok {
			h.event(digit)
		}
		p.body = nil
	}
	if g711.Of(p.payload) == 0 {
		p.body = nil
	}
	h.eventsAgreed = r.remote.EventsIn != 0
	h.order.push(p)
}

// inOrder takes the packets one after the other, as the sequencer lets them out.
func (h *hearing) inOrder(p packet) {
	if len(p.body) == 0 || h.ear.Sound == nil && !h.ear.InBand {
		return
	}
	now := h.now()
	gap := 0
	if !h.clocked.IsZero() && p.sameSource {
		limit := int((now.Sub(h.clocked) + gapSlack) * g711.Rate / time.Second)
		gap = min(int(int32(p.ts-h.clock)), limit) //nolint:gosec // timestamp arithmetic wraps
	}
	h.fill(gap)
	h.pcm = g711.Of(p.payload).Decode(h.pcm[:0], p.body)
	h.clock, h.clocked = p.ts+uint32(len(p.body)), now //nolint:gosec // a datagram's length
	h.tones(h.pcm)
	if h.ear.Sound != nil {
		h.ear.Sound(h.pcm)
	}
}

// fill makes silence for a gap. For the detector a short loss sounds on as
// what was before it: a tone stays one tone, a pause one pause.
func (h *hearing) fill(gap int) {
	if gap <= 0 {
		return
	}
	if gap > concealed {
		h.tones(make([]int16, 4*chunk))
	} else if len(h.pcm) > 0 {
		h.tones(h.pcm[:min(gap, len(h.pcm))])
	}
	if h.ear.Sound == nil {
		return
	}
	silence := make([]int16, chunk)
	for ; gap > 0; gap -= chunk {
		h.ear.Sound(silence[:min(gap, chunk)])
	}
}

// tones listens for digits in sound. Where telephone events are agreed on, a
// tone may be the echo of one: it waits.
func (h *hearing) tones(pcm []int16) {
	if !h.ear.InBand || h.ear.Digit == nil {
		return
	}
	h.detector.Feed(pcm, func(digit rune) {
		switch {
		case h.sendsEvents:
		case h.eventsAgreed:
			h.tellHeld()
			h.held = digit
			h.heldTimer = time.AfterFunc(eventGrace, h.graceOver)
		default:
			h.tellTone(digit)
		}
	})
}

// event tells a digit that came as a telephone event; the tone of the same press is then dropped.
func (h *hearing) event(digit rune) {
	first := !h.sendsEvents
	h.sendsEvents = true
	if h.held == digit {
		h.dropHeld()
	}
	h.tellHeld()
	if first && h.told == digit && h.now().Sub(h.toldAt) < sameIfWithin {
		return
	}
	h.tell(digit)
}

func (h *hearing) graceOver() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tellHeld()
}

func (h *hearing) tellHeld() {
	if digit := h.held; digit != 0 {
		h.dropHeld()
		h.tellTone(digit)
	}
}

func (h *hearing) dropHeld() {
	if h.heldTimer != nil {
		h.heldTimer.Stop()
	}
	h.held, h.heldTimer = 0, nil
}

func (h *hearing) tellTone(digit rune) {
	h.told, h.toldAt = digit, h.now()
	h.tell(digit)
}

func (h *hearing) tell(digit rune) {
	if h.ear.Digit != nil {
		h.ear.Digit(digit)
	}
}
