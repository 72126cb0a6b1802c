package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/resolve"
)

// receiveBuffer is asked of the kernel, whose own 208 KB overflow in a burst.
const receiveBuffer = 4 << 20

// openSockets opens UDP and TCP on one port. For port 0 the one that UDP gets
// may be taken for TCP: then another is tried.
func openSockets(addr string) (*net.UDPConn, *net.TCPListener, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, nil, fmt.Errorf("an IP address and a port are needed: %w", err)
	}
	for try := 0; ; try++ {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(ap))
		if err != nil {
			return nil, nil, err
		}
		port := udp.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		tcp, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(ap.Addr(), port)))
		if err == nil {
			return udp, tcp, udp.SetReadBuffer(receiveBuffer)
		}
		_ = udp.Close() // the error of TCP is the one to tell
		if ap.Port() != 0 || try == 20 {
			return nil, nil, err
		}
	}
}

// readUDP reads datagrams until the socket closes. One goroutine keeps them in
// order.
func (e *Engine) readUDP() {
	buf := make([]byte, 65536)
	var h head
	for {
		n, from, err := e.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !e.pause(10*time.Millisecond) {
				return
			}
			continue
		}
		e.datagram(&h, buf[:n], unmap(from))
	}
}

// pause waits; false when the engine stops.
func (e *Engine) pause(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-e.done:
		return false
	}
}

// datagram takes what came in one. Keep-alives of
// CRLF, NULs or STUN end here.
func (e *Engine) datagram(h *head, b []byte, from netip.AddrPort) {
	if e.guard.take(from.Addr()) != 0 {
		e.stats.limited.Add(1)
		return
	}
	whole := b
	b = trimKeepAlive(b)
	if len(b) == 0 || from.Port() == 0 {
		return
	}
	if pong := stunAnswer(whole, from); pong != nil {
		_ = e.write(pong, Flow{UDP, from}) // the peer asks again if it got lost
		return
	}
	if len(b) > e.cfg.Limits.MessageSize {
		e.stats.malformed.Add(1)
		return
	}
	text := string(b)
	body := h.cutBody(text[h.scan(text, e.cfg.Limits.Headers):])
	if !h.isResponse() && !h.isRequest() {
		e.stats.malformed.Add(1)
		return
	}
	flow := Flow{UDP, from}
	if m, wrong := e.build(h, body, flow); wrong == nil {
		e.receive(m, flow)
	}
}

// trimKeepAlive cuts line ends and NULs off the front.
func trimKeepAlive(b []byte) []byte {
	for len(b) > 0 && (b[0] == '\r' || b[0] == '\n' || b[0] == 0) {
		b = b[1:]
	}
	return b
}

// cutBody cuts what is behind the head of a datagram to its Content-Length (RFC
// 3261 18.3: the rest is thrown away).
func (h *head) cutBody(rest string) string {
	n, wrong := h.length()
	switch {
	case wrong != nil:
		h.fault = wrong
	case n > len(rest):
		h.blame("Content-Length is beyond the end of the message")
	case n >= 0:
		return rest[:n]
	}
	return rest
}

// Resolve finds the flows to try for a URI, in order (RFC 3263). An IP address
// needs no look-up.
func (e *Engine) Resolve(ctx context.Context, uri URI) ([]Flow, error) {
	if uri.Scheme != "sip" && uri.Scheme != "sips" {
		return nil, fmt.Errorf("%w: %s", ErrUnresolved, uri.Scheme)
	}
	q := resolve.Query{Host: uri.Host, Port: uint16(uri.Port), Secure: uri.Scheme == "sips"} //nolint:gosec // G115: parsed as at most 65535
	if maddr, ok := URIParam(uri, "maddr"); ok && maddr != "" {
		q.Host = maddr
	}
	q.Transport, _ = URIParam(uri, "transport")
	if e.cfg.Resolver == nil {
		return literal(q)
	}
	targets, err := e.cfg.Resolver.Lookup(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("%w %s: %w", ErrUnresolved, uri.Host, err)
	}
	var flows []Flow
	for _, t := range targets {
		if transport, ok := parseTransport(t.Transport); ok {
			flows = append(flows, Flow{transport, unmap(t.Addr)})
		}
	}
	return flows, nil
}

