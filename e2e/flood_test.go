package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

func TestFloods(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	stop := make(chan struct{})
	ended := make(chan int)
	flood := func(local string, r rawphone.Request) {
		phone := s.raw(t, "UDP", local, "1002")
		go func() {
			sent := 0
			for ; ; sent++ {
				select {
				case <-stop:
					ended <- sent
					return
				default:
					r.CallID = rawphone.ID()
					phone.Flood(phone.Render(r))
				}
			}
		}()
	}
	flood("127.0.5.1", rawphone.Request{Method: "OPTIONS"})
	flood("127.0.5.2", rawphone.Request{Method: "INVITE", Target: "sip:1001@acme.test", Body: rawphone.Offer("127.0.5.2:9")})
	flood("127.0.5.3", rawphone.Request{Method: "REGISTER", Headers: []string{"Expires: 60"}})
	s.livesOn(t)
	close(stop)
	for range 3 {
		if sent := <-ended; sent < 1000 {
			t.Errorf("a flood of %d is none", sent)
		}
	}
}

// A phone that has a password floods too: it must not take all ports for sound.
func TestFloodOfCalls(t *testing.T) {
	t.Parallel()
	s := start(t, "--rtp-ports", "23000-23199")
	s.apply(t, office())
	phone := s.raw(t, "UDP", "127.0.5.4", "1002")
	phone.Register(t)
	for i := range 1000 {
		r := rawphone.Request{Method: "INVITE", Target: "sip:*88@acme.test", CallID: rawphone.ID(), Body: rawphone.Offer("127.0.5.4:9")}
		r.Headers = []string{"Authorization: " + phone.Authorize(t, r)}
		phone.Flood(phone.Render(r))
		if i%100 == 99 {
			abreast(t, phone)
		}
	}
	s.livesOn(t)
	m := phone.Do(t, rawphone.Request{Method: "INVITE", Target: "sip:*88@acme.test", Body: rawphone.Offer("127.0.5.4:9")})
	if m.Code() != 486 {
		t.Errorf("one more call of a phone with too many:\n%s", m)
	}
}

func TestFloodOfContacts(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	phone := s.raw(t, "TCP", "127.0.5.5", "1002")
	phone.Register(t)
	register := rawphone.Request{Method: "REGISTER", To: "<sip:1002@acme.test>"}
	with := func(contacts ...string) rawphone.Message {
		r := register
		r.Headers = []string{"Contact: " + strings.Join(contacts, ", ")}
		return phone.Do(t, r)
	}
	bomb := make([]string, 1000)
	for i := range bomb {
		bomb[i] = fmt.Sprintf("<sip:x%d@127.0.5.5:%d>", i, 1024+i)
	}
	if m := with(bomb...); m.Code() < 400 || m.Code() >= 500 {
		t.Errorf("a REGISTER of %d contacts:\n%s", len(bomb), m)
	}
	for _, contact := range bomb {
		with(contact)
	}
	if n := len(with().Headers("Contact")); n > 5 {
		t.Errorf("the device has %d contacts", n)
	}
	caller := s.raw(t, "UDP", home, "ana-mobile")
	caller.Register(t)
	invite := rawphone.Request{Method: "INVITE", Target: "sip:1002@acme.test", CallID: rawphone.ID(), Body: rawphone.Offer(caller.Addr())}
	invite.CSeq = caller.Next()
	invite.Headers = []string{"Authorization: " + caller.Authorize(t, invite)}
	caller.Send(t, caller.Render(invite))
	rings := func(m rawphone.Message) bool { return m.Code() == 0 && m.Method() == "INVITE" }
	phone.Await(t, "call", rings)
	rung := 1
	for ; rung <= 5; rung++ {
		if _, ok := phone.Within(time.Second, rings); !ok {
			break
		}
	}
	if rung > 5 {
		t.Errorf("one call rang %d times", rung)
	}
	s.livesOn(t)
}

// A contact that leads back to the server must not make a call go round. After
// a restart the connections are gone that phones registered over, and the
// contact is all there is.
func TestContactsThatLeadBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	for _, name := range []string{"1002", "ana-mobile"} {
		phone := s.raw(t, "TCP", "127.0.0.1", name)
		m := phone.Do(t, rawphone.Request{
			Method: "REGISTER", To: "<sip:" + name + "@acme.test>",
			Headers: []string{"Contact: <sip:1001@" + s.sip + ">;expires=300, <sip:1002@" + s.sip + ";transport=tcp>;expires=300"},
		})
		if m.Code() != 200 {
			t.Errorf("REGISTER:\n%s", m)
		}
	}
	s.kill()
	s.run(t)
	caller := s.raw(t, "UDP", home, "5402")
	caller.Register(t)
	for _, person := range []string{"1001", "1002"} {
		m := caller.Do(t, rawphone.Request{Method: "INVITE", Target: "sip:" + person + "@acme.test", Body: rawphone.Offer(caller.Addr())})
		if m.Code() < 400 {
			t.Errorf("a call that goes round:\n%s", m)
		}
	}
	s.livesOn(t)
}

