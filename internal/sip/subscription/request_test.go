package subscription_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/subscription"
)

// What a SUBSCRIBE may say, and the answers.
func TestSubscribeRules(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "UDP", "desk")
	for _, test := range []struct {
		name, target string
		headers      []string
		code         int
		want         string // a header that must be there, or nothing
	}{
		{"nothing but the event", "ana", []string{"Event: lamp"}, 200, "Expires: 600"},
		{"compact name", "ana", []string{"o: lamp"}, 200, ""},
		{"event in capitals", "ana", []string{"Event: LAMP"}, 200, ""},
		{"an id", "ana", []string{"Event: lamp;id=x7"}, 200, ""},
		{"an id that breaks out", "ana", []string{`Event: lamp;id="a;b"`}, 400, ""},
		{"another parameter", "ana", []string{"Event: lamp;sla"}, 200, ""},
		{"no event", "ana", nil, 489, "Allow-Events: lamp, count"},
		{"unknown event", "ana", []string{"Event: presence.winfo"}, 489, "Allow-Events: lamp, count"},
		{"empty event", "ana", []string{"Event: ;id=1"}, 489, ""},
		{"two events", "ana", []string{"Event: lamp", "Event: count"}, 400, ""},
		{"the content type", "ana", []string{"Event: lamp", "Accept: text/html, text/lamp"}, 200, ""},
		{"any type", "ana", []string{"Event: lamp", "Accept: */*"}, 200, ""},
		{"any of its class", "ana", []string{"Event: lamp", "Accept: text/*;q=0.1"}, 200, ""},
		{"another type", "ana", []string{"Event: lamp", "Accept: application/pidf+xml"}, 406, "Accept: text/lamp"},
		{"expressly not", "ana", []string{"Event: lamp", "Accept: text/lamp;q=0"}, 406, ""},
		{"broken type", "ana", []string{"Event: lamp", "Accept: ;;/"}, 406, ""},
		{"a time", "ana", []string{"Event: lamp", "Expires: 60"}, 200, "Expires: 60"},
		{"too long", "ana", []string{"Event: lamp", "Expires: 7200"}, 200, "Expires: 600"},
		{"longer than a number", "ana", []string{"Event: lamp", "Expires: 99999999999999999999"}, 200, "Expires: 600"},
		{"too short", "ana", []string{"Event: lamp", "Expires: 59"}, 423, "Min-Expires: 60"},
		{"no number", "ana", []string{"Event: lamp", "Expires: soon"}, 400, ""},
		{"below nothing", "ana", []string{"Event: lamp", "Expires: -1"}, 400, ""},
		{"not for the subscriber", "secret", []string{"Event: lamp"}, 403, ""},
		{"nobody can say", "broken", []string{"Event: lamp"}, 500, "Retry-After: 10"},
		{"a route that fills the memory", "ana", []string{"Event: lamp", "Record-Route: <sip:" + strings.Repeat("a", 5000) + ";lr>"}, 513, ""},
	} {
		m, ok := p.Try(t, rawphone.Request{Method: "SUBSCRIBE", Target: "sip:" + test.target + "@acme.test", Headers: test.headers})
		if !ok || m.Code() != test.code {
			t.Errorf("%s: want %d, got\n%s", test.name, test.code, m)
		}
		name, value, _ := strings.Cut(test.want, ": ")
		if got := m.Header(name); test.want != "" && got != value {
			t.Errorf("%s: %s is %q, want %q", test.name, name, got, value)
		}
	}
}

func TestSubscribeNeedsAContact(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.phone(t, "UDP", "desk")
	for _, contact := range []string{"", "Contact: *\r\n", "Contact: <sip:>\r\n"} {
		text := p.Render(rawphone.Request{Method: "SUBSCRIBE", Target: "sip:ana@acme.test", Headers: []string{"Event: lamp"}})
		p.Send(t, strings.Replace(text, "Contact: "+p.Contact()+"\r\n", contact, 1))
		if m := p.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 }); m.Code() != 400 {
			t.Errorf("%q: %s", contact, m)
		}
	}
}

