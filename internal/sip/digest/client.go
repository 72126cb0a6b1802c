package digest

import (
	"crypto/rand"
	"fmt"
	"strings"
)

// Claim is what a client has to answer a challenge with.
type Claim struct {
	Method   string
	URI      string // the Request-URI
	Username string
	Password string
	Count    uint32 // how often these challenges were answered, this time included; from 1
}

// Answer makes the value of the Authorization header that answers the first
// challenge we can (RFC 8760 2.4: the server put the best first). The values
// are those of the WWW-Authenticate or Proxy-Authenticate headers, each unsplit.
// A client that keeps the challenges may answer them again with a higher Count.
// It fails with [ErrNoChallenge] when there is none to answer.
func Answer(challenges []string, claim Claim) (string, error) {
	for _, value := range challenges {
		ch, err := parseChallenge(value)
		if err != nil {
			continue
		}
		algorithm, ok := parseAlgorithm(ch.algorithm)
		if ok && (ch.qop == "" || ch.offersAuth()) {
			return ch.answer(algorithm, claim), nil
		}
	}
	return "", ErrNoChallenge
}

// IsStale tells whether a server says by these challenges that the password was
// right and only the nonce too old.
func IsStale(challenges []string) bool {
	for _, value := range challenges {
		if ch, err := parseChallenge(value); err == nil && ch.stale {
			return true
		}
	}
	return false
}

func (ch challenge) answer(algorithm Algorithm, claim Claim) string {
	c := credentials{nonce: ch.nonce, uri: claim.URI}
	if ch.qop != "" {
		c.qop, c.cnonce = "auth", rand.Text()
		c.nc = fmt.Sprintf("%08x", max(claim.Count, 1))
	}
	ha1 := algorithm.HA1(claim.Username, unescape(ch.realm), claim.Password)
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username=%s, realm="%s", nonce="%s", uri="%s", response="%s"`,
		quote(claim.Username), ch.realm, ch.nonce, claim.URI, algorithm.response(ha1, claim.Method, c))
	if ch.algorithm != "" {
		fmt.Fprintf(&b, ", algorithm=%s", algorithm)
	}
	if c.qop != "" {
		fmt.Fprintf(&b, `, cnonce="%s", nc=%s, qop=auth`, c.cnonce, c.nc)
	}
	if ch.opaque != "" {
		fmt.Fprintf(&b, `, opaque="%s"`, ch.opaque)
	}
	return b.String()
}
