package restapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// received is a request that came to a program outside.
type received struct {
	header http.Header
	body   string
}

// program is a program outside that is told of events.
type program struct {
	url    string
	got    chan received
	status atomic.Int32 // that it answers with
}

func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{got: make(chan received, 100)}
	p.status.Store(http.StatusOK)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(int(p.status.Load()))
		_, _ = io.WriteString(w, strings.Repeat("thanks ", 1000))
		p.got <- received{r.Header, r.Method + " " + r.URL.Path + " " + string(body)}
	}))
	t.Cleanup(web.Close)
	p.url = web.URL + "/hook"
	return p
}

// next is the next request that comes.
func (p *program) next(t *testing.T) received {
	t.Helper()
	select {
	case r := <-p.got:
		return r
	case <-apptest.Soon(t).Done():
		t.Fatal("nothing came")
		return received{}
	}
}

// onceItIs moves the clock on from a time until something comes: a program that
// did not do its work is left alone for a minute from when that was noticed,
// which may be after the clock was moved.
func (n *network) onceItIs(t *testing.T, at time.Time, p *program) {
	t.Helper()
	soon := apptest.Soon(t)
	for ; ; at = at.Add(time.Minute) {
		n.SetClock(at)
		select {
		case <-p.got:
			return
		case <-time.After(100 * time.Millisecond):
		case <-soon.Done():
			t.Fatal("nothing came")
		}
	}
}

// tellTo makes a webhook as the command line does.
func (n *network) tellTo(t *testing.T, p *program, events ...string) resource.Webhook {
	t.Helper()
	hook, err := n.local.Webhooks("acme.test").Add(t.Context(), resource.WebhookInput{URL: &p.url, Events: &events})
	if err != nil {
		t.Fatal(err)
	}
	return hook
}

