package wav

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
)

// renewEvery is how many octets of sound may be in the file before its header
// tells of them: one second.
const renewEvery = 2 * g711.Rate

// Writer writes a 16-bit mono WAV file of 8000 samples a second. The header is
// renewed every second, so that what was said is kept when the process dies.
type Writer struct {
	to       io.WriteSeeker
	size     int64 // octets of sound
	told     int64 // octets that the header tells of
	buf      []byte
	failed   error
	finished bool
}

// NewWriter writes the header of an empty file. The caller closes to itself, after Close.
func NewWriter(to io.WriteSeeker) (*Writer, error) {
	w := &Writer{to: to}
	if err := w.renew(); err != nil {
		return nil, err
	}
	return w, nil
}

// Write adds samples. After an error every further Write gives the same error.
func (w *Writer) Write(pcm []int16) error {
	if w.failed != nil {
		return w.failed
	}
	w.buf = w.buf[:0]
	for _, v := range pcm {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(v)) //nolint:gosec // two's complement
	}
	if w.size+int64(len(w.buf)) > math.MaxUint32-headerSize {
		return w.fail(fmt.Errorf("%w: longer than 4 GB", ErrFormat))
	}
	n, err := w.to.Write(w.buf)
	w.size += int64(n)
	if err != nil {
		return w.fail(err)
	}
	if w.size-w.told >= renewEvery {
		return w.renew()
	}
	return nil
}

// Samples is the number of samples written so far.
func (w *Writer) Samples() int64 { return w.size / 2 }

// Cut ends the sound after so many samples, when it is longer. What is in the
// file behind [Size] is for the caller to cut off, after Close.
func (w *Writer) Cut(samples int64) error {
	if w.failed != nil || samples >= w.Samples() {
		return w.failed
	}
	w.size = 2 * samples
	return w.renew()
}

// Size is the length in octets of a file with so many samples.
func Size(samples int64) int64 { return headerSize + 2*samples }

// Repair makes the header of a file final whose [Writer] has died, so that all
// that was written counts, and returns the number of samples.
func Repair(file io.WriteSeeker) (int64, error) {
	end, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, fmt.Errorf("repair WAV: %w", err)
	}
	w := &Writer{to: file, size: max(end-headerSize, 0) &^ 1}
	return w.Samples(), w.renew()
}

// Close makes the header final. It does not close the file.
func (w *Writer) Close() error {
	if w.failed != nil || w.finished {
		return w.failed
	}
	w.finished = true
	return w.renew()
}

func (w *Writer) renew() error {
	h := make([]byte, 0, headerSize)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(w.size+headerSize-chunkHeader)) //nolint:gosec // checked by Write
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, minFormat)
	h = binary.LittleEndian.AppendUint16(h, formatPCM)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, g711.Rate)
	h = binary.LittleEndian.AppendUint32(h, 2*g711.Rate)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 16)
	h = append(h, "data"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(w.size)) //nolint:gosec // checked by Write
	if _, err := w.to.Seek(0, io.SeekStart); err != nil {
		return w.fail(err)
	}
	if _, err := w.to.Write(h); err != nil {
		return w.fail(err)
	}
	if _, err := w.to.Seek(headerSize+w.size, io.SeekStart); err != nil {
		return w.fail(err)
	}
	w.told = w.size
	return nil
}

func (w *Writer) fail(err error) error {
	w.failed = fmt.Errorf("write WAV: %w", err)
	return w.failed
}
