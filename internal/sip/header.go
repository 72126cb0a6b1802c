package sip

// NewHeader makes a header field. Line breaks and NULs in the value, with which
// it could end early, become spaces.
func NewHeader(name, value string) Header { return nil }

// NewRequest makes a request of Method, Request-URI and headers; Via,
// Max-Forwards and Content-Length come with sending.
func NewRequest(method Method, uri URI, headers ...Header) *Request { return nil }

// NewResponse makes a response to req with Via, From, To, Call-ID, CSeq and,
// where due, Record-Route and Timestamp (RFC 3261 8.2.6). Where code is above
// 100 and To has no tag it gets a new one: use [ServerTx.Response] where
// several responses to one request must have the same.
func NewResponse(req *Request, code int, reason string) *Response { return nil }

// Clone copies a request, so that the copy can be changed.
func Clone(req *Request) *Request { return nil }

// NewTag makes a From or To tag.
func NewTag() string { return "" }

// NewCallID makes a Call-ID.
func NewCallID() string { return "" }

// Tag is the tag parameter of From or To, given their Params, or "".
func Tag(p Params) string { return "" }

// Values gives all values of a header, in order. It knows compact names and
// ignores case; for headers that are lists by their syntax, comma lists are
// split outside of quotes and angle brackets.
func Values(m Message, name string) []string { return nil }

// Value is the first of [Values], or "".
func Value(m Message, name string) string { return "" }

// SetHeader puts h in the place of all headers of its name, or at the end.
func SetHeader(m Message, h Header) {}

// RemoveHeaders removes all headers of that name, compact form and case
// disregarded.
func RemoveHeaders(m Message, name string) {}

// Param finds a parameter of a header value such as
// `<sip:a@b>;tag=1` or `digest;x="y z"`: name without case, the value
// unquoted. Parameters inside <> do not count.
func Param(value, name string) (string, bool) { return "", false }

// URIParam finds a parameter of a URI, such as transport or lr, name without
// case.
func URIParam(uri URI, name string) (string, bool) { return "", false }

// Address is a name-addr or addr-spec with the parameters behind it: the value
// of From, To, Contact, Route, Refer-To, P-Asserted-Identity.
type Address struct {
	Display string // unquoted
	URI     URI
	Params  Params // of the header; names in lower case, values as written
}

// ParseAddress reads one value. Contact's "*" gives URI.Wildcard.
func ParseAddress(s string) (Address, error) { return Address{}, nil }

// Param finds a parameter of the header, name without case, value unquoted.
func (a Address) Param(name string) (string, bool) { return "", false }

// String gives the address with quoting as needed.
func (a Address) String() string { return "" }

// ParseURI reads a URI.
func ParseURI(s string) (URI, error) { return URI{}, nil }
