package media

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
)

const (
	reportTicks  = int(5 * time.Second / FrameTime)
	ntpEpoch     = 2208988800 // seconds from 1900 to 1970
	maxSeqJump   = 3000       // RFC 3550 A.1: a larger step is a new start
	maxLostField = 1<<23 - 1  // the field of a report has 24 bits with sign
)

// report sends sender report, reception report and our name (RFC 3550 6).
func (v *voice) report(now time.Time) {
	ntp := uint64(now.Unix()+ntpEpoch)<<32 | uint64(now.Nanosecond())<<32/uint64(time.Second) //nolint:gosec // after 1970
	report := &rtcp.SenderReport{SSRC: v.ssrc, NTPTime: ntp, RTPTime: v.ts, PacketCount: v.packets, OctetCount: v.octets}
	if ssrc, highest, ok := v.stream.counts.reception.latest(); ok {
		report.Reports = []rtcp.ReceptionReport{{
			SSRC: ssrc, LastSequenceNumber: highest,
			TotalLost: uint32(min(v.stream.counts.lost.Load(), maxLostField)),
		}}
	}
	name := &rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{
		Source: v.ssrc, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: v.cname}},
	}}}
	if pkt, err := rtcp.Marshal([]rtcp.Packet{report, name}); err == nil {
		translate(pkt, v.stream.out.of(v.stream), renumbering{})
		v.stream.sendRTCP(pkt)
	}
}

// reception counts what one source should have sent. Only the reading goroutine notes.
type reception struct {
	started  bool
	ssrc     uint32
	base     uint32 // extended sequence number of the first packet
	highest  uint32 // extended sequence number
	received uint32
	before   uint64        // lost from earlier sources
	shared   atomic.Uint64 // SSRC and highest, for the reports
}

// note counts a packet and gives the number of packets lost so far.
func (c *reception) note(pkt []byte) uint64 {
	seq, ssrc := binary.BigEndian.Uint16(pkt[2:]), binary.BigEndian.Uint32(pkt[8:])
	step := int16(seq - uint16(c.highest)) //nolint:gosec // sequence arithmetic wraps
	if !c.started || ssrc != c.ssrc || step > maxSeqJump || step < -maxSeqJump {
		c.before += c.lost()
		c.started, c.ssrc = true, ssrc
		c.base, c.highest, c.received = 1<<16+uint32(seq), 1<<16+uint32(seq), 0
		step = 0
	}
	if step > 0 {
		c.highest += uint32(step)
	}
	c.received++
	c.shared.Store(uint64(ssrc)<<32 | uint64(c.highest))
	return c.before + c.lost()
}

func (c *reception) lost() uint64 {
	expected := c.highest - c.base + 1
	if !c.started || expected < c.received { // packets from before the first, or doubled ones
		return 0
	}
	return uint64(expected - c.received)
}

func (c *reception) latest() (ssrc, highest uint32, ok bool) {
	v := c.shared.Load()
	return uint32(v >> 32), uint32(v) - 1<<16, v != 0 //nolint:gosec // two halves
}
