package subscription_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

var errDisk = errors.New("the disk is gone")

// waitAsked waits until the source has been asked so many times.
func (b *board) waitAsked(t *testing.T, times int) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		b.mu.Lock()
		asked := b.asked
		b.mu.Unlock()
		if asked >= times {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("asked %d times, want %d", asked, times)
		}
	}
}

// While a NOTIFY is on its way nothing else is sent; after it the newest state.
func TestOnlyTheNewestIsTold(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.watch(t, s.phone(t, "TCP", "desk"))
	s.change("one")
	m, _ := w.Within(patience)
	for n := range 50 {
		s.change(fmt.Sprint(n))
	}
	s.change("last")
	w.Answer(t, m, "100 Trying")
	if _, early := w.Within(50 * time.Millisecond); early {
		t.Error("a NOTIFY overtakes the answer to the one before")
	}
	w.Answer(t, m, "200 OK")
	if m = w.Next(t); m.Body() != "last" || m.Header("CSeq") != "3 NOTIFY" {
		t.Errorf("then came %q, %q", m.Body(), m.Header("CSeq"))
	}
}

// What phones answer to a NOTIFY.
func TestAnswersToANotify(t *testing.T) {
	t.Parallel()
	for status, ends := range map[string]bool{
		"481 Subscription Does Not Exist": true, "489 Bad Event": true, "405 Method Not Allowed": true, "501 Not Implemented": true,
		"404 Not Found": true, "408 Request Timeout": true, "410 Gone": true, "480 Temporarily Unavailable": true,
		"500 Server Internal Error": false, "503 Service Unavailable": false, "400 Bad Request": false, "401 Unauthorized": false,
		"302 Moved": false, "606 Not Acceptable": false, "699 Nonsense": false,
	} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			w := s.watch(t, s.phone(t, "UDP", "desk"))
			s.change("lit")
			w.Next(t, status)
			if ends {
				s.gone(t)
				return
			}
			if m := w.Next(t); m.Body() != "lit" || m.Header("CSeq") != "3 NOTIFY" {
				t.Errorf("told again %q, %q", m.Body(), m.Header("CSeq"))
			}
		})
	}
}

// A phone that fails again and again is given up.
func TestPhoneThatKeepsFailing(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.watch(t, s.phone(t, "UDP", "desk"))
	s.change("lit")
	for range 3 {
		w.Next(t, "500 Server Internal Error")
	}
	s.gone(t)
	if answer := w.Again(t); answer.Code() != 481 {
		t.Errorf("refresh:\n%s", answer)
	}
}

// Between failures a success starts the count anew.
func TestPhoneThatFailsNowAndThen(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.watch(t, s.phone(t, "UDP", "desk"))
	for n := range 4 {
		s.change(fmt.Sprint(n))
		w.Next(t, "503 Service Unavailable")
		w.Next(t)
	}
	if s.layer.Len() != 1 {
		t.Error("it was given up")
	}
}

// A phone may ask for time; a refresh does not wait for that.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *subscription.Config) { c.Again = time.Hour })
	w := s.watch(t, s.phone(t, "UDP", "desk"))
	s.change("lit")
	w.Next(t, "503 Service Unavailable", "Retry-After: 1 (soon);duration=3")
	before := time.Now()
	if m := w.Next(t, "503 Service Unavailable", "Retry-After: 60000"); m.Body() != "lit" || time.Since(before) < 900*time.Millisecond {
		t.Errorf("told %q after %v", m.Body(), time.Since(before))
	}
	if answer := w.Again(t); answer.Code() != 200 {
		t.Errorf("refresh:\n%s", answer)
	}
	w.Next(t, "503 Service Unavailable")
	s.gone(t)
}

func TestSilence(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "UDP", "desk")
	w := s.watch(t, p)
	p.Close()
	s.change("lit")
	s.gone(t)
	other := s.phone(t, "UDP", "desk")
	if m, _ := other.Try(t, rawphone.Request{Method: "SUBSCRIBE", Target: w.Target, To: w.To, CallID: w.ID, Headers: []string{"Event: lamp"}}); m.Code() != 481 {
		t.Errorf("refresh:\n%s", m)
	}
}

// A phone that speaks over another way meanwhile is told there.
func TestPhoneThatMovedDuringANotify(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "UDP", "desk")
	w := s.watch(t, p)
	p.Close()
	s.change("lit")
	s.board.waitAsked(t, 2)
	s.back(t, w)
	if answer := w.Again(t); answer.Code() != 200 {
		t.Fatalf("refresh:\n%s", answer)
	}
	if m := w.Next(t); m.Body() != "lit" {
		t.Errorf("told %q", m.Body())
	}
}

