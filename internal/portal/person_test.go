package portal_test

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// filled is the form of a page as a browser would send it, without a touch.
func (b *browser) filled(path string) url.Values {
	b.t.Helper()
	p := b.ask(http.MethodGet, path, nil)
	if p.status != http.StatusOK {
		b.t.Fatalf("%s answers %d", path, p.status)
	}
	form := url.Values{}
	for _, field := range regexp.MustCompile(`(?s)<input[^>]*>`).FindAllString(p.body, -1) {
		name, value := attribute(field, "name"), attribute(field, "value")
		switch {
		case name == "":
		case attribute(field, "type") != "checkbox" && attribute(field, "type") != "radio":
			form.Set(name, value)
		case strings.Contains(field, " checked"):
			form.Set(name, value)
		}
	}
	for _, field := range regexp.MustCompile(`(?s)<select.*?</select>`).FindAllString(p.body, -1) {
		for _, option := range regexp.MustCompile(`<option[^>]*>`).FindAllString(field, -1) {
			if strings.Contains(option, " selected") {
				form.Set(attribute(field, "name"), attribute(option, "value"))
			}
		}
	}
	return form
}

// attribute is one of the tag that a text begins with.
func attribute(tag, name string) string {
	found := regexp.MustCompile(`\s` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if found == nil {
		return ""
	}
	return found[1]
}

// with is a form in which something else was typed.
func with(form url.Values, pairs ...string) url.Values {
	changed := maps.Clone(form)
	for i := 0; i < len(pairs); i += 2 {
		changed.Set(pairs[i], pairs[i+1])
	}
	return changed
}

func TestUserIsChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/1008"
	form := b.filled(path)
	for _, c := range []struct {
		about  string
		form   url.Values
		status int
		says   string
	}{
		{"no name", with(form, "name", " "), 422, `id="name-wrong"`},
		{"a wrong extension", with(form, "extension", "abc"), 422, `id="extension-wrong"`},
		{"another's extension", with(form, "extension", "1001"), 422, `id="extension-wrong"`},
		{"a wrong address", with(form, "email", "nobody"), 422, `id="email-wrong"`},
		{"a scope that is none", with(form, "scope", "king"), 422, `id="scope-wrong"`},
		{"a scope above one's own", with(form, "scope", "super_user"), 422, "not yours to change"},
		{"what was typed stays", with(form, "name", `<script>alert("x")</script>`, "email", "nobody"), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	} {
		if p := b.ask(http.MethodPost, path, c.form); p.status != c.status || !strings.Contains(p.body, c.says) {
			t.Errorf("%s: %d, want %d with %s", c.about, p.status, c.status, c.says)
		}
	}
	if p := b.ask(http.MethodPost, path, with(form, "extension", "1009", "name", "Vic", "email", "vic@acme.test")); p.location != "/domains/acme.test/users/1009" {
		t.Fatalf("saving answers %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, "/domains/acme.test/users/1009", nil); !strings.Contains(p.body, "Vic is saved.") || !strings.Contains(p.body, `value="vic@acme.test"`) {
		t.Errorf("the user as saved: %s", p.body)
	}
	if p := b.ask(http.MethodPost, "/domains/acme.test/users/1009/delete", url.Values{}); p.location != "/domains/acme.test/users" {
		t.Errorf("removing answers %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, "/domains/acme.test/users/1009", nil); p.status != http.StatusNotFound {
		t.Errorf("a removed user: %d", p.status)
	}
}
