package sip

import (
	"bytes"
	"container/list"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"
)

// stream is one TCP connection, or another that carries bytes. A goroutine
// reads; writes are queued, and a goroutine that lives while there are any
// writes them, so that a peer that does not read holds up nobody.
type stream struct {
	e     *Engine
	conn  net.Conn
	flow  Flow
	local netip.Addr

	place  *list.Element // among the unproven; guarded by conns
	proven bool          // guarded by conns

	mu      sync.Mutex
	queue   []byte
	writing bool
	closed  bool
}

func newStream(e *Engine, conn net.Conn, flow Flow) *stream {
	s := &stream{e: e, conn: conn, flow: flow}
	if ap, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
		s.local = ap.Addr().Unmap()
	}
	return s
}

// adopt starts to serve a connection; false where it was closed instead.
func (e *Engine) adopt(s *stream, as standing) bool {
	victim, ok := e.conns.add(s, as)
	if !ok {
		_ = s.conn.Close() // nothing was sent that could be lost
		return false
	}
	if victim != nil {
		victim.close()
	}
	go func() {
		defer e.readers.Done()
		select {
		case <-e.serving: // a connection that we opened may be there before the handler
			s.read()
		case <-e.done:
			s.close()
		}
	}()
	return true
}

// close ends the connection at once.
func (s *stream) close() {
	s.mu.Lock()
	s.closed = true
	s.queue = nil
	s.mu.Unlock()
	_ = s.conn.Close() // what was not read by now never will be
}

// write queues bytes; too many waiting means that the peer does not read.
func (s *stream) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrFlowGone
	}
	if len(s.queue)+len(b) > s.e.cfg.Limits.WriteQueue {
		s.closed, s.queue = true, nil
		_ = s.conn.Close() // the reader does the rest
		return ErrFlowGone
	}
	s.queue = append(s.queue, b...)
	if !s.writing {
		s.writing = true
		s.e.readers.Add(1) // not closed, so Close has yet to come here
		go s.flush()
	}
	return nil
}

func (s *stream) flush() {
	defer s.e.readers.Done()
	for {
		b, ok := s.dequeue()
		if !ok {
			return
		}
		err := s.conn.SetWriteDeadline(time.Now().Add(s.e.cfg.Limits.WriteTimeout))
		if err == nil {
			_, err = s.conn.Write(b)
		}
		if err != nil {
			s.close()
		}
	}
}

func (s *stream) dequeue() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 && !s.closed {
		b := s.queue
		s.queue = nil
		return b, true
	}
	s.writing = false
	return nil, false
}

// read reads messages until the connection ends.
func (s *stream) read() {
	defer s.gone()
	f := framer{limits: s.e.cfg.Limits}
	_ = s.conn.SetReadDeadline(time.Now().Add(f.limits.FirstMessage)) // fails with the next read
	chunk := make([]byte, 2048)
	for {
		n, err := s.conn.Read(chunk)
		if n > 0 && !s.take(&f, chunk[:n]) {
			return
		}
		if err != nil {
			return
		}
	}
}

// take goes through what was read; false ends the connection.
func (s *stream) take(f *framer, b []byte) bool {
	begun := f.pending()
	f.buf = append(f.buf, b...)
	whole := 0
	for {
		if f.ping() && s.write([]byte("\r\n")) != nil { // RFC 5626 3.5.1
			return false
		}
		if !f.next() {
			break
		}
		whole++
		if !s.message(f) {
			return false
		}
	}
	return s.deadline(f, begun, whole)
}

// deadline allows a begun message its time once, and silence its own. A
// connection that is unproven keeps the deadline it began with.
func (s *stream) deadline(f *framer, begun bool, whole int) bool { //nolint:revive // flag-parameter: what was there before
	f.shrink()
	if !f.proven {
		return true
	}
	limit := s.e.cfg.Limits.Idle
	if f.pending() {
		if begun && whole == 0 {
			return true
		}
		limit = s.e.cfg.Limits.FirstMessage
	}
	return s.conn.SetReadDeadline(time.Now().Add(limit)) == nil
}

// message takes one message. Where its end is in doubt the answer is the last
// thing that the connection carries.
func (s *stream) message(f *framer) bool {
	wait := s.e.guard.take(s.flow.Remote.Addr())
	if wait < 0 || wait > 0 && !s.e.pause(wait) {
		return false
	}
	m, wrong := s.e.build(&f.head, f.body, s.flow)
	if f.broken {
		s.linger()
		return false
	}
	if wrong != nil {
		return true
	}
	if !f.proven && !s.e.conns.prove(s) {
		return false
	}
	f.proven = true
	s.e.receive(m, s.flow)
	return true
}

