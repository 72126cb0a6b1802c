package media

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// ErrNoPorts means that every port pair of the range is in use, in quarantine
// or taken by another program, or that the system gives no socket: the call
// cannot have sound now.
var ErrNoPorts = errors.New("no free RTP port pair")

const (
	// defaultQuarantine outlasts what is on its way when a call ends. Pairs take
	// turns, so each rests far longer as long as there are others; and who goes on
	// sending then is a stranger to the stream that has the pair next. More would
	// refuse calls on a server that takes thousands a second.
	defaultQuarantine = 200 * time.Millisecond
	// defaultKeepOpen lets a busy server take a pair up again with its sockets.
	// What strangers send to it meanwhile waits in the kernel, so it is not for ever.
	defaultKeepOpen = time.Minute
	anyPairAttempts = 64
	expeditedTOS    = 46 << 2 // RFC 4594: telephone sound is marked EF
)

// PortsConfig says where streams listen.
type PortsConfig struct {
	IP          netip.Addr       // the address every socket is bound to; invalid means 127.0.0.1
	First, Last uint16           // the ports to use, pairs of an even one and the next; both 0: any that the system has free
	Quarantine  time.Duration    // how long a pair rests at least after use, so that late packets reach nobody; 0 means 200 ms
	KeepOpen    time.Duration    // how long the sockets of a pair that rests stay open; 0 means 1 min
	Log         *slog.Logger     // nil: silent
	Now         func() time.Time // nil: time.Now
	Rand        io.Reader        // of SSRC, first sequence number and timestamp; nil: crypto/rand
}

// Ports hands out port pairs, each with the sockets of one Stream. It is safe
// for use by several goroutines.
type Ports struct {
	cfg     PortsConfig
	buffers sync.Pool // of *[datagramSize]byte, for the readers of sockets
	maxOpen int       // resting pairs that keep their sockets, at most

	mu     sync.Mutex
	free   []pair // oldest first
	inUse  int
	open   int         // free pairs with sockets
	sweep  *time.Timer // closes those that have rested long; nil while none is open
	closed bool
}

// pair is an even port and the next.
type pair struct {
	port      uint16
	since     time.Time    // free since then; zero when never used
	rtp, rtcp *net.UDPConn // nil while they are not open
}

func (p *pair) closeSockets() {
	_, _ = p.rtp.Close(), p.rtcp.Close()
	p.rtp, p.rtcp = nil, nil
}

// NewPorts checks the range and makes all of its pairs free.
func NewPorts(cfg PortsConfig) (*Ports, error) {
	if !cfg.IP.IsValid() {
		cfg.IP = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if cfg.Quarantine == 0 {
		cfg.Quarantine = defaultQuarantine
	}
	if cfg.KeepOpen == 0 {
		cfg.KeepOpen = defaultKeepOpen
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	p := &Ports{
		cfg: cfg, buffers: sync.Pool{New: func() any { return new([datagramSize]byte) }},
		maxOpen: maxFiles() / 4, // two files each, and half of all for others
	}
	if p.anyPort() {
		return p, nil
	}
	for port := uint32(cfg.First+1) &^ 1; port+1 <= uint32(cfg.Last); port += 2 {
		p.free = append(p.free, pair{port: uint16(port)}) //nolint:gosec // below Last
	}
	if len(p.free) == 0 {
		return nil, fmt.Errorf("RTP ports %d-%d hold no pair of an even port and the next", cfg.First, cfg.Last)
	}
	return p, nil
}

// ParsePorts reads a range as it is written in the configuration, "10000-19999",
// or "0" for any free port.
func ParsePorts(s string) (first, last uint16, err error) {
	from, to, found := strings.Cut(strings.TrimSpace(s), "-")
	if !found {
		to = from
	}
	a, err := strconv.ParseUint(strings.TrimSpace(from), 10, 16)
	if err != nil {
		return 0, 0, fmt.Errorf("RTP ports %q: want FIRST-LAST, like 10000-19999", s)
	}
	b, err := strconv.ParseUint(strings.TrimSpace(to), 10, 16)
	if err != nil || b < a || (a == 0) != (b == 0) {
		return 0, 0, fmt.Errorf("RTP ports %q: want FIRST-LAST, like 10000-19999", s)
	}
	return uint16(a), uint16(b), nil
}

// Open takes a free pair and opens a stream on it. The caller closes the
// stream; the pair then rests before it is used again.
func (p *Ports) Open() (*Stream, error) {
	if p.anyPort() {
		return p.openAny()
	}
	for tries := p.pairs(); tries > 0; tries-- {
		candidate, ok := p.take()
		if !ok {
			break
		}
		err := p.bind(&candidate)
		if err == nil {
			return newStream(p, candidate)
		}
		p.giveBack(candidate)
		if !errors.Is(err, syscall.EADDRINUSE) { // out of files, or a wrong IP: the next pair would fail, too
			return nil, fmt.Errorf("%w: %w", ErrNoPorts, err)
		}
		p.cfg.Log.Warn("RTP port pair is taken by another program", slog.Int("port", int(candidate.port)), slog.Any("error", err))
	}
	return nil, ErrNoPorts
}

// Close closes the sockets of the pairs that rest, and of the others when their
// streams close.
func (p *Ports) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	for p.closeRested(p.cfg.Now()) {
	}
}

// InUse is the number of streams that are open now.
func (p *Ports) InUse() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inUse
}

