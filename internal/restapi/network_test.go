package restapi_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	api "github.com/hotdesk-pbx/hotdesk/client"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// network is a whole server whose API is spoken over TCP.
type network struct {
	*apptest.Office

	local *client.Client
}

// startNetwork runs a server with the domain acme.test, in which there is a
// user of each scope, and beta.test.
func startNetwork(t *testing.T) *network {
	t.Helper()
	n := &network{Office: apptest.Start(t)}
	n.local = client.New(n.Config.Data)
	t.Cleanup(n.local.Close)
	var b strings.Builder
	b.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n")
	for i, scope := range scopes() {
		fmt.Fprintf(&b, "[[user]]\nextension = \"100%d\"\nname = \"User %d\"\nscope = %q\npin = \"4711\"\nsite = %q\n", i, i, scope, map[string]string{"site_manager": "North"}[scope])
	}
	for _, desk := range []string{"5401", "5402"} {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = \"Window\"\n[[user.device]]\nname = %q\npassword = %q\n", desk, desk, apptest.Password(desk))
	}
	b.WriteString("[[phone]]\nmac = \"80:5e:c0:11:22:33\"\nmodel = \"T54W\"\ndevices = [\"5402\"]\n")
	b.WriteString("[[number]]\nnumber = \"+14165550101\"\n[[trunk]]\nname = \"carrier\"\nhost = \"127.0.0.1:9\"\ndisabled = true\n")
	n.Apply(t, b.String())
	n.Apply(t, "[domain]\nname = \"beta.test\"\ntimezone = \"UTC\"\ncountry = \"CA\"\n[[user]]\nextension = \"1000\"\nname = \"Bea\"\n")
	reseller := "1001@acme.test"
	if _, err := n.local.Domains().Set(t.Context(), "acme.test", resource.DomainInput{Reseller: &reseller}); err != nil {
		t.Fatal(err)
	}
	return n
}

func scopes() []string {
	return []string{
		"super_user", "reseller", "office_manager", "site_manager", "call_center_supervisor", "call_center_agent", "basic_user", "no_portal",
	}
}

// key makes an API key as the command line does.
func (n *network) key(t *testing.T, in resource.KeyInput) resource.Key {
	t.Helper()
	made, err := n.local.Keys().Add(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// keyFor makes a key for the user of acme.test that has a scope.
func (n *network) keyFor(t *testing.T, scope string) string {
	t.Helper()
	for i, s := range scopes() {
		if s == scope {
			return n.key(t, resource.KeyInput{Name: scope, Scope: scope, Domain: "acme.test", User: fmt.Sprintf("100%d", i)}).Key
		}
	}
	t.Fatalf("no user has the scope %s", scope)
	return ""
}

// webhook makes a webhook in acme.test to which nothing can be sent, and tries that.
func (n *network) webhook(t *testing.T) (resource.Webhook, resource.WebhookTry) {
	t.Helper()
	hook, err := n.local.Webhooks("acme.test").Add(t.Context(), resource.WebhookInput{URL: new("http://127.0.0.1:9/"), Events: &[]string{"login"}})
	if err != nil {
		t.Fatal(err)
	}
	tried, err := n.local.TestWebhook(t.Context(), "acme.test", hook.ID)
	if err != nil {
		t.Fatal(err)
	}
	return hook, tried
}

// answer is what came of a request.
type answer struct {
	status int
	header http.Header
	body   string
}

// problem reads the answer as a problem.
func (a answer) problem(t *testing.T) api.ProblemError {
	t.Helper()
	var p api.ProblemError
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || a.header.Get("Content-Type") != "application/problem+json" || p.Status != a.status {
		t.Errorf("no problem: %d %s %s %v", a.status, a.header.Get("Content-Type"), a.body, err)
	}
	return p
}

// send sends a request such as "GET /api/v1/domains" with a key and headers.
func (n *network) send(t *testing.T, key, line, body string, headers ...string) answer {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+n.App.HTTPAddr()+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPut && !strings.HasPrefix(body, "{") {
		req.Header.Set("Content-Type", "application/toml")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}
