package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestDeskByItsLabel(t *testing.T) {
	t.Parallel()
	o := office(t)
	const at = "/desks/acme.test/5401"
	stranger := newBrowser(t, o).ask(http.MethodGet, at, nil)
	if stranger.location != "/sign-in?next=%2Fdesks%2Facme.test%2F5401" || strings.Contains(stranger.body, "Window") {
		t.Errorf("a stranger sees %d %q %s", stranger.status, stranger.location, stranger.body)
	}
	if known := newBrowser(t, o).ask(http.MethodGet, "/desks/acme.test/none", nil); known.status != stranger.status {
		t.Errorf("a stranger learns which desks there are: %d", known.status)
	}
	b := signedIn(t, o, "basic_user")
	says := func(about string, parts ...string) {
		t.Helper()
		p := b.ask(http.MethodGet, at, nil)
		for _, part := range parts {
			if p.status != http.StatusOK || !strings.Contains(p.body, part) {
				t.Errorf("%s: %d %s, want %q", about, p.status, p.body, part)
			}
		}
	}
	says("switched off", "Nobody is logged in here", "dial <strong>*88</strong>")
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.ActivatePhone = true })
	says("free", "Use this phone", `name="desk" value="5401"`)
	session(t, o, "call_center_agent", "5401")
	says("held", "call_center_agent&lt;/b&gt; is logged in here, since")
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.WhenTaken = directory.TakenConfirm })
	o.Phone(t, "acme.test", "5401")
	if p := b.ask(http.MethodPost, "/phones/activate", url.Values{"desk": {"5401"}}); !strings.HasPrefix(p.location, "/phones/activate?last=") {
		t.Errorf("using it answers %d %s", p.status, p.body)
	}
	b = signedIn(t, o, "call_center_agent")
	says("one's own", "This is your phone, since", "Release")
	for _, path := range []string{"/desks/acme.test/none", "/desks/beta.test/spare", "/desks/nowhere.test/5401"} {
		if p := b.ask(http.MethodGet, path, nil); p.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, p.status)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const at = "/domains/acme.test/inventory/labels"
	all := b.ask(http.MethodGet, at, nil)
	for _, desk := range []string{"5401", "5402"} {
		if !strings.Contains(all.body, "Code that leads to "+b.base+"/desks/acme.test/"+desk) {
			t.Errorf("no label of %s: %s", desk, all.body)
		}
	}
	one := b.ask(http.MethodGet, at+"?desk=5402", nil)
	if strings.Count(one.body, `class="label"`) != 1 || !strings.Contains(one.body, "<path d=\"M4 4h7v1h-7z") { // the corner of the code
		t.Errorf("one label: %s", one.body)
	}
	if p := b.ask(http.MethodGet, at+"?desk=none", nil); p.status != http.StatusNotFound {
		t.Errorf("no such desk: %d", p.status)
	}
	if p := signedIn(t, o, "site_manager").ask(http.MethodGet, at, nil); strings.Count(p.body, `class="label"`) != 1 {
		t.Errorf("labels of a site: %s", p.body)
	}
}
