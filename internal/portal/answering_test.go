package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
)

func TestCallsOfAUserAreChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/1008/answering"
	form := b.filled(path)
	for _, c := range []struct {
		about  string
		form   url.Values
		status int
		says   string
	}{
		{"a forward to nothing", with(form, "forward_all", "nobody"), 422, `id="forward_all-wrong"`},
		{"a forward to oneself", with(form, "forward_busy", "1008"), 422, `id="forward_busy-wrong"`},
		{"a forward to help", with(form, "forward_no_answer", "911"), 422, `id="forward_no_answer-wrong"`},
		{"seconds that are none", with(form, "ring_seconds", "long"), 422, `id="ring_seconds-wrong"`},
		{"seconds too many", with(form, "ring_seconds", "301"), 422, `id="ring_seconds-wrong"`},
		{"a class that is none", with(form, "class", "moon"), 422, `id="class-wrong"`},
		{"scripts", with(form, "forward_all", script, "forward_busy", script, "forward_no_answer", script, "ring_seconds", script, "class", script), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	} {
		if p := b.ask(http.MethodPost, path, c.form); p.status != c.status || !strings.Contains(p.body, c.says) || strings.Contains(p.body, script) {
			t.Errorf("%s: %d, want %d with %s", c.about, p.status, c.status, c.says)
		}
	}
	change := with(form, "forward_busy", "1001", "ring_seconds", "40", "class", "inside", "do_not_disturb", "true")
	change.Del("mailbox")
	if p := b.ask(http.MethodPost, path, change); p.location != path {
		t.Fatalf("saving answers %d %q", p.status, p.location)
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	u, _ := o.App.Directory().UserByExtension(domain.ID, "1008")
	if a := u.Answering; a.ForwardBusy != "1001" || a.RingSeconds != 40 || !a.DoNotDisturb || !a.NoMailbox || a.MailboxWithoutPIN || u.Class != "inside" {
		t.Errorf("the calls as saved: %+v, %s", a, u.Class)
	}
}

func TestSecretsAreRenewed(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const page, path = "/domains/acme.test/users/1008/security", "/domains/acme.test/users/1008/secrets"
	form := b.filled(page)
	for _, c := range []struct {
		about  string
		form   url.Values
		status int
		says   string
	}{
		{"no PIN", with(form, "pin_to", "given"), 422, `id="pin-wrong"`},
		{"the extension", with(form, "pin_to", "given", "pin", "1008"), 422, `id="pin-wrong"`},
		{"a script", with(form, "pin_to", "given", "pin", script), 422, `value="&lt;script&gt;`},
		{"no password", with(form, "password_to", "given"), 422, `id="password-wrong"`},
		{"a short password", with(form, "password_to", "given", "password", "short"), 422, `id="password-wrong"`},
		{"a stale form", with(form, "pin_to", "generated", "tag", "old"), 412, "Somebody else has changed this"},
		{"no seed", with(form, "seed", ""), 400, "could not be read"},
	} {
		if p := b.ask(http.MethodPost, path, c.form); p.status != c.status || !strings.Contains(p.body, c.says) || strings.Contains(p.body, script) {
			t.Errorf("%s: %d, want %d with %s", c.about, p.status, c.status, c.says)
		}
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	renew := with(form, "pin_to", "generated", "password_to", "given", "password", "another password")
	var pins []string
	for range 2 { // the second as by a double click
		p := b.ask(http.MethodPost, path, renew)
		u, _ := o.App.Directory().UserByExtension(domain.ID, "1008")
		pin := shown(p.body, "PIN")
		if p.status != http.StatusOK || shown(p.body, "Portal password") != "another password" || !credential.Verify(pin, u.PINHash) {
			t.Fatalf("renewing answers %d %s", p.status, p.body)
		}
		pins = append(pins, pin)
	}
	if pins[0] != pins[1] {
		t.Errorf("a second click made the PIN %s of %s", pins[1], pins[0])
	}
	if p := newBrowser(t, o).signIn("1008@acme.test", "another password"); p.status != http.StatusSeeOther {
		t.Errorf("the new password does not open the portal: %d", p.status)
	}
	if p := b.ask(http.MethodPost, path, with(b.filled(page), "pin_to", "none", "password_to", "none")); p.location != page {
		t.Errorf("taking them away answers %d %q", p.status, p.location)
	}
	if u, _ := o.App.Directory().UserByExtension(domain.ID, "1008"); u.PINHash+u.PasswordHash != "" {
		t.Error("the secrets are still there")
	}
	if p := b.ask(http.MethodGet, "/domains/acme.test/users/5401/security", nil); !strings.Contains(p.body, "A desk account has no secrets") {
		t.Errorf("a desk account: %s", p.body)
	}
}

func TestManagersUnlock(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const page = "/domains/acme.test/users/1006/security"
	if p := b.ask(http.MethodGet, page, nil); strings.Contains(p.body, "Locked out") {
		t.Error("who has tried nothing is locked out")
	}
	for range 5 {
		newBrowser(t, o).signIn("1006@acme.test", "guess")
	}
	if p := b.ask(http.MethodGet, page, nil); !strings.Contains(p.body, "Locked out after too many wrong tries, until") {
		t.Errorf("nothing tells that the user is locked out: %s", p.body)
	}
	if p := b.ask(http.MethodPost, "/domains/acme.test/users/1006/unlock", url.Values{}); p.location != page {
		t.Errorf("unlocking answers %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, page, nil); strings.Contains(p.body, "Locked out") {
		t.Error("who is unlocked is still locked out")
	}
}
