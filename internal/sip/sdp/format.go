package sdp

import (
	"strconv"
	"strings"
)

// Format is one codec of a stream.
type Format struct {
	PayloadType uint8
	Name        string // as registered, in upper case: "PCMU", "TELEPHONE-EVENT"
	ClockRate   int    // Hz
	Channels    int
	Params      string // the fmtp parameters, as they came
}

// The formats that an endpoint of ours talks.

const telephoneEvent = "TELEPHONE-EVENT"

// PCMU is G.711 µ-law.
func PCMU() Format { return Format{PayloadType: 0, Name: "PCMU", ClockRate: 8000, Channels: 1} }

// PCMA is G.711 A-law.
func PCMA() Format { return Format{PayloadType: 8, Name: "PCMA", ClockRate: 8000, Channels: 1} }

// TelephoneEvent is the digits of RFC 4733.
func TelephoneEvent() Format {
	return Format{PayloadType: 101, Name: telephoneEvent, ClockRate: 8000, Channels: 1, Params: "0-16"}
}

// same tells whether two formats are one codec, whatever their payload types.
func (f Format) same(g Format) bool {
	return f.Name == g.Name && f.ClockRate == g.ClockRate && max(f.Channels, 1) == max(g.Channels, 1)
}

// readFormats are the codecs of the m= line that have a name; the numbers of
// RFC 3551 have theirs without an rtpmap.
func (m media) readFormats() []Format {
	formats := make([]Format, 0, len(m.formats))
	for _, text := range m.formats {
		pt, err := strconv.ParseUint(text, 10, 7)
		if err != nil {
			continue
		}
		f, ok := m.mapped(text)
		if !ok {
			f, ok = static(uint8(pt))
		}
		if ok {
			f.PayloadType = uint8(pt)
			f.Params = m.params(text)
			formats = append(formats, f)
		}
	}
	return formats
}

// mapped reads "a=rtpmap:96 opus/48000/2" for a payload type.
func (m media) mapped(pt string) (Format, bool) {
	text, ok := m.ofFormat("rtpmap", pt)
	if !ok {
		return Format{}, false
	}
	parts := strings.Split(text, "/")
	if len(parts) < 2 || parts[0] == "" {
		return Format{}, false
	}
	rate, err := strconv.Atoi(parts[1])
	if err != nil || rate <= 0 {
		return Format{}, false
	}
	f := Format{Name: strings.ToUpper(parts[0]), ClockRate: rate, Channels: 1}
	if len(parts) > 2 {
		if n, err := strconv.Atoi(parts[2]); err == nil && n > 0 {
			f.Channels = n
		}
	}
	return f, true
}

func (m media) params(pt string) string {
	text, _ := m.ofFormat("fmtp", pt)
	return text
}

// ofFormat finds the value of an attribute that is about one payload type.
func (m media) ofFormat(name, pt string) (string, bool) {
	for _, line := range m.lines {
		value, ok := named(line, name)
		if !ok {
			continue
		}
		if number, rest, ok := strings.Cut(value, " "); ok && number == pt {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// static are the audio formats of RFC 3551 6 that are still met.
func static(pt uint8) (Format, bool) {
	f := Format{PayloadType: pt, ClockRate: 8000, Channels: 1}
	switch pt {
	case 0:
		f.Name = "PCMU"
	case 3:
		f.Name = "GSM"
	case 4:
		f.Name = "G723"
	case 8:
		f.Name = "PCMA"
	case 9:
		f.Name = "G722"
	case 13:
		f.Name = "CN"
	case 15:
		f.Name = "G728"
	case 18:
		f.Name = "G729"
	default:
		return Format{}, false
	}
	return f, true
}
