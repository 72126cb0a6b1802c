package sipserver_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sipserver"
)

const desk = "5401@acme.test" // the ID of a device

func TestRegister(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		r := start(t, nil, "acme.test")
		p := r.phone(t, network, "5401")
		first := p.ask("REGISTER", "sip:acme.test", "Contact: "+p.contact)
		p.wantCode(first, 401)
		if ch := first.headers["WWW-Authenticate"]; len(ch) != 2 || !strings.Contains(ch[0], "SHA-256") || !strings.Contains(ch[1], "MD5") {
			t.Errorf("%s: challenges %q", network, ch)
		}
		ok := p.register("Contact: "+p.contact+";q=0.5", "User-Agent: Phone/1", "Expires: 600")
		p.wantCode(ok, 200)
		if got, want := ok.headers["Contact"], []string{p.contact + ";expires=600;q=0.500"}; !cmp.Equal(want, got) {
			t.Errorf("%s: Contact %q, want %q", network, got, want)
		}
		if got := ok.value("Date"); got != "Sun, 22 Nov 2026 12:00:00 GMT" {
			t.Errorf("%s: Date %q", network, got)
		}
		if r.disk.count() != 1 {
			t.Errorf("%s: confirmed, but not on disk", network)
		}
		b := r.locations.Lookup(desk)
		if len(b) != 1 || b[0].Flow != network+":"+p.source().String() || b[0].NAT || b[0].Q != 500 || b[0].UserAgent != "Phone/1" ||
			!b[0].ExpiresAt.Equal(r.now().Add(10*time.Minute)) {
			t.Errorf("%s: bindings %+v", network, b)
		}
		r.advance(time.Minute)
		query := p.proven("REGISTER", "sip:acme.test")
		p.wantCode(query, 200)
		if got := query.value("Contact"); got != p.contact+";expires=540;q=0.500" {
			t.Errorf("%s: after a minute the binding is %q", network, got)
		}
	}
}

