package resolve_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zone is a name server for tests.
type zone struct {
	mu      sync.Mutex
	records map[string][]dns.RR // "name/type"
	refuse  map[string]bool
	asked   atomic.Int32
	address string
}

func (z *zone) ServeDNS(w dns.ResponseWriter, req *dns.Msg) {
	z.asked.Add(1)
	z.mu.Lock()
	defer z.mu.Unlock()
	reply := new(dns.Msg).SetReply(req)
	q := req.Question[0]
	key := strings.ToLower(q.Name) + "/" + dns.TypeToString[q.Qtype]
	switch {
	case z.refuse[key]:
		reply.Rcode = dns.RcodeServerFailure
	case len(z.records[key]) == 0:
		reply.Rcode = dns.RcodeNameError
	default:
		reply.Answer = z.records[key]
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp {
		reply.Truncate(512)
	}
	_ = w.WriteMsg(reply)
}

func (z *zone) fail(keys ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	for _, key := range keys {
		z.refuse[key] = true
	}
}

func serve(t *testing.T, lines ...string) *zone {
	t.Helper()
	z := &zone{records: make(map[string][]dns.RR), refuse: make(map[string]bool)}
	for _, line := range lines {
		rr, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		key := strings.ToLower(rr.Header().Name) + "/" + dns.TypeToString[rr.Header().Rrtype]
		if alias, ok := rr.(*dns.CNAME); ok {
			key = strings.ToLower(rr.Header().Name) + "/A"
			z.records[key] = append(z.records[key], z.records[strings.ToLower(alias.Target)+"/A"]...)
		}
		z.records[key] = append(z.records[key], rr)
	}
	var config net.ListenConfig
	packets, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	streams, err := config.Listen(t.Context(), "tcp", packets.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	z.address = packets.LocalAddr().String()
	for _, server := range []*dns.Server{{PacketConn: packets, Handler: z}, {Listener: streams, Handler: z}} {
		done, up := make(chan error, 1), make(chan struct{})
		server.NotifyStartedFunc = func() { close(up) }
		go func() { done <- server.ActivateAndServe() }()
		<-up
		t.Cleanup(func() {
			_ = server.Shutdown()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	return z
}

func newResolver(t *testing.T, cfg resolve.Config) *resolve.Resolver {
	t.Helper()
	r, err := resolve.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// texts writes targets as "udp:192.0.2.1:5060".
func texts(targets []resolve.Target) []string {
	var out []string
	for _, t := range targets {
		out = append(out, t.Transport+":"+t.Addr.String())
	}
	return out
}

func TestLookup(t *testing.T) {
	t.Parallel()
	z := serve(t,
		"both.test. 60 IN A 192.0.2.1", "both.test. 60 IN AAAA 2001:db8::1",
		"alias.test. 60 IN CNAME both.test.",
		`naptr.test. 60 IN NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.srv.test.`,
		`naptr.test. 60 IN NAPTR 10 10 "s" "SIP+D2T" "" _sip._tcp.srv.test.`,
		`naptr.test. 60 IN NAPTR 5 10 "s" "SIPS+D2T" "" _sips._tcp.srv.test.`,
		`naptr.test. 60 IN NAPTR 1 10 "u" "E2U+sip" "!^.*$!sip:x@y!" .`,
		"_sip._udp.srv.test. 60 IN SRV 10 0 5070 a.srv.test.",
		"_sip._tcp.srv.test. 60 IN SRV 20 0 5072 gone.srv.test.",
		"_sip._tcp.srv.test. 60 IN SRV 10 0 5071 b.srv.test.",
		"_sip._tcp.srv.test. 60 IN SRV 30 0 5073 a.srv.test.",
		"_sips._tcp.srv.test. 60 IN SRV 1 0 5061 a.srv.test.",
		"a.srv.test. 60 IN A 192.0.2.10", "b.srv.test. 60 IN A 192.0.2.11", "b.srv.test. 60 IN A 192.0.2.12",
		"srv.test. 60 IN A 192.0.2.99",
		"_sip._udp.closed.test. 60 IN SRV 0 0 0 .", "closed.test. 60 IN A 192.0.2.98",
	)
	plain := newResolver(t, resolve.Config{Servers: []string{z.address}})
	secure := newResolver(t, resolve.Config{Servers: []string{z.address}, Transports: []string{"udp", "tcp", "tls"}})
	for _, test := range []struct {
		name  string
		r     *resolve.Resolver
		query resolve.Query
		want  []string
		fails error
	}{
		{"literal", plain, resolve.Query{Host: "192.0.2.5"}, []string{"udp:192.0.2.5:5060"}, nil},
		{"literal with all", plain, resolve.Query{Host: "192.0.2.5", Port: 5080, Transport: "TCP"}, []string{"tcp:192.0.2.5:5080"}, nil},
		{"literal of IPv6", plain, resolve.Query{Host: "[2001:db8::5]"}, []string{"udp:[2001:db8::5]:5060"}, nil},
		{"literal, sips", secure, resolve.Query{Host: "192.0.2.5", Secure: true}, []string{"tls:192.0.2.5:5061"}, nil},
		{"literal, sips over tcp", secure, resolve.Query{Host: "192.0.2.5", Secure: true, Transport: "tcp"}, []string{"tls:192.0.2.5:5061"}, nil},
		{"sips without tls", plain, resolve.Query{Host: "192.0.2.5", Secure: true}, nil, resolve.ErrTransport},
		{"unknown transport", plain, resolve.Query{Host: "both.test", Transport: "sctp"}, nil, resolve.ErrTransport},
		{"sips over udp", secure, resolve.Query{Host: "both.test", Transport: "udp", Secure: true}, nil, resolve.ErrTransport},
		{"host with port", plain, resolve.Query{Host: "both.test", Port: 5090}, []string{"udp:192.0.2.1:5090", "udp:[2001:db8::1]:5090"}, nil},
		{"port skips srv", plain, resolve.Query{Host: "srv.test", Port: 5090, Transport: "tcp"}, []string{"tcp:192.0.2.99:5090"}, nil},
		{"only addresses", plain, resolve.Query{Host: "BOTH.test."}, []string{"udp:192.0.2.1:5060", "udp:[2001:db8::1]:5060"}, nil},
		{"alias", plain, resolve.Query{Host: "alias.test"}, []string{"udp:192.0.2.1:5060"}, nil},
		{"naptr", plain, resolve.Query{Host: "naptr.test"}, []string{"tcp:192.0.2.11:5071", "tcp:192.0.2.12:5071", "tcp:192.0.2.10:5073", "udp:192.0.2.10:5070"}, nil},
		{"naptr with tls", secure, resolve.Query{Host: "naptr.test", Secure: true}, []string{"tls:192.0.2.10:5061"}, nil},
		{"srv by transport", plain, resolve.Query{Host: "srv.test", Transport: "udp"}, []string{"udp:192.0.2.10:5070"}, nil},
		{"srv without naptr", plain, resolve.Query{Host: "srv.test"}, []string{"udp:192.0.2.10:5070", "tcp:192.0.2.11:5071", "tcp:192.0.2.12:5071", "tcp:192.0.2.10:5073"}, nil},
		{"service not offered", plain, resolve.Query{Host: "closed.test", Transport: "udp"}, nil, resolve.ErrNotFound},
		{"unknown", plain, resolve.Query{Host: "nobody.test"}, nil, resolve.ErrNotFound},
		{"no name", plain, resolve.Query{Host: "a b/c"}, nil, resolve.ErrNotFound},
		{"empty", plain, resolve.Query{}, nil, resolve.ErrNotFound},
	} {
		got, err := test.r.Lookup(t.Context(), test.query)
		if !errors.Is(err, test.fails) || test.fails == nil && err != nil {
			t.Errorf("%s: error %v, want %v", test.name, err, test.fails)
		}
		if diff := cmp.Diff(test.want, texts(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestWeights(t *testing.T) {
	t.Parallel()
	z := serve(t,
		"_sip._udp.w.test. 60 IN SRV 10 0 1 a.w.test.", "_sip._udp.w.test. 60 IN SRV 10 10 2 a.w.test.",
		"_sip._udp.w.test. 60 IN SRV 10 90 3 a.w.test.", "_sip._udp.w.test. 60 IN SRV 5 0 4 a.w.test.",
		"a.w.test. 60 IN A 192.0.2.1",
	)
	for lot, want := range map[int]string{0: "4 1 2 3", 5: "4 2 1 3", 50: "4 3 1 2"} {
		first := true
		r := newResolver(t, resolve.Config{Servers: []string{z.address}, Intn: func(n int) int {
			if n != 101 || !first {
				return 0
			}
			first = false
			return lot
		}})
		targets, err := r.Lookup(t.Context(), resolve.Query{Host: "w.test", Transport: "udp"})
		if err != nil {
			t.Fatal(err)
		}
		var ports []string
		for _, target := range targets {
			ports = append(ports, fmt.Sprint(target.Addr.Port()))
		}
		if got := strings.Join(ports, " "); got != want {
			t.Errorf("with lot %d the order is %s, want %s", lot, got, want)
		}
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	z := serve(t, "h.test. 60 IN A 192.0.2.1")
	now := time.Unix(1_800_000_000, 0)
	r := newResolver(t, resolve.Config{Servers: []string{z.address}, CacheSize: 4, Now: func() time.Time { return now }})
	lookup := func(host string) int32 {
		before := z.asked.Load()
		_, _ = r.Lookup(t.Context(), resolve.Query{Host: host, Port: 5060})
		return z.asked.Load() - before
	}
	for _, step := range []struct {
		host  string
		after time.Duration
		want  int32 // questions asked
	}{
		{"h.test", 0, 2},
		{"h.test", 59 * time.Second, 0},
		{"h.test", time.Second, 2},
		{"none.test", 0, 2}, // absence is remembered too
		{"none.test", 0, 0},
		{"none.test", time.Minute, 2},
	} {
		now = now.Add(step.after)
		if got := lookup(step.host); got != step.want {
			t.Errorf("%s after %s more: %d questions, want %d", step.host, step.after, got, step.want)
		}
	}
	for i := range 100 {
		lookup(fmt.Sprintf("n%d.test", i))
	}
	if got := lookup("none.test"); got != 2 {
		t.Errorf("the cache kept more than its bound")
	}
}

func TestNameServerFaults(t *testing.T) {
	t.Parallel()
	z := serve(t, "h.test. 60 IN A 192.0.2.1", "_sip._udp.broken.test. 60 IN SRV 0 0 1 h.test.")
	z.fail("h.test./NAPTR", "_sip._udp.broken.test./SRV")
	dead := deadAddress(t)
	r := newResolver(t, resolve.Config{Servers: []string{dead, z.address}, Timeout: 200 * time.Millisecond})
	got, err := r.Lookup(t.Context(), resolve.Query{Host: "h.test"})
	if err != nil || len(got) != 1 {
		t.Errorf("with one dead server and no NAPTR answer: %v, %v", got, err)
	}
	if _, err := r.Lookup(t.Context(), resolve.Query{Host: "broken.test"}); err == nil || errors.Is(err, resolve.ErrNotFound) {
		t.Errorf("a failing name server gave %v: it must not look like an absent service", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Lookup(ctx, resolve.Query{Host: "other.test"}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}

// deadAddress is a port on which nobody answers.
func deadAddress(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	conn, err := config.ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.LocalAddr().String()
}

// An answer too long for UDP comes over TCP, and a zone that lists very much
// does not make us follow it all.
func TestLongAnswers(t *testing.T) {
	t.Parallel()
	lines := []string{}
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("many.test. 60 IN A 192.0.2.%d", i+1))
	}
	z := serve(t, lines...)
	r := newResolver(t, resolve.Config{Servers: []string{z.address}})
	got, err := r.Lookup(t.Context(), resolve.Query{Host: "many.test", Port: 5060})
	if err != nil || len(got) != 32 {
		t.Errorf("%d targets, %v; want 32", len(got), err)
	}
}

func TestSystemNames(t *testing.T) {
	t.Parallel()
	r, err := resolve.New(resolve.Config{})
	if err != nil {
		t.Skip("this system has no resolv.conf")
	}
	got, err := r.Lookup(t.Context(), resolve.Query{Host: "localhost", Port: 5060})
	if err != nil || len(got) == 0 || !got[0].Addr.Addr().IsLoopback() {
		t.Errorf("localhost leads to %v, %v", got, err)
	}
}

func FuzzLookupHost(f *testing.F) {
	for _, seed := range []string{"a.test", "192.0.2.1", "[::1]", "[fe80::1%eth0]", "..", "", "a\x00b", strings.Repeat("a.", 200)} {
		f.Add(seed)
	}
	r, err := resolve.New(resolve.Config{Servers: []string{"127.0.0.1:1"}, Timeout: time.Millisecond})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, host string) {
		targets, err := r.Lookup(t.Context(), resolve.Query{Host: host, Port: 5060})
		if err == nil && len(targets) == 0 {
			t.Errorf("neither target nor error for %q", host)
		}
	})
}

func BenchmarkLiteral(b *testing.B) {
	r, err := resolve.New(resolve.Config{Servers: []string{"127.0.0.1:1"}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = r.Lookup(b.Context(), resolve.Query{Host: "192.0.2.1", Port: 5060})
	}
}
