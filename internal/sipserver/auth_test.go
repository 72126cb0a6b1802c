package sipserver_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/sipserver"
)

// An attacker must not learn which accounts there are.
func TestUnknownAccountsLookLikeWrongPasswords(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	shape := func(user, pass string) string {
		p := r.phone(t, "udp", user)
		p.pass = pass
		m := p.register()
		var names []string
		for _, challenge := range m.headers["WWW-Authenticate"] {
			before, after, _ := strings.Cut(challenge, `nonce="`)
			_, rest, _ := strings.Cut(after, `"`)
			names = append(names, before+rest)
		}
		return m.first + "\n" + strings.Join(names, "\n")
	}
	wrong := shape("5401", "guess")
	if !strings.HasPrefix(wrong, "SIP/2.0 401 ") || strings.Contains(wrong, "stale") {
		t.Fatalf("a wrong password gets %q", wrong)
	}
	for _, user := range []string{"9999", "off", "5401@nowhere.test", "@", "admin", strings.Repeat("x", 300)} {
		pass := secret
		if diff := cmp.Diff(wrong, shape(user, pass)); diff != "" {
			t.Errorf("%q is told from a wrong password (-wrong +got):\n%s", user, diff)
		}
	}
}

func TestDomainOfARequest(t *testing.T) {
	t.Parallel()
	two := start(t, nil, "acme.test", "beta.test")
	one := start(t, nil, "acme.test")
	for _, test := range []struct {
		name       string
		rig        *rig
		user, host string
		code       int
		device     string
	}{
		{"by its name", two, "5401", "beta.test", 200, "5401@beta.test"},
		{"by its name in another case", two, "5401", "BETA.test", 200, "5401@beta.test"},
		{"by address, with one domain", one, "5401", "127.0.0.1", 200, desk},
		{"by another name, with one domain", one, "5401", "pbx.example", 200, desk},
		{"by address, with two", two, "5401", "127.0.0.1", 404, ""},
		{"domain in the user name", two, "5401@beta.test", "127.0.0.1", 200, "5401@beta.test"},
		{"domain in the user name and the host", two, "5401@acme.test", "acme.test", 200, desk},
		{"domain in the user name against the host", two, "5401@acme.test", "beta.test", 200, desk},
		{"unknown domain in the user name", two, "5401@gamma.test", "127.0.0.1", 404, ""},
	} {
		p := test.rig.phone(t, "udp", test.user)
		p.domain = test.host
		got := p.register("Contact: *", "Expires: 0")
		p.wantCode(got, test.code)
		p.wantCode(p.register(), test.code)
		if n := len(test.rig.locations.Lookup(test.device)); test.device != "" && n != 1 {
			t.Errorf("%s: %s has %d bindings, want 1", test.name, test.device, n)
		}
	}
}

