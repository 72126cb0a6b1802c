package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestProfile(t *testing.T) {
	t.Parallel()
	o := office(t)
	edit(t, o, func(of *directory.Office) {
		of.Domain.MainNumber = "+14165550100"
		of.Numbers = append(of.Numbers, directory.Number{Number: "+14165550107", UserID: user(t, o, "basic_user").ID})
	})
	b := signedIn(t, o, "basic_user")
	form := b.filled("/profile")
	for _, c := range []struct {
		about  string
		form   url.Values
		status int
		says   string
	}{
		{"a forward to nowhere", with(form, "forward_all", "nonsense"), 422, `id="forward_all-wrong"`},
		{"a forward to oneself", with(form, "forward_busy", extensionOf("basic_user")), 422, `id="forward_busy-wrong"`},
		{"no number", with(form, "forward_no_answer", "<script>"), 422, `id="forward_no_answer-wrong"`},
		{"another's number", with(form, "caller_id", "+14165550199"), 422, "not yours to change"},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
		{"what was typed stays", with(form, "forward_all", "nonsense", "forward_busy", "1008"), 422, `value="1008"`},
	} {
		if p := b.ask(http.MethodPost, "/profile", c.form); p.status != c.status || !strings.Contains(p.body, c.says) {
			t.Errorf("%s: %d, want %d with %s", c.about, p.status, c.status, c.says)
		}
	}
	changed := with(form, "do_not_disturb", "true", "forward_all", "1008", "caller_id", directory.Withheld,
		"name", "Queen", "scope", "super_user", "extension", "1") // of which this form knows nothing
	if p := b.ask(http.MethodPost, "/profile", changed); p.location != "/profile" {
		t.Fatalf("saving answers %d %s", p.status, p.body)
	}
	u := user(t, o, "basic_user")
	if a := u.Answering; !a.DoNotDisturb || a.ForwardAll != "1008" || u.CallerID != directory.Withheld || u.Scope != directory.ScopeBasicUser || u.Name == "Queen" {
		t.Errorf("saved as %+v", u)
	}
	if p := b.ask(http.MethodGet, "/profile", nil); !strings.Contains(p.body, "Saved.") || !strings.Contains(p.body, `value="1008"`) {
		t.Errorf("the profile as saved: %s", p.body)
	}
	if p := b.ask(http.MethodPost, "/profile", changed); p.status != http.StatusPreconditionFailed {
		t.Errorf("the same form again: %d", p.status)
	}
}

func TestOwnSecrets(t *testing.T) {
	t.Parallel()
	o := office(t)
	b, elsewhere := signedIn(t, o, "basic_user"), signedIn(t, o, "basic_user")
	pin := url.Values{"pin": {"52780"}, "pin_again": {"52780"}, "current": {password}}
	secret := url.Values{"password": {"a newer password"}, "password_again": {"a newer password"}, "current": {password}}
	for _, c := range []struct {
		about, path string
		form        url.Values
		says        string
	}{
		{"no PIN", "/profile/pin", with(pin, "pin", ""), `id="pin-wrong"`},
		{"the extension", "/profile/pin", with(pin, "pin", extensionOf("basic_user")), "must not be the extension"},
		{"a PIN of letters", "/profile/pin", with(pin, "pin", "abcd"), "4 to 10 digits"},
		{"a weak PIN", "/profile/pin", with(pin, "pin", "1234"), "counts up"},
		{"two PINs", "/profile/pin", with(pin, "pin_again", "52781"), `id="pin_again-wrong"`},
		{"a PIN by a stranger", "/profile/pin", with(pin, "current", "guess"), `id="current-wrong"`},
		{"a short password", "/profile/password", with(secret, "password", "short"), `id="password-wrong"`},
		{"two passwords", "/profile/password", with(secret, "password_again", "another"), `id="password_again-wrong"`},
		{"a password by a stranger", "/profile/password", with(secret, "current", "guess"), `id="current-wrong"`},
	} {
		p := b.ask(http.MethodPost, c.path, c.form)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) {
			t.Errorf("%s: %d, want %s", c.about, p.status, c.says)
		}
		for _, values := range c.form {
			if values[0] != "" && values[0] != extensionOf("basic_user") && strings.Contains(p.body, `value="`+values[0]) {
				t.Errorf("%s: %q comes back into the page", c.about, values[0])
			}
		}
	}
	if p := b.ask(http.MethodPost, "/profile/pin", pin); p.location != "/profile" {
		t.Fatalf("changing the PIN answers %d %s", p.status, p.body)
	}
	if u := user(t, o, "basic_user"); !credential.Verify("52780", u.PINHash) {
		t.Error("the PIN is the old one")
	}
	if p := b.ask(http.MethodPost, "/profile/password", secret); p.location != "/profile" {
		t.Fatalf("changing the password answers %d %s", p.status, p.body)
	}
	if p := elsewhere.ask(http.MethodGet, "/profile", nil); p.status != http.StatusSeeOther {
		t.Errorf("after a new password the other browser sees %d", p.status)
	}
	if p := b.ask(http.MethodGet, "/profile", nil); p.status != http.StatusOK {
		t.Errorf("after a new password this browser sees %d", p.status)
	}
	if p := newBrowser(t, o).signIn(nameOf("basic_user"), "a newer password"); p.status != http.StatusSeeOther {
		t.Errorf("signing in with the new password: %d", p.status)
	}
}

func TestGuessesOfASignedInStrangerCount(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "basic_user")
	for range 20 {
		p := b.ask(http.MethodPost, "/profile/pin", url.Values{"pin": {"52780"}, "pin_again": {"52780"}, "current": {"guess"}})
		if strings.Contains(p.body, "Too many wrong tries") {
			return
		}
	}
	t.Error("twenty wrong passwords lock nothing")
}

func TestBrowsersAreSignedOut(t *testing.T) {
	t.Parallel()
	o := office(t)
	first, second, third := signedIn(t, o, "basic_user"), signedIn(t, o, "basic_user"), signedIn(t, o, "basic_user")
	other := signedIn(t, o, "call_center_agent")
	end := regexp.MustCompile(`/profile/browsers/[0-9a-f-]{36}/end`)
	found := end.FindAllString(first.ask(http.MethodGet, "/profile", nil).body, -1)
	if len(found) != 2 {
		t.Fatalf("signed in elsewhere: %v", found)
	}
	other.ask(http.MethodPost, found[0], url.Values{}) // not theirs
	out := func() int {
		n := 0
		for _, b := range []*browser{first, second, third, other} {
			if b.ask(http.MethodGet, "/phones", nil).status == http.StatusSeeOther {
				n++
			}
		}
		return n
	}
	if n := out(); n != 0 {
		t.Errorf("another person signs out %d", n)
	}
	first.ask(http.MethodPost, found[0], url.Values{})
	if n := out(); n != 1 {
		t.Errorf("%d are signed out, want 1", n)
	}
	if p := first.ask(http.MethodPost, "/profile/browsers/end-others", url.Values{}); p.location != "/profile" || out() != 2 {
		t.Errorf("signing out everywhere else: %d, %d are out", p.status, out())
	}
}
