package sip

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSyntax: a URI, address or parameter list that does not follow RFC 3261 25.
var ErrSyntax = errors.New("malformed")

// Address is a name-addr or addr-spec with the parameters behind it: the value
// of From, To, Contact, Route, Refer-To, P-Asserted-Identity.
type Address struct {
	Display string // unquoted
	URI     URI
	Params  Params // of the header; names in lower case, values as written
}

// ParseAddress reads one value. Contact's "*" gives URI.Wildcard.
func ParseAddress(s string) (Address, error) {
	s = strings.TrimSpace(s)
	if s == "*" {
		return Address{URI: URI{Host: "*", Wildcard: true}}, nil
	}
	return readAddress(s, nil)
}

// readAddress reads a value that is trimmed; its parameters go into the room given.
func readAddress(s string, room Params) (Address, error) {
	display, uri, rest, err := splitAddress(s)
	if err != nil {
		return Address{}, err
	}
	a := Address{Display: unescape(display)}
	if a.URI, err = ParseURI(uri); err != nil {
		return Address{}, err
	}
	a.Params, err = parseParams(rest, room)
	return a, err
}

// splitAddress gives the display name without quotes but still escaped, the
// URI, and the parameters from their first semicolon on.
func splitAddress(s string) (display, uri, rest string, err error) { //nolint:revive // function-result-limit: the value has three parts
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		end := closingQuote(s)
		if end < 0 {
			return "", "", "", fmt.Errorf("display name: %w", ErrSyntax)
		}
		display, s = s[1:end], strings.TrimLeft(s[end+1:], " \t")
	}
	before, inside, angled := strings.Cut(s, "<")
	switch {
	case quoted && (!angled || before != ""), strings.IndexByte(before, '"') >= 0:
		return "", "", "", fmt.Errorf("address: %w", ErrSyntax)
	case !angled:
		uri, rest = cutParams(s)
		return "", strings.TrimSpace(uri), rest, nil
	case !quoted:
		display = strings.TrimSpace(before)
	}
	uri, rest, closed := strings.Cut(inside, ">")
	rest = strings.TrimSpace(rest)
	if !closed || rest != "" && rest[0] != ';' {
		return "", "", "", fmt.Errorf("address: %w", ErrSyntax)
	}
	return display, strings.TrimSpace(uri), rest, nil
}

// cutParams cuts before the first semicolon.
func cutParams(s string) (value, params string) {
	if semi := strings.IndexByte(s, ';'); semi >= 0 {
		return s[:semi], s[semi:]
	}
	return s, ""
}

// closingQuote finds the quote that ends the quoted string s begins with, or -1.
func closingQuote(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

// unescape takes the backslashes out of the inside of a quoted string. NULs,
// which may stand behind one, become blanks: databases do not take them.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return strings.ReplaceAll(b.String(), "\x00", " ")
}

func escape(s string) string {
	if !breaksLine(s) && strings.IndexByte(s, '"') < 0 && strings.IndexByte(s, '\\') < 0 { // nearly always: making a replacer costs 4 KB
		return s
	}
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", " ", "\n", " ", "\x00", " ").Replace(s)
}

// Param finds a parameter of the header, name without case, value unquoted.
func (a Address) Param(name string) (string, bool) {
	v, ok := a.Params.Get(strings.ToLower(name))
	return unquote(v), ok
}

// String gives the address with quoting as needed.
func (a Address) String() string {
	if a.URI.Wildcard {
		return "*"
	}
	w := make(wire, 0, 96)
	if a.Display != "" {
		w = append(append(append(w, '"'), escape(a.Display)...), `" `...)
	}
	w = append(a.URI.append(append(w, '<')), '>')
	return string(a.Params.append(w, ';', ';'))
}

func unquote(v string) string {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	return unescape(v)
}
