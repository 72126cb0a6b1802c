package notify

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// longestURL bounds the address of a webhook.
const longestURL = 2000

// FieldError is the refusal of a webhook: what is wrong with which field.
type FieldError struct {
	Field string // "url", "events"
	Wrong string
}

// Error says what is wrong.
func (e *FieldError) Error() string { return e.Wrong }

// Where names the field.
func (e *FieldError) Where() string { return e.Field }

// checkURL refuses what is no address for a webhook. One that was set by who
// manages the server may lead anywhere; others go over HTTPS, or in clear to
// the networks that the server names.
func checkURL(text string, anywhere bool, networks []netip.Prefix) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > longestURL || strings.Contains(text, " ") || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		return &FieldError{"url", "a webhook has an address such as https://example.com/hook"}
	case u.User != nil || u.Fragment != "":
		return &FieldError{"url", "the address of a webhook has no user name, password or fragment: requests are signed instead"}
	case anywhere:
		return nil
	}
	return checkReach(u, networks)
}

func checkReach(u *url.URL, networks []netip.Prefix) error {
	if u.Scheme != "https" && len(networks) == 0 {
		return &FieldError{"url", "a webhook goes over https"}
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && !mayReach(ip, u.Scheme, networks) {
		return &FieldError{"url", "this address is not on the public Internet, and the server does not name it with --webhook-networks"}
	}
	return nil
}

// mayReach tells whether a webhook may be sent to an address: those of the
// server's own networks would let whoever may set a webhook speak to machines
// behind the firewall.
func mayReach(ip netip.Addr, scheme string, networks []netip.Prefix) bool {
	ip = ip.Unmap().WithZone("")
	named := slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(ip) })
	return named || scheme == "https" && isPublic(ip)
}

// special are the networks that look public and are not (IANA's registries of
// special-purpose addresses).
func special() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
	}
}

func isPublic(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, text := range special() {
		if network, err := netip.ParsePrefix(text); err == nil && network.Contains(ip) {
			return false
		}
	}
	return true
}

// newClient makes a client that speaks to the addresses for which a function
// holds: it is asked about what a name leads to at the moment of the connection.
// It follows no redirects, and no proxy, behind which it could not look.
func newClient(patience time.Duration, may func(netip.Addr) bool) *http.Client {
	dialer := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil || !may(to.Addr()) {
			return fmt.Errorf("%s is no address that a webhook may lead to", address)
		}
		return nil
	}}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		TLSHandshakeTimeout: patience, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 1, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// schemeOf is the scheme of an address that was checked.
func schemeOf(text string) string {
	scheme, _, _ := strings.Cut(text, ":")
	return strings.ToLower(scheme)
}
