// Package digest proves who sent a request, by the digest scheme of RFC 7616 as
// SIP uses it (RFC 3261 22, RFC 8760): the server's side with nonces that cost
// no memory until somebody has used one rightly, and the client's answer to a
// challenge. It knows nothing of SIP messages, accounts or storage.
package digest

import (
	"crypto/md5" //nolint:gosec // RFC 3261 phones know nothing better; SHA-256 is offered first
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// Algorithm is the hash of a challenge and its answer (RFC 8760).
type Algorithm string

// The algorithms, the stronger first.
const (
	SHA256 Algorithm = "SHA-256"
	MD5    Algorithm = "MD5"
)

// Errors of this package.
var (
	ErrMalformed   = errors.New("digest: the header cannot be read")
	ErrNoChallenge = errors.New("digest: no challenge asks for an algorithm and protection we know")
)

// parseAlgorithm reads an algorithm parameter; none means MD5 (RFC 7616 3.3).
func parseAlgorithm(s string) (Algorithm, bool) {
	switch {
	case s == "" || strings.EqualFold(s, string(MD5)):
		return MD5, true
	case strings.EqualFold(s, string(SHA256)):
		return SHA256, true
	default:
		return "", false
	}
}

// sum is the hex of the hash over the parts joined by colons.
func (a Algorithm) sum(parts ...string) string {
	var space [256]byte
	text := space[:0]
	for i, p := range parts {
		if i > 0 {
			text = append(text, ':')
		}
		text = append(text, p...)
	}
	var digits [2 * sha256.Size]byte
	if a == SHA256 {
		h := sha256.Sum256(text)
		return string(hex.AppendEncode(digits[:0], h[:]))
	}
	h := md5.Sum(text) //nolint:gosec // see the import
	return string(hex.AppendEncode(digits[:0], h[:]))
}

// HA1 is the secret of an account as servers store it: the hex of
// H(username:realm:password), RFC 7616 3.4.2.
func (a Algorithm) HA1(username, realm, password string) string {
	return a.sum(username, realm, password)
}

// response is the proof of RFC 7616 3.4.1; without qop that of RFC 2069.
func (a Algorithm) response(ha1, method string, c credentials) string {
	ha2 := a.sum(method, c.uri)
	if c.qop == "" {
		return a.sum(ha1, c.nonce, ha2)
	}
	return a.sum(ha1, c.nonce, c.nc, c.cnonce, c.qop, ha2)
}
