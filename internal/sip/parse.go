package sip

import (
	"slices"
	"strings"
)

const maxCSeq = 1<<31 - 1 // RFC 3261 8.1.1.5

// buildRequest builds and checks a request of its head and body. The fault is
// the answer due where there is no request.
func (h *head) buildRequest(body string, supported []string) (*Request, *fault) {
	method, target, version, ok := h.request()
	switch {
	case !strings.EqualFold(version, "SIP/2.0"):
		if h.isRequest() && ok && strings.HasPrefix(strings.ToUpper(version), "SIP/") {
			return nil, &fault{code: 505, reason: "SIP Version Not Supported"}
		}
		return nil, bad("Malformed request line")
	case h.fault != nil:
		return nil, h.fault
	case !isToken(method):
		return nil, bad("Malformed request line")
	}
	uri, err := ParseURI(target)
	if err != nil || len(uri.Headers) > 0 {
		return nil, bad("Malformed Request-URI")
	}
	r := &struct {
		Request
		room
	}{Request: Request{Method: Method(method), Recipient: uri}}
	req := &r.Request
	if f := h.fill(&req.message, &r.room); f != nil {
		return nil, f
	}
	if f := checkRequest(req, supported); f != nil {
		return nil, f
	}
	req.take(body)
	return req, nil
}

// buildResponse builds and checks a response; a faulty one is to be dropped.
func (h *head) buildResponse(body string) (*Response, *fault) {
	version, rest, _ := strings.Cut(h.start, " ")
	digits, reason, _ := strings.Cut(rest, " ")
	code, ok := number(digits, 699)
	if !ok || code < 100 || !strings.EqualFold(version, "SIP/2.0") {
		return nil, bad("Malformed status line")
	}
	if h.fault != nil {
		return nil, h.fault
	}
	r := &struct {
		Response
		room
	}{Response: Response{StatusCode: int(code), Reason: reason}}
	if f := h.fill(&r.message, &r.room); f != nil {
		return nil, f
	}
	r.take(body)
	return &r.Response, nil
}

// room is what nearly every received message needs beside itself, so that it is
// made in one piece.
type room struct {
	parsed  parsed
	headers [14]Header
	via     [5]Parameter
	parties [2][1]Parameter
}

func (m *message) take(body string) {
	if body != "" {
		m.body = []byte(body)
	}
}

// fill puts the fields into the message, parses those of which it knows more
// than the text, and checks which are there (RFC 3261 8.1.1) and which are
// doubled.
func (h *head) fill(m *message, r *room) *fault {
	if f := h.doubled(); f != nil {
		return f
	}
	m.headers = r.headers[:0]
	seen := 0
	for _, field := range h.fields {
		bit, ok := r.parsed.read(field, r)
		if !ok {
			return bad("Malformed " + field.name + " header")
		}
		if field.name == "Via" && strings.IndexByte(field.value, ',') >= 0 {
			m.headers = appendEach(m.headers, field)
		} else {
			m.headers = append(m.headers, field)
		}
		seen |= bit
	}
	for i, name := range [...]string{"Via", "From", "To", "Call-ID", "CSeq"} {
		if seen&(1<<i) == 0 {
			return bad("Missing " + name + " header")
		}
	}
	m.known = &r.parsed
	return nil
}

// read reads a field that the engine itself needs, and tells by a bit which of
// the needed ones it was; false where it is malformed.
func (p *parsed) read(field Header, r *room) (bit int, ok bool) {
	var err error
	switch value := field.value; field.name {
	case "Via":
		return 1, p.vias(value, r)
	case "From":
		p.from, err = readAddress(value, r.parties[0][:0])
		return 2, err == nil
	case "To":
		p.to, err = readAddress(value, r.parties[1][:0])
		return 4, err == nil
	case "Call-ID":
		p.callID = value
		return 8, value != "" && indexBlank(value) < 0 // the rest of its syntax is harmless
	case "CSeq":
		p.cseq, ok = parseCSeq(value)
		return 16, ok
	case "Max-Forwards":
		_, ok = number(value, 255)
		return 0, ok
	case "Content-Length":
		_, ok = number(value, 1<<30)
		return 0, ok
	case "Content-Type":
		return 0, value != ""
	default:
		return 0, true
	}
}

// vias checks every Via value and keeps the topmost.
func (p *parsed) vias(value string, r *room) bool {
	for more := true; more; {
		var one string
		one, value, more = cutList(value)
		var other Via
		if p.via.Host == "" {
			if !p.via.parse(one, r.via[:0]) {
				return false
			}
		} else if !other.parse(one, nil) {
			return false
		}
	}
	return true
}

// appendEach gives each value of a list a field of its own.
func appendEach(headers []Header, list Header) []Header {
	for more := true; more; {
		one := Header{name: list.name}
		one.value, list.value, more = cutList(list.value)
		headers = append(headers, one)
	}
	return headers
}

func (h *head) doubled() *fault {
	for i, f := range h.fields {
		if !singleHeader(f.name) {
			continue
		}
		for _, g := range h.fields[:i] {
			if g.name == f.name {
				return bad("More than one " + f.name + " header")
			}
		}
	}
	return nil
}

func parseCSeq(value string) (CSeq, bool) {
	digits, method := value, ""
	if i := indexBlank(value); i >= 0 {
		digits, method = value[:i], strings.Trim(value[i:], " \t")
	}
	n, ok := number(digits, maxCSeq)
	return CSeq{n, Method(method)}, ok && isToken(method)
}

// checkRequest holds a request against RFC 3261 8.1.1 and 8.2.
func checkRequest(req *Request, supported []string) *fault {
	if req.CSeq().Method != req.Method {
		return bad("CSeq does not match the method")
	}
	switch req.Recipient.Scheme {
	case "sip", "sips", "tel":
	default:
		return &fault{code: 416, reason: "Unsupported URI Scheme"}
	}
	if req.Method == ACK || req.Method == CANCEL {
		return nil
	}
	if hops, ok := req.MaxForwards(); ok && hops == 0 {
		return &fault{code: 483, reason: "Too Many Hops"}
	}
	return checkRequire(req, supported)
}

// checkRequire refuses extensions we do not know (RFC 3261 8.2.2.3). To our
// clients we stand where a proxy would, so Proxy-Require counts as well.
func checkRequire(req *Request, supported []string) *fault {
	var unknown []string
	for _, name := range [...]string{"Require", "Proxy-Require"} {
		for _, tag := range Values(req, name) {
			if tag != "" && !slices.Contains(supported, strings.ToLower(tag)) {
				unknown = append(unknown, tag)
			}
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	return &fault{code: 420, reason: "Bad Extension", header: NewHeader("Unsupported", strings.Join(unknown, ", "))}
}
