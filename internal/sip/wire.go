package sip

import "github.com/emiago/sipgo/sip"

// wire collects the bytes of a message; it is an [io.StringWriter].
type wire []byte

// WriteString appends s.
func (w *wire) WriteString(s string) (int, error) {
	*w = append(*w, s...)
	return len(s), nil
}

// encode gives the bytes of a message, with a Content-Length in every one: on
// streams it must be there (RFC 3261 18.3).
func encode(m Message) []byte {
	if m.ContentLength() == nil {
		n := sip.ContentLengthHeader(len(m.Body())) //nolint:gosec // G115: a body is far below 4 GB
		m.AppendHeader(&n)
	}
	w := make(wire, 0, 512+len(m.Body()))
	m.StringWrite(&w)
	return w
}
