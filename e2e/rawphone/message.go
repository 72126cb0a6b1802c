package rawphone

import (
	"strconv"
	"strings"
)

// Message is a SIP message as it came, and no more of a parser than tests need.
type Message string

// Code is the status code of a response, and 0 of a request.
func (m Message) Code() int {
	rest, ok := strings.CutPrefix(string(m), "SIP/2.0 ")
	if !ok || len(rest) < 3 {
		return 0
	}
	code, err := strconv.Atoi(rest[:3])
	if err != nil {
		return 0
	}
	return code
}

func (m Message) isNotify() bool { return m.Code() == 0 && m.Method() == "NOTIFY" }

// Method is the method of a request, and that of the CSeq of a response.
func (m Message) Method() string {
	if m.Code() == 0 {
		method, _, _ := strings.Cut(string(m), " ")
		return method
	}
	_, method, _ := strings.Cut(m.Header("CSeq"), " ")
	return strings.TrimSpace(method)
}

// Header is the first value of a header, "" without one.
func (m Message) Header(name string) string {
	if all := m.Headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Headers are the values of a header, one for each line.
func (m Message) Headers(name string) []string {
	head, _, _ := strings.Cut(string(m), "\r\n\r\n")
	var values []string
	for _, line := range strings.Split(head, "\r\n")[1:] {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
			values = append(values, strings.TrimSpace(value))
		}
	}
	return values
}

// Body is what follows the headers.
func (m Message) Body() string {
	_, body, _ := strings.Cut(string(m), "\r\n\r\n")
	return body
}

// ToTag is the tag of the To header.
func (m Message) ToTag() string { return param(m.Header("To"), "tag") }

// Contact is the URI of the Contact header.
func (m Message) Contact() string { return uriIn(m.Header("Contact")) }

func uriIn(value string) string {
	_, rest, ok := strings.Cut(value, "<")
	if !ok {
		rest, _, _ = strings.Cut(value, ";")
		return strings.TrimSpace(rest)
	}
	uri, _, _ := strings.Cut(rest, ">")
	return uri
}

func param(value, name string) string {
	for part := range strings.SplitSeq(value, ";") {
		if key, v, _ := strings.Cut(part, "="); strings.EqualFold(strings.TrimSpace(key), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