// A phone whose connection is gone is told as soon as it has another.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	for name, back := range map[string]func(*testing.T, *side, *rawphone.Watch){
		"refreshes": func(t *testing.T, _ *side, w *rawphone.Watch) {
			t.Helper()
			if answer := w.Again(t); answer.Code() != 200 {
				t.Fatalf("refresh:\n%s", answer)
			}
		},
		"registers": func(t *testing.T, s *side, w *rawphone.Watch) {
			t.Helper()
			w.Phone.Try(t, rawphone.Request{Method: "SUBSCRIBE", Target: "sip:secret@acme.test", Headers: []string{"Event: lamp"}}) // opens the flow
			s.moves(t, "desk", w.Phone)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			p := s.phone(t, "TCP", "desk")
			w := s.watch(t, p)
			p.Close()
			s.change("lit")
			s.board.waitAsked(t, 2)
			s.back(t, w)
			back(t, s, w)
			if m := w.Next(t); m.Body() != "lit" {
				t.Errorf("told %q", m.Body())
			}
			s.change("dark")
			if m := w.Next(t); m.Body() != "dark" {
				t.Errorf("told %q", m.Body())
			}
		})
	}
}

// One that never comes back is forgotten with its time.
func TestConnectionLostForGood(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "TCP", "desk")
	s.watch(t, p, "Expires: 60")
	p.Close()
	s.change("lit")
	s.board.waitAsked(t, 2)
	s.advance(time.Minute)
	s.gone(t)
}

// NOTIFYs go through the proxies of the SUBSCRIBE (RFC 3261 12).
func TestRouteSet(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "UDP", "desk")
	w := p.Subscribe(t, "lamp", "sip:ana@acme.test", "Record-Route: <sip:"+p.Addr()+";lr>, <sip:inner.test;lr>", "Record-Route: <sip:outer.test;lr>")
	m := w.Next(t)
	if got := strings.Join(m.Headers("Route"), " "); got != "<sip:"+p.Addr()+";lr> <sip:inner.test;lr> <sip:outer.test;lr>" {
		t.Errorf("Route %q", got)
	}
	strict := p.Subscribe(t, "lamp", "sip:ana@acme.test", "Record-Route: <sip:"+p.Addr()+">")
	m = strict.Next(t)
	if first, _, _ := strings.Cut(string(m), "\r\n"); first != "NOTIFY sip:"+p.Addr()+" SIP/2.0" || m.Header("Route") != p.Contact() {
		t.Errorf("%q with Route %q", first, m.Header("Route"))
	}
}

// Over a proxy whose connection is gone a new one is made.
func TestProxyConnectionLost(t *testing.T) {
	t.Parallel()
	for name, onItsWay := range map[string]bool{"before it is noticed, or after": false, "with a NOTIFY on its way": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			proxy := listen(t)
			p := s.phone(t, "TCP", "desk")
			w := s.watch(t, p, "Record-Route: <sip:"+proxy.Addr().String()+";transport=tcp;lr>")
			if onItsWay {
				s.change("lit")
				w.Next(t, "")
			}
			p.Close()
			s.change("dark")
			if got := proxy.reads(t); !strings.Contains(got, "Call-ID: "+w.ID) {
				t.Errorf("the proxy got %q", got)
			}
		})
	}
}

// Changes, refreshes and the looks of many at once end in the newest state.
func TestEverythingAtOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	var watches []*rawphone.Watch
	for n := range 10 {
		watches = append(watches, s.watch(t, s.phone(t, []string{"UDP", "TCP"}[n%2], fmt.Sprint("desk", n))))
	}
	var changing sync.WaitGroup
	for n := range 4 {
		changing.Go(func() {
			for i := range 200 {
				s.change(fmt.Sprint(n, " ", i))
				s.layer.ChangedAll()
				s.layer.Reachable(fmt.Sprint("desk", i%10))
			}
		})
	}
	changing.Go(func() {
		for range 20 {
			s.advance(0)
		}
	})
	var phones sync.WaitGroup
	for _, w := range watches {
		phones.Go(func() { w.Until(t, "the last") })
	}
	changing.Wait()
	s.change("the last")
	phones.Wait()
	if s.layer.Len() != len(watches) {
		t.Errorf("%d subscriptions, want %d", s.layer.Len(), len(watches))
	}
}
