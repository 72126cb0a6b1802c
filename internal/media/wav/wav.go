// Package wav reads and writes WAV files of telephone sound. Inside Hotdesk
// sound is 16-bit mono of 8000 samples a second; files in mu-law, A-law or 16
// bits, in stereo and in other common rates are turned into that.
package wav

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// ErrFormat means that the data is no WAV file, or one of a kind that is not understood; the text says which.
var ErrFormat = errors.New("not a usable WAV file")

// MaxSize is the longest file that Read takes, in octets: over an hour of 16-bit sound.
const MaxSize = 64 << 20

const (
	formatPCM        = 1
	formatALaw       = 6
	formatULaw       = 7
	formatExtensible = 0xfffe
	headerSize       = 44
	riffHeader       = 12
	chunkHeader      = 8
	minFormat        = 16
	extensibleFormat = 26 // up to and with the true format
	maxRate          = 192000
)

type format struct {
	tag, channels, bits uint16
	rate                uint32
}

// Read gives the sound of a WAV file as 16-bit mono, 8000 samples a second. It
// is lenient with what damaged or growing files show: a data chunk longer than
// the file, or of length 0 or -1 at the end, is as long as what is there;
// unknown chunks are passed over.
func Read(r io.Reader) ([]int16, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read WAV: %w", err)
	}
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: longer than %d MB", ErrFormat, MaxSize>>20)
	}
	if len(data) < riffHeader || string(data[:4]) != "RIFF" || string(data[8:12]) != "WAVE" {
		return nil, fmt.Errorf("%w: no RIFF/WAVE header", ErrFormat)
	}
	var f *format
	for rest := data[riffHeader:]; len(rest) >= chunkHeader; {
		id, size := string(rest[:4]), int64(binary.LittleEndian.Uint32(rest[4:]))
		body := rest[chunkHeader:]
		if id == "data" {
			return decode(f, body, size)
		}
		whole := min(size, int64(len(body)))
		if id == "fmt " {
			if f, err = parseFormat(body[:whole]); err != nil {
				return nil, err
			}
		}
		rest = body[min(size+size&1, int64(len(body))):] // chunks begin at even places
	}
	return nil, fmt.Errorf("%w: no data chunk", ErrFormat)
}

func parseFormat(b []byte) (*format, error) {
	if len(b) < minFormat {
		return nil, fmt.Errorf("%w: format chunk of %d octets", ErrFormat, len(b))
	}
	f := &format{
		tag: binary.LittleEndian.Uint16(b), channels: binary.LittleEndian.Uint16(b[2:]),
		rate: binary.LittleEndian.Uint32(b[4:]), bits: binary.LittleEndian.Uint16(b[14:]),
	}
	if f.tag == formatExtensible && len(b) >= extensibleFormat {
		f.tag = binary.LittleEndian.Uint16(b[24:])
	}
	wantBits := uint16(16)
	switch f.tag {
	case formatPCM:
	case formatALaw, formatULaw:
		wantBits = 8
	default:
		return nil, fmt.Errorf("%w: encoding %#x; want PCM, A-law or mu-law", ErrFormat, f.tag)
	}
	switch {
	case f.bits != wantBits:
		return nil, fmt.Errorf("%w: %d bits a sample; want %d", ErrFormat, f.bits, wantBits)
	case f.channels != 1 && f.channels != 2:
		return nil, fmt.Errorf("%w: %d channels; want 1 or 2", ErrFormat, f.channels)
	case f.rate < g711.Rate || f.rate > maxRate:
		return nil, fmt.Errorf("%w: %d samples a second; want %d to %d", ErrFormat, f.rate, g711.Rate, maxRate)
	}
	return f, nil
}

func decode(f *format, body []byte, size int64) ([]int16, error) {
	if f == nil {
		return nil, fmt.Errorf("%w: data before the format", ErrFormat)
	}
	if size > 0 && size < int64(len(body)) { // 0 stands in the header of a file whose writer died
		body = body[:size]
	}
	var pcm []int16
	switch f.tag {
	case formatALaw:
		pcm = g711.ALaw.Decode(nil, body)
	case formatULaw:
		pcm = g711.ULaw.Decode(nil, body)
	default:
		pcm = make([]int16, len(body)/2)
		for i := range pcm {
			pcm[i] = int16(binary.LittleEndian.Uint16(body[2*i:])) //nolint:gosec // two's complement
		}
	}
	if f.channels == 2 {
		pcm = mono(pcm)
	}
	return toTelephone(pcm, int(f.rate)), nil
}

func mono(stereo []int16) []int16 {
	pcm := stereo[:len(stereo)/2]
	for i := range pcm {
		pcm[i] = int16((int(stereo[2*i]) + int(stereo[2*i+1])) / 2) //nolint:gosec // a mean fits
	}
	return pcm
}