func (p *Ports) anyPort() bool { return p.cfg.First == 0 && p.cfg.Last == 0 }

func (p *Ports) pairs() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.free)
}

// take removes the pair that has rested longest, if it has rested long enough.
func (p *Ports) take() (pair, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) == 0 {
		return pair{}, false
	}
	oldest := p.free[0]
	if !oldest.since.IsZero() && p.cfg.Now().Sub(oldest.since) < p.cfg.Quarantine {
		return pair{}, false
	}
	p.free = p.free[1:]
	p.inUse++
	if oldest.rtp != nil {
		p.open--
	}
	return oldest, true
}

// giveBack puts a pair at the end of the ring, where its quarantine begins.
func (p *Ports) giveBack(used pair) {
	if used.rtp != nil && !p.rest(used) {
		used.closeSockets()
	}
	if used.rtp == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.append(used)
	}
}

// rest gives a pair back with its sockets open, if it may keep them.
func (p *Ports) rest(used pair) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.anyPort() || p.open >= p.maxOpen {
		return false
	}
	p.append(used)
	p.open++
	if p.sweep == nil {
		p.sweep = time.AfterFunc(p.cfg.KeepOpen, p.tidy)
	}
	return true
}

func (p *Ports) append(used pair) {
	p.inUse--
	if !p.anyPort() {
		used.since = p.cfg.Now()
		p.free = append(p.free, used)
	}
}

// tidy closes what has rested long, as long as something rests.
func (p *Ports) tidy() {
	for p.closeRested(p.cfg.Now().Add(-p.cfg.KeepOpen)) {
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sweep = nil
	if p.open > 0 {
		p.sweep = time.AfterFunc(p.cfg.KeepOpen, p.tidy)
	}
}

// closeRested closes the sockets of pairs that are free since then or longer,
// some at a time: calls wait for it. It is false when none is left.
func (p *Ports) closeRested(since time.Time) bool {
	const atOnce = 32
	p.mu.Lock()
	defer p.mu.Unlock()
	closed := 0
	for i := range p.free {
		rests := &p.free[i]
		if rests.since.After(since) || closed == atOnce {
			break
		}
		if rests.rtp != nil {
			rests.closeSockets()
			closed++
		}
	}
	p.open -= closed
	return closed > 0
}

func (p *Ports) openAny() (*Stream, error) {
	for range anyPairAttempts {
		probe, err := p.listen(0)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoPorts, err)
		}
		port := localPort(probe)
		_ = probe.Close()
		found := pair{port: port &^ 1}
		if p.bind(&found) != nil {
			continue
		}
		p.mu.Lock()
		p.inUse++
		p.mu.Unlock()
		return newStream(p, found)
	}
	return nil, ErrNoPorts
}

// bind opens the sockets of a pair, unless they are open since it was used last.
func (p *Ports) bind(to *pair) error {
	if to.rtp != nil {
		return nil
	}
	rtp, err := p.listen(to.port)
	if err != nil {
		return err
	}
	rtcp, err := p.listen(to.port + 1)
	if err != nil {
		_ = rtp.Close()
		return err
	}
	to.rtp, to.rtcp = rtp, rtcp
	return nil
}

func (p *Ports) listen(port uint16) (*net.UDPConn, error) {
	network := "udp4"
	if p.cfg.IP.Is6() {
		network = "udp6"
	}
	udp, err := net.ListenUDP(network, net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.cfg.IP, port)))
	if err != nil {
		return nil, err
	}
	// Marking is a courtesy to the network: a system that forbids it still carries calls.
	if p.cfg.IP.Is6() {
		_ = ipv6.NewConn(udp).SetTrafficClass(expeditedTOS)
	} else {
		_ = ipv4.NewConn(udp).SetTOS(expeditedTOS)
	}
	return udp, nil
}

func localPort(c *net.UDPConn) uint16 { return localAddr(c).Port() }

func localAddr(c *net.UDPConn) netip.AddrPort {
	udp, ok := c.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	a := udp.AddrPort()
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
