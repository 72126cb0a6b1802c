package portal_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// TestSessionEndsInTheMiddleOfAForm signs in again and goes on with what was typed.
func TestSessionEndsInTheMiddleOfAForm(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/1008"
	form := with(b.filled(path), "name", `Victor "V" <b>`)
	b.ask(http.MethodPost, "/sign-out", url.Values{})
	p := b.ask(http.MethodPost, path, form)
	if p.status != http.StatusUnauthorized || !strings.Contains(p.body, "nothing was saved") {
		t.Fatalf("a form of who is signed out: %d %s", p.status, p.body)
	}
	again := url.Values{"name": {nameOf("office_manager")}, "next": {html.UnescapeString(valueOf(p.body, "next"))}, "kept": {html.UnescapeString(valueOf(p.body, "kept"))}}
	if p := b.ask(http.MethodPost, "/sign-in", with(again, "password", "wrong")); p.status != http.StatusUnprocessableEntity || html.UnescapeString(valueOf(p.body, "kept")) != again.Get("kept") {
		t.Errorf("a wrong password loses what was typed: %d", p.status)
	}
	p = b.ask(http.MethodPost, "/sign-in", with(again, "password", password))
	if p.status != http.StatusOK || !strings.Contains(p.body, `action="`+path+`"`) {
		t.Fatalf("signed in again: %d %s", p.status, p.body)
	}
	kept := url.Values{}
	for _, field := range regexp.MustCompile(`<input[^>]*>`).FindAllString(p.body, -1) {
		kept.Add(attribute(field, "name"), html.UnescapeString(attribute(field, "value")))
	}
	if p := b.ask(http.MethodPost, path, kept); p.location != path {
		t.Errorf("going on answers %d %s", p.status, p.body)
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	if u, _ := o.App.Directory().UserByExtension(domain.ID, "1008"); u.Name != `Victor "V" <b>` {
		t.Errorf("what was typed became %q", u.Name)
	}
}
