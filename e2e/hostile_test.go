package e2e_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// home is where the phones of honest people are, in tests where the attackers
// are elsewhere.
const home = "127.0.0.9"

// raw opens a phone made of bytes at a loopback address.
func (s *server) raw(t *testing.T, transport, local, user string) *rawphone.Phone {
	t.Helper()
	account := rawphone.Account{User: user, Password: "secret-of-" + user + "-12345", Server: s.sip}
	if transport == "TCP" {
		return rawphone.Dial(t, local, account)
	}
	return rawphone.Listen(t, local, account)
}

// livesOn checks that the server has taken no harm: the process that was
// started still runs, nothing in it has panicked, and a person can log in at a
// desk and give it back.
func (s *server) livesOn(t *testing.T) {
	t.Helper()
	s.logIn(t, "UDP")
	s.logIn(t, "TCP")
}

// logIn is the check of [server.livesOn] over one transport.
func (s *server) logIn(t *testing.T, transport string) {
	t.Helper()
	s.isWhole(t)
	desk := s.raw(t, transport, home, "5401")
	desk.Register(t)
	call := desk.Call(t, "*88")
	call.Press(t, "1001#4711#")
	eventually(t, "the login", func() bool { return s.holds(t, "1001", "5401") })
	if len(call.Sound.Heard()) == 0 {
		t.Error("no prompt was heard")
	}
	call.Bye(t)
	desk.Call(t, "*89").Bye(t)
	eventually(t, "the release", func() bool { return !s.holds(t, "1001", "5401") })
	s.isWhole(t)
}

// isWhole checks that the process is the one that was started and has not
// panicked.
func (s *server) isWhole(t *testing.T) {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil || strings.Contains(string(stat), ") Z ") {
		t.Fatalf("the server is gone: %v", err)
	}
	for _, word := range []string{"panic", "goroutine "} {
		if strings.Contains(s.log.String(), word) {
			t.Fatalf("the log speaks of a %s", word)
		}
	}
}

// holds tells whether somebody is logged in at a desk.
func (s *server) holds(t *testing.T, person, desk string) bool {
	t.Helper()
	for line := range strings.Lines(s.hotdesk(t, "session", "list")) {
		if strings.Contains(line, person) && strings.Contains(line, desk) {
			return true
		}
	}
	return false
}