func TestInviteIsProven(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test", "beta.test")
	for _, test := range []struct {
		name, uri string
		extra     []string
		want      call
	}{
		{"own address", "sip:1001@acme.test", nil, call{"5401", "acme.test", "5401"}},
		{"of somebody else", "sip:1001@acme.test", []string{"From: <sip:5402@acme.test>;tag=1"}, call{"5401", "acme.test", "5402"}},
		{"anonymous", "sip:1001@acme.test", []string{"From: <sip:anonymous@anonymous.invalid>;tag=1"}, call{"5401", "acme.test", "anonymous"}},
		{"to another server's address", "sip:bob@elsewhere.test", nil, call{"5401", "acme.test", "5401"}},
	} {
		p := r.phone(t, "udp", "5401")
		to := "To: <" + test.uri + ">"
		p.wantCode(p.ask("INVITE", test.uri, append(test.extra, to)...), 401)
		p.wantCode(p.proven("INVITE", test.uri, append(test.extra, to)...), 486)
		if diff := cmp.Diff(test.want, <-r.board.calls, cmp.AllowUnexported(call{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	p := r.phone(t, "udp", "5401")
	p.pass = "guess"
	p.wantCode(p.proven("INVITE", "sip:1001@acme.test", "To: <sip:1001@acme.test>"), 401)
	if len(r.board.calls) != 0 {
		t.Error("a call without the password reached the switchboard")
	}
}

// A SUBSCRIBE is handed on once its phone has proven itself, in a dialog too.
func TestSubscribeIsProven(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test", "beta.test")
	p := r.phone(t, "udp", "5401")
	p.wantCode(p.ask("SUBSCRIBE", "sip:1001@acme.test", "Event: dialog"), 401)
	p.wantCode(p.proven("SUBSCRIBE", "sip:1001@acme.test", "Event: dialog"), 489)
	if diff := cmp.Diff(call{"5401", "acme.test", "5401"}, <-r.board.calls, cmp.AllowUnexported(call{})); diff != "" {
		t.Error(diff)
	}
	p.pass = "guess"
	p.wantCode(p.proven("SUBSCRIBE", "sip:1001@acme.test", "Event: dialog"), 401)
	if len(r.board.calls) != 0 {
		t.Error("a subscription without the password was handed on")
	}
}

// The credentials of one request are no ticket for the next.
func TestCredentialsServeOnce(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "udp", "5401")
	proof := p.authorization(p.ask("REGISTER", "sip:acme.test"), "REGISTER", "sip:acme.test")
	p.wantCode(p.ask("REGISTER", "sip:acme.test", proof), 200)
	again := p.ask("REGISTER", "sip:acme.test", proof)
	p.wantCode(again, 401)
	if !strings.Contains(again.value("WWW-Authenticate"), "stale=true") {
		t.Errorf("a phone that only counted wrongly would ask its owner for the password: %q", again.value("WWW-Authenticate"))
	}
	p.wantCode(p.ask("INVITE", "sip:1@acme.test", proof), 401)
	r.advance(6 * time.Minute)
	old := p.authorization(again, "REGISTER", "sip:acme.test")
	p.wantCode(p.ask("REGISTER", "sip:acme.test", old), 401)
	p.wantCode(p.register(), 200)
}

func TestMethodsOutsideDialogs(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "udp", "5401")
	for method, code := range map[string]int{
		"OPTIONS": 200, "BYE": 481, "INFO": 481, "UPDATE": 481, "PRACK": 481, "NOTIFY": 481,
		"PUBLISH": 405, "REFER": 405, "MESSAGE": 405, "DANCE": 501,
	} {
		got := p.ask(method, "sip:acme.test")
		if got.code != code {
			t.Errorf("%s: got %q, want %d", method, got.first, code)
		}
		if code != 481 && !strings.Contains(got.value("Allow"), "INVITE") {
			t.Errorf("%s: Allow is %q", method, got.value("Allow"))
		}
		if method == "OPTIONS" && (got.value("Accept") != "application/sdp" || got.value("Supported") == "" ||
			got.value("Allow-Events") != "dialog, message-summary") {
			t.Errorf("OPTIONS: %+v", got)
		}
	}
	p.wantCode(p.ask("INVITE", "sip:acme.test", "To: <sip:1@acme.test>;tag=2"), 481)
	p.send("ACK", "sip:acme.test", "To: <sip:1@acme.test>;tag=2")
	if got := <-r.board.acks; got != p.callID {
		t.Errorf("ACK of %s, want %s", got, p.callID)
	}
}

func TestGuessersAreBanned(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *sipserver.Config) { c.Ban = sipserver.BanPolicy{Failures: 5, For: time.Hour} }, "acme.test")
	guess := func(p *phone) message {
		p.pass = "guess"
		defer func() { p.pass = secret }()
		return p.register()
	}
	office := r.phoneAt(t, "udp", "5401", "127.0.0.2")
	for range 3 { // a phone with a wrong password beside one with the right one
		for range 4 {
			office.wantCode(guess(office), 401)
		}
		office.wantCode(office.register(), 200)
	}
	guesser := r.phoneAt(t, "udp", "5401", "127.0.0.3")
	for range 5 {
		guesser.wantCode(guess(guesser), 401)
	}
	guesser.send("OPTIONS", "sip:acme.test")
	office.wantCode(office.register(), 200) // the same account elsewhere is not shut out
	if err := guesser.conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout net.Error
	if _, err := guesser.read.ReadByte(); !errors.As(err, &timeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a banned source got an answer: %v", err)
	}
}

// Who was not asked by us proves nothing and spoils nobody's name: the source
// of a datagram is easily forged.
func TestForgedSourcesAreNotCounted(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *sipserver.Config) { c.Ban = sipserver.BanPolicy{Failures: 2, For: time.Hour} }, "acme.test")
	attacker, victim := r.phoneAt(t, "udp", "5401", "127.0.0.4"), r.phoneAt(t, "udp", "5401", "127.0.0.5")
	challenged := attacker.ask("REGISTER", "sip:acme.test")
	victim.pass = "guess"
	for range 10 {
		forged := victim.authorization(challenged, "REGISTER", "sip:acme.test")
		got := victim.ask("REGISTER", "sip:acme.test", forged)
		victim.wantCode(got, 401)
		if !strings.Contains(got.value("WWW-Authenticate"), "stale=true") {
			t.Error("a password was looked at under a nonce of another source")
		}
	}
	victim.pass = secret
	victim.wantCode(victim.register(), 200)
}
