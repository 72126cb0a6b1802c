package sip

import (
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
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
	req := sip.NewRequest(Method(method), uri)
	if f := h.headers(req); f != nil {
		return nil, f
	}
	if f := checkRequest(req, supported); f != nil {
		return nil, f
	}
	setBody(req, body)
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
	res := sip.NewResponse(int(code), reason)
	if f := h.headers(res); f != nil {
		return nil, f
	}
	setBody(res, body)
	return res, nil
}

func setBody(m Message, body string) {
	if body != "" || m.ContentLength() != nil {
		m.SetBody([]byte(body))
	}
}

// headers puts the fields into the message, typed where the library has an
// accessor that we let others use, and checks which are there (RFC 3261
// 8.1.1) and which are doubled.
func (h *head) headers(m Message) *fault {
	if f := h.doubled(); f != nil {
		return f
	}
	for _, field := range h.fields {
		if field.name == "Via" {
			if f := addVias(m, field.value); f != nil {
				return f
			}
			continue
		}
		header, ok := typedHeader(field.name, field.value)
		if !ok {
			return bad("Malformed " + field.name + " header")
		}
		m.AppendHeader(header)
	}
	switch {
	case m.Via() == nil:
		return bad("Missing Via header")
	case m.From() == nil:
		return bad("Missing From header")
	case m.To() == nil:
		return bad("Missing To header")
	case m.CallID() == nil:
		return bad("Missing Call-ID header")
	case m.CSeq() == nil:
		return bad("Missing CSeq header")
	}
	return nil
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

func addVias(m Message, value string) *fault {
	for _, v := range splitList(value) {
		via, ok := parseVia(v)
		if !ok {
			return bad("Malformed Via header")
		}
		m.AppendHeader(via)
	}
	return nil
}

// typedHeader makes the header of a canonical name; false where the value of
// one that the engine itself needs is malformed.
func typedHeader(name, value string) (Header, bool) {
	switch name {
	case "From", "To":
		return addressHeader(name, value)
	case "Call-ID":
		h := CallIDHeader(value)
		return &h, value != "" && uriCallID(value)
	case "CSeq":
		return parseCSeq(value)
	case "Max-Forwards":
		n, ok := number(value, 255)
		h := sip.MaxForwardsHeader(n)
		return &h, ok
	case "Content-Length":
		n, ok := number(value, 1<<30)
		h := sip.ContentLengthHeader(n)
		return &h, ok
	case "Content-Type":
		h := sip.ContentTypeHeader(value)
		return &h, value != ""
	default:
		return sip.NewHeader(name, value), true
	}
}

// uriCallID keeps blanks out of a Call-ID; the rest of its syntax is harmless.
func uriCallID(s string) bool { return !strings.ContainsAny(s, " \t") }

func addressHeader(name, value string) (Header, bool) {
	display, target, rest, err := splitAddress(value)
	if err != nil {
		return nil, false
	}
	uri, err := ParseURI(target)
	if err != nil {
		return nil, false
	}
	params, err := parseParams(rest)
	if err != nil {
		return nil, false
	}
	if name == "From" {
		return &FromHeader{DisplayName: display, Address: uri, Params: params}, true
	}
	return &ToHeader{DisplayName: display, Address: uri, Params: params}, true
}

func parseCSeq(value string) (Header, bool) {
	digits, method, _ := strings.Cut(value, " ")
	if i := strings.IndexByte(value, '\t'); i >= 0 && i < len(digits) {
		digits, method = value[:i], value[i:]
	}
	method = strings.Trim(method, " \t")
	n, ok := number(digits, maxCSeq)
	return &CSeqHeader{SeqNo: n, MethodName: Method(method)}, ok && isToken(method)
}

// parseVia reads one Via value; blanks may stand around its slashes and colon.
func parseVia(s string) (*ViaHeader, bool) {
	name, rest, ok1 := strings.Cut(s, "/")
	version, rest, ok2 := strings.Cut(rest, "/")
	if !ok1 || !ok2 {
		return nil, false
	}
	v := &ViaHeader{ProtocolName: strings.TrimSpace(name), ProtocolVersion: strings.TrimSpace(version)}
	rest = strings.TrimLeft(rest, " \t")
	end := strings.IndexAny(rest, " \t")
	if end < 0 {
		return nil, false
	}
	v.Transport, rest = rest[:end], strings.TrimSpace(rest[end:])
	sentBy, params := rest, ""
	if i := strings.IndexByte(rest, ';'); i >= 0 {
		sentBy, params = rest[:i], rest[i:]
	}
	if strings.ContainsAny(sentBy, " \t") {
		sentBy = strings.NewReplacer(" ", "", "\t", "").Replace(sentBy)
	}
	var err error
	if v.Host, v.Port, err = parseHostPort(sentBy); err != nil {
		return nil, false
	}
	v.Host = strings.Trim(v.Host, "[]") // the library writes the brackets
	v.Params, err = parseParams(params)
	return v, err == nil && isToken(v.ProtocolName) && isToken(v.ProtocolVersion) && isToken(v.Transport)
}

// checkRequest holds a request against RFC 3261 8.1.1 and 8.2.
func checkRequest(req *Request, supported []string) *fault {
	if req.CSeq().MethodName != req.Method {
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
	if mf := req.MaxForwards(); mf != nil && mf.Val() == 0 {
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
