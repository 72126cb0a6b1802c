// Package sdp reads and writes session descriptions (RFC 8866) for the offer and
// answer of calls (RFC 3264): the view of the audio stream that media needs, the
// rewriting that puts our relay between two phones, and offers and answers of an
// endpoint that speaks itself. It knows nothing of SIP or sockets.
//
// Descriptions are kept as lines, not as a tree: whatever the relay does not
// have to change must come out as it went in, also what nobody here understands.
package sdp

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Errors of this package. All but ErrMalformed call for a 488.
var (
	ErrMalformed = errors.New("sdp: the session description cannot be read")
	ErrNoAudio   = errors.New("sdp: no audio stream is on offer")
	ErrSecure    = errors.New("sdp: only encrypted audio is on offer, which is not supported")
	ErrNoCodec   = errors.New("sdp: no codec in common")
)

// Limits against descriptions made to cost.
const (
	maxMedia = 32
	maxLines = 2000
)

// Session is a session description.
type Session struct {
	head  []string // the lines before the first m=
	media []media
}

// media is one m= section.
type media struct {
	kind, proto string
	port        uint16
	formats     []string
	lines       []string // after the m= line
}

// Parse reads a session description. It takes any line ending and any order of
// lines, which is what phones send; it fails with [ErrMalformed] on what is no
// session description.
func Parse(body []byte) (*Session, error) {
	if bytes.IndexByte(body, 0) >= 0 {
		return nil, ErrMalformed
	}
	lines := linesOf(string(body))
	if len(lines) == 0 || len(lines) > maxLines || strings.TrimSpace(lines[0]) != "v=0" {
		return nil, ErrMalformed
	}
	s := new(Session)
	begun := 0 // where the section begins
	for i, line := range lines {
		if !typed(line) {
			return nil, ErrMalformed
		}
		if line[0] != 'm' {
			continue
		}
		m, err := parseMedia(line[2:])
		if err != nil || len(s.media) == maxMedia {
			return nil, ErrMalformed
		}
		s.end(lines[begun:i:i])
		s.media = append(s.media, m)
		begun = i + 1
	}
	s.end(lines[begun:])
	return s, nil
}

// linesOf are the lines that are not empty, without blanks at their ends.
func linesOf(text string) []string {
	lines := make([]string, 0, max(strings.Count(text, "\n"), strings.Count(text, "\r"))+1)
	for text != "" {
		end := strings.IndexAny(text, "\r\n")
		if end < 0 {
			end = len(text)
		}
		if line := strings.TrimRight(text[:end], " \t"); line != "" {
			lines = append(lines, line)
		}
		text = text[min(end+1, len(text)):]
	}
	return lines
}

// typed tells whether a line begins as each must: "a=".
func typed(line string) bool {
	return len(line) >= 2 && line[1] == '=' && line[0] >= 'a' && line[0] <= 'z'
}

// end gives the section that was begun last its lines.
func (s *Session) end(lines []string) {
	if n := len(s.media); n > 0 {
		s.media[n-1].lines = lines
	} else {
		s.head = lines
	}
}

// parseMedia reads "audio 49170/2 RTP/AVP 0 8".
func parseMedia(value string) (media, error) {
	fields := strings.Fields(value)
	if len(fields) < 3 {
		return media{}, ErrMalformed
	}
	text, _, _ := strings.Cut(fields[1], "/")
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return media{}, ErrMalformed
	}
	return media{
		kind:    fields[0],
		proto:   fields[2],
		port:    uint16(port),
		formats: fields[3:],
	}, nil
}

func (m media) line() string {
	if len(m.formats) == 0 {
		m.formats = []string{"0"} // the grammar wants one
	}
	return "m=" + strings.Join(append([]string{m.kind, strconv.Itoa(int(m.port)), m.proto}, m.formats...), " ")
}

func (m media) secure() bool {
	return strings.Contains(strings.ToUpper(m.proto), "SAVP")
}

// offersAudio tells whether this is an audio stream that is not refused.
func (m media) offersAudio() bool {
	return strings.EqualFold(m.kind, "audio") && m.port != 0 && len(m.formats) > 0
}

// live tells whether this is an audio stream that we can carry.
func (m media) live() bool {
	return m.offersAudio() && (strings.EqualFold(m.proto, "RTP/AVP") || strings.EqualFold(m.proto, "RTP/AVPF"))
}

// audio finds the first audio stream that we can carry.
func (s *Session) audio() (int, error) {
	reason := ErrNoAudio
	for i, m := range s.media {
		if m.live() {
			return i, nil
		}
		if m.offersAudio() && m.secure() {
			reason = ErrSecure
		}
	}
	return 0, reason
}

// attribute finds the value of the first a= line of that name.
func attribute(lines []string, name string) (string, bool) {
	for _, line := range lines {
		if value, ok := named(line, name); ok {
			return value, true
		}
	}
	return "", false
}

// named is the value of a line that is an attribute of that name. Most are
// others, and differ in the first letter.
func named(line, name string) (value string, ok bool) {
	if len(line) < 3 || line[2]|' ' != name[0] && line[2] > ' ' {
		return "", false
	}
	n, value := cutAttribute(line)
	return value, n == name
}