// masked hides what differs in each answer by right.
func masked(m rawphone.Message) string {
	return regexp.MustCompile(`nonce="[^"]*"|tag=[^;\r]*|branch=[^;\r]*|rport=\d+|received=[\d.]+|CSeq: \d+|127\.\d+\.\d+\.\d+:\d+|Call-ID: .*|Date: .*`).ReplaceAllString(string(m), "…")
}

// guess tries a password at an account, and tells how long the answer took.
func (s *server) guess(t *testing.T, source, user string, r rawphone.Request) (rawphone.Message, time.Duration) {
	t.Helper()
	phone := s.raw(t, "UDP", source, user)
	defer phone.Close()
	phone.Password = "guess"
	r.CallID = rawphone.ID()
	message := phone.Render(r)
	phone.Send(t, message)
	challenge, ok := phone.Within(2*time.Second, func(m rawphone.Message) bool { return m.Code() >= 200 })
	if !ok {
		return "", 0
	}
	if r.Method == "INVITE" {
		phone.Send(t, rawphone.RefusedACK(message, challenge))
	}
	phone.Challenged(challenge)
	r.Headers = []string{"Authorization: " + phone.Authorize(t, r)}
	message = phone.Render(r)
	began := time.Now()
	phone.Send(t, message)
	answer, _ := phone.Within(2*time.Second, func(m rawphone.Message) bool { return m.Code() >= 200 })
	after := time.Since(began)
	if answer.Code() >= 300 && r.Method == "INVITE" {
		phone.Send(t, rawphone.RefusedACK(message, answer))
	}
	return answer, after
}

func TestUnknownAccountsLookLikeWrongPasswords(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	for _, method := range []string{"REGISTER", "INVITE"} {
		took := map[string][]time.Duration{}
		shapes := map[string]string{}
		for i := range 150 {
			source := fmt.Sprintf("127.0.6.%d", 1+i%200)
			for _, user := range []string{"1002", "1999"} { // the one exists
				r := rawphone.Request{Method: method, To: "<sip:" + user + "@acme.test>"}
				if method == "INVITE" {
					r = rawphone.Request{Method: method, Target: "sip:1001@acme.test", Body: rawphone.Offer("127.0.6.1:9")}
				}
				answer, after := s.guess(t, source, user, r)
				if answer.Code() != 401 {
					t.Fatalf("%s as %s:\n%s", method, user, answer)
				}
				took[user] = append(took[user], after)
				shapes[user] = strings.ReplaceAll(masked(answer), user, "USER")
			}
		}
		if shapes["1002"] != shapes["1999"] {
			t.Errorf("%s: a wrong password is answered\n%s\nand an unknown account\n%s", method, shapes["1002"], shapes["1999"])
		}
		if p := superiority(took["1002"], took["1999"]); p < 0.3 || p > 0.7 {
			t.Errorf("%s: an unknown account shows by the time its answer takes (%.2f)", method, p)
		}
	}
}

// superiority is how often a value of the one is larger than one of the other;
// a half where nothing tells them apart.
func superiority(a, b []time.Duration) float64 {
	larger := 0
	for _, x := range a {
		for _, y := range b {
			if x > y {
				larger++
			}
		}
	}
	return float64(larger) / float64(len(a)*len(b))
}

func TestGuessersAreShutOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	const attacker = "127.0.7.1"
	phone := s.raw(t, "UDP", home, "1002")
	phone.Register(t)
	answered := 0
	for answered < 100 {
		answer, _ := s.guess(t, attacker, "1002", rawphone.Request{Method: "REGISTER", To: "<sip:1002@acme.test>"})
		if answer == "" {
			break
		}
		answered++
	}
	if answered == 0 || answered > 30 {
		t.Errorf("the attacker had %d tries", answered)
	}
	phone.Register(t) // the phone itself is not shut out by what was tried in its name
	s.livesOn(t)
}

func TestStrangersNeverReachPeople(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	phone := s.raw(t, "UDP", home, "ana-mobile")
	phone.Register(t)
	phone.Unasked(t, "200 OK") // its lamp
	stranger := s.raw(t, "UDP", "127.0.7.2", "1002")
	for _, target := range []string{"sip:1001@acme.test", "sip:*88@acme.test", "sip:112@acme.test", "sip:ana-mobile@acme.test"} {
		for _, headers := range [][]string{
			nil,
			{"P-Asserted-Identity: <sip:1002@acme.test>"},
			{"Route: <" + phone.Contact()[1:]},
			{"Proxy-Authorization: Digest username=\"1002\""},
			{"Authorization: Basic MTAwMjp4"},
			{"Authorization: Digest username=\"1002\", realm=\"acme.test\""},
		} {
			m, _ := stranger.Try(t, rawphone.Request{Method: "INVITE", Target: target, Headers: headers, Body: rawphone.Offer(stranger.Addr())})
			if m.Code() != 401 {
				t.Errorf("INVITE %s with %q:\n%s", target, headers, m)
			}
		}
	}
	if m, ok := phone.Within(300*time.Millisecond, func(m rawphone.Message) bool {
		return slices.Contains([]string{"INVITE", "MESSAGE", "NOTIFY"}, m.Method()) && m.Code() == 0
	}); ok {
		t.Errorf("a stranger reached a phone:\n%s", m)
	}
}
