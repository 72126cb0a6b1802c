package resolve

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Bounds on what one look-up may cause: a hostile zone can list anything.
const (
	maxServices  = 8  // NAPTR records followed
	maxServers   = 16 // SRV records followed
	maxAddresses = 32 // targets returned
)

// allows tells whether a transport is one we speak and the URI accepts.
func (r *Resolver) allows(q Query, transport string) bool {
	secure := transport == "tls" || transport == "wss"
	return slices.Contains(r.transports, transport) && (secure || !q.Secure)
}

// plain is the transport of a URI that does not say one and is not looked up
// (RFC 3263 4.1).
func (r *Resolver) plain(q Query) (string, error) {
	transport := cmp.Or(q.Transport, "udp")
	if q.Transport == "" && q.Secure {
		transport = "tls"
	}
	if !r.allows(q, transport) {
		return "", ErrTransport
	}
	return transport, nil
}

func defaultPort(transport string) uint16 {
	switch transport {
	case "tls":
		return 5061
	case "ws":
		return 80
	case "wss":
		return 443
	default:
		return 5060
	}
}

func (r *Resolver) literal(q Query, addr netip.Addr) ([]Target, error) {
	transport, err := r.plain(q)
	if err != nil {
		return nil, err
	}
	port := cmp.Or(q.Port, defaultPort(transport))
	return []Target{{Transport: transport, Addr: netip.AddrPortFrom(addr, port)}}, nil
}

// explicit finds the targets of a URI with a port, which skips NAPTR and SRV.
func (r *Resolver) explicit(ctx context.Context, q Query) ([]Target, error) {
	transport, err := r.plain(q)
	if err != nil {
		return nil, err
	}
	return r.hostTargets(ctx, q.Host, q.Port, transport)
}

func (r *Resolver) hostTargets(ctx context.Context, host string, port uint16, transport string) ([]Target, error) {
	addrs, err := r.dns.addresses(ctx, host)
	targets := make([]Target, 0, len(addrs))
	for _, addr := range addrs[:min(len(addrs), maxAddresses)] {
		targets = append(targets, Target{Transport: transport, Addr: netip.AddrPortFrom(addr, port)})
	}
	return targets, err
}

// service is the name of an SRV record set and the transport it is for.
type service struct{ name, transport string }

// located finds the targets of a URI without a port: by the services the
// domain lists, or by the usual names, or by the host's own addresses.
func (r *Resolver) located(ctx context.Context, q Query) ([]Target, error) {
	services := r.listed(ctx, q)
	if len(services) == 0 {
		services = r.usual(q)
	}
	var targets []Target
	published := false
	for _, s := range services {
		servers, err := r.dns.records(ctx, s.name, dns.TypeSRV)
		if err != nil {
			return nil, err
		}
		published = published || len(servers) > 0
		targets = append(targets, r.serverTargets(ctx, servers, s.transport)...)
		if len(targets) >= maxAddresses {
			return targets[:maxAddresses], nil
		}
	}
	if published {
		return targets, nil
	}
	transport, err := r.plain(q)
	if err != nil {
		return nil, err
	}
	return r.hostTargets(ctx, q.Host, defaultPort(transport), transport)
}

// listed finds the services by NAPTR, when no transport is given. Many name
// servers fail to answer NAPTR at all; that is the same as having none.
func (r *Resolver) listed(ctx context.Context, q Query) []service {
	if q.Transport != "" {
		return nil
	}
	records, err := r.dns.records(ctx, q.Host, dns.TypeNAPTR)
	if err != nil {
		return nil
	}
	var pointers []*dns.NAPTR
	for _, rr := range records {
		if p, ok := rr.(*dns.NAPTR); ok && strings.EqualFold(p.Flags, "s") {
			pointers = append(pointers, p)
		}
	}
	slices.SortStableFunc(pointers, func(a, b *dns.NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
	var services []service
	for _, p := range pointers {
		transport := naptrTransport(p.Service)
		if len(services) < maxServices && transport != "" && r.allows(q, transport) && p.Replacement != "." {
			services = append(services, service{name: p.Replacement, transport: transport})
		}
	}
	return services
}

func naptrTransport(name string) string {
	switch strings.ToUpper(name) {
	case "SIP+D2U":
		return "udp"
	case "SIP+D2T":
		return "tcp"
	case "SIPS+D2T":
		return "tls"
	default:
		return ""
	}
}

// usual are the SRV names to try when the domain lists none.
func (r *Resolver) usual(q Query) []service {
	var services []service
	for _, t := range r.transports {
		if !r.allows(q, t) || q.Transport != "" && q.Transport != t {
			continue
		}
		switch t {
		case "udp", "tcp":
			services = append(services, service{name: "_sip._" + t + "." + q.Host, transport: t})
		case "tls":
			services = append(services, service{name: "_sips._tcp." + q.Host, transport: t})
		}
	}
	return services
}

// serverTargets are the addresses of SRV records, in order. One server whose
// name leads nowhere does not spoil the others.
func (r *Resolver) serverTargets(ctx context.Context, records []dns.RR, transport string) []Target {
	var servers []*dns.SRV
	for _, rr := range records {
		// A target of "." says that the service is not offered (RFC 2782).
		if srv, ok := rr.(*dns.SRV); ok && srv.Target != "." && len(servers) < maxServers {
			servers = append(servers, srv)
		}
	}
	var targets []Target
	for _, srv := range r.arrange(servers) {
		found, err := r.hostTargets(ctx, srv.Target, srv.Port, transport)
		if err == nil {
			targets = append(targets, found...)
		}
	}
	return targets
}

// arrange orders servers by priority, and those of one priority by lot, each
// chosen with a chance as its weight says (RFC 2782).
func (r *Resolver) arrange(servers []*dns.SRV) []*dns.SRV {
	servers = slices.Clone(servers)
	// Those of no weight go first in the lot, to have a small chance at all.
	slices.SortStableFunc(servers, func(a, b *dns.SRV) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(min(a.Weight, 1), min(b.Weight, 1)))
	})
	for i := range servers {
		chosen := i + r.draw(servers[i:])
		first := servers[chosen]
		copy(servers[i+1:chosen+1], servers[i:chosen])
		servers[i] = first
	}
	return servers
}

// draw chooses among the servers that share the first one's priority.
func (r *Resolver) draw(servers []*dns.SRV) int {
	total := 0
	for _, s := range servers {
		if s.Priority == servers[0].Priority {
			total += int(s.Weight)
		}
	}
	lot := r.intn(total + 1)
	for i, s := range servers {
		lot -= int(s.Weight)
		if lot <= 0 {
			return i
		}
	}
	return 0
}

// validName refuses names that could not be in DNS or would change the question.
func validName(host string) bool {
	if _, ok := dns.IsDomainName(host); !ok || host == "" {
		return false
	}
	for _, c := range []byte(host) {
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}
