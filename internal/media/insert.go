package media

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
)

// InsertDigit sends one digit as a telephone event (RFC 4733) into the sound
// that is relayed to the other side; done hears when it is on its way, or
// why it is not, on any goroutine. The event takes the places of relayed packets, so that
// the stream keeps its source, numbers and times. Digits go in the order of the
// calls. While nothing is relayed they wait, until ctx ends.
func (s *Stream) InsertDigit(ctx context.Context, digit rune, done func(error)) {
	code, ok := dtmf.Code(digit)
	if !ok {
		done(fmt.Errorf("%w: %q", ErrNotDigit, digit))
		return
	}
	if r := s.route.Load(); r == nil || r.remote.Events == 0 {
		done(ErrNoEvents)
		return
	}
	d := &inserted{code: code, sent: make(chan struct{})}
	s.inserts.add(d)
	go func() { done(s.awaitInserted(ctx, d)) }()
}

func (s *Stream) awaitInserted(ctx context.Context, d *inserted) error {
	select {
	case <-d.sent:
		return nil
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		s.inserts.remove(d)
		return ctx.Err()
	}
}

// relay sends on what came from a joined stream, or a digit in its place.
func (s *Stream) relay(pkt []byte, from *Stream) {
	if s.inserts.waiting.Load() {
		var event [rtpHeaderSize + eventSize]byte
		if r := s.route.Load(); r != nil && s.inserts.replace(pkt, event[:0], r.remote.Events) {
			pkt = event[:]
		}
	}
	s.speak(pkt, from)
}

// eventSize is the payload of a telephone event (RFC 4733 2.3).
const eventSize = 4

// inserts are the digits that wait to be inserted, first come first.
type inserts struct {
	waiting atomic.Bool // spares the relay the lock
	mu      sync.Mutex
	queue   []*inserted
}

// inserted is one digit on its way.
type inserted struct {
	code uint8
	tick int
	ts   uint32
	sent chan struct{}
}

func (i *inserts) add(d *inserted) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.queue = append(i.queue, d)
	i.waiting.Store(true)
}

// remove takes a digit back that has not begun; one that has goes on.
func (i *inserts) remove(d *inserted) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, other := range i.queue {
		if other == d && d.tick == 0 {
			i.queue = append(i.queue[:n], i.queue[n+1:]...)
			break
		}
	}
	i.waiting.Store(len(i.queue) > 0)
}

// replace writes the event that takes the place of a relayed packet; false when
// that packet is to pass, as in the pause between two digits.
func (i *inserts) replace(pkt, event []byte, payload uint8) bool {
	if len(pkt) < rtpHeaderSize || payload == 0 {
		return false
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.queue) == 0 {
		return false
	}
	d := i.queue[0]
	d.tick++
	if d.tick > eventTicks+eventEnds {
		if d.tick == eventTicks+eventEnds+eventPauseTick {
			i.queue = i.queue[1:]
			i.waiting.Store(len(i.queue) > 0)
			close(d.sent)
		}
		return false
	}
	event = append(event, pkt[:rtpHeaderSize]...)
	event[0], event[1] = 2<<6, payload
	if d.tick == 1 {
		event[1] |= 0x80
		d.ts = binary.BigEndian.Uint32(pkt[4:])
	}
	binary.BigEndian.PutUint32(event[4:], d.ts)
	dtmf.Event{
		Code: d.code, End: d.tick > eventTicks, Volume: eventVolume,
		Duration: uint16(min(d.tick, eventTicks) * FrameSamples), //nolint:gosec // at most 800
	}.Append(event)
	return true
}
