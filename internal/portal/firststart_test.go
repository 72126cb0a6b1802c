package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	o := apptest.Start(t)
	b := newBrowser(t, o)
	path := strings.TrimPrefix(o.App.FirstStart(), b.base)
	if !strings.HasPrefix(path, "/first-start/") {
		t.Fatalf("the link is %q", o.App.FirstStart())
	}
	if p := b.ask(http.MethodGet, "/first-start/guessed", nil); p.status != http.StatusNotFound {
		t.Errorf("a wrong link: %d", p.status)
	}
	form := with(b.filled(path), "domain", "Acme.test", "timezone", "America/Toronto", "country", "CA",
		"extension", "1000", "name", "Mia", "email", "mia@acme.test", "password", password, "repeated", password)
	for _, c := range []struct{ field, value string }{
		{"domain", "no domain"},
		{"timezone", "Mars/Base"},
		{"country", "XX"},
		{"extension", "5401x"},
		{"name", ""},
		{"email", "mia"},
		{"password", "short"},
		{"repeated", "another"},
	} {
		p := b.ask(http.MethodPost, path, with(form, c.field, c.value))
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+c.field+`-wrong"`) || strings.Contains(p.body, password) {
			t.Errorf("%s %q: %d", c.field, c.value, p.status)
		}
	}
	made := make(chan page, 2)
	var clicks sync.WaitGroup
	for range 2 {
		clicks.Go(func() { made <- newBrowser(t, o).ask(http.MethodPost, path, form) })
	}
	clicks.Wait()
	if one, other := <-made, <-made; one.status+other.status != http.StatusSeeOther+http.StatusNotFound {
		t.Fatalf("a double click: %d and %d", one.status, other.status)
	}
	if p := b.ask(http.MethodPost, path, form); p.status != http.StatusNotFound || o.App.FirstStart() != "" {
		t.Errorf("the link works again: %d %q", p.status, o.App.FirstStart())
	}
	if p := b.signIn("1000@acme.test", password); p.location != "/" {
		t.Fatalf("the super user signs in: %d", p.status)
	}
	if p := b.ask(http.MethodGet, "/domains", url.Values{}); !strings.Contains(p.body, "acme.test") {
		t.Errorf("the domains: %s", p.body)
	}
}

// A super user who comes by an office file closes the page, too.
func TestFirstStartOfAManagedServer(t *testing.T) {
	t.Parallel()
	if link := office(t).App.FirstStart(); link != "" {
		t.Errorf("a server with a super user offers %q", link)
	}
}
