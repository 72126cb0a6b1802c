package sip

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// ClientTx is the client transaction of one request (RFC 3261 17.1). Its
// methods are safe for concurrent use and do not block.
type ClientTx struct {
	e      *Engine
	key    clientKey
	callID string
	req    *Request // as long as its answer may ask for another: not once it was accepted
	flow   Flow
	// direct calls `on` from where the reply is read, past the mailbox, so that
	// a handler may wait for it.
	direct bool

	mu      sync.Mutex
	on      func(Reply) // nil when nothing can come any more
	state   clientState
	bytes   []byte // the request; once refused, the ACK
	alarm   alarm
	cancel  []Header // to be sent with the first 1xx, when wanted is set
	wanted  bool
	further int // 2xx after the first, and 1xx: peers must not fill the mailbox
}

type clientState int

const (
	clientCalling    clientState = iota // nothing came yet
	clientProceeding                    // a 1xx came
	clientCompleted                     // a final response came; its copies are swallowed
	clientAccepted                      // a 2xx to an INVITE came (RFC 6026)
	clientEnded
)

type clientKey struct {
	branch string
	method Method
}

// maxReplies bounds the responses to one request, ten per second of a long
// ringing.
const maxReplies = 2000

// Send sends req to the flow in a client transaction of its own. What is sent is
// a copy with a Via of ours, with a new branch and rport, in the place of any
// others, and with Max-Forwards, User-Agent and Content-Length where missing.
// `on` is called in order with what comes back, never concurrently, and in
// order with the requests of the same Call-ID; it must not block. An error of
// Send itself means that `on` is never called. A stream flow without a
// connection is ErrFlowGone: see [Engine.Connect].
func (e *Engine) Send(req *Request, to Flow, on func(Reply)) (*ClientTx, error) {
	branch := newBranch()
	out, err := e.outgoing(req, to, branch)
	if err != nil {
		return nil, err
	}
	return e.start(&ClientTx{e: e, req: out, flow: to, on: on, key: clientKey{branch, req.Method}})
}

func newBranch() string { return "z9hG4bK" + rand.Text() }

// outgoing makes the copy that is sent.
func (e *Engine) outgoing(req *Request, to Flow, branch string) (*Request, error) {
	for _, name := range [...]string{"From", "To", "Call-ID", "CSeq"} {
		if _, ok := req.find(name); !ok {
			return nil, fmt.Errorf("send %s: %s is missing: %w", req.Method, name, ErrTransport)
		}
	}
	out := &Request{Method: req.Method, Recipient: req.Recipient, message: message{body: req.body}}
	out.headers = append(make([]Header, 0, len(req.headers)+3), e.via(to, branch))
	for _, h := range req.headers {
		if h.name != "Via" {
			out.AppendHeader(h)
		}
	}
	if _, ok := req.find("Max-Forwards"); !ok {
		out.AppendHeader(seventyHops())
	}
	if _, ok := req.find("User-Agent"); !ok && e.cfg.Product != "" {
		out.AppendHeader(NewHeader("User-Agent", e.cfg.Product))
	}
	return out, nil
}

func seventyHops() Header { return Header{"Max-Forwards", "70"} } // RFC 3261 8.1.1.6

// via is a Via header of ours.
func (e *Engine) via(to Flow, branch string) Header {
	local := e.Local(to)
	return Header{"Via", "SIP/2.0/" + to.Transport.upper() + " " + local.String() + ";branch=" + branch + ";rport"}
}

// start sends the request of a new transaction. On a stream that closes at this
// moment, either the write fails or the connection's end finds the transaction.
func (e *Engine) start(tx *ClientTx) (*ClientTx, error) {
	tx.bytes, tx.callID = encode(tx.req), tx.req.CallID()
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if !e.clients.add(tx) {
		return nil, ErrClosed
	}
	if err := e.write(tx.bytes, tx.flow); err != nil {
		tx.state = clientEnded
		e.clients.drop(tx)
		return nil, err
	}
	if timers := e.cfg.Timers; tx.flow.Transport.Reliable() {
		tx.alarm.set(64*timers.T1, tx.expired) // timers B and F
	} else {
		tx.alarm.set(timers.T1, tx.expired) // timers A and E
	}
	return tx, nil
}

