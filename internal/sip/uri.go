package sip

import (
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
)

// URI is a SIP, SIPS or other URI, taken apart; of others than SIP and SIPS only
// the scheme is known, the rest is in Raw.
type URI struct {
	Scheme   string // in lower case; "" counts as sip
	User     string // escaped as it came
	Password string
	Host     string // an IPv6 address with or without brackets
	Port     int    // 0 where none is given
	Params   Params
	Headers  Params
	Wildcard bool // "*", which only Contact knows

	raw string
}

// Raw is what stands behind the scheme of a URI that is neither SIP nor SIPS.
func (u *URI) Raw() string { return u.raw }

// String gives the URI as text.
func (u *URI) String() string { return string(u.append(make(wire, 0, 64))) }

func (u *URI) append(w wire) wire {
	if u.Scheme == "" {
		w = append(w, "sip:"...)
	} else {
		w = append(append(w, u.Scheme...), ':')
	}
	if u.raw != "" {
		return append(w, u.raw...)
	}
	if u.User != "" {
		w = append(w, u.User...)
		if u.Password != "" {
			w = append(append(w, ':'), u.Password...)
		}
		w = append(w, '@')
	}
	w = appendHost(w, u.Host)
	if u.Port > 0 {
		w = strconv.AppendInt(append(w, ':'), int64(u.Port), 10)
	}
	w = u.Params.append(w, ';', ';')
	return u.Headers.append(w, '?', '&')
}

// appendHost puts an IPv6 address into brackets.
func appendHost(w wire, host string) wire {
	if strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
		return append(append(append(w, '['), host...), ']')
	}
	return append(w, host...)
}

// ParseURI reads a URI. Of a SIP or SIPS URI the parts are taken apart; the text
// of any other is in Raw().
func ParseURI(s string) (URI, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || !isToken(scheme) || !uriBytes(rest) {
		return URI{}, fmt.Errorf("URI: %w", ErrSyntax)
	}
	u := URI{Scheme: strings.ToLower(scheme)}
	if u.Scheme != "sip" && u.Scheme != "sips" {
		u.raw = rest
		return u, nil
	}
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
	u.Params = uriParams(params, ";")
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
			p = append(p, Parameter{strings.ToLower(name), value})
		}
	}
	return p
}

// URIParam finds a parameter of a URI, such as transport or lr, name without
// case.
func URIParam(uri URI, name string) (string, bool) {
	return uri.Params.Get(strings.ToLower(name))
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
		user, _, _ = strings.Cut(uri.raw, ";")
	}
	if strings.IndexByte(user, '%') < 0 {
		return user
	}
	plain, err := url.PathUnescape(user)
	if err != nil || strings.ContainsFunc(plain, unicode.IsControl) {
		return user
	}
	return plain
}
