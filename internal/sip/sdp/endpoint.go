package sdp

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Endpoint is a side that talks itself rather than relaying: a conversation of
// ours, or the softphone.
type Endpoint struct {
	At        netip.AddrPort // where its RTP arrives; RTCP is the next port
	Origin    *Origin
	Direction Direction // what it wants to do; "" is [SendRecv]
	Formats   []Format  // what it talks, the preferred first; [TelephoneEvent] last, if digits
}

// Agreement is what an offer and its answer came to, from our side.
type Agreement struct {
	Codec     Format    // with the payload type to send
	Event     uint8     // payload type of digits (RFC 4733)
	HasEvent  bool      // digits were agreed
	Direction Direction // what we may do
	Remote    Audio     // what the other side said
}

// Offer describes all that the endpoint talks.
func (e Endpoint) Offer() []byte {
	return e.describe(e.head("t=0 0"), e.Formats, e.want())
}

// Answer answers an offer with the first codec in the offerer's order that the
// endpoint talks, and digits if both have them. Every other stream is refused in
// its place. The errors say why the offer is refused: [ErrNoCodec] and the like
// by a 488, [ErrMalformed] by a 400.
func (e Endpoint) Answer(offer []byte) ([]byte, Agreement, error) {
	s, err := Parse(offer)
	if err != nil {
		return nil, Agreement{}, err
	}
	agreed, err := e.agree(s)
	if err != nil {
		return nil, Agreement{}, err
	}
	chosen, err := s.audio()
	if err != nil {
		return nil, Agreement{}, err
	}
	lines := e.head(s.timing())
	for i, m := range s.media {
		if i != chosen {
			lines = append(lines, m.refused().line())
			continue
		}
		lines = append(lines, e.stream(m.proto, agreed.formats(), agreed.Direction)...)
	}
	return render(lines, e.Origin, e.At.Addr()), agreed, nil
}

// Agree reads the answer to our own offer.
func (e Endpoint) Agree(answer []byte) (Agreement, error) {
	s, err := Parse(answer)
	if err != nil {
		return Agreement{}, err
	}
	return e.agree(s)
}

func (e Endpoint) agree(s *Session) (Agreement, error) {
	remote, err := s.Audio()
	if err != nil {
		return Agreement{}, err
	}
	agreed := Agreement{Remote: remote}
	i := slices.IndexFunc(remote.Formats, func(f Format) bool { return f.Name != telephoneEvent && e.talks(f) })
	if i < 0 {
		return Agreement{}, ErrNoCodec
	}
	agreed.Codec = remote.Formats[i]
	if e.talks(Format{Name: telephoneEvent, ClockRate: agreed.Codec.ClockRate}) {
		agreed.Event, agreed.HasEvent = remote.Event(agreed.Codec.ClockRate)
	}
	want := e.want()
	agreed.Direction = direction(want.sends() && remote.Direction.receives(), want.receives() && remote.Direction.sends())
	return agreed, nil
}

// formats are those an answer lists: one codec, so that nobody changes it in the
// middle of the call, and digits.
func (a Agreement) formats() []Format {
	formats := []Format{a.Codec}
	if a.HasEvent {
		event := TelephoneEvent()
		event.PayloadType = a.Event
		formats = append(formats, event)
	}
	return formats
}

func (e Endpoint) talks(f Format) bool {
	return slices.ContainsFunc(e.Formats, f.same)
}

func (e Endpoint) want() Direction {
	if e.Direction == "" {
		return SendRecv
	}
	return e.Direction
}

// timing is the t= line; an answer repeats that of its offer (RFC 3264 6).
func (s *Session) timing() string {
	for _, line := range s.head {
		if line[0] == 't' {
			return line
		}
	}
	return "t=0 0"
}

func (e Endpoint) head(timing string) []string {
	return []string{"v=0", "s=-", "c=" + connection(e.At.Addr().Unmap()), timing}
}

func (e Endpoint) describe(head []string, formats []Format, d Direction) []byte {
	return render(append(head, e.stream("RTP/AVP", formats, d)...), e.Origin, e.At.Addr().Unmap())
}

// stream are the lines of our audio stream.
func (e Endpoint) stream(proto string, formats []Format, d Direction) []string {
	m := media{kind: "audio", port: e.At.Port(), proto: proto}
	for _, f := range formats {
		pt := strconv.Itoa(int(f.PayloadType))
		m.formats = append(m.formats, pt)
		m.lines = append(m.lines, "a=rtpmap:"+pt+" "+f.encoding())
		if f.Params != "" {
			m.lines = append(m.lines, "a=fmtp:"+pt+" "+f.Params)
		}
	}
	return append(append([]string{m.line()}, m.lines...), "a=ptime:20", "a="+string(d))
}

// encoding is the format as an rtpmap names it.
func (f Format) encoding() string {
	name := f.Name
	if name == telephoneEvent {
		name = strings.ToLower(name) // some phones compare it exactly
	}
	text := name + "/" + strconv.Itoa(f.ClockRate)
	if f.Channels > 1 {
		text += "/" + strconv.Itoa(f.Channels)
	}
	return text
}
