package sip

import (
	"crypto/rand"
	"slices"
	"strings"

	"github.com/emiago/sipgo/sip"
)

// NewHeader makes a header field. Line breaks and NULs in the value, with which
// it could end early, become blanks.
func NewHeader(name, value string) Header {
	if strings.ContainsAny(value, "\r\n\x00") {
		value = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(value)
	}
	name = canonical(name)
	if name == "Via" {
		if via, ok := parseVia(value); ok {
			return via
		}
	} else if h, ok := typedHeader(name, value); ok {
		return h
	}
	return sip.NewHeader(name, value)
}

// NewRequest makes a request of Method, Request-URI and headers; Via,
// Max-Forwards and Content-Length come with sending.
func NewRequest(method Method, uri URI, headers ...Header) *Request {
	req := sip.NewRequest(method, uri)
	for _, h := range headers {
		req.AppendHeader(h)
	}
	return req
}

// newResponse makes a response to req with Via, From, To, Call-ID, CSeq and,
// where due, Record-Route and Timestamp (RFC 3261 8.2.6); the tag is put into a
// To that has none. The headers but To are shared with the request: they are
// replaced, never written into.
func newResponse(req *Request, code int, reason, tag string) *Response {
	res := sip.NewResponse(code, reason)
	dialog := code < 300 && code > 100
	for _, h := range req.Headers() {
		switch name := h.Name(); name {
		case "Via", "From", "Call-ID", "CSeq":
			res.AppendHeader(h)
		case "To":
			res.AppendHeader(withTag(req.To(), tag))
		case "Record-Route":
			if dialog && req.Method != REGISTER {
				res.AppendHeader(h)
			}
		case "Timestamp":
			if code == 100 {
				res.AppendHeader(h)
			}
		}
	}
	return res
}

func withTag(to *ToHeader, tag string) *ToHeader {
	if tag == "" || Tag(to.Params) != "" {
		return to
	}
	out := *to
	out.Params = append(slices.Clone(to.Params), sip.HeaderKV{K: "tag", V: tag})
	return &out
}

// Clone copies a request, so that the copy can be changed. The Via headers stay
// behind, since sending puts a new one on.
func Clone(req *Request) *Request {
	out := sip.NewRequest(req.Method, *req.Recipient.Clone())
	for _, h := range req.Headers() {
		if h.Name() != "Via" {
			out.AppendHeader(sip.HeaderClone(h))
		}
	}
	if body := req.Body(); body != nil {
		out.SetBody(slices.Clone(body))
	}
	return out
}

// NewTag makes a From or To tag.
func NewTag() string { return rand.Text()[:16] }

// NewCallID makes a Call-ID.
func NewCallID() string { return rand.Text() }

// Tag is the tag parameter of From or To, given their Params, or "".
func Tag(p Params) string {
	tag, _ := p.Get("tag")
	return tag
}

// headed is what Request and Response have in common beyond Message.
type headed interface {
	Headers() []Header
	RemoveHeader(name string) bool
}

// Values gives all values of a header, in order. It knows compact names and
// ignores case; for headers that are lists by their syntax, comma lists are
// split outside of quotes and angle brackets.
func Values(m Message, name string) []string {
	name = canonical(name)
	list := listHeader(name)
	var out []string
	for _, h := range headersOf(m) {
		if !sameName(h.Name(), name) {
			continue
		}
		if list {
			out = append(out, splitList(h.Value())...)
		} else {
			out = append(out, h.Value())
		}
	}
	return slices.DeleteFunc(out, func(v string) bool { return list && v == "" })
}

// Value is the first of [Values], or "".
func Value(m Message, name string) string {
	name = canonical(name)
	for _, h := range headersOf(m) {
		if !sameName(h.Name(), name) {
			continue
		}
		if v := h.Value(); !listHeader(name) {
			return v
		} else if first := splitList(v)[0]; first != "" {
			return first
		}
	}
	return ""
}

// HasOption reports whether an option tag stands in a list header such as
// Supported or Require.
func HasOption(m Message, name, tag string) bool {
	return slices.ContainsFunc(Values(m, name), func(v string) bool { return strings.EqualFold(v, tag) })
}

func headersOf(m Message) []Header {
	if h, ok := m.(headed); ok {
		return h.Headers()
	}
	return nil
}

// sameName compares with a canonical name.
func sameName(have, name string) bool {
	if len(have) != len(name) { // most others differ in this already
		return len(have) == 1 && canonical(have) == name
	}
	return strings.EqualFold(have, name)
}

// SetHeader puts h in the place of all headers of its name.
func SetHeader(m Message, h Header) {
	RemoveHeaders(m, h.Name())
	m.AppendHeader(h)
}

// RemoveHeaders removes all headers of that name, compact form and case
// disregarded.
func RemoveHeaders(m Message, name string) {
	name = canonical(name)
	var spellings []string
	for _, h := range headersOf(m) {
		if sameName(h.Name(), name) {
			spellings = append(spellings, h.Name())
		}
	}
	for _, s := range spellings {
		if h, ok := m.(headed); ok {
			h.RemoveHeader(s)
		}
	}
}

// Param finds a parameter of a header value such as `<sip:a@b>;tag=1` or
// `application/sdp;x="y z"`: name without case, the value unquoted. Parameters
// inside <> do not count.
func Param(value, name string) (string, bool) {
	at := indexOutside(value, ';')
	if at < 0 {
		return "", false
	}
	params, err := parseParams(value[at:])
	if err != nil {
		return "", false
	}
	v, ok := params.Get(strings.ToLower(name))
	return unquote(v), ok
}