// What one REGISTER may say, each to a server of its own device.
func TestRegisterRules(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	const c = "Contact: <sip:5401@192.0.2.9:5060>"
	for _, test := range []struct {
		name    string
		headers []string
		code    int
		want    string // a header that must be there, or nothing
	}{
		{"standard time", []string{c}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=3600"},
		{"header's time", []string{c, "Expires: 60"}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=60"},
		{"own time before the header's", []string{c + ";expires=90", "Expires: 70"}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=90"},
		{"too long", []string{c + ";expires=7200"}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=3600"},
		{"longer than a number", []string{c + ";expires=99999999999999999999"}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=3600"},
		{"no number", []string{c + ";expires=soon"}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=3600"},
		{"too short", []string{c + ";expires=59"}, 423, "Min-Expires: 60"},
		{"taken away", []string{c + ";expires=0"}, 200, ""},
		{"star", []string{"Contact: *", "Expires: 0"}, 200, ""},
		{"star without expires", []string{"Contact: *"}, 400, ""},
		{"star with a time", []string{"Contact: *", "Expires: 60"}, 400, ""},
		{"star beside another", []string{"Contact: *", c, "Expires: 0"}, 400, ""},
		{"compact name, no brackets", []string{"m: sip:5401@192.0.2.9;expires=60"}, 200, "Contact: <sip:5401@192.0.2.9>;expires=60"},
		{"instance and reg-id", []string{c + `;+sip.instance="<urn:uuid:1>";reg-id=2`}, 200, `Contact: <sip:5401@192.0.2.9:5060>;expires=3600;+sip.instance="<urn:uuid:1>";reg-id=2`},
		{"reg-id without instance", []string{c + `;reg-id=2`}, 200, "Contact: <sip:5401@192.0.2.9:5060>;expires=3600"},
		{"reg-id of nothing", []string{c + `;+sip.instance="<urn:uuid:1>";reg-id=0`}, 400, ""},
		{"outbound", []string{c + `;+sip.instance="<urn:uuid:1>";reg-id=1`, "Supported: outbound"}, 200, "Require: outbound"},
		{"outbound through a proxy that keeps no flows", []string{c + `;+sip.instance="<urn:uuid:1>";reg-id=1`, "Supported: outbound", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx"}, 439, ""},
		{"q too high", []string{c + ";q=1.5"}, 400, ""},
		{"q of no number", []string{c + ";q=NaN"}, 400, ""},
		{"no SIP address", []string{"Contact: <tel:+14165550101>"}, 400, ""},
		{"broken contact", []string{"Contact: <sip:5401@"}, 400, ""},
		{"a bomb of contacts", []string{"Contact: " + strings.Repeat("<sip:a@192.0.2.9>,", 2000) + "<sip:b@192.0.2.9>"}, 403, ""},
		{"six phones at once", []string{"Contact: <sip:1@h>, <sip:2@h>, <sip:3@h>, <sip:4@h>, <sip:5@h>, <sip:6@h>"}, 403, ""},
		{"five phones at once", []string{"Contact: <sip:1@h>, <sip:2@h>, <sip:3@h>, <sip:4@h>", "m: <sip:5@h>"}, 200, "Contact: <sip:5@h>;expires=3600"},
		{"one phone twice", []string{"Contact: <sip:1@h>;expires=60, <sip:1@H>;expires=70"}, 200, "Contact: <sip:1@H>;expires=70"},
		{"path", []string{c, "Path: <sip:edge.test;lr>", "Supported: path"}, 200, "Path: <sip:edge.test;lr>"},
		{"path that the phone knows nothing of", []string{c, "Path: <sip:edge.test;lr>"}, 421, "Require: path"},
		{"broken path", []string{c, "Path: <sip:", "Supported: path"}, 400, ""},
		{"unknown extension", []string{c, "Require: gruu"}, 420, "Unsupported: gruu"},
		{"another's address", []string{c, "To: <sip:5402@acme.test>"}, 403, ""},
	} {
		p := r.phone(t, "udp", "5401")
		if m := p.register("Contact: *", "Expires: 0"); m.code != 200 {
			t.Fatalf("%s: clearing: %s", test.name, m.first)
		}
		got := p.register(test.headers...)
		if got.code != test.code {
			t.Errorf("%s: got %q, want %d", test.name, got.first, test.code)
		}
		name, value, _ := strings.Cut(test.want, ": ")
		if all := strings.Join(got.headers[name], "\n"); test.want != "" && !strings.Contains(all, value) {
			t.Errorf("%s: %s is %q, want %q", test.name, name, all, value)
		}
		if n := len(r.locations.Bindings(desk)); test.code != 200 && n != 0 {
			t.Errorf("%s: refused, and yet %d bindings", test.name, n)
		}
	}
}

func TestBindingsAreReplaced(t *testing.T) {
	t.Parallel()
	contact := func(port int, more string) string {
		return fmt.Sprintf("Contact: <sip:5401@192.0.2.9:%d>%s", port, more)
	}
	const instance = `;+sip.instance="<urn:uuid:1>"`
	for _, test := range []struct {
		name         string
		first, again string
		newCall      bool // restarted: another Call-ID
		want         int
	}{
		{"same address", contact(1, ""), contact(1, ""), false, 1},
		{"same address, written otherwise", "Contact: <sip:%35401@HOST.test;transport=TCP>", "Contact: <sip:5401@host.test;Transport=tcp;x=1>", true, 1},
		{"another address", contact(1, ""), contact(2, ""), true, 2},
		{"another transport", contact(1, ""), "Contact: <sip:5401@192.0.2.9:1;transport=tcp>", true, 2},
		{"same flow, another address", contact(1, instance+";reg-id=1"), contact(2, instance+";reg-id=1"), false, 1},
		{"second flow", contact(1, instance+";reg-id=1"), contact(2, instance+";reg-id=2"), false, 2},
		{"another phone", contact(1, instance+";reg-id=1"), contact(2, `;+sip.instance="<urn:uuid:2>";reg-id=1`), true, 2},
		{"restarted", contact(1, instance), contact(2, instance), true, 1},
		{"two contacts of one phone", contact(1, instance), contact(2, instance), false, 2},
		{"leaves its old address", contact(1, instance), contact(2, instance+";expires=0"), true, 1},
		{"leaves its address", contact(1, instance), contact(1, ";expires=0"), true, 0},
	} {
		r := start(t, nil, "acme.test")
		p := r.phone(t, "udp", "5401")
		p.wantCode(p.register(test.first), 200)
		if test.newCall {
			p.callID += "-again"
		}
		p.wantCode(p.register(test.again), 200)
		if got := len(r.locations.Bindings(desk)); got != test.want || r.disk.count() != test.want {
			t.Errorf("%s: %d bindings, %d on disk, want %d", test.name, got, r.disk.count(), test.want)
		}
	}
}

func TestOvertakenRegister(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "udp", "5401")
	p.cseq = 10
	p.wantCode(p.register(), 200) // with 12
	for _, late := range [][]string{{"Contact: " + p.contact + ";expires=0"}, {"Contact: *", "Expires: 0"}, {"Contact: " + p.contact}} {
		p.cseq = 10
		p.wantCode(p.register(late...), 500)
	}
	if n := len(r.locations.Lookup(desk)); n != 1 {
		t.Errorf("%d bindings after late requests, want 1", n)
	}
	p.callID += "-restarted"
	p.cseq = 0
	p.wantCode(p.register("Contact: *", "Expires: 0"), 200)
	if n := len(r.locations.Lookup(desk)); n != 0 {
		t.Errorf("%d bindings, want none", n)
	}
}

func TestTooManyPhones(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	var phones []*phone
	for range 5 {
		p := r.phone(t, "tcp", "5401")
		p.wantCode(p.register(), 200)
		phones = append(phones, p)
	}
	sixth := r.phone(t, "tcp", "5401")
	refused := sixth.register()
	sixth.wantCode(refused, 403)
	if !strings.Contains(refused.first, "Too Many") {
		t.Errorf("refused without a reason: %q", refused.first)
	}
	phones[2].wantCode(phones[2].register(), 200) // those that are there may stay
	_ = phones[3].conn.Close()
	waitFor(t, func() bool { return len(r.locations.Lookup(desk)) == 4 })
	sixth.wantCode(sixth.register(), 200) // a dead one makes room
	if got := len(r.locations.Bindings(desk)); got != 5 {
		t.Errorf("%d bindings, want 5", got)
	}
}

// waitFor waits until a condition that other goroutines make true holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	limit := time.After(patience)
	for !holds() {
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatal("it did not happen")
		}
	}
}

func TestNATIsNoted(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "udp", "5401")
	s := p.source()
	for contact, want := range map[string]bool{
		"<sip:5401@" + s.String() + ">":                              false,
		"<sip:5401@192.168.1.7:" + fmt.Sprint(s.Port()) + ">":        true,
		"<sip:5401@127.0.0.1:9>":                                     true,
		"<sip:5401@phone.invalid>":                                   true,
		"<sip:5401@[::ffff:127.0.0.1]:" + fmt.Sprint(s.Port()) + ">": false,
	} {
		p.wantCode(p.register("Contact: *", "Expires: 0"), 200)
		p.wantCode(p.register("Contact: "+contact), 200)
		if b := r.locations.Lookup(desk); len(b) != 1 || b[0].NAT != want {
			t.Errorf("%s: %+v, want NAT %v", contact, b, want)
		}
	}
}

// A 200 means on disk: when the disk fails there is none, and nothing changed.
func TestStoreFails(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "udp", "5401")
	p.wantCode(p.register(), 200)
	r.disk.broken.Store(true)
	p.wantCode(p.register("Contact: *", "Expires: 0"), 500)
	p.wantCode(p.register("Contact: <sip:5401@192.0.2.1>"), 500)
	r.disk.broken.Store(false)
	if got := p.proven("REGISTER", "sip:acme.test").headers["Contact"]; len(got) != 1 {
		t.Errorf("after failures the bindings are %q", got)
	}
}

func TestPathOfEdges(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *sipserver.Config) { c.Edges = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }, "acme.test")
	p := r.phone(t, "udp", "5401")
	ok := p.register("Contact: <sip:5401@192.168.1.7>", "Path: <sip:edge.test;lr;ob>, <sip:inner.test;lr>")
	p.wantCode(ok, 200)
	if got := ok.headers["Path"]; got != nil {
		t.Errorf("a phone that knows nothing of Path got %q", got)
	}
	want := []string{"<sip:edge.test;lr;ob>", "<sip:inner.test;lr>"}
	if b := r.locations.Lookup(desk); len(b) != 1 || !cmp.Equal(want, b[0].Path) {
		t.Errorf("bindings %+v, want the path %q", b, want)
	}
}

func TestClosedConnection(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "tcp", "5401")
	p.wantCode(p.register(), 200)
	_ = p.conn.Close()
	waitFor(t, func() bool { return len(r.locations.Lookup(desk)) == 0 })
	if all := r.locations.Bindings(desk); len(all) != 1 {
		t.Errorf("the binding itself is gone: %+v", all)
	}
}

