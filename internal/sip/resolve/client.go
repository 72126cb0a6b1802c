package resolve

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// client asks name servers and remembers their answers.
type client struct {
	servers []string
	hosts   map[string][]netip.Addr
	timeout time.Duration
	now     func() time.Time

	mu    sync.Mutex
	cache map[question]answer
	size  int
}

type question struct {
	name  string
	qtype uint16
}

type answer struct {
	records []dns.RR
	until   time.Time
}

// Answers are kept as long as they say, within these bounds; those without a
// record, which do not always say, at most maxNegative.
const (
	minTTL      = time.Second
	maxTTL      = time.Hour
	maxNegative = time.Minute
	udpSize     = 1232 // fits one unfragmented datagram everywhere
)

func newClient(cfg Config) (*client, error) {
	c := &client{
		servers: cfg.Servers,
		timeout: cmp.Or(cfg.Timeout, 2*time.Second),
		now:     cfg.Now,
		cache:   make(map[question]answer),
		size:    cmp.Or(cfg.CacheSize, 4096),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if len(c.servers) > 0 {
		return c, nil
	}
	system, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if errors.Is(err, fs.ErrNotExist) {
		system, err = &dns.ClientConfig{Servers: []string{"127.0.0.1"}, Port: "53"}, nil // resolv.conf(5)
	}
	if err != nil {
		return nil, fmt.Errorf("resolve: reading the system's name servers: %w", err)
	}
	for _, s := range system.Servers {
		c.servers = append(c.servers, net.JoinHostPort(s, system.Port))
	}
	c.hosts = readHosts("/etc/hosts")
	return c, nil
}

// readHosts reads a hosts file. One that is missing or odd yields what is readable.
func readHosts(file string) map[string][]netip.Addr {
	hosts := make(map[string][]netip.Addr)
	f, err := os.Open(file) //nolint:gosec // a constant of this package
	if err != nil {
		return hosts
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			name = strings.ToLower(name)
			hosts[name] = append(hosts[name], addr.Unmap())
		}
	}
	return hosts
}

// records finds the records of a name; a name without any yields none and no error.
func (c *client) records(ctx context.Context, name string, qtype uint16) ([]dns.RR, error) {
	q := question{name: strings.ToLower(dns.Fqdn(name)), qtype: qtype}
	if a, ok := c.remembered(q); ok {
		return a.records, nil
	}
	err := fmt.Errorf("resolve: no name server for %s", name)
	for _, server := range c.servers {
		var reply *dns.Msg
		if reply, err = c.ask(ctx, q, server); err == nil {
			a := read(reply, q)
			a.until = c.now().Add(lifetime(reply, a.records))
			c.remember(q, a)
			return a.records, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, err
}

// ask puts one question to one server, over TCP where the answer is too long for UDP.
func (c *client) ask(ctx context.Context, q question, server string) (*dns.Msg, error) {
	msg := new(dns.Msg).SetQuestion(q.name, q.qtype)
	msg.SetEdns0(udpSize, false)
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	reply, _, err := (&dns.Client{UDPSize: udpSize}).ExchangeContext(ctx, msg, server)
	if err == nil && reply.Truncated {
		reply, _, err = (&dns.Client{Net: "tcp"}).ExchangeContext(ctx, msg, server)
	}
	if err != nil {
		return nil, fmt.Errorf("resolve: asking %s for %s: %w", server, q.name, err)
	}
	if reply.Rcode != dns.RcodeSuccess && reply.Rcode != dns.RcodeNameError {
		return nil, fmt.Errorf("resolve: %s answered %s for %s", server, dns.RcodeToString[reply.Rcode], q.name)
	}
	return reply, nil
}

// read takes the records of the type asked for. The server has followed any
// CNAME, so that their owner may be another name.
func read(reply *dns.Msg, q question) answer {
	var a answer
	for _, rr := range reply.Answer {
		if rr.Header().Rrtype == q.qtype {
			a.records = append(a.records, rr)
		}
	}
	return a
}

func lifetime(reply *dns.Msg, records []dns.RR) time.Duration {
	ttl := maxTTL
	if len(records) == 0 {
		ttl = maxNegative
		for _, rr := range reply.Ns {
			if soa, ok := rr.(*dns.SOA); ok {
				ttl = min(ttl, seconds(min(soa.Minttl, soa.Hdr.Ttl))) // RFC 2308 5
			}
		}
	}
	for _, rr := range reply.Answer {
		ttl = min(ttl, seconds(rr.Header().Ttl))
	}
	return max(ttl, minTTL)
}

func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }

func (c *client) remembered(q question) (answer, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.cache[q]
	return a, ok && c.now().Before(a.until)
}

// remember keeps an answer. When there is no room, answers that ended make it;
// if there are none, any one does.
func (c *client) remember(q question, a answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.cache) >= c.size {
		c.makeRoom()
	}
	c.cache[q] = a
}

func (c *client) makeRoom() {
	now := c.now()
	for q, a := range c.cache {
		if !now.Before(a.until) {
			delete(c.cache, q)
		}
	}
	for q := range c.cache {
		if len(c.cache) < c.size {
			return
		}
		delete(c.cache, q)
	}
}

// addresses finds the addresses of a host name, those of IPv4 first.
func (c *client) addresses(ctx context.Context, name string) ([]netip.Addr, error) {
	if addrs, ok := c.hosts[strings.TrimSuffix(strings.ToLower(name), ".")]; ok {
		return addrs, nil
	}
	var addrs []netip.Addr
	v4, err4 := c.records(ctx, name, dns.TypeA)
	v6, err6 := c.records(ctx, name, dns.TypeAAAA)
	for _, rr := range slices.Concat(v4, v6) {
		if addr, ok := addressOf(rr); ok {
			addrs = append(addrs, addr)
		}
	}
	if len(addrs) == 0 {
		return nil, cmp.Or(err4, err6)
	}
	return addrs, nil
}

func addressOf(rr dns.RR) (netip.Addr, bool) {
	var ip net.IP
	switch rr := rr.(type) {
	case *dns.A:
		ip = rr.A
	case *dns.AAAA:
		ip = rr.AAAA
	}
	addr, ok := netip.AddrFromSlice(ip)
	return addr.Unmap(), ok
}
