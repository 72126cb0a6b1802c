package subscription_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

func TestLifeOfASubscription(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"UDP", "TCP"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.board.set("ana", "dark")
			p := s.phone(t, transport, "desk")
			w := p.Subscribe(t, "count;id=7", "sip:ana@acme.test", "Expires: 300", "Accept: application/count+xml")
			if w.To == "<sip:ana@acme.test>" || !strings.Contains(w.Target, s.engine.Addr().String()) {
				t.Errorf("To %q, Contact %q", w.To, w.Target)
			}
			m := w.Next(t)
			wantState(t, m, "active;expires=300")
			for name, want := range map[string]string{
				"Event": "count;id=7", "Content-Type": "application/count+xml", "CSeq": "1 NOTIFY", "From": w.To,
				"To": "<sip:desk@acme.test>;tag=fdesk",
			} {
				if got := m.Header(name); got != want {
					t.Errorf("%s %q, want %q", name, got, want)
				}
			}
			if first, _, _ := strings.Cut(string(m), "\r\n"); first != "NOTIFY "+strings.Trim(p.Contact(), "<>")+" SIP/2.0" {
				t.Errorf("%q does not go to the phone's contact %s", first, p.Contact())
			}
			if m.Body() != "version=0 dark" {
				t.Errorf("body %q", m.Body())
			}

			s.change("lit")
			if m = w.Next(t); m.Body() != "version=1 lit" || m.Header("CSeq") != "2 NOTIFY" {
				t.Errorf("after a change %q, %q", m.Body(), m.Header("CSeq"))
			}
			s.change("lit") // no news is not told
			if answer := w.Again(t, "Expires: 60"); answer.Code() != 200 || answer.Header("Expires") != "60" {
				t.Errorf("refresh:\n%s", answer)
			}
			m = w.Next(t)
			wantState(t, m, "active;expires=60")
			if m.Body() != "version=2 lit" {
				t.Errorf("after the refresh %q", m.Body())
			}

			if answer := w.Again(t, "Expires: 0"); answer.Code() != 200 || answer.Header("Expires") != "0" {
				t.Errorf("unsubscribe:\n%s", answer)
			}
			m = w.Next(t)
			wantState(t, m, "terminated;reason=timeout")
			if m.Body() != "version=3 lit" || s.layer.Len() != 0 {
				t.Errorf("at the end %q, %d left", m.Body(), s.layer.Len())
			}
			if answer := w.Again(t); answer.Code() != 481 {
				t.Errorf("after the end:\n%s", answer)
			}
		})
	}
}

// A phone that only wants to know asks for no time.
func TestFetch(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.board.set("ana", "lit")
	w := s.phone(t, "UDP", "desk").Subscribe(t, "lamp", "sip:ana@acme.test", "Expires: 0")
	m := w.Next(t)
	wantState(t, m, "terminated;reason=timeout")
	if m.Body() != "lit" || s.layer.Len() != 0 {
		t.Errorf("body %q, %d subscriptions", m.Body(), s.layer.Len())
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	s := start(t)
	p, q := s.phone(t, "UDP", "desk"), s.phone(t, "UDP", "ben")
	short, long := s.watch(t, p, "Expires: 60"), s.watch(t, q, "Expires: 120")
	s.advance(59 * time.Second)
	if s.layer.Len() != 2 {
		t.Error("a subscription ended too early")
	}
	s.advance(time.Second)
	wantState(t, short.Next(t), "terminated;reason=timeout")
	if answer := short.Again(t); answer.Code() != 481 {
		t.Errorf("a refresh that is too late:\n%s", answer)
	}
	if answer := long.Again(t, "Expires: 120"); answer.Code() != 200 {
		t.Errorf("a refresh in time:\n%s", answer)
	}
	wantState(t, long.Next(t), "active;expires=120")
	s.advance(60 * time.Second)
	if s.layer.Len() != 1 {
		t.Error("a subscription that was refreshed has ended")
	}
}

// A subscription that expires while a NOTIFY is on its way is told so after it.
func TestExpiryDuringANotify(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "TCP", "desk")
	w := s.watch(t, p, "Expires: 60")
	s.change("lit")
	m, _ := w.Within(patience)
	s.advance(time.Minute)
	if s.layer.Len() != 0 {
		t.Error("it has not expired")
	}
	if _, early := w.Within(50 * time.Millisecond); early {
		t.Error("another NOTIFY overtakes the answer")
	}
	w.Answer(t, m, "200 OK")
	wantState(t, w.Next(t), "terminated;reason=timeout")
}

// What is no longer there, or no longer for the subscriber, ends a subscription;
// what cannot be read for the moment does not.
func TestSourceRefuses(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"terminated;reason=noresource": subscription.ErrNoResource, "terminated;reason=rejected": subscription.ErrRejected,
	} {
		s := start(t)
		w := s.watch(t, s.phone(t, "UDP", "desk"))
		s.board.fail(err)
		s.change("")
		m := w.Next(t)
		wantState(t, m, want)
		if m.Body() != "" || m.Header("Content-Type") != "" {
			t.Errorf("body %q of %q", m.Body(), m.Header("Content-Type"))
		}
		s.gone(t)
	}
}

// A fault in one subscription ends that and no other.
func TestSourcePanics(t *testing.T) {
	t.Parallel()
	s := start(t)
	w, other := s.watch(t, s.phone(t, "UDP", "desk")), s.phone(t, "UDP", "ben").Subscribe(t, "lamp", "sip:ben@acme.test")
	other.Next(t)
	s.board.fail(errFault)
	s.change("lit")
	s.left(t, 1)
	if answer := w.Again(t); answer.Code() != 481 {
		t.Errorf("refresh:\n%s", answer)
	}
	if answer := other.Again(t); answer.Code() != 200 {
		t.Errorf("refresh of the other:\n%s", answer)
	}
	other.Next(t)
}

func TestSourceFailsForTheMoment(t *testing.T) {
	t.Parallel()
	s := start(t)
	w := s.watch(t, s.phone(t, "UDP", "desk"))
	s.board.fail(errDisk)
	s.change("lit")
	s.board.waitAsked(t, 3)
	s.board.fail(nil)
	if m := w.Next(t); m.Body() != "lit" {
		t.Errorf("body %q", m.Body())
	}
}
