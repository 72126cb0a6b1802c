package sip

import (
	"crypto/rand"
	"slices"
	"strings"
)

// NewHeader makes a header field. Line breaks and NULs in the value, with which
// it could end early, become blanks.
func NewHeader(name, value string) Header {
	if breaksLine(value) {
		value = strings.NewReplacer("\r", " ", "\n", " ", "\x00", " ").Replace(value)
	}
	return Header{canonical(name), strings.Trim(value, " \t")}
}

func breaksLine(s string) bool {
	return strings.IndexByte(s, '\n') >= 0 || strings.IndexByte(s, '\r') >= 0 || strings.IndexByte(s, 0) >= 0
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

// Values gives all values of a header, in order. It knows compact names and
// ignores case; for headers that are lists by their syntax, comma lists are
// split outside of quotes and angle brackets.
func Values(m Message, name string) []string {
	name = canonical(name)
	list := listHeader(name)
	var out []string
	for _, h := range m.fields().headers {
		switch {
		case !sameName(h.name, name):
		case list:
			out = appendList(out, h.value)
		default:
			out = append(out, h.value)
		}
	}
	return out
}

// appendList appends the elements of a comma list but empty ones.
func appendList(out []string, s string) []string {
	for more := true; more; {
		var one string
		if one, s, more = cutList(s); one != "" {
			out = append(out, one)
		}
	}
	return out
}

// Value is the first of [Values], or "".
func Value(m Message, name string) string {
	name = canonical(name)
	for _, h := range m.fields().headers {
		if !sameName(h.name, name) {
			continue
		}
		if !listHeader(name) {
			return h.value
		} else if first, _, _ := cutList(h.value); first != "" {
			return first
		}
	}
	return ""
}

// HasOption reports whether an option tag stands in a list header such as
// Supported or Require.
func HasOption(m Message, name, tag string) bool {
	name = canonical(name)
	for _, h := range m.fields().headers {
		if !sameName(h.name, name) {
			continue
		}
		for rest, more := h.value, true; more; {
			var one string
			if one, rest, more = cutList(rest); strings.EqualFold(one, tag) {
				return true
			}
		}
	}
	return false
}

// sameName compares two canonical names. Those that are not known may differ in case.
func sameName(have, name string) bool {
	return len(have) == len(name) && (have == name || strings.EqualFold(have, name))
}

// SetHeader puts h in the place of all headers of its name.
func SetHeader(m Message, h Header) {
	RemoveHeaders(m, h.name)
	m.AppendHeader(h)
}

// RemoveHeaders removes all headers of that name, compact form and case
// disregarded.
func RemoveHeaders(m Message, name string) {
	name = canonical(name)
	all := m.fields()
	all.headers = slices.DeleteFunc(all.headers, func(h Header) bool { return sameName(h.name, name) })
	all.known = nil
}

// Param finds a parameter of a header value such as `<sip:a@b>;tag=1` or
// `application/sdp;x="y z"`: name without case, the value unquoted. Parameters
// inside <> do not count.
func Param(value, name string) (string, bool) {
	at := indexOutside(value, ';')
	if at < 0 {
		return "", false
	}
	params, err := parseParams(value[at:], nil)
	if err != nil {
		return "", false
	}
	v, ok := params.Get(strings.ToLower(name))
	return unquote(v), ok
}
