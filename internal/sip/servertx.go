package sip

import (
	"sync"
	"time"
)

// ServerTx is the server transaction of one request (RFC 3261 17.2). Its
// methods are safe for concurrent use and do not block.
type ServerTx struct {
	e      *Engine
	key    txKey
	req    *Request
	flow   Flow // the way the request came
	reply  Flow // the way responses go; over UDP perhaps another port
	invite bool
	tag    string

	mu       sync.Mutex
	state    serverState
	last     []byte // the latest response
	alarm    alarm
	onCancel func(*Request)
	cancel   *Request // came, and was not told yet
}

type serverState int

const (
	serverProceeding serverState = iota // no final response yet
	serverCompleted                     // INVITE refused, waiting for the ACK
	serverConfirmed                     // ACK came; later ones are swallowed
	serverAccepted                      // INVITE accepted (RFC 6026); the table keeps only that it was
	serverEnded
)

func newServerTx(e *Engine, key txKey, req *Request, flow, reply Flow) *ServerTx {
	tx := &ServerTx{e: e, key: key, req: req, flow: flow, reply: reply, invite: req.Method == INVITE}
	if tx.tag = Tag(req.To().Params); tx.tag == "" {
		tx.tag = NewTag()
	}
	return tx
}

func (tx *ServerTx) run() { tx.e.handler.ServeSIP(tx) }

// begun starts the timer for 100 Trying (RFC 3261 17.2.1).
func (tx *ServerTx) begun() {
	if !tx.invite {
		return
	}
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.state == serverProceeding && tx.last == nil {
		tx.alarm.set(tx.e.cfg.Timers.Trying, tx.expired)
	}
}

// Request is the request, with received and rport set in its topmost Via.
func (tx *ServerTx) Request() *Request { return tx.req }

// Flow is the way the request came.
func (tx *ServerTx) Flow() Flow { return tx.flow }

// Tag is the To tag of our responses: the request's own in a dialog, else one
// made for this transaction.
func (tx *ServerTx) Tag() string { return tx.tag }

// Response makes a response with Tag in To (RFC 3261 8.2.6), to be completed
// and given to Respond.
func (tx *ServerTx) Response(code int, reason string) *Response {
	if code == 100 {
		return newResponse(tx.req, code, reason, "")
	}
	return newResponse(tx.req, code, reason, tx.tag)
}

// Reply makes a response with the headers and sends it.
func (tx *ServerTx) Reply(code int, reason string, headers ...Header) error {
	res := tx.Response(code, reason)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	return tx.Respond(res)
}

// Respond sends a response: any number of 1xx, then one final. Only a 2xx to an
// INVITE may be sent again after it (RFC 6026); else ErrFinal.
func (tx *ServerTx) Respond(res *Response) error {
	tx.e.sign(res)
	b := encode(res)
	tx.mu.Lock()
	defer tx.mu.Unlock()
	switch {
	case tx.state == serverAccepted && res.IsSuccess():
		return tx.e.write(b, tx.reply)
	case tx.state != serverProceeding:
		return ErrFinal
	}
	tx.last = b
	tx.alarm.stop()
	if res.StatusCode >= 200 {
		tx.finish(res, b)
	}
	return tx.e.write(b, tx.reply)
}

func (tx *ServerTx) finish(res *Response, b []byte) {
	timers := tx.e.cfg.Timers
	switch {
	case !tx.invite:
		tx.state = serverEnded
		tx.e.servers.answered(tx, b)
	case res.IsSuccess():
		tx.state, tx.last, tx.onCancel = serverAccepted, nil, nil
		tx.e.servers.answered(tx, nil)
	case tx.reply.Transport.Reliable():
		tx.state = serverCompleted
		tx.alarm.set(64*timers.T1, tx.expired) // timer H
	default:
		tx.state = serverCompleted
		tx.alarm.set(timers.T1, tx.expired) // timer G
	}
}

// expired is what the timer of the present state is for.
func (tx *ServerTx) expired(epoch int) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if !tx.alarm.due(epoch) {
		return
	}
	switch tx.state {
	case serverProceeding:
		tx.last = encode(newResponse(tx.req, 100, "Trying", ""))
		_ = tx.e.write(tx.last, tx.reply) // the peer asks again if it got lost
	case serverCompleted:
		if tx.alarm.total >= 64*tx.e.cfg.Timers.T1 { // timer H: no ACK came
			tx.end()
			return
		}
		_ = tx.e.write(tx.last, tx.reply)
		tx.alarm.double(tx.e.cfg.Timers.T2, tx.expired)
	case serverConfirmed:
		tx.end()
	case serverAccepted, serverEnded:
	}
}

func (tx *ServerTx) end() {
	tx.state = serverEnded
	tx.alarm.stop()
	tx.e.servers.drop(tx)
}

// forget ends a transaction that nobody answers, or whose engine stops. Its
// table has dropped it.
func (tx *ServerTx) forget() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.state = serverEnded
	tx.alarm.stop()
}

// retransmitted answers a request that came again with the latest response
// (RFC 3261 17.2.1, 17.2.2). After a 2xx the owner resends (RFC 6026 7.1).
func (tx *ServerTx) retransmitted() {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.last != nil && (tx.state == serverProceeding || tx.state == serverCompleted) {
		_ = tx.e.write(tx.last, tx.reply) // the peer asks again if it got lost
	}
}

// acked takes an ACK; false when it is for the owner, since it is for a 2xx.
func (tx *ServerTx) acked() bool {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	switch tx.state {
	case serverCompleted:
		tx.state = serverConfirmed
		if tx.reply.Transport.Reliable() {
			tx.end()
		} else {
			tx.alarm.set(tx.e.cfg.Timers.T4, tx.expired) // timer I
		}
		return true
	case serverConfirmed:
		return true
	default:
		return false
	}
}

// OnCancel sets who is told that the INVITE was cancelled: at once where that
// was before. The engine has answered the CANCEL by then; f, or who it tells,
// responds 487. f is called in order with the requests of the Call-ID and must
// not block.
func (tx *ServerTx) OnCancel(f func(cancel *Request)) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	tx.onCancel = f
	tx.tellCancel()
}

func (tx *ServerTx) canceled(req *Request) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if tx.state == serverProceeding && tx.cancel == nil {
		tx.cancel = req
		tx.tellCancel()
	}
}

func (tx *ServerTx) tellCancel() {
	if tx.cancel == nil || tx.onCancel == nil {
		return
	}
	f, req := tx.onCancel, tx.cancel
	tx.onCancel = nil // once
	tx.e.boxes.must(tx.req.CallID(), taskFunc(func() { f(req) }))
}

// alarm is the one timer of a transaction. A timer that was set anew or stopped
// while it fired is known by its epoch.
type alarm struct {
	timer *time.Timer
	epoch int
	every time.Duration
	total time.Duration // since the first set: the sum of the waits
}

func (a *alarm) stop() {
	a.epoch++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
}

// set starts afresh.
func (a *alarm) set(d time.Duration, f func(epoch int)) {
	a.total = 0
	a.start(d, f)
}

// double waits twice as long as before, but at most limit.
func (a *alarm) double(limit time.Duration, f func(epoch int)) {
	a.start(min(2*a.every, limit), f)
}

func (a *alarm) start(d time.Duration, f func(epoch int)) {
	a.stop()
	a.every = d
	epoch := a.epoch
	a.timer = time.AfterFunc(d, func() { f(epoch) })
}

// due reports whether the alarm that fired is the one that was set last.
func (a *alarm) due(epoch int) bool {
	if epoch != a.epoch {
		return false
	}
	a.total += a.every
	return true
}