// The news that a connection closed may come when the phone has long come back
// from the same address.
func TestClosedConnectionThatIsOpenAgain(t *testing.T) {
	t.Parallel()
	r := start(t, nil, "acme.test")
	p := r.phone(t, "tcp", "5401")
	p.wantCode(p.register(), 200)
	r.server.FlowClosed(sip.Flow{Transport: sip.TCP, Remote: p.source()})
	if len(r.locations.Lookup(desk)) != 1 {
		t.Error("the phone is no longer rung")
	}
}

// Whatever stands in Contact, the server answers and keeps within its bounds.
func FuzzContact(f *testing.F) {
	for _, seed := range []string{
		"<sip:5401@192.0.2.9>;q=0.5", "*", `"a\"b" <sip:x@h;y=z?H=v>;+sip.instance="<urn:uuid:1>";reg-id=1`, "sip:a@b,sip:c@d",
		"<sips:[::1]:1>;expires=-1", "<", ";;;", "sip:%00@h", `<sip:a@b>;+sip.instance="\"`, "<sip:a@b>;q=1e9", "<sip:é@b>",
	} {
		f.Add(seed)
	}
	r := start(f, nil, "acme.test")
	p := r.phone(f, "udp", "5401")
	f.Fuzz(func(t *testing.T, contact string) {
		if strings.ContainsAny(contact, "\r\n\x00") || len(contact) > 8000 {
			return // would be another header or message
		}
		p.t = t
		p.register("Contact: " + contact)
		bindings := r.locations.Bindings(desk)
		if len(bindings) > 5 {
			t.Errorf("%q made %d bindings", contact, len(bindings))
		}
		for _, b := range bindings {
			if b.Contact == "" || strings.ContainsAny(b.Contact+b.InstanceID, "\r\n") {
				t.Errorf("%q was stored as %+v", contact, b)
			}
		}
		dropAll := func([]location.Binding) (c location.Change, err error) {
			for _, b := range bindings {
				c.Drop = append(c.Drop, b.ID)
			}
			return c, nil
		}
		if _, err := r.locations.Apply(t.Context(), desk, dropAll); err != nil {
			t.Fatal(err)
		}
	})
}
