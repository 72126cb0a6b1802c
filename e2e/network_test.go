package e2e_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// Behind 1:1 NAT everything that phones are told has the address outside, and
// those on this side of it are told the server's own.
func TestAddressBehindNAT(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ local, told string }{
		"phones outside": {"10.0.0.0/8", "203.0.113.7"}, "phones inside": {"127.0.0.1,10.0.0.0/8", "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--advertise", "203.0.113.7", "--local-networks", c.local)
			s.apply(t, office())
			ben := s.raw(t, "UDP", "127.0.0.1", "1002")
			desk := s.raw(t, "UDP", "127.0.0.1", "5401")
			desk.Register(t)
			_, port, _ := strings.Cut(s.sip, ":")
			rung := make(chan rawphone.Message)
			go func() {
				invite, _ := desk.Within(patience, func(m rawphone.Message) bool { return m.Method() == "INVITE" })
				desk.Flood(desk.Reply(invite, "200 OK", invite.Header("To")+";tag=desk", rawphone.Offer("127.0.0.1:40000")))
				rung <- invite
			}()
			call := ben.Call(t, "5401")
			invite := <-rung
			sound, err := rawphone.Audio(invite.Body())
			if err != nil {
				t.Fatal(err)
			}
			for what, got := range map[string]string{
				"Via of the INVITE": invite.Header("Via"), "Contact of the INVITE": invite.Contact(), "sound of the offer": sound.String(),
				"Contact of the 200": call.Target, "sound of the answer": call.Sound.Remote().String(),
			} {
				want := c.told + ":"
				if !strings.HasPrefix(what, "sound") {
					want += port
				}
				if !strings.Contains(got, want) {
					t.Errorf("%s: %q, want %s", what, got, want)
				}
			}
		})
	}
}

// A phone that knows nothing of Path registers through a proxy of ours alone.
func TestRegistrationThroughAnEdge(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edges string
		want  int
	}{"edge": {"192.0.2.1,127.0.0.1", 200}, "stranger": {"192.0.2.1", 421}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--edges", c.edges)
			s.apply(t, office())
			phone := s.raw(t, "UDP", "127.0.0.1", "5401")
			m := phone.Do(t, rawphone.Request{Method: "REGISTER", To: "<sip:5401@acme.test>", Headers: []string{"Path: <sip:127.0.0.1:5999;lr>"}})
			if m.Code() != c.want {
				t.Errorf("registered through an edge:\n%s", m)
			}
		})
	}
}
