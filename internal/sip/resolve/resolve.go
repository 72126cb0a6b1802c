// Package resolve finds where a SIP URI leads (RFC 3263): NAPTR, SRV, then A and
// AAAA records, with a bounded cache. It knows nothing of SIP messages and sockets.
package resolve

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"
)

// Errors of [Resolver.Lookup].
var (
	ErrNotFound  = errors.New("resolve: the host has no address")
	ErrTransport = errors.New("resolve: no transport that the URI allows is supported")
)

// Query is what of a URI matters for finding its server.
type Query struct {
	Host      string // the maddr parameter if there is one, else the host; an IP literal with or without brackets, or a name
	Port      uint16 // 0: none given
	Transport string // the transport parameter; "" for none
	Secure    bool   // a sips URI
}

// Target is one address to try.
type Target struct {
	Transport string // "udp", "tcp", "tls"
	Addr      netip.AddrPort
}

// Config is what a [Resolver] may be told; the zero value serves.
type Config struct {
	Servers    []string         // name servers as host:port; none: those of /etc/resolv.conf, with the names of /etc/hosts
	Transports []string         // what we can speak, the preferred first; none: udp, tcp
	Timeout    time.Duration    // for one question to one name server; 0: 2 seconds
	CacheSize  int              // answers remembered at most; 0: 4096
	Now        func() time.Time // nil: [time.Now]
	Intn       func(n int) int  // a random number below n, for SRV weights; nil: from math/rand/v2
}

// Resolver looks up targets. It is safe for use from many goroutines.
type Resolver struct {
	transports []string
	intn       func(n int) int
	dns        *client
}

// New makes a Resolver. It fails when no name servers are given and those of
// the system cannot be read.
func New(cfg Config) (*Resolver, error) {
	r := &Resolver{transports: cfg.Transports, intn: cfg.Intn}
	if len(r.transports) == 0 {
		r.transports = []string{"udp", "tcp"}
	}
	if r.intn == nil {
		r.intn = rand.IntN
	}
	var err error
	r.dns, err = newClient(cfg)
	return r, err
}

// Lookup finds the targets of a URI in the order in which they are to be tried
// (RFC 3263 4.1 to 4.3). IP literals need no name server.
func (r *Resolver) Lookup(ctx context.Context, q Query) ([]Target, error) {
	q.Host = strings.TrimSuffix(strings.ToLower(q.Host), ".")
	q.Transport = strings.ToLower(q.Transport)
	if q.Secure && q.Transport == "tcp" {
		q.Transport = "tls"
	}
	if q.Transport != "" && !r.allows(q, q.Transport) {
		return nil, ErrTransport
	}
	if addr, err := netip.ParseAddr(strings.Trim(q.Host, "[]")); err == nil {
		return r.literal(q, addr.Unmap())
	}
	if !validName(q.Host) {
		return nil, ErrNotFound
	}
	var targets []Target
	var err error
	if q.Port != 0 {
		targets, err = r.explicit(ctx, q)
	} else {
		targets, err = r.located(ctx, q)
	}
	if err == nil && len(targets) == 0 {
		err = ErrNotFound
	}
	return targets, err
}
