package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// evil is a name that runs where a page takes it for HTML.
const evil = `"'><img/src="x"/onerror=ran()><script>ran()</script>`

// watchful notes what runs, and what the browser did not let run.
const watchful = `window.ran = () => { window.hasRun = true; };
addEventListener("securitypolicyviolation", (event) => { window.barred = event.violatedDirective + " " + event.blockedURI; });`

// evilOffice is the lively office, where everything that has a name has an evil
// one. It returns where its floor and its webhook are.
func evilOffice(t *testing.T) (s *server, floor, webhook string) {
	t.Helper()
	s = start(t)
	s.livelyOffice(t, "127.0.0.1:9")
	floor = s.addFloor(t)
	root := s.api(t, "--scope", "super_user")
	type fields = map[string]any
	const office = "/domains/acme.test"
	root.ask(http.MethodPatch, office+"/users/1001", fields{"name": evil, "site": evil}, nil)
	root.ask(http.MethodPatch, office+"/users/5401", fields{"name": evil, "place": evil}, nil)
	root.ask(http.MethodPatch, office+"/phones/80:5e:c0:11:22:00", fields{"name": evil, "model": evil, "place": evil, "site": evil}, nil)
	root.ask(http.MethodPatch, office+"/floors/"+floor, fields{"name": evil}, nil)
	root.ask(http.MethodPost, "/keys", fields{"name": evil, "scope": "call_center_supervisor", "domain": "acme.test"}, nil)
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, evil) }))
	t.Cleanup(program.Close)
	webhook = strings.Fields(s.hotdesk(t, "webhook", "add", program.URL+"/?"+evil, "--events", "login"))[1]
	s.hotdesk(t, "webhook", "test", webhook)

	phone := s.raw(t, "UDP", home, "5411")
	registered := phone.Do(t, rawphone.Request{Method: "REGISTER", To: "<sip:5411@acme.test>", Headers: []string{"Contact: " + phone.Contact(), "Expires: 3600", "User-Agent: " + evil}})
	if registered.Code() != http.StatusOK {
		t.Fatalf("registering as something evil is answered %s", registered)
	}
	return s, floor, webhook
}

// TestNamesThatAreScripts opens every page of an office whose names would run
// where one was taken for HTML, and has an open board hear of them: each shows
// them as they are, and nothing runs or is kept from it.
func TestNamesThatAreScripts(t *testing.T) {
	t.Parallel()
	s, floor, webhook := evilOffice(t)
	b := startBrowser(t, s)
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: watchful}); err != nil {
		t.Fatal(err)
	}
	var shown []string
	for _, who := range []string{"1000", "1001"} {
		b.signIn(who+"@acme.test", portalPassword, "#content .page-header")
		for _, v := range views(floor, webhook, "/new-password/old") {
			if v.who != who && (v.who == "" || who == "1001") {
				continue
			}
			b.open(v.path)
			if b.harmless(v.name) {
				shown = append(shown, v.name)
			}
		}
		if who == "1000" {
			b.hearsOfEvil(s, floor)
		}
		b.clicks(`[popovertarget="account"]`, `form[action="/sign-out"] button`)
		b.sees("#password")
	}
	for _, name := range []string{
		"office", "office-floors-floor", "office-inventory", "office-inventory-devices-device", "office-inventory-phones-mac", "office-inventory-labels", "office-reports-desks", "office-reports-people",
		"office-settings-keys", "office-settings-webhooks-webhook", "office-users", "office-users-extension-devices", "home", "phones", "desks-domain-device",
	} {
		if !slices.Contains(shown, name) {
			t.Errorf("%s shows nothing evil; these do: %q", name, shown)
		}
	}
}

// harmless checks that nothing runs on the page that is open, and tells whether
// it shows something evil.
func (b *browser) harmless(about string) bool {
	b.t.Helper()
	found, err := chromedp.Run(b.ctx, chromedp.Evaluate[struct {
		Run           bool
		Barred        string
		Brought, Says int
	}](`({
		run: window.hasRun === true, barred: window.barred ?? "",
		brought: document.querySelectorAll("img[src=x], script:not([src])").length,
		says: (document.documentElement.outerHTML.match(/onerror=ran/g) ?? []).length,
	})`))
	if err != nil {
		b.t.Fatalf("%s: %v", about, err)
	}
	if found.Run || found.Barred != "" || found.Brought != 0 {
		b.t.Errorf("%s takes a name for HTML: %+v", about, found)
	}
	return found.Says > 0
}

// hearsOfEvil has a floor that is open told of a log-in.
func (b *browser) hearsOfEvil(s *server, floor string) {
	b.t.Helper()
	b.open("/domains/acme.test/floors/" + floor)
	s.hotdesk(b.t, "session", "end", "5401")
	const desk = `.desk[data-words*="onerror"]`
	b.awaits(desk, "Free")
	s.hotdesk(b.t, "session", "start", "5401", "1001")
	b.awaits(desk+" .desk-person", evil)
	b.harmless("the floor, told of a log-in")
}
