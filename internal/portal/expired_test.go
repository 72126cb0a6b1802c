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

// TestSessionEndsBeforeAStep: what a form with a file holds besides is kept, and
// a step without anything typed is to be repeated on its page.
func TestSessionEndsBeforeAStep(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := newBrowser(t, o)
	p := b.uploadTo(addFloor, "01a2144a-0000-7000-8000-000000000001", "Floor <5>", "plan.png", picture(t, 8, 6))
	kept := html.UnescapeString(valueOf(p.body, "kept"))
	if p.status != http.StatusUnauthorized || !strings.Contains(kept, url.Values{"name": {"Floor <5>"}}.Encode()) {
		t.Errorf("a form with a picture: %d, %q is kept", p.status, kept)
	}
	const page = inventory + "/devices/5401"
	p = b.ask(http.MethodPost, page+"/password", url.Values{}, "Referer", b.base+page)
	if p.status != http.StatusUnauthorized || !strings.Contains(p.body, "repeat the step") {
		t.Errorf("a step: %d %s", p.status, p.body)
	}
	again := url.Values{"name": {nameOf("office_manager")}, "password": {password}, "next": {html.UnescapeString(valueOf(p.body, "next"))}, "kept": {valueOf(p.body, "kept")}}
	if p := b.ask(http.MethodPost, "/sign-in", again); p.location != page {
		t.Errorf("signed in again: %d %q", p.status, p.location)
	}
	typed, err := url.ParseQuery(kept)
	if err != nil {
		t.Fatal(err)
	}
	if p := b.ask(http.MethodPost, addFloor, typed); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="picture-wrong"`) || !strings.Contains(p.body, `value="Floor &lt;5&gt;"`) {
		t.Errorf("going on without the picture: %d %s", p.status, p.body)
	}
}