// Do sends a request other than INVITE and waits for the final response. It may
// be called from within a [Handler].
func (e *Engine) Do(ctx context.Context, req *Request, to Flow) (*Response, error) {
	branch := newBranch()
	out, err := e.outgoing(req, to, branch)
	if err != nil {
		return nil, err
	}
	final := make(chan Reply, 1)
	tx := &ClientTx{e: e, req: out, flow: to, direct: true, key: clientKey{branch, req.Method}}
	tx.on = func(r Reply) {
		if r.Err != nil || !r.Response.IsProvisional() {
			final <- r
		}
	}
	if tx, err = e.start(tx); err != nil {
		return nil, err
	}
	select {
	case r := <-final:
		return r.Response, r.Err
	case <-ctx.Done():
		tx.abandon()
		return nil, context.Cause(ctx)
	}
}

// Write sends a message outside of transactions: an ACK to a 2xx, which gets a
// Via with a new branch unless it has one, so that the same ACK may be written
// again; or a response.
func (e *Engine) Write(msg Message, to Flow) error {
	if req, ok := msg.(*Request); ok && req.Via() == nil {
		req.headers = slices.Insert(req.headers, 0, e.via(to, newBranch()))
		if _, ok := req.MaxForwards(); !ok {
			req.AppendHeader(seventyHops())
		}
	}
	return e.write(encode(msg), to)
}

// Redirect gives what comes back from now on to another.
func (tx *ClientTx) Redirect(on func(Reply)) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.on != nil {
		tx.on = on
	}
}

// Request is the request as sent, nil once it was accepted.
func (tx *ClientTx) Request() *Request {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return tx.req
}

// Flow is the way it went.
func (tx *ClientTx) Flow() Flow { return tx.flow }

// Cancel asks to end an INVITE (RFC 3261 9.1): on the same flow, with the same
// branch and Route; held back until a provisional response has come. The final
// response, 200 among them where they cross, still comes through `on`.
func (tx *ClientTx) Cancel(headers ...Header) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.key.method != INVITE || tx.wanted || tx.state > clientProceeding {
		return
	}
	tx.wanted, tx.cancel = true, headers
	if tx.state == clientProceeding {
		tx.sendCancel()
	}
}

func (tx *ClientTx) sendCancel() {
	cancel := NewRequest(CANCEL, tx.req.Recipient)
	tx.copyTo(cancel, Value(tx.req, "To"))
	for _, h := range tx.cancel {
		cancel.AppendHeader(h)
	}
	// Its own answer says nothing; when it cannot be sent, the INVITE's flow
	// is as dead.
	_, _ = tx.e.start(&ClientTx{e: tx.e, req: cancel, flow: tx.flow, on: func(Reply) {}, direct: true, key: clientKey{tx.key.branch, CANCEL}})
	// RFC 3261 9.1: without a final response after 64*T1 the INVITE is over.
	tx.alarm.set(64*tx.e.cfg.Timers.T1, tx.expired)
}

// copyTo copies what ACK and CANCEL have in common with their INVITE (RFC 3261
// 9.1, 17.1.1.3).
func (tx *ClientTx) copyTo(out *Request, to string) {
	cseq := strconv.FormatUint(uint64(tx.req.CSeq().Number), 10) + " " + string(out.Method)
	out.headers = make([]Header, 0, 8)
	for _, h := range tx.req.headers {
		switch h.name {
		case "Via", "Route", "From", "Call-ID":
			out.AppendHeader(h)
		}
	}
	out.headers = append(out.headers, Header{"To", to}, Header{"CSeq", cseq}, seventyHops())
}

