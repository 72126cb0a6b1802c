package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode"

	"github.com/emiago/sipgo/sip"
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
	display, uri, rest, err := splitAddress(s)
	if err != nil {
		return Address{}, err
	}
	a := Address{Display: unescape(display)}
	if a.URI, err = ParseURI(uri); err != nil {
		return Address{}, err
	}
	a.Params, err = parseParams(rest)
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
	if !strings.ContainsAny(s, "\\\"\r\n\x00") { // nearly always: making a replacer costs 4 KB
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
	var b strings.Builder
	if a.Display != "" {
		b.WriteString(`"` + escape(a.Display) + `" `)
	}
	b.WriteByte('<')
	a.URI.StringWrite(&b)
	b.WriteByte('>')
	if len(a.Params) > 0 {
		b.WriteByte(';')
		a.Params.ToStringWrite(';', &b)
	}
	return b.String()
}

// ParseURI reads a URI. Of a SIP or SIPS URI the parts are taken apart; the text
// of any other is in Raw().
func ParseURI(s string) (URI, error) {
	var u URI
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || !isToken(scheme) || !uriBytes(rest) {
		return URI{}, fmt.Errorf("URI: %w", ErrSyntax)
	}
	if !strings.EqualFold(scheme, "sip") && !strings.EqualFold(scheme, "sips") {
		// Only the library can set Raw, and it knows schemes of letters only.
		if err := sip.ParseUri("tel:"+rest, &u); err != nil {
			return URI{}, fmt.Errorf("URI: %w", ErrSyntax)
		}
		u.Scheme = strings.ToLower(scheme)
		return u, nil
	}
	u.Scheme = strings.ToLower(scheme)
	if at := strings.IndexByte(rest, '@'); at >= 0 {
		u.User, u.Password, _ = strings.Cut(rest[:at], ":")
		if u.User == "" {
			return URI{}, fmt.Errorf("URI user: %w", ErrSyntax)
		}
		rest = rest[at+1:]
	}
	rest, headers, _ := strings.Cut(rest, "?")
	hostport, params, _ := strings.Cut(rest, ";")
	var err error
	if u.Host, u.Port, err = parseHostPort(hostport); err != nil {
		return URI{}, err
	}
	u.UriParams = uriParams(params, ";")
	u.Headers = uriParams(headers, "&")
	return u, nil
}

// uriBytes keeps out what would break the header around a URI.
func uriBytes(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"' {
			return false
		}
	}
	return true
}

func parseHostPort(s string) (string, int, error) {
	host, port, found := strings.Cut(s, ":")
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 || !ipv6(s[1:end]) {
			return "", 0, fmt.Errorf("host: %w", ErrSyntax)
		}
		host, port = s[:end+1], s[end+1:]
		if port, found = strings.CutPrefix(port, ":"); !found && port != "" {
			return "", 0, fmt.Errorf("host: %w", ErrSyntax)
		}
	} else if !hostName(host) {
		return "", 0, fmt.Errorf("host: %w", ErrSyntax)
	}
	if !found {
		return host, 0, nil
	}
	n, ok := number(port, 65535)
	if !ok || n == 0 {
		return "", 0, fmt.Errorf("port: %w", ErrSyntax)
	}
	return host, int(n), nil
}

func ipv6(s string) bool {
	a, err := netip.ParseAddr(s)
	return err == nil && a.Is6()
}

func hostName(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_':
		default:
			return false
		}
	}
	return s != ""
}

func uriParams(s, sep string) Params {
	if s == "" {
		return nil
	}
	p := make(Params, 0, 2)
	for s != "" {
		var part string
		part, s, _ = strings.Cut(s, sep)
		if name, value, _ := strings.Cut(part, "="); name != "" {
			p = append(p, sip.HeaderKV{K: strings.ToLower(name), V: value})
		}
	}
	return p
}

// parseParams reads ";name=value;name" from its first semicolon on. Names come
// in lower case. Values stay as written, quotes and all, except that those with
// blanks lose their quotes: the library puts them on again when it writes.
func parseParams(s string) (Params, error) {
	if s == "" {
		return nil, nil
	}
	p := make(Params, 0, 3)
	for s != "" {
		s = s[1:] // the semicolon
		part := s
		if i := strings.IndexByte(s, ';'); i >= 0 {
			if i = indexOutside(s, ';'); i >= 0 {
				part, s = s[:i], s[i:]
			} else {
				s = ""
			}
		} else {
			s = ""
		}
		kv, err := parseParam(part)
		if err != nil {
			return nil, err
		}
		if kv.K != "" && !p.Has(kv.K) {
			p = append(p, kv)
		}
	}
	return p, nil
}

func parseParam(part string) (sip.HeaderKV, error) {
	name, value, has := strings.Cut(part, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if name == "" && !has {
		return sip.HeaderKV{}, nil // ";;" and a last ";" are common and harmless
	}
	if !isToken(name) {
		return sip.HeaderKV{}, fmt.Errorf("parameter: %w", ErrSyntax)
	}
	if strings.HasPrefix(value, `"`) {
		if closingQuote(value) != len(value)-1 {
			return sip.HeaderKV{}, fmt.Errorf("parameter %s: %w", name, ErrSyntax)
		}
		if strings.ContainsAny(value, " \t") {
			value = value[1 : len(value)-1]
		}
	} else if strings.ContainsAny(value, " \t\"") {
		return sip.HeaderKV{}, fmt.Errorf("parameter %s: %w", name, ErrSyntax)
	}
	return sip.HeaderKV{K: strings.ToLower(name), V: value}, nil
}

func unquote(v string) string {
	if len(v) >= 2 && v[0] == '"' && v[len(v)-1] == '"' {
		v = v[1 : len(v)-1]
	}
	return unescape(v)
}

// URIParam finds a parameter of a URI, such as transport or lr, name without
// case.
func URIParam(uri URI, name string) (string, bool) {
	return uri.UriParams.Get(strings.ToLower(name))
}

// URIHeader finds a header inside a URI, such as Replaces in a Refer-To, name
// without case, the value unescaped.
func URIHeader(uri URI, name string) (string, bool) {
	v, ok := uri.Headers.Get(strings.ToLower(name))
	if plain, err := url.PathUnescape(v); err == nil {
		v = plain
	}
	return v, ok
}

// URIUser is the user of a SIP URI unescaped, or the number of a tel URI without
// its parameters. One with escaped control characters, which nobody has, stays
// escaped.
func URIUser(uri URI) string {
	user := uri.User
	if uri.Scheme == "tel" {
		user, _, _ = strings.Cut(uri.Raw(), ";")
	}
	plain, err := url.PathUnescape(user)
	if err != nil || strings.ContainsFunc(plain, unicode.IsControl) {
		return user
	}
	return plain
}
