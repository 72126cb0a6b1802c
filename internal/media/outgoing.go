package media

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// outgoing makes one RTP stream of everything that a phone is sent, whoever
// speaks: music, then one joined phone, then another. What the first speaker
// sends passes as it is. What the next one sends goes on under the same source,
// with the numbers and times that follow (docs/decisions/one-rtp-stream.md).
type outgoing struct {
	now func() time.Time

	mu      sync.Mutex
	speaker *Stream // who sent last: a joined stream, or the stream itself; nil before the first packet
	renumbering
	ssrc  uint32 // the last packet as it was sent
	seq   uint16
	ts    uint32
	begun time.Time // when a packet of this SSRC was first sent,
	first uint32    // and its time
}

// renumbering is how the packets of a speaker differ from what is sent.
type renumbering struct {
	from, to uint32 // SSRC
	addSeq   uint16
	addTS    uint32
}

// carry turns the header of a speaker's packet into that of the next one to be sent.
func (o *outgoing) carry(pkt []byte, speaker *Stream) {
	seq, ts, ssrc := binary.BigEndian.Uint16(pkt[2:]), binary.BigEndian.Uint32(pkt[4:]), binary.BigEndian.Uint32(pkt[8:])
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.speaker == nil:
		o.renumbering = renumbering{from: ssrc, to: ssrc}
	case o.speaker != speaker:
		o.renumbering = renumbering{from: ssrc, to: o.ssrc, addSeq: o.seq + 1 - seq, addTS: o.next() - ts}
	}
	o.speaker = speaker
	if ssrc == o.from { // a phone that begins a source anew itself has its reason
		seq, ts, ssrc = seq+o.addSeq, ts+o.addTS, o.to
		binary.BigEndian.PutUint16(pkt[2:], seq)
		binary.BigEndian.PutUint32(pkt[4:], ts)
		binary.BigEndian.PutUint32(pkt[8:], ssrc)
	}
	if ssrc != o.ssrc || o.begun.IsZero() {
		o.begun, o.first = o.now(), ts
	}
	o.ssrc, o.seq, o.ts = ssrc, seq, ts
}

// next is the time of the first packet of another speaker: by the clock, so that
// a silence between them is one, but after the last packet. A faster clock
// than G.711's is always ahead of this one, and its silence is shortened.
func (o *outgoing) next() uint32 {
	clock := o.first + uint32(o.now().Sub(o.begun)*g711.Rate/time.Second) //nolint:gosec // wraps as RTP time does
	if earliest := o.ts + FrameSamples; int32(clock-earliest) < 0 {       //nolint:gosec // timestamp arithmetic wraps
		return earliest
	}
	return clock
}

// of is how packets of a speaker are renumbered now.
func (o *outgoing) of(speaker *Stream) renumbering {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.speaker != speaker {
		return renumbering{}
	}
	return o.renumbering
}

const (
	typeSenderReport      = 200
	typeReceiverReport    = 201
	typeTransportFeedback = 205
	typePayloadFeedback   = 206
	senderReportSize      = 28
	receptionReportSize   = 24
	genericNACK           = 1 // RFC 4585 6.2.1
)

// translate makes RTCP speak of the same packets as the RTP beside it (RFC 3550
// 7.2): sent is how those of its sender are renumbered, heard how those that
// the sender was sent.
func translate(pkt []byte, sent, heard renumbering) {
	for len(pkt) >= rtcpHeaderSize {
		size := 4 + 4*int(binary.BigEndian.Uint16(pkt[2:]))
		if size > len(pkt) {
			return
		}
		if size >= rtcpHeaderSize {
			translateOne(pkt[:size], sent, heard)
		}
		pkt = pkt[size:]
	}
}

func translateOne(pkt []byte, sent, heard renumbering) {
	count := int(pkt[0] & 0x1f)
	own := binary.BigEndian.Uint32(pkt[4:]) == sent.from
	if own {
		binary.BigEndian.PutUint32(pkt[4:], sent.to)
	}
	switch pkt[1] {
	case typeSenderReport:
		if own && len(pkt) >= senderReportSize {
			add32(pkt[16:], sent.addTS)
		}
		heard.restoreReports(pkt[min(senderReportSize, len(pkt)):], count)
	case typeReceiverReport:
		heard.restoreReports(pkt[rtcpHeaderSize:], count)
	case typePayloadFeedback:
		heard.restoreSource(pkt[rtcpHeaderSize:])
	case typeTransportFeedback:
		if heard.restoreSource(pkt[rtcpHeaderSize:]) && count == genericNACK {
			heard.restoreLosses(pkt[rtcpHeaderSize+4:])
		}
	}
}

// restoreReports gives reception reports the numbers that the speaker used.
func (r renumbering) restoreReports(reports []byte, count int) {
	for ; count > 0 && len(reports) >= receptionReportSize; count-- {
		if r.restoreSource(reports) {
			add32(reports[8:], -uint32(r.addSeq))
		}
		reports = reports[receptionReportSize:]
	}
}

func (r renumbering) restoreLosses(lost []byte) {
	for ; len(lost) >= 4; lost = lost[4:] {
		binary.BigEndian.PutUint16(lost, binary.BigEndian.Uint16(lost)-r.addSeq)
	}
}

func (r renumbering) restoreSource(at []byte) bool {
	if len(at) < 4 || binary.BigEndian.Uint32(at) != r.to {
		return false
	}
	binary.BigEndian.PutUint32(at, r.from)
	return true
}

func add32(at []byte, n uint32) {
	binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)+n)
}
