package digest

import (
	"strconv"
	"strings"
)

// credentials is an Authorization header, taken apart. Values that are hashed
// stand as they came between their quotes.
type credentials struct {
	username, realm, nonce, uri, response string
	algorithm                             string
	cnonce, qop, nc                       string
	count                                 uint32 // nc as a number
}

// challenge is a WWW-Authenticate header, taken apart.
type challenge struct {
	realm, nonce, opaque, algorithm, qop string
	stale                                bool
}

const maxHeader = 4096

// parseCredentials reads the value of an Authorization or Proxy-Authorization header.
func parseCredentials(value string) (credentials, error) {
	var c credentials
	err := eachParam(value, func(name, v string) bool {
		field := c.field(name)
		if field == nil {
			return true
		}
		if *field != "" {
			return false
		}
		*field = v
		return true
	})
	if err != nil {
		return credentials{}, err
	}
	if c.nonce == "" || c.uri == "" || c.response == "" {
		return credentials{}, ErrMalformed
	}
	return c, c.readCount()
}

// field is where a parameter belongs, or nil for one that does not matter.
func (c *credentials) field(name string) *string {
	switch strings.ToLower(name) {
	case "username":
		return &c.username
	case "realm":
		return &c.realm
	case "nonce":
		return &c.nonce
	case "uri":
		return &c.uri
	case "response":
		return &c.response
	case "algorithm":
		return &c.algorithm
	case "cnonce":
		return &c.cnonce
	case "qop":
		return &c.qop
	case "nc":
		return &c.nc
	default:
		return nil
	}
}

// readCount checks the parameters that come with qop. Credentials without qop
// count as the first use of their nonce.
func (c *credentials) readCount() error {
	if c.qop == "" {
		c.count = 1
		return nil
	}
	n, err := strconv.ParseUint(c.nc, 16, 32)
	if err != nil || n == 0 || len(c.nc) != 8 || c.cnonce == "" || !strings.EqualFold(c.qop, "auth") {
		return ErrMalformed
	}
	c.count = uint32(n)
	return nil
}

func parseChallenge(value string) (challenge, error) {
	var c challenge
	err := eachParam(value, func(name, v string) bool {
		switch strings.ToLower(name) {
		case "realm":
			c.realm = v
		case "nonce":
			c.nonce = v
		case "opaque":
			c.opaque = v
		case "algorithm":
			c.algorithm = v
		case "qop":
			c.qop = v
		case "stale":
			c.stale = strings.EqualFold(v, "true")
		}
		return true
	})
	if err == nil && c.nonce == "" {
		err = ErrMalformed
	}
	return c, err
}

// offersAuth tells whether the challenge takes qop=auth, among others perhaps.
func (c challenge) offersAuth() bool {
	for q := range strings.SplitSeq(c.qop, ",") {
		if strings.EqualFold(strings.TrimSpace(q), "auth") {
			return true
		}
	}
	return false
}

// eachParam hands the parameters of a Digest header to put, which refuses by
// returning false.
func eachParam(value string, put func(name, value string) bool) error {
	value = strings.TrimSpace(value)
	scheme, rest, found := strings.Cut(value, " ")
	if !found || !strings.EqualFold(scheme, "Digest") || len(value) > maxHeader {
		return ErrMalformed
	}
	for {
		// Empty list elements are allowed everywhere lists are (RFC 9110 5.6.1).
		rest = trimBlanks(rest, ',')
		if rest == "" {
			return nil
		}
		name, after, ok := strings.Cut(rest, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.ContainsAny(name, "\", \t") {
			return ErrMalformed
		}
		var v string
		v, rest, ok = cutValue(trimBlanks(after, ' '))
		if !ok || !put(name, v) {
			return ErrMalformed
		}
	}
}

// trimBlanks cuts blanks, line ends and one other byte off the front.
func trimBlanks(s string, other byte) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t' || s[0] == '\r' || s[0] == '\n' || s[0] == other) {
		s = s[1:]
	}
	return s
}

// cutValue takes a token or quoted string off the front of s. RFC 7616 hashes
// what stands between the quotes, so escapes stay as they are.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ",")
		value = strings.TrimSpace(value)
		return value, rest, !strings.ContainsAny(value, "\" \t\r\n")
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			rest = trimBlanks(s[i+1:], ' ')
			return s[1:i], rest, rest == "" || rest[0] == ','
		}
	}
	return "", "", false
}

// quote makes a quoted-string of any text.
func quote(s string) string {
	if !strings.ContainsAny(s, "\\\"\r\n") {
		return `"` + s + `"`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "").Replace(s) + `"`
}

// unescape undoes quote, for names that are looked up rather than hashed.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
