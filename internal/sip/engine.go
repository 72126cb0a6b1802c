package sip

import (
	"context"
	"net/netip"
	"time"
)

// Engine is one SIP endpoint: one port for UDP and TCP, and its transactions.
// Its methods are safe for concurrent use.
type Engine struct {
	cfg Config
}

// Listen opens the sockets. Nothing is read from them before [Engine.Serve].
func Listen(cfg Config) (*Engine, error) {
	return &Engine{cfg: cfg.withDefaults()}, nil
}

// Addr is the address listened on, with the real port.
func (e *Engine) Addr() netip.AddrPort { return netip.AddrPort{} }

// Timers are the timers in use, defaults filled in.
func (e *Engine) Timers() Timers { return e.cfg.Timers }

// Serve takes messages and hands them to h until ctx is done. Then it closes
// the sockets, ends what is under way with [ErrClosed], waits for the handlers
// in hand, and returns nil. It is called once.
func (e *Engine) Serve(ctx context.Context, h Handler) error { return nil }

// Close closes the sockets of an engine that Serve was never called on.
func (e *Engine) Close() error { return nil }

// Send sends req to the flow in a client transaction of its own. It puts a Via
// with a new branch and rport on top, and adds Max-Forwards, User-Agent and
// Content-Length where missing. `on` is called in order with what comes back,
// never concurrently, and in order with the requests of the same Call-ID; it
// must not block. An error of Send itself means that `on` is never called.
// A stream flow without a connection is ErrFlowGone: see [Engine.Connect].
func (e *Engine) Send(req *Request, to Flow, on func(Reply)) (*ClientTx, error) { return nil, nil }

// Do sends a request other than INVITE and waits for the final response. It may
// be called from within a [Handler].
func (e *Engine) Do(ctx context.Context, req *Request, to Flow) (*Response, error) { return nil, nil }

// Write sends a message outside of transactions: an ACK to a 2xx (which gets a
// Via with a new branch), or a 2xx again.
func (e *Engine) Write(msg Message, to Flow) error { return nil }

// Connect opens the stream connection of a flow where none is open: for flows
// found by Resolve. A phone behind NAT cannot be connected to; for UDP it does
// nothing.
func (e *Engine) Connect(ctx context.Context, f Flow) error { return nil }

// Alive reports whether messages can go to f: for a stream, whether the
// connection is open; always for UDP.
func (e *Engine) Alive(f Flow) bool { return false }

// Resolve finds the flows to try for a URI, in order (RFC 3263). An IP address
// needs no look-up.
func (e *Engine) Resolve(ctx context.Context, uri URI) ([]Flow, error) { return nil, nil }

// Local is our address as the peer of f sees it, for Contact and SDP.
func (e *Engine) Local(f Flow) netip.AddrPort { return netip.AddrPort{} }

// Ban drops everything from an address for a time, before it is parsed, and
// closes its connections.
func (e *Engine) Ban(addr netip.Addr, d time.Duration) {}

// ServerTx is the server transaction of one request (RFC 3261 17.2).
type ServerTx struct {
	req  *Request
	flow Flow
}

// Request is the request, with received and rport set in its topmost Via.
func (tx *ServerTx) Request() *Request { return tx.req }

// Flow is the way the request came.
func (tx *ServerTx) Flow() Flow { return tx.flow }

// Tag is the To tag of our responses: the request's own in a dialog, else one
// made for this transaction.
func (tx *ServerTx) Tag() string { return "" }

// Response makes a response with Tag in To (RFC 3261 8.2.6), to be completed
// and given to Respond.
func (tx *ServerTx) Response(code int, reason string) *Response { return nil }

// Respond sends a response: any number of 1xx, then one final. Only a 2xx to an
// INVITE may be sent again after it (RFC 6026); else ErrFinal.
func (tx *ServerTx) Respond(res *Response) error { return nil }

// Reply makes a response with the headers and sends it.
func (tx *ServerTx) Reply(code int, reason string, headers ...Header) error { return nil }

// OnCancel sets who is told that the INVITE was cancelled: at once where that
// was before. The engine has answered the CANCEL by then; f, or who it tells,
// responds 487. f is called in order with the requests of the Call-ID and must
// not block.
func (tx *ServerTx) OnCancel(f func(cancel *Request)) {}

// ClientTx is the client transaction of one request (RFC 3261 17.1).
type ClientTx struct{}

// Request is the request as sent.
func (tx *ClientTx) Request() *Request { return nil }

// Flow is the way it went.
func (tx *ClientTx) Flow() Flow { return Flow{} }

// Cancel asks to end an INVITE (RFC 3261 9.1): on the same flow, with the same
// branch and Route; held back until a provisional response has come. The final
// response, 200 among them where they cross, still comes through `on`.
func (tx *ClientTx) Cancel(headers ...Header) {}
