package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const keys = settings + "/keys"

// addedKey is the key itself, and the address of its row, of one made by a form.
func addedKey(b *browser, form url.Values) (secret, path string) {
	b.t.Helper()
	p := b.ask(http.MethodPost, keys+"/add", form)
	secret = regexp.MustCompile(`hdk_[A-Z2-7]{26}`).FindString(p.body)
	if p.status != http.StatusOK || secret == "" {
		b.t.Fatalf("the key is not shown: %d %s", p.status, p.body)
	}
	found := regexp.MustCompile(`action="(`+keys+`/[^/]+)/revoke"`).FindAllStringSubmatch(b.ask(http.MethodGet, keys, nil).body, -1)
	if found == nil {
		b.t.Fatal("the key is not in the list")
	}
	return secret, found[len(found)-1][1]
}

// opened is the status that the API answers to a key with.
func opened(b *browser, secret, path string) int {
	b.t.Helper()
	return b.ask(http.MethodGet, "/api/v1"+path, nil, "Authorization", "Bearer "+secret).status
}

func TestKeyIsAddedAndRevoked(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	b.shows(keys, "There are no API keys yet")
	form := with(b.filled(keys+"/add"), "name", "wallboard")
	b.refused(keys+"/add", []wrongForm{
		{"no name", with(form, "name", ""), 422, `id="name-wrong"`},
		{"a long name", with(form, "name", strings.Repeat("x", 81)), 422, `id="name-wrong"`},
		{"a scope that is wider than one's own", with(form, "scope", "super_user"), 422, `id="scope-wrong"`},
		{"an unknown scope", with(form, "scope", "boss"), 422, `id="scope-wrong"`},
		{"a scope that is somebody's, and nobody named", with(form, "scope", "basic_user"), 422, `id="user-wrong"`},
		{"a scope wider than the user's", with(form, "scope", "office_manager", "user", extensionOf("basic_user")), 422, `id="scope-wrong"`},
		{"a user that is not there", with(form, "user", "1099"), 422, `id="user-wrong"`},
		{"a user who may do more", with(form, "scope", "basic_user", "user", extensionOf("super_user")), 422, `id="user-wrong"`},
		{"a day that is past", with(form, "expires_at", "2001-01-01"), 422, `id="expires_at-wrong"`},
		{"no day", with(form, "expires_at", "soon"), 422, `id="expires_at-wrong"`},
		{"scripts", with(form, "name", script, "scope", script, "user", script, "expires_at", script), 422, `value="&lt;script&gt;`},
		{"a form without what it is made from", with(form, "seed", ""), 400, "could not be read"},
	})
	b.shows(keys, "There are no API keys yet")
	form = with(form, "name", script, "expires_at", "2099-12-31")
	secret, path := addedKey(b, form)
	if again, same := addedKey(b, form); again != secret || same != path {
		t.Error("a double click makes two keys")
	}
	if body := b.shows(keys, "&lt;script&gt;", "Call Center Supervisor", "nobody", "Thu 31 Dec 2099", "never", secret[:8]); strings.Contains(body, secret) || strings.Contains(body, script) {
		t.Error("the list shows the key, or runs a script")
	}
	if status := opened(b, secret, "/domains/acme.test/calls"); status != http.StatusOK {
		t.Errorf("the key opens nothing: %d", status)
	}
	if p := signedIn(t, o, "call_center_supervisor").ask(http.MethodPost, path+"/revoke", url.Values{}); p.status != http.StatusNotFound {
		t.Errorf("a supervisor revokes a key: %d", p.status)
	}
	b.saved(path+"/revoke", url.Values{}, keys)
	b.shows(keys, "is revoked", "There are no API keys yet")
	if status := opened(b, secret, "/domains/acme.test/calls"); status != http.StatusUnauthorized {
		t.Errorf("a revoked key is answered %d", status)
	}
	if p := b.ask(http.MethodPost, path+"/revoke", url.Values{}); p.status != http.StatusNotFound {
		t.Errorf("a key that is gone: %d", p.status)
	}
}

// TestKeysOfOthersAreNotFound: those of another domain, and those of the whole
// server, which only super users see.
func TestKeysOfOthersAreNotFound(t *testing.T) {
	t.Parallel()
	o := office(t)
	super, manager := signedIn(t, o, "super_user"), signedIn(t, o, "office_manager")
	form := super.filled(keys + "/add")
	secret, path := addedKey(super, with(form, "name", "provisioning", "scope", "super_user"))
	super.shows(keys, "provisioning", "every domain")
	super.shows("/domains/beta.test/settings/keys", "provisioning")
	if status := opened(super, secret, "/domains/beta.test/users"); status != http.StatusOK {
		t.Errorf("the key of the whole server: %d", status)
	}
	manager.shows(keys, "There are no API keys yet")
	own, of := addedKey(manager, with(manager.filled(keys+"/add"), "name", "script", "scope", "basic_user", "user", extensionOf("basic_user")))
	if status := opened(manager, own, "/me"); status != http.StatusOK {
		t.Errorf("the key of a user: %d", status)
	}
	for _, to := range []string{path, strings.Replace(of, "acme.test", "beta.test", 1)} {
		if p := manager.ask(http.MethodPost, to+"/revoke", url.Values{}); p.status != http.StatusNotFound {
			t.Errorf("%s is revoked by a manager: %d", to, p.status)
		}
	}
	if p := super.ask(http.MethodPost, strings.Replace(of, "acme.test", "beta.test", 1)+"/revoke", url.Values{}); p.status != http.StatusNotFound {
		t.Errorf("a key is found in another domain: %d", p.status)
	}
}
