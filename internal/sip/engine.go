package sip

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// Engine is one SIP endpoint: one port for UDP and TCP, and its transactions.
// Its methods are safe for concurrent use.
type Engine struct {
	cfg     Config
	log     *slog.Logger
	handler Handler // set by Serve, before anything is read
	addr    netip.AddrPort
	udp     *net.UDPConn
	tcp     *net.TCPListener

	guard   *guard
	boxes   *dispatcher
	conns   *conns
	servers *servers
	clients *clients
	routes  *routes
	seed    maphash.Seed

	serving  chan struct{} // closed by Serve, when there is a handler
	closed   atomic.Bool
	closing  sync.Once
	closeErr error
	done     chan struct{}  // closed with the sockets
	readers  sync.WaitGroup // everything that reads or writes a socket
	stats    stats
}

// Stats count what the engine has met since it started.
type Stats struct {
	Received    uint64 // messages parsed
	Limited     uint64 // datagrams dropped for rate or ban
	Malformed   uint64 // messages refused or dropped for their form
	Overloaded  uint64 // requests refused because too many wait
	Panics      uint64 // of handlers
	Connections int    // stream connections open
}

type stats struct {
	received, limited, malformed, overloaded, panics atomic.Uint64
}

// Listen opens the sockets. Nothing is read from them before [Engine.Serve].
func Listen(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	udp, tcp, err := openSockets(cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for SIP on %q: %w", cfg.Listen, err)
	}
	e := &Engine{
		cfg: cfg, log: cfg.Log, udp: udp, tcp: tcp,
		addr:  unmap(udp.LocalAddr().(*net.UDPAddr).AddrPort()),
		guard: newGuard(cfg.Limits, cfg.Now), clients: newClients(), routes: newRoutes(cfg.Now),
		seed: maphash.MakeSeed(), serving: make(chan struct{}), done: make(chan struct{}),
	}
	e.boxes = newDispatcher(cfg.Limits, e.panicked)
	e.conns = newConns(cfg.Limits, &e.readers)
	e.servers = newServers(64*cfg.Timers.T1, cfg.Limits.Remembered, cfg.Now)
	return e, nil
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// Addr is the address listened on, with the real port.
func (e *Engine) Addr() netip.AddrPort { return e.addr }

// Timers are the timers in use, defaults filled in.
func (e *Engine) Timers() Timers { return e.cfg.Timers }

// Stats reads the counters.
func (e *Engine) Stats() Stats {
	return Stats{
		Received: e.stats.received.Load(), Limited: e.stats.limited.Load(), Malformed: e.stats.malformed.Load(),
		Overloaded: e.stats.overloaded.Load(), Panics: e.stats.panics.Load(), Connections: e.conns.len(),
	}
}

// Serve takes messages and hands them to h until ctx is done. Then it closes
// the sockets, ends what is under way with [ErrClosed], waits for the handlers
// in hand, and returns nil. It is called once.
func (e *Engine) Serve(ctx context.Context, h Handler) error {
	e.handler = h
	close(e.serving)
	e.readers.Go(e.readUDP)
	e.readers.Go(func() { e.acceptStreams(TCP, e.tcp) })
	select {
	case <-ctx.Done():
	case <-e.done:
	}
	return e.Close()
}

// Close stops the engine, as the end of Serve's context does, and waits.
func (e *Engine) Close() error {
	e.closing.Do(func() { e.closeErr = e.shut() })
	return e.closeErr
}

func (e *Engine) shut() error {
	e.closed.Store(true)
	close(e.done)
	err := errors.Join(e.udp.Close(), e.tcp.Close())
	e.conns.closeAll()
	e.readers.Wait()
	e.servers.closeAll()
	e.clients.failAll(ErrClosed)
	e.boxes.close()
	if err != nil {
		return fmt.Errorf("close SIP sockets: %w", err)
	}
	return nil
}

// Ban drops everything from an address for a time, before it is parsed, and
// closes its connections. The trusted cannot be banned.
func (e *Engine) Ban(addr netip.Addr, d time.Duration) {
	e.guard.ban(addr, d)
	e.conns.closeIf(func(f Flow) bool { return e.guard.isBanned(f.Remote.Addr()) })
}

func (e *Engine) panicked(t task, cause any) {
	e.stats.panics.Add(1)
	attrs := []any{slog.Any("panic", cause), slog.String("stack", string(debug.Stack()))}
	if tx, ok := t.(*ServerTx); ok {
		attrs = append(attrs, slog.String("call_id", tx.req.CallID()), slog.String("method", string(tx.req.Method)))
		// It may have been answered before the panic: then this changes nothing.
		_ = tx.Reply(500, "Server Internal Error")
	}
	e.log.Error("a handler panicked", attrs...)
}

// build makes the message of a head and a body; a request that is none has been
// answered, a response that is none is dropped.
func (e *Engine) build(h *head, body string, flow Flow) (Message, *fault) {
	e.stats.received.Add(1)
	if h.isResponse() {
		res, f := h.buildResponse(body)
		if f != nil {
			e.stats.malformed.Add(1)
		}
		return res, f
	}
	req, f := h.buildRequest(body, e.cfg.Supported)
	if f != nil {
		e.refuse(h, f, flow)
	}
	return req, f
}

// receive brings a message to its transaction.
func (e *Engine) receive(m Message, flow Flow) {
	switch m := m.(type) {
	case *Request:
		e.route(m, flow)
	case *Response:
		e.clients.receive(m)
	}
}

// route brings a request to its transaction, or starts one.
func (e *Engine) route(req *Request, flow Flow) {
	reply := stampVia(req, flow)
	key := e.keyOf(req, flow.Transport)
	switch tx, past, known := e.servers.find(key); {
	case req.Method == ACK:
		if tx == nil || !tx.acked() {
			e.boxes.offer(req.CallID(), taskFunc(func() { e.handler.ServeACK(req, flow) }))
		}
	case req.Method == CANCEL:
		e.cancel(tx, past, req, reply)
	case tx != nil:
		tx.retransmitted()
	case past.bytes != nil:
		_ = e.write(past.bytes, reply) // the sender tries again if it got lost
	case known: // an accepted INVITE: the owner resends
	default:
		e.begin(key, req, flow, reply)
	}
}

func (e *Engine) begin(key txKey, req *Request, flow, reply Flow) {
	tx := newServerTx(e, key, req, flow, reply)
	e.servers.add(tx)
	if e.boxes.offer(req.CallID(), tx) {
		tx.begun()
		return
	}
	e.servers.drop(tx)
	e.stats.overloaded.Add(1)
	e.answer(newResponse(req, 503, "Service Unavailable", tx.Tag()), reply, NewHeader("Retry-After", "5"))
}

// cancel answers a CANCEL by itself (RFC 3261 9.2); the owner of an INVITE that
// is not answered yet is told.
func (e *Engine) cancel(tx *ServerTx, past answer, req *Request, reply Flow) {
	switch {
	case tx != nil:
		e.answer(newResponse(req, 200, "OK", tx.Tag()), reply)
		tx.canceled(req)
	case past.accepted != "":
		e.answer(newResponse(req, 200, "OK", past.accepted), reply)
	default:
		e.answer(newResponse(req, 481, "Call/Transaction Does Not Exist", NewTag()), reply)
	}
}

// answer sends a response outside of transactions.
func (e *Engine) answer(res *Response, to Flow, headers ...Header) {
	for _, h := range headers {
		res.AppendHeader(h)
	}
	e.sign(res)
	if err := e.write(encode(res), to); err != nil {
		e.log.Debug("answer not sent", slog.String("to", to.String()), slog.Any("error", err))
	}
}

func (e *Engine) sign(res *Response) {
	if e.cfg.Product != "" && Value(res, "Server") == "" {
		res.AppendHeader(NewHeader("Server", e.cfg.Product))
	}
}

// write sends bytes on a flow. On a stream they are queued.
func (e *Engine) write(b []byte, to Flow) error {
	if e.closed.Load() {
		return ErrClosed
	}
	if to.Transport == UDP {
		if _, err := e.udp.WriteToUDPAddrPort(b, to.Remote); err != nil {
			return fmt.Errorf("%w: %w", ErrTransport, err)
		}
		return nil
	}
	c := e.conns.find(to)
	if c == nil {
		return ErrFlowGone
	}
	return c.write(b)
}
