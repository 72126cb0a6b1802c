package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/oauth2-proxy/mockoidc"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// provided is an office whose people sign in by a provider, too.
func provided(t *testing.T, change func(*directory.SignOn)) (*apptest.Office, *mockoidc.MockOIDC) {
	t.Helper()
	provider, err := mockoidc.Run()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := provider.Shutdown(); err != nil {
			t.Error(err)
		}
	})
	o := office(t)
	domain, _ := o.App.Directory().DomainByName("acme.test")
	_, err = o.App.Directory().Edit(t.Context(), directory.System(), domain.ID, func(office *directory.Office) error {
		office.Domain.SignOn = directory.SignOn{Issuer: provider.Issuer(), ClientID: provider.ClientID, ClientSecret: provider.ClientSecret}
		change(&office.Domain.SignOn)
		for scope, email := range map[string]string{"basic_user": "Ana@acme.test", "no_portal": "ben@acme.test"} {
			extension, _, _ := strings.Cut(nameOf(scope), "@")
			office.UserByExtension(extension).Email = email
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o, provider
}

// leave begins a sign-on and goes to the provider, who sends the browser back to
// the address that is returned.
func (b *browser) leave(path string) string {
	b.t.Helper()
	p := b.ask(http.MethodGet, path, nil)
	found := regexp.MustCompile(`href="(http[^"]+)"`).FindStringSubmatch(p.body)
	if found == nil {
		b.t.Fatalf("%s leads nowhere: %d %s", path, p.status, p.body)
	}
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, strings.ReplaceAll(found[1], "&amp;", "&"), nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	return strings.TrimPrefix(res.Header.Get("Location"), b.base)
}

// doubted is a user of whose e-mail address the provider says that it is not
// known to be theirs.
type doubted struct{ mockoidc.MockUser }

func (d *doubted) Claims(_ []string, claims *mockoidc.IDTokenClaims) (jwt.Claims, error) {
	return struct {
		*mockoidc.IDTokenClaims

		Email    string `json:"email"`
		Verified bool   `json:"email_verified"`
	}{claims, d.Email, false}, nil
}

func TestSingleSignOn(t *testing.T) {
	t.Parallel()
	o, provider := provided(t, func(*directory.SignOn) {})
	b := newBrowser(t, o)
	link := attribute(regexp.MustCompile(`<a[^>]*href="/sign-in/single[^>]*>`).FindString(b.ask(http.MethodGet, "/sign-in", nil).body), "href")
	if link != "/sign-in/single?domain=acme.test" {
		t.Fatalf("the sign-in page leads to %q", link)
	}
	provider.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ana@ACME.test", EmailVerified: true})
	back := b.leave(link + "&next=/phones")
	if p := newBrowser(t, o).ask(http.MethodGet, back, nil); p.status != http.StatusBadGateway {
		t.Errorf("another browser finishes what this one began: %d", p.status)
	}
	if p := b.ask(http.MethodGet, back, nil); p.location != "/phones" {
		t.Fatalf("coming back: %d %q %s", p.status, p.location, p.body)
	}
	if p := b.ask(http.MethodGet, "/phones", nil); p.status != http.StatusOK {
		t.Errorf("signed in: %d", p.status)
	}
	if p := b.ask(http.MethodGet, back, nil); p.status != http.StatusBadGateway {
		t.Errorf("coming back twice: %d", p.status)
	}
}

func TestSingleSignOnIsRefused(t *testing.T) {
	t.Parallel()
	o, provider := provided(t, func(*directory.SignOn) {})
	for about, user := range map[string]*mockoidc.MockUser{
		"nobody has the address": {Subject: "2", Email: "eve@acme.test", EmailVerified: true},
		"no portal":              {Subject: "3", Email: "ben@acme.test", EmailVerified: true},
	} {
		b := newBrowser(t, o)
		provider.QueueUser(user)
		if p := b.ask(http.MethodGet, b.leave("/sign-in/single?domain=acme.test"), nil); p.status != http.StatusForbidden {
			t.Errorf("%s: %d", about, p.status)
		}
	}
	b := newBrowser(t, o)
	provider.QueueUser(&doubted{mockoidc.MockUser{Subject: "4", Email: "ana@acme.test"}})
	if p := b.ask(http.MethodGet, b.leave("/sign-in/single?domain=acme.test"), nil); p.status != http.StatusBadGateway {
		t.Errorf("an address that is not verified: %d", p.status)
	}
	for about, change := range map[string][2]string{"a code that is made up": {"code", "guess"}, "no code": {"code", ""}, "another state": {"state", "guess"}} {
		provider.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ana@acme.test", EmailVerified: true})
		back, err := url.Parse(b.leave("/sign-in/single?domain=acme.test"))
		if err != nil {
			t.Fatal(err)
		}
		query := back.Query()
		query.Set(change[0], change[1])
		if p := b.ask(http.MethodGet, back.Path+"?"+query.Encode(), nil); p.status != http.StatusBadGateway {
			t.Errorf("%s: %d", about, p.status)
		}
	}
	for _, path := range []string{"/sign-in/single?domain=beta.test", "/sign-in/single?domain=none.test"} {
		if p := b.ask(http.MethodGet, path, nil); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="domain-wrong"`) {
			t.Errorf("%s: %d", path, p.status)
		}
	}
	if p := b.ask(http.MethodGet, "/phones", nil); p.status != http.StatusSeeOther {
		t.Errorf("signed in all the same: %d", p.status)
	}
}

func TestProviderThatIsNotThere(t *testing.T) {
	t.Parallel()
	o, _ := provided(t, func(on *directory.SignOn) { on.Issuer = "http://127.0.0.1:1/nobody" })
	begin := time.Now()
	if p := newBrowser(t, o).ask(http.MethodGet, "/sign-in/single?domain=acme.test", nil); p.status != http.StatusBadGateway || !strings.Contains(p.body, "sign in with your password") {
		t.Errorf("%d after %s: %s", p.status, time.Since(begin), p.body)
	}
}
