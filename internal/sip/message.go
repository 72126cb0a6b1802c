package sip

import (
	"slices"
	"strconv"
	"strings"
)

// Method is a request method.
type Method string

// The request methods the system uses.
const (
	INVITE    Method = "INVITE"
	ACK       Method = "ACK"
	CANCEL    Method = "CANCEL"
	BYE       Method = "BYE"
	REGISTER  Method = "REGISTER"
	OPTIONS   Method = "OPTIONS"
	SUBSCRIBE Method = "SUBSCRIBE"
	NOTIFY    Method = "NOTIFY"
	REFER     Method = "REFER"
	INFO      Method = "INFO"
	MESSAGE   Method = "MESSAGE"
	PRACK     Method = "PRACK"
	UPDATE    Method = "UPDATE"
	PUBLISH   Method = "PUBLISH"
)

// Header is one header field as text. Make it with [NewHeader].
type Header struct {
	name  string // canonical
	value string // unfolded and trimmed
}

// Name is the name in its full, usual spelling.
func (h Header) Name() string { return h.name }

// Value is the text behind the colon.
func (h Header) Value() string { return h.value }

// CSeq is the CSeq header: a request's number and method.
type CSeq struct {
	Number uint32
	Method Method
}

// Message is a [Request] or [Response]. Its headers are texts; those that
// nearly everyone reads come parsed, from Via, From, To, CallID, CSeq and
// MaxForwards. From and To are nil-free in every message handed to a [Handler].
// Everything else is read by [Value], [Values] and [ParseAddress], which know
// compact names, comma lists and quoting. Messages are not for concurrent
// change: [Clone] first.
type Message interface {
	AppendHeader(h Header)
	Body() []byte
	SetBody(body []byte)

	fields() *message
	appendStart(w wire) wire
}

// message is what requests and responses have in common.
type message struct {
	headers []Header
	body    []byte
	known   *parsed // of a received message, as long as its headers are those that came
}

// parsed are the headers of a received message that the engine and nearly every
// reader needs. A message of our own making is read when that is asked for.
type parsed struct {
	via      Via // the topmost
	from, to Address
	callID   string
	cseq     CSeq
}

func (m *message) fields() *message { return m }

// Headers are all header fields in their order.
func (m *message) Headers() []Header { return m.headers }

// AppendHeader adds a header field at the end.
func (m *message) AppendHeader(h Header) { m.headers = append(m.headers, h) }

// Body is what stands behind the header fields.
func (m *message) Body() []byte { return m.body }

// SetBody puts a body in; Content-Length comes with sending.
func (m *message) SetBody(body []byte) { m.body = body }

// find gives the first field of a canonical name.
func (m *message) find(name string) (string, bool) {
	for _, h := range m.headers {
		if sameName(h.name, name) {
			return h.value, true
		}
	}
	return "", false
}

// Via is the topmost Via value, nil where there is none.
func (m *message) Via() *Via {
	if m.known != nil {
		return &m.known.via
	}
	value, _ := m.find("Via")
	first, _, _ := cutList(value)
	var via Via
	if !via.parse(first, nil) {
		return nil
	}
	return &via
}

// From is the From header, nil where there is none.
func (m *message) From() *Address {
	if m.known != nil {
		return &m.known.from
	}
	return m.address("From")
}

// To is the To header, nil where there is none.
func (m *message) To() *Address {
	if m.known != nil {
		return &m.known.to
	}
	return m.address("To")
}

func (m *message) address(name string) *Address {
	value, ok := m.find(name)
	a, err := ParseAddress(value)
	if !ok || err != nil {
		return nil
	}
	return &a
}

// CallID is the Call-ID, "" where there is none.
func (m *message) CallID() string {
	if m.known != nil {
		return m.known.callID
	}
	value, _ := m.find("Call-ID")
	return value
}

// CSeq is the CSeq header, the zero value where there is none.
func (m *message) CSeq() CSeq {
	if m.known != nil {
		return m.known.cseq
	}
	value, _ := m.find("CSeq")
	cseq, _ := parseCSeq(value)
	return cseq
}

// MaxForwards is how often the message may be passed on; false where it does
// not say.
func (m *message) MaxForwards() (hops uint32, ok bool) {
	value, _ := m.find("Max-Forwards")
	return number(value, 255)
}

// Request is a SIP request.
type Request struct {
	message

	Method    Method
	Recipient URI
}

// NewRequest makes a request of Method, Request-URI and headers; Via,
// Max-Forwards and Content-Length come with sending.
func NewRequest(method Method, uri URI, headers ...Header) *Request {
	return &Request{Method: method, Recipient: uri, message: message{headers: append(make([]Header, 0, len(headers)+4), headers...)}}
}

// String gives the request as it is sent.
func (r *Request) String() string { return string(encode(r)) }

func (r *Request) appendStart(w wire) wire {
	w = append(append(w, r.Method...), ' ')
	return append(r.Recipient.append(w), " SIP/2.0\r\n"...)
}

// Clone copies a request, so that the copy can be changed. The Via headers stay
// behind, since sending puts a new one on.
func Clone(req *Request) *Request {
	out := NewRequest(req.Method, req.Recipient)
	out.Recipient.Params, out.Recipient.Headers = slices.Clone(req.Recipient.Params), slices.Clone(req.Recipient.Headers)
	out.headers = slices.DeleteFunc(slices.Clone(req.headers), func(h Header) bool { return h.name == "Via" })
	out.body = slices.Clone(req.body)
	return out
}

// Response is a SIP response.
type Response struct {
	message

	StatusCode int
	Reason     string
}

// IsProvisional reports whether a final response is still to come.
func (r *Response) IsProvisional() bool { return r.StatusCode < 200 }

// IsSuccess reports whether it is a 2xx.
func (r *Response) IsSuccess() bool { return r.StatusCode >= 200 && r.StatusCode < 300 }

// String gives the response as it is sent.
func (r *Response) String() string { return string(encode(r)) }

func (r *Response) appendStart(w wire) wire {
	w = strconv.AppendInt(append(w, "SIP/2.0 "...), int64(r.StatusCode), 10)
	w = append(append(w, ' '), r.Reason...)
	return append(w, "\r\n"...)
}

// newResponse makes a response to req with Via, From, To, Call-ID, CSeq and,
// where due, Record-Route and Timestamp (RFC 3261 8.2.6); the tag is put into a
// To that has none.
func newResponse(req *Request, code int, reason, tag string) *Response {
	r := &struct {
		Response
		room [12]Header
	}{Response: Response{StatusCode: code, Reason: reason}}
	r.headers = r.room[:0]
	dialog := code < 300 && code > 100
	for _, h := range req.headers {
		switch h.name {
		case "Via", "From", "Call-ID", "CSeq":
			r.headers = append(r.headers, h)
		case "To":
			r.headers = append(r.headers, withTag(h, req.To(), tag))
		case "Record-Route":
			if dialog && req.Method != REGISTER {
				r.headers = append(r.headers, h)
			}
		case "Timestamp":
			if code == 100 {
				r.headers = append(r.headers, h)
			}
		}
	}
	return &r.Response
}

func withTag(h Header, to *Address, tag string) Header {
	if tag == "" || Tag(to.Params) != "" {
		return h
	}
	return Header{h.name, strings.TrimRight(h.value, "; \t") + ";tag=" + tag}
}
