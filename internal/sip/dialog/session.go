package dialog

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// terms are what both sides agreed on for the session timer (RFC 4028).
type terms struct {
	interval time.Duration // 0: the session does not expire
	refresh  bool          // we refresh, else the peer
}

// session is the session timer of a leg.
type session struct {
	want     time.Duration // what we ask for; none when negative
	least    time.Duration // the shortest interval of either side
	floor    time.Duration // the shortest one of ours
	raised   int
	terms    terms
	noUpdate bool // the peer says it takes UPDATE, and does not
	refresh  *time.Timer
	expiry   *time.Timer
}

func newSession(cfg Config, want time.Duration) session {
	if want == 0 {
		want = cfg.SessionExpires
	}
	return session{want: want, least: cfg.MinSE, floor: cfg.MinSE}
}

func (s *session) stop() {
	stop(s.refresh)
	stop(s.expiry)
	s.refresh, s.expiry = nil, nil
}

func (s *session) minSE() sip.Header { return sip.NewHeader("Min-SE", seconds(s.least)) }

// request are the headers of our INVITE or UPDATE.
func (s *session) request() []sip.Header {
	switch {
	case s.terms.interval > 0:
		refresher := "uas"
		if s.terms.refresh {
			refresher = "uac"
		}
		return []sip.Header{
			sip.NewHeader("Session-Expires", seconds(max(s.terms.interval, s.least))+";refresher="+refresher), s.minSE(),
		}
	case s.want > 0:
		return []sip.Header{sip.NewHeader("Session-Expires", seconds(max(s.want, s.least))), s.minSE()}
	default:
		return nil
	}
}

// response are the headers of our 2xx.
func (t terms) response() []sip.Header {
	if t.interval == 0 {
		return nil
	}
	if t.refresh {
		return []sip.Header{sip.NewHeader("Session-Expires", seconds(t.interval)+";refresher=uas")}
	}
	// RFC 4028 9: only a caller that must refresh has to understand it.
	return []sip.Header{
		sip.NewHeader("Session-Expires", seconds(t.interval)+";refresher=uac"), sip.NewHeader("Require", "timer"),
	}
}

// grant decides what the 2xx to an INVITE or UPDATE of the peer's says, or that
// the interval it asks for is too brief (RFC 4028 9).
func (s *session) grant(req *sip.Request) (t terms, brief bool) {
	able := knowsTimer(req)
	asked, value := interval(req, "Session-Expires")
	least, _ := interval(req, "Min-SE")
	switch {
	case asked == 0 && s.want <= 0:
		return t, false
	case asked == 0:
		t.interval = max(s.want, least)
	case asked < s.floor && able:
		return t, true
	case s.want > 0:
		t.interval = max(min(asked, s.want), least, min(asked, s.floor))
	default:
		t.interval = asked
	}
	t.refresh = !able || s.refreshes(value)
	return t, false
}

// refreshes chooses who refreshes after a request of a peer that could: who it
// names, else whoever did, else we, for that tells us of a peer that is gone.
func (s *session) refreshes(sessionExpires string) bool {
	refresher, named := sip.Param(sessionExpires, "refresher")
	if named {
		return !strings.EqualFold(refresher, "uac")
	}
	return s.terms.interval == 0 || s.terms.refresh
}

func knowsTimer(m sip.Message) bool {
	return sip.HasOption(m, "Supported", "timer") || sip.HasOption(m, "Require", "timer")
}

// granted reads what the 2xx to our INVITE or UPDATE says (RFC 4028 7.2).
func (s *session) granted(res *sip.Response) terms {
	asked, value := interval(res, "Session-Expires")
	refresher, _ := sip.Param(value, "refresher")
	return terms{interval: asked, refresh: !strings.EqualFold(refresher, "uas")}
}

// raise takes a 422 and reports whether to ask again, with a longer interval.
func (s *session) raise(res *sip.Response) bool {
	least, _ := interval(res, "Min-SE")
	if least <= s.least || s.raised > 2 || s.want <= 0 && s.terms.interval == 0 {
		return false
	}
	s.least = least
	s.raised++
	return true
}

// apply starts the timers anew.
func (s *session) apply(g *Leg, t terms) {
	s.stop()
	s.terms = t
	if t.interval == 0 || g.done {
		return
	}
	// RFC 4028 10: the BYE goes out a little before the other side gives up.
	var expiry *time.Timer
	expiry = g.after(t.interval-min(32*time.Second, t.interval/3), func() {
		if s.expiry == expiry {
			g.hangUp(ByLayer, "session expired")
		}
	})
	s.expiry = expiry
	if t.refresh {
		s.later(g, t.interval/2)
	}
}

func (s *session) later(g *Leg, d time.Duration) {
	stop(s.refresh)
	s.refresh = g.after(d, g.refreshSession)
}

// refreshSession sends an UPDATE without an offer, or where the peer takes none
// a re-INVITE with what stands (RFC 4028 7.4).
func (g *Leg) refreshSession() {
	s := &g.session
	if g.done || s.terms.interval == 0 {
		return
	}
	if !g.idle() {
		s.later(g, s.terms.interval/16)
		return
	}
	a := &ask{peer: g.peer, method: sip.UPDATE}
	if s.noUpdate || !g.peer.allows("UPDATE") {
		a.method, a.kind, a.body = sip.INVITE, sdpType, g.peer.local
	}
	g.asked = a
	a.done = func(r sip.Reply) { g.refreshed(a, r) }
	g.send(a)
}

func (g *Leg) refreshed(a *ask, r sip.Reply) {
	s := &g.session
	g.concluded(a, r)
	if g.done {
		return
	}
	if r.Err != nil {
		s.later(g, s.terms.interval/16)
		return
	}
	switch code := r.Response.StatusCode; {
	case code < 300:
	case code == 422 && s.raise(r.Response):
		g.refreshSession()
	case code == 491:
		s.later(g, g.glare())
	case a.method == sip.UPDATE && (code < 500 || code == 501):
		s.noUpdate = true
		g.refreshSession()
	default:
		s.later(g, s.terms.interval/16)
	}
}

// interval reads Session-Expires or Min-SE, and gives its whole value too.
func interval(m sip.Message, header string) (time.Duration, string) {
	value := sip.Value(m, header)
	text, _, _ := strings.Cut(value, ";")
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return 0, ""
	}
	return time.Duration(n) * time.Second, value
}

func seconds(d time.Duration) string { return fmt.Sprint(int64((d + time.Second - 1) / time.Second)) }
