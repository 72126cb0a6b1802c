package portal_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// places are the addresses that a part of a page leads to.
func places(body, from, to string) []string {
	_, part, _ := strings.Cut(body, from)
	part, _, _ = strings.Cut(part, to)
	var found []string
	for _, link := range regexp.MustCompile(`<a[^>]*>`).FindAllString(part, -1) {
		found = append(found, attribute(link, "href"))
	}
	return found
}

// TestBarLeadsWhereOneMayGo opens everything that the bar and the menus offer
// to each scope.
func TestBarLeadsWhereOneMayGo(t *testing.T) {
	t.Parallel()
	o := office(t)
	const home, users, phones = "/domains/acme.test", "/domains/acme.test/users", "/phones"
	for scope, want := range map[string]struct{ bar, own, domains []string }{
		"super_user":             {[]string{home, users}, []string{phones}, []string{home, "/domains/beta.test"}},
		"office_manager":         {[]string{home, users}, []string{phones}, nil},
		"call_center_supervisor": {[]string{home}, []string{phones}, nil},
		"basic_user":             {[]string{phones}, nil, nil},
	} {
		b := signedIn(t, o, scope)
		p := b.ask(http.MethodGet, want.bar[0], nil)
		bar, own, domains := places(p.body, `class="bar-pages"`, "</nav>"), places(p.body, `id="account"`, "</form>"), places(p.body, `id="domains"`, "</div></div>")
		for about, both := range map[string][2][]string{"bar": {want.bar, bar}, "own": {want.own, own}, "domains": {want.domains, domains}} {
			if missing := slices.DeleteFunc(both[0], func(path string) bool { return slices.Contains(both[1], path) }); len(missing) > 0 {
				t.Errorf("%s: the %s lacks %v", scope, about, missing)
			}
		}
		for _, path := range slices.Concat(bar, own, domains) {
			if p := b.ask(http.MethodGet, path, nil); p.status != http.StatusOK {
				t.Errorf("%s is led to %s, which answers %d", scope, path, p.status)
			}
		}
		if scope != "super_user" && strings.Contains(p.body, "beta.test") {
			t.Errorf("%s is told of another domain", scope)
		}
	}
}
