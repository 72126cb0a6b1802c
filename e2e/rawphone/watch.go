package rawphone

import (
	"strings"
	"testing"
	"time"
)

// Watch is a subscription of a phone.
type Watch struct {
	Phone  *Phone
	ID     string // the Call-ID
	To     string // the far side with its tag
	Target string // where requests in the dialog go
	Event  string
	last   string // CSeq of the NOTIFY that came last
}

// Subscribe asks for an event package of somebody, and gets it.
func (p *Phone) Subscribe(t *testing.T, event, target string, headers ...string) *Watch {
	t.Helper()
	r := Request{Method: "SUBSCRIBE", Target: target, CallID: ID(), Headers: append([]string{"Event: " + event}, headers...)}
	m := p.Do(t, r)
	if m.Code() != 200 {
		t.Fatalf("%s cannot subscribe to %s of %s:\n%s", p.User, event, target, m)
	}
	return &Watch{Phone: p, ID: r.CallID, To: m.Header("To"), Target: m.Contact(), Event: event}
}

// Again sends a SUBSCRIBE in the dialog and returns its final response.
func (w *Watch) Again(t *testing.T, headers ...string) Message {
	t.Helper()
	return w.Phone.Do(t, Request{
		Method: "SUBSCRIBE", Target: w.Target, To: w.To, CallID: w.ID, Headers: append([]string{"Event: " + w.Event}, headers...),
	})
}

// Next waits for the next NOTIFY and answers it: with "200 OK" unless the test
// wants something else. "" lets it wait.
func (w *Watch) Next(t *testing.T, answer ...string) Message {
	t.Helper()
	m, ok := w.Within(patience)
	if !ok {
		t.Fatalf("%s got no NOTIFY", w.Phone.User)
	}
	status := "200 OK"
	if len(answer) > 0 {
		status = answer[0]
	}
	if status != "" {
		w.Phone.answer(t, m, status, answer[min(1, len(answer)):]...)
	}
	return m
}

// Within waits for a NOTIFY for a time, and leaves it unanswered; false without
// one. One that is only repeated does not count.
func (w *Watch) Within(limit time.Duration) (Message, bool) {
	m, ok := w.Phone.Within(limit, func(m Message) bool {
		return m.isNotify() && m.Header("Call-ID") == w.ID && m.Header("CSeq") != w.last
	})
	if ok {
		w.last = m.Header("CSeq")
	}
	return m, ok
}

// Answer answers a NOTIFY.
func (w *Watch) Answer(t *testing.T, m Message, status string) {
	t.Helper()
	w.Phone.answer(t, m, status)
}

// Until answers NOTIFYs until one's body holds a text, and returns that.
func (w *Watch) Until(t *testing.T, text string) Message {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		m, ok := w.Within(time.Until(deadline))
		if !ok {
			t.Fatalf("%s got no NOTIFY with %q", w.Phone.User, text)
		}
		w.Phone.answer(t, m, "200 OK")
		if strings.Contains(m.Body(), text) {
			return m
		}
	}
}

// answer answers a request that is no INVITE.
func (p *Phone) answer(t *testing.T, m Message, status string, headers ...string) {
	t.Helper()
	to := m.Header("To")
	if m.ToTag() == "" {
		to += ";tag=" + ID()
	}
	var more strings.Builder
	for _, h := range headers {
		more.WriteString("\r\n" + h)
	}
	reply := p.Reply(m, status, to, "")
	p.Send(t, strings.Replace(reply, "\r\nContent-Length:", more.String()+"\r\nContent-Length:", 1))
}

// Unasked waits for a NOTIFY without a subscription and answers it.
func (p *Phone) Unasked(t *testing.T, status string) Message {
	t.Helper()
	m, ok := p.UnaskedWithin(patience)
	if !ok {
		t.Fatalf("%s got no NOTIFY without a subscription", p.User)
	}
	p.answer(t, m, status)
	return m
}

// UnaskedWithin waits for such a NOTIFY for a time, and leaves it unanswered;
// false without one. One that is only repeated does not count.
func (p *Phone) UnaskedWithin(limit time.Duration) (Message, bool) {
	m, ok := p.Within(limit, func(m Message) bool {
		return m.isNotify() && m.ToTag() == "" && m.Header("Call-ID") != p.unasked
	})
	if ok {
		p.unasked = m.Header("Call-ID")
	}
	return m, ok
}
