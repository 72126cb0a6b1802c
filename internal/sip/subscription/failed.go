package subscription

import (
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// failed takes the outcome of a NOTIFY that its phone did not accept (RFC 6665
// 4.2.2).
func (l *Layer) failed(s *subscription, n notice, r sip.Reply) {
	switch {
	case n.ending != "":
		l.gone(s, "")
	case errors.Is(r.Err, sip.ErrClosed):
	case errors.Is(r.Err, sip.ErrFlowGone) && len(s.routes) == 0: // a proxy is connected anew
		l.later(s, 0)
	case errors.Is(r.Err, sip.ErrTimeout):
		if _, to, _ := l.way(s); to == n.to {
			l.gone(s, "the phone does not answer")
			return
		}
		l.again(s) // it has spoken over another way since
	case r.Err != nil:
		l.missed(s, 0, r.Err.Error())
	case isLost(r.Response.StatusCode):
		l.gone(s, strconv.Itoa(r.Response.StatusCode)+" "+r.Response.Reason)
	default:
		l.missed(s, retryAfter(r.Response), strconv.Itoa(r.Response.StatusCode)+" "+r.Response.Reason)
	}
}

// isLost tells which responses to a NOTIFY say that the phone has no such
// subscription or never will (RFC 6665 4.2.2, RFC 5057 5.1).
func isLost(code int) bool {
	switch code {
	case 404, 405, 408, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 502, 604:
		return true
	default:
		return false
	}
}

// retryAfter is how long a phone asks us to wait, 0 where it does not.
func retryAfter(res *sip.Response) time.Duration {
	digits := sip.Value(res, "Retry-After")
	for i, c := range digits {
		if c < '0' || c > '9' { // a comment or a parameter follows
			digits = digits[:i]
			break
		}
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second
}

// missed tries again later, until that has failed too often.
func (l *Layer) missed(s *subscription, after time.Duration, why string) {
	s.mu.Lock()
	s.misses++
	misses := s.misses
	s.mu.Unlock()
	if misses >= maxMisses {
		l.gone(s, why)
		return
	}
	if after == 0 {
		after = l.cfg.Again << (misses - 1)
	}
	l.later(s, after)
}

// later lets a subscription rest: for a time, or with 0 until there is a way to
// its phone. One that has ended meanwhile is over.
func (l *Layer) later(s *subscription, after time.Duration) {
	s.mu.Lock()
	s.told, s.dirty, s.force = 0, true, true
	over, moved := s.ending != "", s.moved && after == 0
	switch {
	case over:
		s.over = true
	case !moved:
		s.rest(after, func() { l.due.put(s) })
	}
	s.mu.Unlock()
	switch {
	case over:
		l.index.forget(s)
	case moved:
		l.due.put(s)
	}
}

// again has a subscription told at once what it could not be told.
func (l *Layer) again(s *subscription) {
	s.mu.Lock()
	s.told, s.dirty, s.force = 0, true, true
	s.mu.Unlock()
	l.settle(s)
}

// gone ends a subscription whose phone is not to be told.
func (l *Layer) gone(s *subscription, why string) {
	if why != "" {
		l.cfg.Log.Debug("a subscription ended", slog.String("package", s.topic.Package),
			slog.String("subscriber", s.subscriber), slog.String("why", why))
	}
	l.index.drop(s)
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	l.index.forget(s)
}
