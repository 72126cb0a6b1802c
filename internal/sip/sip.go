// Package sip is the SIP engine: sockets with limits, parsing and validation,
// ordered dispatch, and the transactions of RFC 3261 section 17. It knows nothing
// of dialogs, users or calls.
package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Errors of sending. A client transaction reports them in [Reply].
var (
	// ErrTimeout: no final response within 64*T1 (RFC 3261 17.1, timers B and F).
	ErrTimeout = errors.New("no answer in time")
	// ErrFlowGone: the stream connection of the flow is closed.
	ErrFlowGone = errors.New("the connection is closed")
	// ErrTransport: the message could not be written.
	ErrTransport = errors.New("the message could not be sent")
	// ErrClosed: the engine has stopped.
	ErrClosed = errors.New("the SIP engine has stopped")
	// ErrFinal: the server transaction has had its final response already.
	ErrFinal = errors.New("already answered finally")
	// ErrUnresolved: no address found for the URI.
	ErrUnresolved = errors.New("no address for this URI")
)

// Transport is the way messages travel.
type Transport string

// The transports. UDP and TCP are served; the other names are understood in
// messages and flows.
const (
	UDP Transport = "udp"
	TCP Transport = "tcp"
	TLS Transport = "tls"
	WS  Transport = "ws"
	WSS Transport = "wss"
)

// Reliable reports whether t is a stream transport, on which nothing is resent.
func (t Transport) Reliable() bool { return t != UDP }

// upper is the name as it stands in a Via.
func (t Transport) upper() string {
	switch t {
	case UDP:
		return "UDP"
	case TCP:
		return "TCP"
	default:
		return strings.ToUpper(string(t))
	}
}

func parseTransport(s string) (Transport, bool) {
	switch t := Transport(strings.ToLower(s)); t {
	case UDP, TCP, TLS, WS, WSS:
		return t, true
	default:
		return "", false
	}
}

// Flow is the way to one peer: our one UDP socket and a remote address, or the
// one stream connection with that remote address (RFC 5626). It is comparable,
// and storable as text.
type Flow struct {
	Transport Transport
	Remote    netip.AddrPort
}

// String gives the flow as text, such as "udp:192.0.2.1:5060".
func (f Flow) String() string {
	if f == (Flow{}) {
		return ""
	}
	b := make([]byte, 0, 64)
	b = append(append(b, f.Transport...), ':')
	return string(f.Remote.AppendTo(b))
}

// ParseFlow reads what [Flow.String] wrote.
func ParseFlow(s string) (Flow, error) {
	name, addr, _ := strings.Cut(s, ":")
	t, ok := parseTransport(name)
	if !ok {
		return Flow{}, fmt.Errorf("flow %q: unknown transport", s)
	}
	remote, err := netip.ParseAddrPort(addr)
	if err != nil {
		return Flow{}, fmt.Errorf("flow %q: %w", s, err)
	}
	return Flow{Transport: t, Remote: remote}, nil
}

// Handler takes what arrives. The three methods are called in the order of
// arrival for one Call-ID, one at a time; a slow handler delays only its own
// Call-ID. A panic in it costs that message (500 to a request) and is logged.
type Handler interface {
	// ServeSIP takes every new, valid request except ACK and CANCEL. It may
	// return before it has responded; without any final response within
	// 64*T1 a request other than INVITE is forgotten.
	ServeSIP(tx *ServerTx)
	// ServeACK takes an ACK to a 2xx, or out of nothing. It is never answered.
	ServeACK(req *Request, flow Flow)
	// FlowClosed tells that a stream connection has gone away.
	FlowClosed(flow Flow)
}

// Reply is one thing that came back to a request. After a final response or an
// Err nothing more comes, but for further 2xx to an INVITE (RFC 6026).
type Reply struct {
	Response *Response
	Err      error // ErrTimeout, ErrFlowGone, ErrTransport or ErrClosed
}
