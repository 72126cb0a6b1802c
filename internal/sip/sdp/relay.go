package sdp

import (
	"hash/fnv"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Origin is the o= line of one side of one dialog. Its version grows when what
// is said changes and only then (RFC 3264 8), so that a refresh is known as one.
// It must not be used by two goroutines at once.
type Origin struct {
	id      uint64
	version uint64
	last    uint64 // hash of what was said last
}

// NewOrigin makes the origin of a dialog; the id should differ between dialogs.
// Only 62 bits are used, since some phones read signed numbers.
func NewOrigin(id uint64) *Origin { return &Origin{id: id & (1<<62 - 1)} }

// line is the o= line for a description whose other lines are given.
func (o *Origin) line(lines []string, at netip.Addr) string {
	h := fnv.New64a()
	for _, line := range lines {
		_, _ = h.Write([]byte(line))
		_, _ = h.Write([]byte{'\n'})
	}
	if sum := h.Sum64(); o.version == 0 || sum != o.last {
		o.version++
		o.last = sum
	}
	return "o=- " + strconv.FormatUint(o.id, 10) + " " + strconv.FormatUint(o.version, 10) + " " + connection(at)
}

func connection(addr netip.Addr) string {
	if addr.Is4() {
		return "IN IP4 " + addr.String()
	}
	return "IN IP6 " + addr.WithZone("").String()
}

// Relay rewrites a description so that its audio flows through our relay: the
// connection address and port become at, the origin ours, ways round the relay
// (ICE, its own RTCP port) and keys go, and every stream but the first plain
// audio is refused. All else stays as it came, in its order: codecs,
// parameters, direction, and lines nobody here knows.
func Relay(body []byte, at netip.AddrPort, origin *Origin) ([]byte, error) {
	s, err := Parse(body)
	if err != nil {
		return nil, err
	}
	return s.relay(at, origin)
}

// RelayAnswer is [Relay] for the answer to an offer that came through a relay:
// the answer gets as many streams in the same order as the offer has (RFC 3264
// 6), whatever the answering phone made of it.
func RelayAnswer(answer, offer []byte, at netip.AddrPort, origin *Origin) ([]byte, error) {
	s, err := Parse(answer)
	if err != nil {
		return nil, err
	}
	o, err := Parse(offer)
	if err != nil {
		return nil, err
	}
	streams := make([]media, len(o.media))
	for i, m := range o.media {
		if i < len(s.media) && strings.EqualFold(s.media[i].kind, m.kind) && m.port != 0 {
			streams[i] = s.media[i]
		} else {
			streams[i] = m.refused()
		}
	}
	s.media = streams
	return s.relay(at, origin)
}

// RelayAnew is [Relay] of what a phone has described at some time, as a new
// offer to another phone: sound flows both ways, whatever was on hold then. The
// offer has as many streams as the description that the other phone was told
// last (RFC 3264 8).
func RelayAnew(body, last []byte, at netip.AddrPort, origin *Origin) ([]byte, error) {
	s, err := Parse(body)
	if err != nil {
		return nil, err
	}
	chosen, err := s.audio()
	if err != nil {
		return nil, err
	}
	sound := s.media[chosen]
	sound.lines = withDirection(sound.lines, SendRecv)
	sound.lines = slices.DeleteFunc(sound.lines, func(line string) bool { return line[0] == 'c' })
	sound.lines = slices.Insert(sound.lines, 0, "c="+connection(at.Addr().Unmap()))
	streams := []media{sound}
	if before, err := Parse(last); err == nil {
		if place, err := before.audio(); err == nil {
			streams = before.media
			for i := range streams {
				streams[i] = streams[i].refused()
			}
			streams[place] = sound
		}
	}
	s.media = streams
	return s.relay(at, origin)
}

// WithDirection is a description that says another direction of its audio.
func WithDirection(body []byte, d Direction) ([]byte, error) {
	s, err := Parse(body)
	if err != nil {
		return nil, err
	}
	chosen, err := s.audio()
	if err != nil {
		return nil, err
	}
	s.media[chosen].lines = withDirection(s.media[chosen].lines, d)
	lines := slices.Clone(s.head)
	for _, m := range s.media {
		lines = append(append(lines, m.line()), m.lines...)
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n"), nil
}

// refused is the stream as one says no to it (RFC 3264 6).
func (m media) refused() media {
	m.port, m.lines = 0, nil
	return m
}

func (s *Session) relay(at netip.AddrPort, origin *Origin) ([]byte, error) {
	chosen, err := s.audio()
	if err != nil {
		return nil, err
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	addr, err := s.address(s.media[chosen])
	if err != nil {
		return nil, err
	}
	held := addr.IsValid() && addr.IsUnspecified()
	lines := relayed(s.head, at.Addr())
	for i, m := range s.media {
		if i != chosen {
			lines = append(lines, m.refused().line())
			continue
		}
		if held {
			m.lines = withDirection(m.lines, s.direction(m, addr))
		}
		m.port = at.Port()
		lines = append(append(lines, m.line()), relayed(m.lines, at.Addr())...)
	}
	return render(lines, origin, at.Addr()), nil
}

// relayed are the lines of a section with our address, without what would lead
// round the relay.
func relayed(lines []string, at netip.Addr) []string {
	kept := make([]string, 0, len(lines)+4)
	for _, line := range lines {
		switch {
		case line[0] == 'c':
			kept = append(kept, "c="+connection(at))
		case line[0] == 'k' || line[0] == 'o' || roundabout(line):
		default:
			kept = append(kept, line)
		}
	}
	return kept
}

// roundabout tells whether a line is an attribute that a relay must not pass on.
func roundabout(line string) bool {
	name, _ := cutAttribute(line)
	switch name {
	case "candidate", "remote-candidates", "end-of-candidates", "ice-ufrag", "ice-pwd", "ice-options",
		"ice-lite", "ice-mismatch", "ice-pacing", "crypto", "fingerprint", "setup", "tls-id", "key-mgmt",
		"rtcp", "rtcp-mux", "rtcp-mux-only", "group", "bundle-only",
		"ssrc", "ssrc-group": // no longer true once another speaker goes on under the same source
		return true
	default:
		return false
	}
}

// withDirection puts a direction in the place of whichever stands in the lines.
func withDirection(lines []string, d Direction) []string {
	kept := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		name, _ := cutAttribute(line)
		return slices.Contains(directions(), Direction(name))
	})
	return append(kept, "a="+string(d))
}

// render writes the lines with the origin in its place, after v=0.
func render(lines []string, origin *Origin, at netip.Addr) []byte {
	o := origin.line(lines, at)
	size := len(o) + 2
	for _, line := range lines {
		size += len(line) + 2
	}
	body := make([]byte, 0, size)
	for i, line := range lines {
		body = append(append(body, line...), "\r\n"...)
		if i == 0 {
			body = append(append(body, o...), "\r\n"...)
		}
	}
	return body
}