func (tx *ClientTx) receive(res *Response) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.further++
	switch {
	case tx.state == clientEnded:
	case tx.state == clientAccepted:
		if res.IsSuccess() && tx.further < maxReplies {
			tx.deliver(Reply{Response: res}) // of another fork, or again: the owner tells them apart
		}
	case tx.state == clientCompleted:
		if tx.key.method == INVITE && res.StatusCode >= 300 {
			_ = tx.e.write(tx.bytes, tx.flow) // the ACK again; the peer asks again if it got lost
		}
	case res.IsProvisional():
		tx.provisional(res)
	default:
		tx.final(res)
	}
}

func (tx *ClientTx) provisional(res *Response) {
	first := tx.state == clientCalling
	tx.state = clientProceeding
	if first && tx.key.method == INVITE {
		tx.alarm.stop() // an INVITE rings as long as it rings
		if tx.wanted {
			tx.sendCancel()
		}
	}
	if tx.further < maxReplies {
		tx.deliver(Reply{Response: res})
	}
}

func (tx *ClientTx) final(res *Response) {
	timers := tx.e.cfg.Timers
	linger := timers.T4 // timer K
	accepted := tx.key.method == INVITE && res.IsSuccess()
	switch {
	case accepted:
		tx.state, tx.bytes = clientAccepted, nil
		linger = 64 * timers.T1 // timer M
	case tx.key.method != INVITE:
		tx.state, tx.bytes = clientCompleted, nil
	default:
		tx.state = clientCompleted
		linger = 64 * timers.T1 // timer D
		ack := NewRequest(ACK, tx.req.Recipient)
		tx.copyTo(ack, Value(res, "To"))
		tx.bytes = encode(ack)
		_ = tx.e.write(tx.bytes, tx.flow) // the peer asks again if it got lost
	}
	if tx.flow.Transport.Reliable() && !accepted {
		tx.end()
	} else {
		tx.alarm.set(linger, tx.expired)
	}
	tx.deliver(Reply{Response: res})
	if res.IsSuccess() {
		tx.req = nil
	}
	if !accepted {
		tx.on = nil
	}
}

func (tx *ClientTx) deliver(r Reply) {
	on := tx.on
	if tx.direct {
		on(r)
		return
	}
	tx.e.boxes.must(tx.callID, taskFunc(func() { on(r) }))
}

// expired is what the timer of the present state is for.
func (tx *ClientTx) expired(epoch int) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if !tx.alarm.due(epoch) {
		return
	}
	switch tx.state {
	case clientCalling, clientProceeding:
		if tx.alarm.total >= 64*tx.e.cfg.Timers.T1 { // timers B and F, and that of 9.1
			tx.fail(ErrTimeout)
			return
		}
		tx.resend()
	case clientCompleted, clientAccepted:
		tx.end()
	case clientEnded:
	}
}

func (tx *ClientTx) resend() {
	timers := tx.e.cfg.Timers
	limit := timers.T2
	if tx.key.method == INVITE {
		limit = 64 * timers.T1 // timer A doubles without limit
	}
	limit = min(limit, 64*timers.T1-tx.alarm.total)
	if err := tx.e.write(tx.bytes, tx.flow); err != nil {
		tx.fail(err)
		return
	}
	if tx.state == clientProceeding { // timer E stays at T2 (RFC 3261 17.1.2.2)
		tx.alarm.start(limit, tx.expired)
		return
	}
	tx.alarm.double(limit, tx.expired)
}

// fail ends the transaction and tells, unless a final response was told before.
func (tx *ClientTx) fail(err error) {
	tell := tx.state == clientCalling || tx.state == clientProceeding
	tx.end()
	if tell {
		tx.deliver(Reply{Err: err})
	}
}

func (tx *ClientTx) failNow(err error) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.state != clientEnded {
		tx.fail(err)
	}
}

// abandon ends a transaction whose answer nobody awaits any more.
func (tx *ClientTx) abandon() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.end()
}

func (tx *ClientTx) end() {
	tx.state = clientEnded
	tx.alarm.stop()
	tx.e.clients.drop(tx)
}