// tries waits for a log of at least so many.
func (n *network) tries(t *testing.T, hook resource.Webhook, atLeast int) []resource.WebhookTry {
	t.Helper()
	for {
		tries, err := n.local.WebhookTries(apptest.Soon(t), "acme.test", hook.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(tries) >= atLeast {
			return tries
		}
	}
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	p, other := newProgram(t), newProgram(t)
	hook := n.tellTo(t, p, "login", "released")
	n.tellTo(t, other, "message")
	n.sit(t, "5401", "1005")
	for _, want := range []string{"login", "released"} {
		got := p.next(t)
		body := strings.TrimPrefix(got.body, "POST /hook ")
		var event resource.Event
		if err := json.Unmarshal([]byte(body), &event); err != nil || event.Type != want || event.Domain != "acme.test" || event.ID != got.header.Get("webhook-id") {
			t.Errorf("told %s, want %s: %v", got.body, want, err)
		}
		if data, _ := event.Data.(map[string]any); data["device"] != "5401" || data["user"] != "1005" {
			t.Errorf("told %s", body)
		}
		if signed := notify.Sign(hook.Secret, event.ID, got.header.Get("webhook-timestamp"), []byte(body)); signed != got.header.Get("webhook-signature") || !strings.HasPrefix(hook.Secret, "whsec_") {
			t.Errorf("the signature is %s, want %s", got.header.Get("webhook-signature"), signed)
		}
	}
	tries := n.tries(t, hook, 2)
	if last := tries[0]; last.Type != "released" || last.Status != 200 || last.Number != 1 || len(last.Answer) != 1000 || !strings.Contains(last.Body, `"type":"released"`) {
		t.Errorf("the log says %+v", last)
	}
	again, err := n.local.ReplayWebhook(t.Context(), "acme.test", hook.ID, tries[1].ID)
	if got := p.next(t); err != nil || again.Status != 200 || again.Number != 0 || got.header.Get("webhook-id") != tries[1].Event || !strings.Contains(got.body, tries[1].Body) {
		t.Errorf("again: %+v %+v %v", again, got, err)
	}
	if _, err := n.local.TestWebhook(t.Context(), "acme.test", hook.ID); err != nil {
		t.Error(err)
	}
	if got := p.next(t); !strings.Contains(got.body, `"type":"test"`) {
		t.Errorf("the test is %+v", got)
	}
	if _, err := n.local.ReplayWebhook(t.Context(), "acme.test", hook.ID, "nope"); err == nil {
		t.Error("what was never sent is sent again")
	}
	if list, err := n.local.Webhooks("acme.test").List(t.Context()); err != nil || len(list) != 2 || list[0].Secret != "" {
		t.Errorf("the list is %+v, %v", list, err)
	}
	if len(other.got) != 0 {
		t.Error("a program is told of what it has not chosen")
	}
}

func TestWebhooksThatFail(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	p := newProgram(t)
	p.status.Store(http.StatusFound) // it is not followed
	hook := n.tellTo(t, p, "login", "expired")
	n.sit(t, "5401", "1005")
	first := p.next(t)
	n.tries(t, hook, 1)
	n.Stop(t) // what waits is on disk
	p.status.Store(http.StatusInternalServerError)
	at := time.Now().Add(time.Minute)
	n.Clock.Set(at)
	n.Run(t)
	second := p.next(t)
	if first.header.Get("webhook-id") != second.header.Get("webhook-id") || !strings.HasPrefix(second.body, "POST /hook ") {
		t.Errorf("first %+v, then %+v", first, second)
	}
	n.tries(t, hook, 2)
	n.onceItIs(t, at.Add(72*time.Hour), p)
	root := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	for {
		given := n.send(t, root, "GET /api/v1/domains/acme.test/audit?action=webhook.given_up", "").body
		if strings.Contains(given, first.header.Get("webhook-id")) && strings.Contains(given, "answered 500") {
			break
		}
		if apptest.Soon(t).Err() != nil {
			t.Fatalf("the audit log says %s", given)
		}
	}
	p.status.Store(http.StatusGone)
	n.sit(t, "5401", "1005")
	n.onceItIs(t, at.Add(73*time.Hour), p)
	for {
		now, err := n.local.Webhooks("acme.test").Get(apptest.Soon(t), hook.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.Disabled && strings.Contains(now.Why, "410") {
			break
		}
	}
	p.status.Store(http.StatusOK)
	on := false
	if now, err := n.local.Webhooks("acme.test").Set(t.Context(), hook.ID, resource.WebhookInput{Disabled: &on, NewSecret: true}); err != nil || now.Why != "" || now.Secret == hook.Secret || now.Secret == "" {
		t.Errorf("switched on again: %+v %v", now, err)
	}
	n.sit(t, "5401", "1005")
	if got := p.next(t); !strings.Contains(got.body, `"type":"login"`) {
		t.Errorf("then came %+v", got)
	}
	if err := n.local.Webhooks("acme.test").Delete(t.Context(), hook.ID); err != nil {
		t.Error(err)
	}
	if _, err := n.local.Webhooks("acme.test").Get(t.Context(), hook.ID); err == nil || !strings.Contains(err.Error(), "there is no such webhook") {
		t.Errorf("a webhook that is gone: %v", err)
	}
}

// Whoever manages no more than a domain cannot have the server speak to
// machines behind the firewall.
func TestWhereWebhooksLead(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	p := newProgram(t)
	key := n.keyFor(t, "office_manager")
	const hooks = "/api/v1/domains/acme.test/webhooks"
	for url, status := range map[string]int{
		"https://example.com/hook": 201, "https://8.8.8.8/hook": 201, "https://[2606:4700::1]:8443/": 201, "https://localhost:9/": 201,
		"http://example.com/": 422, "https://127.0.0.1/": 422, "https://10.1.2.3/": 422, "https://192.168.1.1/": 422, "https://169.254.169.254/latest": 422,
		"https://100.64.0.1/": 422, "https://[::1]/": 422, "https://[fe80::1]/": 422, "https://[fd00::1]/": 422, "https://[::ffff:10.0.0.1]/": 422, "https://0.0.0.0/": 422,
		"https://224.0.0.1/": 422, "https://[64:ff9b::a00:1]/": 422, "https://user:pw@example.com/": 422, "https://example.com/#x": 422, "ftp://example.com/": 422,
		"https://": 422, "example.com": 422, "https://example.com/?to=Ana Ruiz": 422, "": 422, "https://example.com/" + strings.Repeat("x", 2000): 422,
	} {
		body, err := json.Marshal(map[string]any{"url": url, "events": []string{"login"}})
		if err != nil {
			t.Fatal(err)
		}
		got := n.send(t, key, "POST "+hooks, string(body))
		if got.status != status || status == 422 && got.problem(t).Errors[0].Location != "body.url" {
			t.Errorf("%.60s: %d %s", url, got.status, got.body)
		}
	}
	for body, where := range map[string]string{
		`{"url":"https://example.com/"}`: "body.events", `{"url":"https://example.com/","events":["call_started"]}`: "body.events", `{"url":"https://example.com/","events":"login"}`: "body.events",
	} {
		if got := n.send(t, key, "POST "+hooks, body); got.status != 422 || got.problem(t).Errors[0].Location != where {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	// A name may lead anywhere, so it is looked at when it is spoken to.
	made := n.send(t, key, "POST "+hooks, `{"url":"`+strings.Replace(strings.Replace(p.url, "http:", "https:", 1), "127.0.0.1", "localhost", 1)+`","events":["login"]}`)
	var hook resource.Webhook
	if err := json.Unmarshal([]byte(made.body), &hook); err != nil {
		t.Fatal(made.body)
	}
	tried, err := n.local.TestWebhook(t.Context(), "acme.test", hook.ID)
	if err != nil || tried.Status != 0 || !strings.Contains(tried.Failure, "is no address that a webhook may lead to") || len(p.got) != 0 {
		t.Errorf("a name of this machine: %+v %v", tried, err)
	}
	for _, stale := range []string{"PATCH", "DELETE"} {
		if got := n.send(t, key, stale+" "+hooks+"/"+hook.ID, map[string]string{"PATCH": `{"disabled":true}`}[stale], "If-Match", `"x"`); got.status != 412 {
			t.Errorf("a stale %s: %d %s", stale, got.status, got.body)
		}
	}
	if problem, is := errorOf(n.local.Webhooks("beta.test").Get(t.Context(), hook.ID)); !is || problem.Status != 404 {
		t.Errorf("the webhook of another domain: %+v", problem)
	}
}

func errorOf(_ resource.Webhook, err error) (*api.ProblemError, bool) {
	problem, is := err.(*api.ProblemError) //nolint:errorlint // it is not wrapped
	return problem, is
}