// Requests in a dialog must belong to it.
func TestRefreshRules(t *testing.T) {
	t.Parallel()
	s := start(t)
	p, q := s.phone(t, "UDP", "desk"), s.phone(t, "UDP", "ben")
	w := s.watch(t, p)
	in := rawphone.Request{Method: "SUBSCRIBE", Target: w.Target, To: w.To, CallID: w.ID, Headers: []string{"Event: lamp"}}
	for name, test := range map[string]struct {
		phone  *rawphone.Phone
		change func(r *rawphone.Request)
		code   int
	}{
		"another's":      {q, func(*rawphone.Request) {}, 481}, // its From tag is another
		"out of order":   {p, func(r *rawphone.Request) { r.CSeq = 1 }, 500},
		"of a lost call": {p, func(r *rawphone.Request) { r.CallID = "lost" }, 481},
		"another tag":    {p, func(r *rawphone.Request) { r.To = "<sip:ana@acme.test>;tag=x" }, 481},
		"another event":  {p, func(r *rawphone.Request) { r.Headers = []string{"Event: count"} }, 481},
		"too short":      {p, func(r *rawphone.Request) { r.Headers = append(r.Headers, "Expires: 5") }, 423},
	} {
		r := in
		test.change(&r)
		if m, ok := test.phone.Try(t, r); !ok || m.Code() != test.code {
			t.Errorf("%s: want %d, got\n%s", name, test.code, m)
		}
	}
	text := strings.Replace(q.Render(in), "tag=fben", "tag=fdesk", 1)
	q.Send(t, text)
	if m := q.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 }); m.Code() != 403 {
		t.Errorf("somebody else's refresh:\n%s", m)
	}
	if s.layer.Len() != 1 {
		t.Errorf("%d subscriptions", s.layer.Len())
	}
}

// A phone that subscribes without end keeps others from nothing.
func TestTenThousandFromOneDevice(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *subscription.Config) { c.Each = 100 })
	p := s.phone(t, "TCP", "greedy")
	granted := 0 // again those of NOTIFYs that it never answered
	for range 10_000 {
		p.Flood(p.Render(rawphone.Request{Method: "SUBSCRIBE", Target: "sip:ana@acme.test", Headers: []string{"Event: lamp"}}))
		m := p.Await(t, "answer", func(m rawphone.Message) bool { return m.Code() >= 200 })
		switch m.Code() {
		case 200:
			granted++
		case 403:
		default:
			t.Fatal(m)
		}
	}
	if granted < 100 || s.layer.Len() > 100 {
		t.Errorf("%d granted, %d stand", granted, s.layer.Len())
	}
	s.watch(t, s.phone(t, "UDP", "desk"))
}

// Looks at the state that are never answered count, until they are over.
func TestManyFetches(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *subscription.Config) { c.Each = 2 })
	p := s.phone(t, "UDP", "greedy")
	fetch := func() int {
		m, _ := p.Try(t, rawphone.Request{Method: "SUBSCRIBE", Target: "sip:ana@acme.test", Headers: []string{"Event: lamp", "Expires: 0"}})
		return m.Code()
	}
	if a, b, c := fetch(), fetch(), fetch(); a != 200 || b != 200 || c != 403 {
		t.Errorf("answers %d, %d, %d", a, b, c)
	}
	for fetch() != 200 { // the NOTIFYs were given up
	}
}

func TestServerIsFull(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *subscription.Config) { c.All = 1 })
	w := s.watch(t, s.phone(t, "UDP", "desk"))
	p := s.phone(t, "UDP", "ben")
	r := rawphone.Request{Method: "SUBSCRIBE", Target: "sip:ana@acme.test", Headers: []string{"Event: lamp"}}
	if m, _ := p.Try(t, r); m.Code() != 503 || m.Header("Retry-After") != "60" {
		t.Errorf("a full server says\n%s", m)
	}
	w.Again(t, "Expires: 0")
	w.Next(t)
	for { // the last NOTIFY's answer is on its way
		if m, _ := p.Try(t, r); m.Code() == 200 {
			return
		}
	}
}
