package media

import "encoding/binary"

const (
	slots    = 8   // packets that may be held
	patience = 4   // held packets after which a missing one is given up: 80 ms
	newStart = 500 // a larger step of the sequence is a new start, not a loss
)

// packet is a parsed RTP packet; body is valid only while it is handed on.
type packet struct {
	payload    uint8
	seq        uint16
	ts, ssrc   uint32
	body       []byte
	sameSource bool // the packet let out before came from the same source
}

// parseRTP reads the header (RFC 3550 5.1) and cuts extension and padding off.
func parseRTP(pkt []byte) (p packet, ok bool) {
	if len(pkt) < rtpHeaderSize {
		return packet{}, false
	}
	start, end := rtpHeaderSize+int(pkt[0]&0x0f)*4, len(pkt)
	if pkt[0]&0x10 != 0 {
		if end < start+4 {
			return packet{}, false
		}
		start += 4 + int(binary.BigEndian.Uint16(pkt[start+2:]))*4
	}
	if pkt[0]&0x20 != 0 {
		end -= int(pkt[end-1])
	}
	if end < start {
		return packet{}, false
	}
	return packet{
		payload: pkt[1] & 0x7f,
		seq:     binary.BigEndian.Uint16(pkt[2:]),
		ts:      binary.BigEndian.Uint32(pkt[4:]),
		ssrc:    binary.BigEndian.Uint32(pkt[8:]),
		body:    pkt[start:end],
	}, true
}

// sequencer lets packets out in the order of their sequence numbers. It holds
// packets only while one before them is missing, and never for long.
type sequencer struct {
	out     func(packet)
	started bool
	ssrc    uint32
	next    uint16
	fresh   bool // nothing of this source has been let out
	held    [slots]packet
	full    [slots]bool
	count   int
}

func (q *sequencer) push(p packet) {
	step := int16(p.seq - q.next) //nolint:gosec // sequence arithmetic wraps
	if !q.started || p.ssrc != q.ssrc || step > newStart || step < -newStart {
		q.flush()
		q.started, q.fresh, q.ssrc, q.next, step = true, true, p.ssrc, p.seq, 0
	}
	if step < 0 { // late, or doubled
		return
	}
	for ; step >= slots; step-- {
		q.advance()
	}
	if step == 0 {
		q.let(p)
		q.drain()
		return
	}
	q.hold(p)
	if q.count >= patience {
		for !q.full[q.next%slots] {
			q.advance()
		}
		q.drain()
	}
}

// flush lets out everything that is held and waits for a new start.
func (q *sequencer) flush() {
	for q.count > 0 {
		q.advance()
	}
	q.started = false
}

func (q *sequencer) hold(p packet) {
	slot := &q.held[p.seq%slots]
	if q.full[p.seq%slots] {
		return
	}
	body := append(slot.body[:0], p.body...)
	*slot = p
	slot.body = body
	q.full[p.seq%slots] = true
	q.count++
}

// advance passes one sequence number: lets its packet out, or gives it up.
func (q *sequencer) advance() {
	i := q.next % slots
	if !q.full[i] {
		q.next++
		return
	}
	q.full[i] = false
	q.count--
	q.let(q.held[i])
}

func (q *sequencer) drain() {
	for q.full[q.next%slots] {
		q.advance()
	}
}

func (q *sequencer) let(p packet) {
	q.next = p.seq + 1
	p.sameSource = !q.fresh
	q.fresh = false
	q.out(p)
}
