package sip

import (
	"strconv"
	"strings"
)

// fault is what is wrong with a message, and how a request with it is answered.
type fault struct {
	code   int
	reason string
	header Header // goes into the answer, where set
}

// Error gives the answer's status line.
func (f *fault) Error() string { return strconv.Itoa(f.code) + " " + f.reason }

func bad(reason string) *fault { return &fault{code: 400, reason: reason} }

// head is the start line and the header fields of one message as text. Framing
// on streams and parsing use the same one, so that they cannot disagree on
// where a message ends.
type head struct {
	start  string
	fields []Header
	fault  *fault // the first one met; the fields are still good for an answer
}

// scan reads the head of the text up to the empty line and returns how many
// bytes it took. Lines may end in LF alone: RFC 3261 wants CRLF, some senders
// do not know.
func (h *head) scan(text string, maxFields int) int {
	h.start, h.fields, h.fault = "", h.fields[:0], nil
	at := 0
	for first := true; ; first = false {
		end := strings.IndexByte(text[at:], '\n')
		if end < 0 {
			h.blame("No empty line behind the headers")
			h.line(text[at:], first)
			return len(text)
		}
		line := strings.TrimSuffix(text[at:at+end], "\r")
		at += end + 1
		if line == "" && !first {
			return at
		}
		h.line(line, first)
		if len(h.fields) > maxFields {
			h.fields = h.fields[:maxFields]
			h.blame("Too many headers")
			return len(text)
		}
	}
}

func (h *head) line(line string, first bool) {
	if strings.IndexByte(line, '\r') >= 0 || bareNUL(line) {
		h.blame("Control character in a header")
	}
	switch {
	case first:
		h.start = line
	case line == "":
	case line[0] == ' ' || line[0] == '\t':
		h.fold(line)
	default:
		h.add(line)
	}
}

// bareNUL finds a NUL that is not escaped, as in a quoted string it may be.
func bareNUL(line string) bool {
	for {
		i := strings.IndexByte(line, 0)
		if i < 0 {
			return false
		}
		if i == 0 || line[i-1] != '\\' {
			return true
		}
		line = line[i+1:]
	}
}

func (h *head) fold(line string) {
	if len(h.fields) == 0 {
		h.blame("Malformed header line")
		return
	}
	last := &h.fields[len(h.fields)-1]
	last.value = strings.TrimSpace(last.value + " " + strings.TrimSpace(line))
}

func (h *head) add(line string) {
	name, value, ok := strings.Cut(line, ":")
	name = strings.TrimRight(name, " \t")
	if !ok || !isToken(name) {
		h.blame("Malformed header line")
		return
	}
	h.fields = append(h.fields, Header{canonical(name), strings.Trim(value, " \t")})
}

func (h *head) blame(reason string) {
	if h.fault == nil {
		h.fault = bad(reason)
	}
}

// value is that of the first field of the canonical name.
func (h *head) value(name string) (string, bool) {
	for _, f := range h.fields {
		if f.name == name {
			return f.value, true
		}
	}
	return "", false
}

// length is the Content-Length, or -1 where there is none.
func (h *head) length() (int, *fault) {
	n := -1
	for _, f := range h.fields {
		if f.name != "Content-Length" {
			continue
		}
		if n >= 0 {
			return -1, bad("More than one Content-Length header")
		}
		v, ok := number(f.value, 1<<30)
		if !ok {
			return -1, bad("Malformed Content-Length header")
		}
		n = int(v)
	}
	return n, nil
}

// request splits a request line: method, Request-URI, version.
func (h *head) request() (method, uri, version string, ok bool) { //nolint:revive // function-result-limit: the line has three parts
	first := strings.IndexByte(h.start, ' ')
	last := strings.LastIndexByte(h.start, ' ')
	if first <= 0 || last <= first {
		return "", "", "", false
	}
	method, uri, version = h.start[:first], h.start[first+1:last], h.start[last+1:]
	return method, uri, version, true
}

// isResponse reports whether the start line is a status line.
func (h *head) isResponse() bool {
	return len(h.start) > 4 && strings.EqualFold(h.start[:4], "SIP/")
}

// isRequest reports whether the start line is that of a SIP request, though
// perhaps a malformed one.
func (h *head) isRequest() bool {
	line := strings.TrimRight(h.start, " ")
	at := strings.LastIndexByte(line, ' ')
	return at > 0 && len(line)-at > 4 && strings.EqualFold(line[at+1:at+5], "SIP/")
}

// number reads digits alone, up to a limit.
func number(s string, limit uint64) (uint32, bool) {
	if s == "" || len(s) > 20 {
		return 0, false
	}
	var n uint64
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' || n > limit {
			return 0, false
		}
		n = n*10 + uint64(s[i]-'0')
	}
	return uint32(n), n <= limit
}