// cutAttribute splits an a= line into its name and value; other lines have none.
func cutAttribute(line string) (name, value string) {
	if line[0] != 'a' {
		return "", ""
	}
	name, value, _ = strings.Cut(line[2:], ":")
	return strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
}

// Direction is which way media flows, as the describing side sees it.
type Direction string

// The directions.
const (
	SendRecv Direction = "sendrecv"
	SendOnly Direction = "sendonly"
	RecvOnly Direction = "recvonly"
	Inactive Direction = "inactive"
)

func (d Direction) sends() bool    { return d == SendRecv || d == SendOnly }
func (d Direction) receives() bool { return d == SendRecv || d == RecvOnly }

func direction(sends, receives bool) Direction {
	switch {
	case sends && receives:
		return SendRecv
	case sends:
		return SendOnly
	case receives:
		return RecvOnly
	default:
		return Inactive
	}
}

// Audio is what media needs to know of an audio stream.
type Audio struct {
	RTP       netip.AddrPort // where its side wants packets; the address is invalid when a host name was given, unspecified (0.0.0.0) when none are wanted
	RTCP      netip.AddrPort
	Direction Direction // with 0.0.0.0 as the old way to hold taken into account
	Formats   []Format  // in order of preference
	Ptime     time.Duration
	Mux       bool // RTCP is offered on the port of RTP
}

// Held tells whether its side wants to hear nothing.
func (a Audio) Held() bool { return !a.Direction.receives() }

// Event finds the payload type for digits (RFC 4733) at a clock rate.
func (a Audio) Event(clockRate int) (uint8, bool) {
	for _, f := range a.Formats {
		if f.Name == telephoneEvent && f.ClockRate == clockRate {
			return f.PayloadType, true
		}
	}
	return 0, false
}

// Audio is the first audio stream that we can carry. It fails with [ErrNoAudio],
// with [ErrSecure] when all are encrypted, with [ErrMalformed] when the stream
// cannot be read.
func (s *Session) Audio() (Audio, error) {
	i, err := s.audio()
	if err != nil {
		return Audio{}, err
	}
	m := s.media[i]
	addr, err := s.address(m)
	if err != nil {
		return Audio{}, err
	}
	a := Audio{RTP: netip.AddrPortFrom(addr, m.port), Direction: s.direction(m, addr), Formats: m.readFormats()}
	if len(a.Formats) == 0 {
		return Audio{}, ErrMalformed
	}
	_, a.Mux = attribute(m.lines, "rtcp-mux")
	a.RTCP = m.rtcp(a.RTP)
	if text, ok := attribute(m.lines, "ptime"); ok {
		if ms, err := strconv.ParseFloat(text, 64); err == nil && ms > 0 && ms <= 1000 {
			a.Ptime = time.Duration(ms * float64(time.Millisecond))
		}
	}
	return a, nil
}

// address is the c= line of the stream, else of the session.
func (s *Session) address(m media) (netip.Addr, error) {
	for _, lines := range [][]string{m.lines, s.head} {
		for _, line := range lines {
			if line[0] == 'c' {
				return parseConnection(line[2:])
			}
		}
	}
	return netip.Addr{}, ErrMalformed
}

// parseConnection reads "IN IP4 192.0.2.1/127". A host name is allowed and
// yields no address.
func parseConnection(value string) (netip.Addr, error) {
	fields := strings.Fields(value)
	if len(fields) != 3 || fields[0] != "IN" || fields[1] != "IP4" && fields[1] != "IP6" {
		return netip.Addr{}, ErrMalformed
	}
	text, _, _ := strings.Cut(fields[2], "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return netip.Addr{}, nil //nolint:nilerr // a host name
	}
	return addr.Unmap(), nil
}

// direction reads the direction of a stream. An unspecified address is how old
// phones hold: they receive nothing (RFC 3264 8.4).
func (s *Session) direction(m media, addr netip.Addr) Direction {
	d := SendRecv
	for _, lines := range [][]string{s.head, m.lines} {
		for _, line := range lines {
			name, _ := cutAttribute(line)
			if slices.Contains(directions(), Direction(name)) {
				d = Direction(name)
			}
		}
	}
	if addr.IsValid() && addr.IsUnspecified() {
		return direction(d.sends(), false)
	}
	return d
}

func directions() []Direction { return []Direction{SendRecv, SendOnly, RecvOnly, Inactive} }

// rtcp is where RTCP goes: RFC 3605, else the port after that of RTP.
func (m media) rtcp(rtp netip.AddrPort) netip.AddrPort {
	if text, ok := attribute(m.lines, "rtcp"); ok {
		number, rest, _ := strings.Cut(text, " ")
		if port, err := strconv.ParseUint(number, 10, 16); err == nil && port != 0 {
			addr, err := parseConnection(rest)
			if err != nil || !addr.IsValid() {
				addr = rtp.Addr()
			}
			return netip.AddrPortFrom(addr, uint16(port))
		}
	}
	if rtp.Port() == 65535 {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1)
}
