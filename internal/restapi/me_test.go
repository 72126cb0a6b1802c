package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// extensionOf is the user of acme.test that has a scope.
func extensionOf(scope string) string { return fmt.Sprintf("100%d", slices.Index(scopes(), scope)) }

// atHome has the user of a scope hold the desk 5402, and a message, whose ID it
// returns.
func (n *network) atHome(t *testing.T, scope string) string {
	t.Helper()
	if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: "5402", User: extensionOf(scope)}); err != nil {
		t.Fatal(err)
	}
	return n.leave(t, extensionOf(scope))
}

// leave leaves a message of two seconds.
func (n *network) leave(t *testing.T, extension string) string {
	t.Helper()
	d, _ := n.App.Directory().DomainByName("acme.test")
	user, _ := n.App.Directory().UserByExtension(d.ID, extension)
	take, err := n.App.Mailboxes().Begin(t.Context(), user, "call", voicemail.Party{Number: "+14165550177", Name: "Cara Doe"})
	if err == nil {
		err = take.Write(make([]int16, 16000))
	}
	if err == nil {
		err = take.Close(16000)
	}
	if err != nil {
		t.Fatal(err)
	}
	message, err := take.Keep(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return message.ID
}

func TestMyOwnThings(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	own, other := n.atHome(t, "basic_user"), n.leave(t, "1005")
	key := n.keyFor(t, "basic_user")
	nobody := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	manager := n.key(t, resource.KeyInput{Name: "m", Scope: "office_manager", Domain: "acme.test"}).Key
	for _, c := range []struct {
		key, line, body string
		status          int
		want            string
	}{
		{key, "GET /api/v1/me", "", 200, `"extension":"1006"`},
		{nobody, "GET /api/v1/me", "", 403, "acts for no user"},
		{manager, "GET /api/v1/me", "", 403, "use_own"},
		{key, "PATCH /api/v1/me", `{"pin":"1234"}`, 422, "body.pin"},
		{key, "PATCH /api/v1/me", `{"pin":"8302","password":"a portal password"}`, 200, `"has_password":true`},
		{key, "PATCH /api/v1/me", `{"forward_all":"1005","ring_here_only":true}`, 200, `"forward_all":"1005"`},
		{key, "PATCH /api/v1/me", `{"forward_all":"911"}`, 422, "body.forward_all"},
		{key, "PATCH /api/v1/me", `{"caller_id":"+14165550101"}`, 422, "body.caller_id"},
		{key, "PATCH /api/v1/me", `{"caller_id":"withheld"}`, 200, `"caller_id":"withheld"`},
		{key, "PATCH /api/v1/me", `{"scope":"super_user"}`, 422, "body.scope"},
		{key, "GET /api/v1/me/devices", "", 200, `"items":[]`},
		{key, "GET /api/v1/me/sessions?open=true", "", 200, `"device":"5402"`},
		{key, "GET /api/v1/me/calls?direction=missed", "", 200, `"items":[]`},
		{key, "GET /api/v1/me/calls?direction=up", "", 422, "query.direction"},
		{key, "GET /api/v1/me/messages?state=new", "", 200, `"caller_name":"Cara Doe"`},
		{key, "GET /api/v1/me/messages?q=nobody", "", 200, `"items":[]`},
		{key, "GET /api/v1/me/messages/" + own, "", 200, `"seconds":2`},
		{key, "GET /api/v1/me/messages/" + other, "", 404, "there is no message"},
		{key, "GET /api/v1/me/messages/" + other + "/sound", "", 404, "there is no message"},
		{key, "GET /api/v1/me/messages/" + own + "/sound", "", 200, "WAVEfmt"},
		{key, "PATCH /api/v1/me/messages/" + own, `{"state":"deleted"}`, 422, "body.state"},
		{key, "PATCH /api/v1/me/messages/" + own, `{"state":"saved"}`, 200, `"state":"saved"`},
		{key, "PATCH /api/v1/me/messages/" + other, `{"state":"saved"}`, 404, "there is no message"},
		{key, "DELETE /api/v1/me/messages/" + other, "", 404, "there is no message"},
		{key, "DELETE /api/v1/me/messages/" + own, "", 204, ""},
		{key, "GET /api/v1/me/messages/" + own, "", 404, "there is no message"},
		{key, "DELETE /api/v1/me/sessions/5401", "", 404, "there is no session"},
		{key, "DELETE /api/v1/me/sessions/5402", "", 200, `"reason":"released"`},
		{key, "POST /api/v1/me/activations", `{"desk":"5401"}`, 409, "switched off"},
	} {
		got := n.send(t, c.key, c.line, c.body)
		if got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s %s: %d %.300s, want %d %s", c.line, c.body, got.status, got.body, c.status, c.want)
		}
	}
}