// linger reads on for a moment, to nowhere: earlier requests may still be
// answered, and a close with bytes unread would reset the connection, and our
// answers with it.
func (s *stream) linger() {
	const moment, most = time.Second, 1 << 20
	if s.conn.SetReadDeadline(time.Now().Add(moment)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(s.conn, most)) // whatever it was
	}
}

// gone ends what stood on the connection and tells the handler.
func (s *stream) gone() {
	s.close()
	s.e.conns.drop(s)
	s.e.clients.failFlow(s.flow)
	s.e.boxes.must(s.flow.String(), taskFunc(func() { s.e.handler.FlowClosed(s.flow) }))
}

// framer cuts a stream into messages (RFC 3261 18.3).
type framer struct {
	limits  Limits
	proven  bool
	buf     []byte
	ends    int  // empty lines seen since the last message or keep-alive
	scanned int  // of buf, without the end of a head
	need    int  // bytes of the body, once the head is read
	headed  bool // the head is read
	broken  bool // the end of the message is in doubt
	text    string
	head    head
	body    string
}

func (f *framer) pending() bool { return len(f.buf) > 0 || f.headed }

// ping takes line ends before a message; true when they are a keep-alive, two
// of them (RFC 5626 3.5.1).
func (f *framer) ping() bool {
	if f.headed {
		return false
	}
	n := 0
	for n < len(f.buf) && (f.buf[n] == '\r' || f.buf[n] == '\n') {
		if f.buf[n] == '\n' {
			f.ends++
		}
		n++
	}
	if n > 0 {
		f.buf, f.scanned = f.buf[n:], 0
	}
	ping := f.ends >= 2
	if ping || len(f.buf) > 0 {
		f.ends = 0
	}
	return ping
}

// next cuts off the next message; false when more must be read. A message that
// is too long, or has no length, is broken.
func (f *framer) next() bool {
	if !f.headed && !f.readHead() {
		return false
	}
	if f.broken {
		f.body, f.buf, f.headed = "", nil, false
		return true
	}
	if len(f.buf) < f.need {
		return false
	}
	f.body = string(f.buf[:f.need])
	f.buf = f.buf[f.need:]
	f.headed = false
	return true
}

func (f *framer) readHead() bool {
	end := f.headEnd()
	if end < 0 {
		if len(f.buf) <= f.limits.MessageSize {
			return false
		}
		end = len(f.buf)
	}
	f.text = string(f.buf[:end])
	f.buf, f.scanned, f.headed = f.buf[end:], 0, true
	f.head.scan(f.text, f.limits.Headers)
	n, wrong := f.head.length()
	_, typed := f.head.value("Content-Type")
	switch {
	case wrong != nil:
		f.head.fault = wrong
	case n < 0 && typed:
		f.head.blame("Missing Content-Length header")
	case end+max(n, 0) > f.limits.MessageSize:
		f.head.fault = &fault{code: 513, reason: "Message Too Large"}
	case !f.head.isRequest() && !f.head.isResponse():
		f.head.blame("Not SIP")
	}
	f.broken = f.head.fault != nil
	f.need = max(n, 0)
	return true
}

// headEnd finds the end of the empty line behind a head, or -1; it looks at no
// byte twice.
func (f *framer) headEnd() int {
	for {
		i := bytes.IndexByte(f.buf[f.scanned:], '\n')
		if i < 0 {
			f.scanned = len(f.buf)
			return -1
		}
		f.scanned += i
		rest := f.buf[f.scanned+1:]
		switch {
		case bytes.HasPrefix(rest, []byte("\n")):
			return f.scanned + 2
		case bytes.HasPrefix(rest, []byte("\r\n")):
			return f.scanned + 3
		case len(rest) == 0 || len(rest) == 1 && rest[0] == '\r':
			return -1
		}
		f.scanned++
	}
}

// shrink gives memory back while nothing is under way.
func (f *framer) shrink() {
	if len(f.buf) == 0 {
		f.buf = nil
	}
	if !f.headed {
		f.text, f.body = "", ""
		f.head = head{fields: f.head.fields[:0]}
	}
}
