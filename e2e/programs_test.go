package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// TestKeysInTheBrowser is a manager who makes an API key for a program, which
// uses it until it is revoked.
func TestKeysInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, managed())
	manager := startBrowser(t, s)
	manager.signIn("1000@acme.test", portalPassword, "#desks")
	const settings = "/domains/acme.test/settings"
	manager.clicks(`.bar a[href="`+settings+`"]`, `a[href="`+settings+`/keys"]`)
	manager.awaits(".empty", "There are no API keys yet")
	manager.clicks(`a[href="` + settings + `/keys/add"]`)
	manager.sees("#name")
	manager.types("name", "wallboard", "scope", "call_center_supervisor", "expires_at", "2001-01-31")
	manager.clicks(saveButton)
	manager.sees("#expires_at-wrong")
	manager.want("#expires_at-wrong", "this is in the past")
	day := time.Now().AddDate(1, 0, 0)
	manager.types("expires_at", day.Format(time.DateOnly))
	manager.clicks(saveButton)
	manager.sees("#secret")
	manager.want(".datagrid", "Call Center Supervisor", "acme.test", day.Format("2 Jan 2006"))
	wallboard := api{t: t, base: "http://" + s.http, key: manager.says("#secret")}
	wallboard.ask(http.MethodGet, "/domains/acme.test/calls", nil, nil)
	wallboard.refused(http.MethodPost, "/domains/acme.test/users", http.StatusForbidden)

	const row = "tbody tr"
	manager.clicks(`a[href="` + settings + `/keys"].btn-primary`)
	manager.sees(row)
	manager.want(row, "wallboard", wallboard.key[:8], "Call Center Supervisor", day.Format("2 Jan 2006"))
	manager.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(row)))
	if strings.Contains(manager.says("html"), wallboard.key) {
		t.Error("the key is shown again")
	}
	manager.clicks(`button[aria-label="Revoke wallboard"]`)
	manager.sees(succeeded)
	manager.want(succeeded, "The key wallboard is revoked: no program can use it any more.")
	wallboard.refused(http.MethodGet, "/domains/acme.test/calls", http.StatusUnauthorized)
}

// refused sends a request that must be answered with a problem.
func (a api) refused(method, path string, status int) {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.base+"/api/v1"+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	if kind := res.Header.Get("Content-Type"); res.StatusCode != status || kind != "application/problem+json" {
		a.t.Errorf("%s %s answers %d %s, want %d", method, path, res.StatusCode, kind, status)
	}
}

// told is what came to a program that is told of events.
type told struct {
	header http.Header
	body   string
}

// TestWebhooksInTheBrowser is a manager who has a program told of log-ins: by the
// test button, by a log-in, and once more out of the log.
func TestWebhooksInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t, "--webhook-networks", "127.0.0.0/8")
	s.apply(t, managed())
	came := make(chan told, 8)
	program := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = io.WriteString(w, "noted")
		came <- told{r.Header, string(body)}
	}))
	t.Cleanup(program.Close)
	manager := startBrowser(t, s)
	manager.signIn("1000@acme.test", portalPassword, "#desks")
	const settings = "/domains/acme.test/settings"
	manager.clicks(`.bar a[href="`+settings+`"]`, `a[href="`+settings+`/webhooks"]`, `a[href="`+settings+`/webhooks/add"]`)
	manager.sees("#url")
	manager.types("url", "http://10.1.2.3/hook")
	manager.clicks(`[name="events"][value="login"]`, saveButton)
	manager.sees("#url-wrong")
	manager.want("#url-wrong", "not on the public Internet")
	manager.types("url", program.URL+"/hook")
	manager.clicks(saveButton) // the event is still ticked
	manager.sees("#secret")
	secret := manager.says("#secret")
	signed := func(kind string) (event string) {
		t.Helper()
		select {
		case got := <-came:
			event = got.header.Get("Webhook-Id")
			if want := notify.Sign(secret, event, got.header.Get("Webhook-Timestamp"), []byte(got.body)); got.header.Get("Webhook-Signature") != want || !strings.Contains(got.body, `"type":"`+kind+`"`) {
				t.Errorf("told %s with %v, want a %s signed with %s", got.body, got.header, kind, want)
			}
		case <-manager.ctx.Done():
			t.Fatalf("the program is not told of a %s", kind)
		}
		return event
	}
	const newest, deliveries = "#deliveries tbody tr:first-child", "#deliveries tbody tr"
	manager.clicks(`a.btn-primary`, `form[action$="/test"] button`)
	manager.sees(succeeded)
	manager.want(succeeded, "The test has arrived: the program answered 200 OK")
	signed("test")
	s.hotdesk(t, "session", "start", "5401", "1001")
	event := signed("login")
	eventually(t, "the log shows the delivery", func() bool {
		manager.do(chromedp.Reload(), chromedp.WaitVisible(chromedp.CSS(newest)))
		return strings.Contains(manager.says(newest), "login")
	})
	manager.want(newest, "try 1", "answered 200", "noted")
	manager.clicks(newest+" summary", newest+` form[action$="/replay"] button`)
	manager.sees(succeeded)
	manager.want(succeeded, "The event login has arrived")
	if again := signed("login"); again != event {
		t.Errorf("the event %s is sent again as %s", event, again)
	}
	manager.want(newest, "login", "asked for")
	if n := manager.count(deliveries); n != 3 {
		t.Errorf("the log shows %d deliveries, want 3", n)
	}

	program.Close()
	manager.clicks(`form[action$="/test"] button`)
	manager.awaits(succeeded, "The test did not arrive: ")
	manager.want(newest, "test", "no answer: ")
	manager.clicks(`form[action$="/delete"] button`)
	manager.awaits(succeeded, "is removed.")
	manager.awaits(".empty", "There are no webhooks yet")
	var left resource.List[resource.Webhook]
	if s.api(t, "--scope", "super_user").ask(http.MethodGet, "/domains/acme.test/webhooks", nil, &left); len(left.Items) != 0 {
		t.Errorf("there are still %+v", left.Items)
	}
}
