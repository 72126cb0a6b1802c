package sip

import "strconv"

// wire collects the bytes of a message.
type wire []byte

func (w *wire) line(s string) { *w = append(append(*w, s...), '\r', '\n') }

// encode gives the bytes of a message, with a Content-Length in every one: on
// streams it must be there (RFC 3261 18.3).
func encode(msg Message) []byte {
	const rest = 128 // start line of the usual length, Content-Length, empty line: too little would cost a copy of the body
	m := msg.fields()
	size := rest + len(m.body)
	for _, h := range m.headers {
		size += len(h.name) + len(h.value) + len(": \r\n")
	}
	w := msg.appendStart(make(wire, 0, size))
	for _, h := range m.headers {
		if h.name == "Content-Length" {
			continue
		}
		w = append(append(w, h.name...), ": "...)
		w = append(append(w, h.value...), "\r\n"...)
	}
	w = strconv.AppendInt(append(w, "Content-Length: "...), int64(len(m.body)), 10)
	return append(append(w, "\r\n\r\n"...), m.body...)
}
