package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestSiteManagerSeesTheSite(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "site_manager")
	if p := b.ask(http.MethodGet, "/domains/acme.test/users", nil); !strings.Contains(p.body, "Victor") || !strings.Contains(p.body, "5401") || strings.Contains(p.body, "5402") {
		t.Errorf("the users of the site: %d %s", p.status, p.body)
	}
	if p := b.ask(http.MethodGet, "/domains/acme.test", nil); !strings.Contains(p.body, "5401") || strings.Contains(p.body, "5402") {
		t.Errorf("the desks of the site: %d %s", p.status, p.body)
	}
	elsewhere := session(t, o, "basic_user", "5402")
	for _, path := range []string{"/users/5402", "/users/5402/devices", "/users/1000", "/inventory/devices/5402"} {
		if p := b.ask(http.MethodGet, "/domains/acme.test"+path, nil); p.status != http.StatusNotFound {
			t.Errorf("%s, which is in another site: %d", path, p.status)
		}
	}
	for _, path := range []string{"/users/5402", "/users/5402/delete", "/sessions/" + elsewhere.ID + "/end"} {
		if p := b.ask(http.MethodPost, "/domains/acme.test"+path, url.Values{}); p.status != http.StatusNotFound {
			t.Errorf("%s, which is in another site: %d", path, p.status)
		}
	}
	const victor = "/domains/acme.test/users/1008"
	form := b.filled(victor)
	if p := b.ask(http.MethodPost, victor, with(form, "site", "South")); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, "not yours to change") {
		t.Errorf("out of the site: %d", p.status)
	}
	if p := b.ask(http.MethodPost, victor, with(form, "name", "Vic")); p.status != http.StatusSeeOther {
		t.Errorf("a user of the site: %d", p.status)
	}
}

func TestResellerSeesTheDomainsGiven(t *testing.T) {
	t.Parallel()
	b := signedIn(t, office(t), "reseller")
	p := b.ask(http.MethodGet, "/domains", nil)
	if !strings.Contains(p.body, "/domains/acme.test") || strings.Contains(p.body, "beta.test") || strings.Contains(p.body, "Add Domain") {
		t.Errorf("the domains: %s", p.body)
	}
	if p := b.ask(http.MethodGet, "/", nil); p.location != "/domains" {
		t.Errorf("a reseller begins at %q", p.location)
	}
}

func TestDomainIsAddedAndGiven(t *testing.T) {
	t.Parallel()
	b := signedIn(t, office(t), "super_user")
	form := with(b.filled("/add-domain"), "name", "Gamma.test", "timezone", "Europe/Berlin", "country", "de", "reseller", "1001@acme.test")
	for _, c := range []struct {
		about string
		form  url.Values
		says  string
	}{
		{"no name", with(form, "name", ""), `id="name-wrong"`},
		{"a name that is none", with(form, "name", "<script>x</script>"), `id="name-wrong"`},
		{"a name that is taken", with(form, "name", "beta.test"), `id="name-wrong"`},
		{"no zone", with(form, "timezone", ""), `id="timezone-wrong"`},
		{"a zone that is none", with(form, "timezone", "Europe/Atlantis"), `id="timezone-wrong"`},
		{"a country that is none", with(form, "country", "XX"), `id="country-wrong"`},
		{"a reseller who is nobody", with(form, "reseller", "7@nowhere.test"), `id="reseller-wrong"`},
		{"a reseller who is none", with(form, "reseller", "1000@acme.test"), `id="reseller-wrong"`},
	} {
		p := b.ask(http.MethodPost, "/add-domain", c.form)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) || strings.Contains(p.body, "<script>x") || !strings.Contains(p.body, `value="`+form.Get("id")) {
			t.Errorf("%s: %d, want 422 with %s", c.about, p.status, c.says)
		}
	}
	if p := b.ask(http.MethodPost, "/add-domain", with(form, "id", "no id")); p.status != http.StatusBadRequest {
		t.Errorf("a form that no page of ours sends: %d", p.status)
	}
	for range 2 { // the second as by a double click
		if p := b.ask(http.MethodPost, "/add-domain", form); p.location != "/domains/gamma.test/users" {
			t.Fatalf("adding answers %d %q %s", p.status, p.location, p.body)
		}
	}
	const path = "/domains/gamma.test/reseller"
	change := b.filled(path)
	if change.Get("reseller") != "1001@acme.test" {
		t.Errorf("the reseller is %q", change.Get("reseller"))
	}
	if p := b.ask(http.MethodPost, path, with(change, "reseller", "nobody")); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `value="nobody"`) {
		t.Errorf("a reseller who is nobody: %d", p.status)
	}
	if p := b.ask(http.MethodPost, path, with(change, "reseller", "", "tag", "old")); p.status != http.StatusPreconditionFailed || !strings.Contains(p.body, "Somebody else has changed this") {
		t.Errorf("a stale form: %d", p.status)
	}
	if p := b.ask(http.MethodPost, path, with(change, "reseller", "")); p.location != "/domains" {
		t.Errorf("taking a domain back answers %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodPost, path, change); p.status != http.StatusPreconditionFailed {
		t.Errorf("a stale form: %d", p.status)
	}
}
