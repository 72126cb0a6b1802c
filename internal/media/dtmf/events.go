package dtmf

import "time"

const (
	remembered  = 8               // events whose late packets are still known
	rememberFor = 2 * time.Second // after the last packet of an event
	replayPause = 150 * time.Millisecond
	segment     = 0xffff              // RFC 4733 2.5.1.3: longest part of a long event
	noticeable  = segment - rate/50*2 // a part may also be cut one or two packets before that
)

// Events makes digits out of telephone-event packets: each press once, whatever
// is lost, doubled or out of order. The zero value is ready for use.
type Events struct {
	seen [remembered]press
	last int // index of the newest in seen
}

// press is one event, known by code and timestamp.
type press struct {
	code     uint8
	ended    bool
	first    uint32 // timestamps seen, from first
	ts       uint32 // to here: one, but for long events and odd phones
	duration uint16
	at       time.Time // of its last packet; zero: unused
}

// Packet takes the payload of one packet and its RTP timestamp. The digit is told
// with the first packet of an event that arrives, be it its end. The marker bit
// is not asked for: it is lost with the packet that bears it.
func (e *Events) Packet(payload []byte, ts uint32, now time.Time) (digit rune, ok bool) {
	event, ok := ParseEvent(payload)
	if !ok {
		return 0, false
	}
	digit, ok = Digit(event.Code)
	if !ok {
		return 0, false
	}
	if known := e.find(event, ts, now); known != nil {
		known.add(event, ts, now)
		return 0, false
	}
	e.last = (e.last + 1) % remembered
	e.seen[e.last] = press{
		code: event.Code, ended: event.End, first: ts, ts: ts, duration: event.Duration, at: now,
	}
	return digit, true
}

// find gives the event that a packet belongs to, nil for a new one.
func (e *Events) find(event Event, ts uint32, now time.Time) *press {
	for i := range e.seen {
		p := &e.seen[i]
		if p.code != event.Code || p.at.IsZero() || now.Sub(p.at) > rememberFor {
			continue
		}
		if p.replayed(event, now) {
			continue
		}
		if ts-p.first <= p.ts-p.first || i == e.last && p.continues(event, ts) {
			return p
		}
	}
	return nil
}

// add notes a further packet of the event.
func (p *press) add(event Event, ts uint32, now time.Time) {
	p.at = now
	p.ended = p.ended || event.End
	switch step := int32(ts - p.ts); { //nolint:gosec // timestamp arithmetic wraps
	case step > 0:
		p.ts, p.duration = ts, event.Duration
	case step == 0:
		p.duration = max(p.duration, event.Duration)
	}
}

// replayed tells whether an event begins anew under the old timestamp, as from
// test tools that send the same recorded packets for each press.
func (p *press) replayed(event Event, now time.Time) bool {
	return p.ended && !event.End && event.Duration < p.duration && now.Sub(p.at) > replayPause
}

// continues tells whether a packet with another timestamp still belongs to the
// event: the next part of a long one, or one of a phone that wrongly moves the
// timestamp on with the duration.
func (p *press) continues(event Event, ts uint32) bool {
	step := int32(ts - p.ts) //nolint:gosec // timestamp arithmetic wraps
	moved := step == int32(event.Duration)-int32(p.duration)
	if step < 0 || p.ended {
		return moved && step < 0 && step >= -segment
	}
	return moved || p.duration >= noticeable && step >= noticeable && step <= segment
}
