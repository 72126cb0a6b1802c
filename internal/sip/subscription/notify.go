package subscription

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// maxMisses is how often in a row a NOTIFY may fail before the subscription
// ends: then its phone notices when it refreshes, and subscribes anew.
const maxMisses = 3

// notice is a NOTIFY of a subscription.
type notice struct {
	ending reason
	force  bool
	body   Body
	shows  uint64   // the hash of the body
	to     sip.Flow // the way it went
}

// attempt tells a subscription what there is to tell. A panic costs that
// subscription.
func (l *Layer) attempt(ctx context.Context, s *subscription) {
	defer func() {
		if fault := recover(); fault != nil {
			l.cfg.Log.ErrorContext(ctx, "notify", slog.String("package", s.topic.Package), slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			l.gone(s, "panic")
		}
	}()
	l.notify(ctx, s)
}

func (l *Layer) notify(ctx context.Context, s *subscription) {
	n, ok := s.turn()
	if !ok {
		l.index.forget(s)
		return
	}
	body, err := l.cfg.Source.Show(ctx, s.subscriber, s.topic)
	switch {
	case err == nil:
		n.body, n.shows = body, maphash.Bytes(l.seed, body.Text)|1 // never 0
	case errors.Is(err, ErrNoResource), errors.Is(err, ErrRejected):
		l.index.drop(s)
		n.ending = s.ends(err)
	case ctx.Err() != nil:
		return
	case n.ending == "":
		l.cfg.Log.ErrorContext(ctx, "find out what to show", slog.String("package", s.topic.Package), slog.Any("error", err))
		l.later(s, l.cfg.Again)
		return
	}
	if n.ending == "" && !n.force && s.shows(n.shows) {
		l.settle(s)
		return
	}
	l.reach(ctx, s, n)
}

// turn takes up what is to be told; false when the subscription is over.
func (s *subscription) turn() (notice, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := notice{ending: s.ending, force: s.force}
	s.dirty, s.force, s.moved = false, false, false
	return n, !s.over
}

// ends notes that a subscription ends because of its source's error.
func (s *subscription) ends(err error) reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ending == "" {
		s.ending = noResource
		if errors.Is(err, ErrRejected) {
			s.ending = rejected
		}
	}
	return s.ending
}

// shows tells whether a phone shows this already.
func (s *subscription) shows(hash uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.told == hash
}

// way is where the NOTIFYs of a subscription go now.
func (l *Layer) way(s *subscription) (target sip.URI, to sip.Flow, err error) {
	s.mu.Lock()
	text, last := s.target, s.flow
	s.mu.Unlock()
	if target, err = sip.ParseURI(text); err != nil {
		return sip.URI{}, sip.Flow{}, err
	}
	return target, l.cfg.Way(s.subscriber, target, last), nil
}

// reach sends a NOTIFY the way that is open. To the proxy of a route set a new
// connection can be made; a phone whose connection is gone must come back itself.
func (l *Layer) reach(ctx context.Context, s *subscription, n notice) {
	target, to, err := l.way(s)
	n.to = to
	switch {
	case err != nil:
		l.gone(s, "its target is no address")
	case l.cfg.Engine.Alive(to):
		l.send(s, n, target)
	case len(s.routes) > 0:
		go l.connect(ctx, s, n, target)
	default:
		l.later(s, 0)
	}
}

func (l *Layer) connect(ctx context.Context, s *subscription, n notice, target sip.URI) {
	ctx, cancel := context.WithTimeout(ctx, 16*l.cfg.Engine.Timers().T1)
	defer cancel()
	if proxy, err := sip.ParseAddress(s.routes[0]); err == nil {
		if flows, err := l.cfg.Engine.Resolve(ctx, proxy.URI); err == nil && len(flows) > 0 {
			n.to = flows[0]
		}
	}
	if err := l.cfg.Engine.Connect(ctx, n.to); err != nil {
		l.missed(s, 0, err.Error())
		return
	}
	l.send(s, n, target)
}

func (l *Layer) send(s *subscription, n notice, target sip.URI) {
	req := l.request(s, n, target)
	n.body = Body{} // what waits for the answer needs only its hash
	_, err := l.cfg.Engine.Send(req, n.to, func(r sip.Reply) {
		switch {
		case r.Err == nil && r.Response.IsProvisional():
		case r.Err == nil && r.Response.IsSuccess():
			s.succeeded(n)
			l.settle(s)
		default:
			l.failed(s, n, r)
		}
	})
	if err != nil {
		l.failed(s, n, sip.Reply{Err: err})
	}
}

// request makes the NOTIFY, with the next number.
func (l *Layer) request(s *subscription, n notice, target sip.URI) *sip.Request {
	cseq := s.next()
	uri, routes := sip.RouteTo(target, s.routes)
	headers := make([]sip.Header, 0, 8+len(routes))
	for _, r := range routes {
		headers = append(headers, sip.NewHeader("Route", r))
	}
	headers = append(headers,
		sip.NewHeader("From", s.local),
		sip.NewHeader("To", s.remote),
		sip.NewHeader("Call-ID", s.callID),
		sip.NewHeader("CSeq", strconv.FormatUint(uint64(cseq), 10)+" NOTIFY"),
		sip.NewHeader("Contact", l.cfg.Engine.Contact("", n.to)),
		sip.NewHeader("Event", s.event),
		sip.NewHeader("Subscription-State", l.standing(s, n)))
	req := sip.NewRequest(sip.NOTIFY, uri, headers...)
	if pkg, ok := l.knows(s.topic.Package); ok && len(n.body.Text) > 0 {
		req.AppendHeader(sip.NewHeader("Content-Type", pkg.ContentType))
		req.SetBody(n.body.numbered(cseq - 1))
	}
	return req
}

// standing is the value of Subscription-State.
func (l *Layer) standing(s *subscription, n notice) string {
	if n.ending != "" {
		return "terminated;reason=" + string(n.ending)
	}
	left := time.UnixMilli(s.expires.Load()).Sub(l.cfg.Now())
	return "active;expires=" + seconds(max(left, 0))
}

// numbered is the body with the number of its NOTIFY, from 0 on.
func (b Body) numbered(version uint32) []byte {
	if b.VersionAt == 0 {
		return b.Text
	}
	text := make([]byte, 0, len(b.Text)+10)
	text = append(text, b.Text[:b.VersionAt]...)
	text = strconv.AppendUint(text, uint64(version), 10)
	return append(text, b.Text[b.VersionAt:]...)
}

func (s *subscription) next() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cseq++
	return s.cseq
}

func (s *subscription) succeeded(n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told, s.misses = n.shows, 0
	s.over = s.over || n.ending != ""
}

// settle ends a turn: what has changed meanwhile is told now.
func (l *Layer) settle(s *subscription) {
	s.mu.Lock()
	again := !s.over && (s.dirty || s.force)
	s.busy = again
	over := s.over
	s.mu.Unlock()
	switch {
	case again:
		l.due.put(s)
	case over:
		l.index.forget(s)
	}
}
