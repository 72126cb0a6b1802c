// Package dtmf makes and hears the digits of a telephone: as tones in sound of
// 8000 samples a second, and as the telephone events of RFC 4733. It knows
// nothing of RTP headers or sockets.
package dtmf

import (
	"encoding/binary"
	"math"
	"strings"
	"time"
)

const (
	rate    = 8000
	digits  = "0123456789*#ABCD" // in the order of the event codes of RFC 4733 3.2
	rows    = "123A456B789C*0#D" // four rows of four columns
	level   = 6500               // amplitude of each tone: -11 dBm0
	edge    = rate / 1000 * 2    // a tone rises and falls in 2 ms, so that it does not click
	evtSize = 4
)

// Code gives the event code of a digit: 0-9, *, # and A-D in either case.
func Code(digit rune) (uint8, bool) {
	i := strings.IndexRune(digits, upper(digit))
	if i < 0 {
		return 0, false
	}
	return uint8(i), true //nolint:gosec // at most 15
}

// Digit gives the digit of an event code; other events, as flash, have none.
func Digit(code uint8) (rune, bool) {
	if int(code) >= len(digits) {
		return 0, false
	}
	return rune(digits[code]), true
}

// Tone is the sound of a digit; nil when there is no such digit.
func Tone(digit rune, length time.Duration) []int16 {
	i := strings.IndexRune(rows, upper(digit))
	if i < 0 {
		return nil
	}
	n := int(length * rate / time.Second)
	low, high := 2*math.Pi*rowTone(i/4)/rate, 2*math.Pi*columnTone(i%4)/rate
	pcm := make([]int16, n)
	for t := range pcm {
		fade := math.Min(1, float64(min(t+1, n-t))/edge)
		pcm[t] = int16(fade * level * (math.Sin(low*float64(t)) + math.Sin(high*float64(t))))
	}
	return pcm
}

func upper(r rune) rune {
	if r >= 'a' && r <= 'd' {
		return r - 'a' + 'A'
	}
	return r
}

func rowTone(i int) float64    { return [4]float64{697, 770, 852, 941}[i] }
func columnTone(i int) float64 { return [4]float64{1209, 1336, 1477, 1633}[i] }

// Event is the payload of one telephone-event packet (RFC 4733 2.3).
type Event struct {
	Code     uint8
	End      bool
	Volume   uint8  // level below 0 dBm0, 0 to 63 dB
	Duration uint16 // since the event's RTP timestamp, in samples
}

// Append adds the four octets of the event to dst.
func (e Event) Append(dst []byte) []byte {
	flags := e.Volume & 0x3f
	if e.End {
		flags |= 0x80
	}
	return binary.BigEndian.AppendUint16(append(dst, e.Code, flags), e.Duration)
}

// ParseEvent reads the first event of a payload; ok is false when it is too short.
func ParseEvent(payload []byte) (e Event, ok bool) {
	if len(payload) < evtSize {
		return Event{}, false
	}
	return Event{
		Code: payload[0], End: payload[1]&0x80 != 0, Volume: payload[1] & 0x3f,
		Duration: binary.BigEndian.Uint16(payload[2:]),
	}, true
}
