// Package media carries the sound of calls: each leg has a Stream with its own
// RTP and RTCP port pair. A Stream is joined to another, which relays packets
// without decoding them, or it ends here: sound is played to it, its sound and
// digits are heard. Package media knows no SIP, no SDP text and no calls; who
// negotiates tells it the result by Stream.Update.
package media

import (
	"errors"
	"net/netip"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

var (
	// ErrClosed means that the stream has been closed.
	ErrClosed = errors.New("stream is closed")
	// ErrJoined means that the stream is joined to another one, so that nothing else can be sent on it.
	ErrJoined = errors.New("stream is joined")
	// ErrNoCodec means that no G.711 law has been agreed for sending on this stream.
	ErrNoCodec = errors.New("no codec agreed that can be played")
	// ErrNoEvents means that the other side takes no telephone events (RFC 4733).
	ErrNoEvents = errors.New("no telephone events agreed")
	// ErrNotDigit means that a character is none of 0-9, A-D, * and #.
	ErrNotDigit = errors.New("not a DTMF digit")
)

// FrameTime is the length of the sound in one packet that is sent.
const FrameTime = 20 * time.Millisecond

// FrameSamples is the number of samples in one packet that is sent.
const FrameSamples = g711.Rate / 50

// Direction says in which ways sound of this machine's own may flow, seen from
// here, in the words of SDP (RFC 3264). It binds what is played, never what a
// bridge relays.
type Direction string

// The directions; the zero value is [SendReceive].
const (
	SendReceive Direction = "sendrecv"
	SendOnly    Direction = "sendonly"
	ReceiveOnly Direction = "recvonly"
	Inactive    Direction = "inactive"
)

// Remote is what an offer and answer have settled about the other side.
type Remote struct {
	// Addr is the RTP address in its SDP. An unspecified IP or port 0 is a hold of the old kind: nothing is sent.
	Addr netip.AddrPort
	// RTCP is the address of its a=rtcp line; the zero value means the port after Addr's.
	RTCP netip.AddrPort
	// Host is where its SIP comes from; the zero value means nobody knows. From behind NAT its sound should come from there, too.
	Host netip.Addr
	// Payloads are the payload types that our own SDP allowed it to send. Empty means any.
	Payloads []uint8
	// Codec is what is played to it; zero when G.711 was not agreed.
	Codec g711.Law
	// Events is the payload type on which it takes telephone events (RFC 4733); 0 for none.
	Events uint8
	// EventsIn is the payload type on which it sends them; 0 means the same as Events.
	EventsIn uint8
	// Direction is what we may do.
	Direction Direction
}

// Ear is told what is heard on a stream. Its functions are called in order,
// from the goroutine that reads the socket: they must return at once and must
// not call Listen.
type Ear struct {
	// Digit gets each digit once: 0-9, A-D, * or #, however it was sent.
	Digit func(rune)
	// InBand makes Digit also hear tones in G.711 sound, unless the phone sends telephone events.
	InBand bool
	// Sound gets G.711 sound in order, 8000 samples a second, gaps filled with
	// silence. The slice is valid only during the call.
	Sound func([]int16)
}

// Stats are the counters of a stream since it was opened.
type Stats struct {
	Received      uint64 // RTP packets taken from the other side
	ReceivedBytes uint64 // their octets, with RTP headers
	Lost          uint64 // packets that never came, by their sequence numbers
	Strangers     uint64 // datagrams thrown away because they were not from the other side, or not RTP
	Sent          uint64 // RTP packets sent to the other side
	SentBytes     uint64
}
