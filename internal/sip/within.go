package sip

import (
	"fmt"
	"slices"
)

// RouteTo gives the Request-URI and the Route values of a request in a dialog
// (RFC 3261 12.2.1.1), given its remote target and its route set, nearest first:
// a first route without lr is a strict router of RFC 2543.
func RouteTo(target URI, set []string) (URI, []string) {
	if len(set) == 0 {
		return target, nil
	}
	first, err := ParseAddress(set[0])
	if err != nil {
		return target, set
	}
	if _, loose := URIParam(first.URI, "lr"); loose {
		return target, set
	}
	return first.URI, append(slices.Clone(set[1:]), "<"+target.String()+">")
}

// Contact is the value of our Contact header as the peer of f can reach it; the
// user may be "".
func (e *Engine) Contact(user string, f Flow) string {
	if user != "" {
		user += "@"
	}
	at := e.Local(f)
	if f.Transport == UDP || f.Transport == "" {
		return fmt.Sprintf("<sip:%s%s>", user, at)
	}
	return fmt.Sprintf("<sip:%s%s;transport=%s>", user, at, f.Transport)
}