// Where somebody is signed in to the portal is seen, and ended, by the API too.
func TestMyBrowsers(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "basic_user")
	if got := n.send(t, key, "PATCH /api/v1/me", `{"password":"a portal password"}`); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	form := url.Values{"name": {"1006@acme.test"}, "password": {"a portal password"}, "next": {"/phones"}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+n.App.HTTPAddr()+"/sign-in", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Netscape")
	signedIn, err := http.DefaultTransport.RoundTrip(req)
	if err != nil || signedIn.StatusCode != http.StatusSeeOther {
		t.Fatalf("%v %v", signedIn, err)
	}
	_ = signedIn.Body.Close()
	browsers := items[resource.Browser](t, n.send(t, key, "GET /api/v1/me/browsers", "")).Items
	if len(browsers) != 1 || browsers[0].UserAgent != "Netscape" || browsers[0].Address == "" || browsers[0].SignedInAt.IsZero() {
		t.Fatalf("signed in at %+v", browsers)
	}
	path := "/api/v1/me/browsers/" + browsers[0].ID
	for _, c := range []struct {
		key, line string
		status    int
	}{
		{n.keyFor(t, "call_center_agent"), "DELETE " + path, 404},
		{key, "DELETE /api/v1/me/browsers/none", 404},
		{key, "DELETE " + path, 204},
		{key, "DELETE " + path, 404},
	} {
		if got := n.send(t, c.key, c.line, ""); got.status != c.status {
			t.Errorf("%s: %d %s, want %d", c.line, got.status, got.body, c.status)
		}
	}
	if left := items[resource.Browser](t, n.send(t, key, "GET /api/v1/me/browsers", "")).Items; len(left) != 0 {
		t.Errorf("still signed in at %+v", left)
	}
}

func TestActivatePhoneByTheAPI(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "basic_user")
	on := true
	if _, err := n.local.Domains().Set(t.Context(), "acme.test", resource.DomainInput{HotDesking: &resource.HotDeskingInput{ActivatePhone: &on}}); err != nil {
		t.Fatal(err)
	}
	for body, status := range map[string]int{`{"desk":"5499"}`: 422, `{"desk":"1005"}`: 409, `{"desk":"5401"}`: 409, `{}`: 422} {
		if got := n.send(t, key, "POST /api/v1/me/activations", body); got.status != status {
			t.Errorf("%s: %d %s", body, got.status, got.body)
		}
	}
	desk := n.Phone(t, "acme.test", "5401")
	begun := n.send(t, key, "POST /api/v1/me/activations", `{"desk":"5401"}`)
	var activation resource.Activation
	if err := json.Unmarshal([]byte(begun.body), &activation); err != nil || begun.status != 201 || activation.Device != "5401" || activation.Stage != "ringing" {
		t.Fatalf("%d %s", begun.status, begun.body)
	}
	call, err := desk.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/me/activations/" + activation.ID
	if got := n.send(t, n.keyFor(t, "call_center_agent"), "GET "+path, ""); got.status != 404 {
		t.Errorf("somebody else's: %d %s", got.status, got.body)
	}
	if got := n.send(t, key, "DELETE "+path, ""); got.status != 204 {
		t.Errorf("cancel: %d %s", got.status, got.body)
	}
	if _, err := call.Ended(apptest.Soon(t)); err != nil {
		t.Error(err)
	}
	ctx := apptest.Soon(t)
	for {
		got := n.send(t, key, "GET "+path, "")
		if strings.Contains(got.body, `"stage":"failed","failure":"the call was cancelled`) {
			break
		}
		if ctx.Err() != nil {
			t.Fatalf("then it is %d %s", got.status, got.body)
		}
	}
}

func TestDryRunOfSettings(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "office_manager")
	n.atHome(t, "basic_user")
	const acme = "PATCH /api/v1/domains/acme.test?dry_run=true"
	for body, want := range map[string]string{
		`{"hot_desking":{"enabled":false}}`:       `"ends":[{"session":{`,
		`{"hot_desking":{"release_at":"03:00"}}`:  `"stay":[{"id":`,
		`{"hot_desking":{"release_at":"midday"}}`: `body.hot_desking.release_at`,
		`{"keep_calls":9}`:                        `"ends":[],"stay":[]`,
	} {
		if got := n.send(t, key, acme, body); !strings.Contains(got.body, want) || got.header.Get("ETag") != "" {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.body, want)
		}
	}
	if got := n.send(t, key, "GET /api/v1/domains/acme.test", ""); strings.Contains(got.body, `"keep_calls":9`) || strings.Contains(got.body, `"effect"`) || !strings.Contains(got.body, `"enabled":true`) {
		t.Errorf("a dry run has changed %s", got.body)
	}
	if open := itemsOf(t, n.send(t, key, "GET /api/v1/domains/acme.test/sessions?open=true", "")); len(open) != 1 {
		t.Errorf("a dry run has ended sessions: %v", open)
	}
}