func literal(q resolve.Query) ([]Flow, error) {
	addr, err := netip.ParseAddr(trimBrackets(q.Host))
	if err != nil || q.Secure {
		return nil, fmt.Errorf("%w: %s", ErrUnresolved, q.Host)
	}
	transport, port := UDP, uint16(5060)
	if q.Port != 0 {
		port = q.Port
	}
	if q.Transport != "" {
		t, ok := parseTransport(q.Transport)
		if !ok || t != UDP && t != TCP {
			return nil, fmt.Errorf("%w: transport %s", ErrUnresolved, q.Transport)
		}
		transport = t
	}
	return []Flow{{transport, netip.AddrPortFrom(addr.Unmap(), port)}}, nil
}

func trimBrackets(host string) string {
	if len(host) > 2 && host[0] == '[' && host[len(host)-1] == ']' {
		return host[1 : len(host)-1]
	}
	return host
}

// Local is our address as the peer of f sees it, for Contact, Via and SDP.
func (e *Engine) Local(f Flow) netip.AddrPort {
	if e.hidden(f.Remote.Addr()) {
		return netip.AddrPortFrom(e.cfg.Advertise, e.addr.Port())
	}
	if !e.addr.Addr().IsUnspecified() {
		return e.addr
	}
	if f.Transport.Reliable() {
		if c := e.conns.find(f); c != nil {
			return netip.AddrPortFrom(c.local, e.addr.Port())
		}
	}
	return netip.AddrPortFrom(e.routes.local(f.Remote, e.addr.Addr()), e.addr.Port())
}

// hidden tells whether a NAT lies between our socket and a peer.
func (e *Engine) hidden(from netip.Addr) bool {
	out := e.cfg.Advertise
	return out.IsValid() && out.Is4() == from.Is4() &&
		!slices.ContainsFunc(e.cfg.Near, func(p netip.Prefix) bool { return p.Contains(from.WithZone("")) })
}

// routes remembers for a while which of our addresses leads to a peer, where
// the engine listens on all of them.
type routes struct {
	now func() time.Time
	mu  sync.Mutex
	to  map[netip.Addr]route
}

type route struct {
	local netip.Addr
	until time.Time
}

const (
	routeLife = 30 * time.Second
	maxRoutes = 4096
)

func newRoutes(now func() time.Time) *routes { return &routes{now: now, to: map[netip.Addr]route{}} }

// local asks the kernel: connecting a UDP socket sends nothing.
func (r *routes) local(remote netip.AddrPort, otherwise netip.Addr) netip.Addr {
	now := r.now()
	r.mu.Lock()
	known, ok := r.to[remote.Addr()]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.local
	}
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(remote))
	if err != nil {
		return otherwise
	}
	defer conn.Close()
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.to) >= maxRoutes {
		clear(r.to)
	}
	r.to[remote.Addr()] = route{local, now.Add(routeLife)}
	return local
}

// acceptStreams takes connections from a listener. The one place where another
// stream transport comes in is here: TLS by its listener, WebSocket by one that
// gives each message's bytes.
func (e *Engine) acceptStreams(t Transport, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) || !e.pause(50*time.Millisecond) { // out of files: some will close
				return
			}
			e.log.Debug("accept", slog.String("transport", string(t)), slog.Any("error", err))
			continue
		}
		remote, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err != nil || e.guard.isBanned(remote.Addr()) {
			_ = c.Close() // nothing was sent that could be lost
			continue
		}
		e.adopt(newStream(e, c, Flow{t, unmap(remote)}), unproven)
	}
}

// Connect opens the stream connection of a flow where none is open: for flows
// found by Resolve. A phone behind NAT cannot be connected to; for UDP it does
// nothing.
func (e *Engine) Connect(ctx context.Context, f Flow) error {
	switch {
	case e.Alive(f):
		return nil
	case f.Transport != TCP:
		return fmt.Errorf("%w: %s cannot be connected to", ErrTransport, f.Transport)
	}
	ctx, cancel := context.WithTimeout(ctx, 32*e.cfg.Timers.T1)
	defer cancel()
	var d net.Dialer
	if a := e.addr.Addr(); !a.IsUnspecified() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0))
	}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(f.Remote.Addr().String(), strconv.Itoa(int(f.Remote.Port()))))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTransport, err)
	}
	if !e.adopt(newStream(e, c, f), proven) && !e.Alive(f) {
		return ErrClosed
	}
	return nil
}

// Alive reports whether messages can go to f: for a stream, whether the
// connection is open; always for UDP.
func (e *Engine) Alive(f Flow) bool {
	if f.Transport == UDP {
		return !e.closed.Load()
	}
	return e.conns.find(f) != nil
}
