package portal_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/portal"
)

const password = "a portal password"

// passwordHash costs little, so that hundreds of people can sign in.
var passwordHash = sync.OnceValues(func() (string, error) { return credential.HashPIN(password) })

// office has one user of each scope, two desks, and a second domain beside it.
// Victor and the desk 5401 are in the site that the site manager manages; the
// reseller manages this domain and not the other.
func office(t *testing.T, change ...func(*app.Config)) *apptest.Office {
	t.Helper()
	o := apptest.Start(t, change...)
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("[domain]\nname = \"acme.test\"\ntimezone = \"America/Toronto\"\ncountry = \"CA\"\n")
	for i, scope := range scopes() {
		fmt.Fprintf(&b, "[[user]]\nextension = \"100%d\"\nname = %q\nscope = %q\npassword_hash = %q\npin = \"4711\"\nsite = %q\n",
			i, "User <b>"+scope+"</b>", scope, hash, map[string]string{"site_manager": "North"}[scope])
	}
	b.WriteString("[[user]]\nextension = \"1008\"\nname = \"Victor\"\nsite = \"North\"\n")
	for desk, site := range map[string]string{"5401": "North", "5402": "South"} {
		fmt.Fprintf(&b, "[[user]]\nextension = %q\nname = \"Window\"\nsite = %q\n[[user.device]]\nname = %q\npassword = %q\n", desk, site, desk, apptest.Password(desk))
	}
	b.WriteString("[[phone]]\nmac = \"80:5e:c0:11:22:33\"\nmodel = \"Yealink T54W\"\nsite = \"North\"\nplace = \"Floor 5\"\ndevices = [\"5401\"]\n")
	b.WriteString("[[number]]\nnumber = \"+14165550101\"\nuser = \"1008\"\n[[trunk]]\nname = \"carrier\"\nhost = \"127.0.0.1:9\"\nuser = \"acme\"\npassword = \"carrier-secret\"\ndisabled = true\n")
	o.Apply(t, b.String())
	acme, _ := o.App.Directory().DomainByName("acme.test")
	reseller, _, _ := strings.Cut(nameOf("reseller"), "@")
	if _, err := o.App.Directory().Edit(t.Context(), directory.CLI(), acme.ID, func(o *directory.Office) error {
		o.Domain.ResellerID = o.UserByExtension(reseller).ID
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	o.Apply(t, "[domain]\nname = \"beta.test\"\ntimezone = \"UTC\"\ncountry = \"CA\"\n[[device]]\nname = \"spare\"\npassword = \""+apptest.Password("spare")+"\"\n")
	return o
}

func scopes() []string {
	return []string{"super_user", "reseller", "office_manager", "site_manager", "call_center_supervisor", "call_center_agent", "basic_user", "no_portal"}
}

// nameOf is what a user of a scope signs in with.
func nameOf(scope string) string {
	return fmt.Sprintf("100%d@acme.test", slices.Index(scopes(), scope))
}

// browser is a person's browser, which does not follow where it is led.
type browser struct {
	t    *testing.T
	base string
	http.Client
}

func newBrowser(t *testing.T, o *apptest.Office) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: "http://" + o.App.HTTPAddr(), Client: http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is what came of a request.
type page struct {
	status   int
	location string
	body     string
	kind     string // of the body
}

func (b *browser) ask(method, path string, form url.Values, headers ...string) page {
	b.t.Helper()
	if form != nil {
		headers = append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)
	}
	return b.send(method, path, strings.NewReader(form.Encode()), headers...)
}

func (b *browser) send(method, path string, sent io.Reader, headers ...string) page {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, sent)
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return page{res.StatusCode, res.Header.Get("Location"), string(answer), res.Header.Get("Content-Type")}
}

func (b *browser) signIn(name, secret string) page {
	b.t.Helper()
	return b.ask(http.MethodPost, "/sign-in", url.Values{"name": {name}, "password": {secret}, "next": {"/"}})
}

// signedIn is the browser of a user of a scope.
func signedIn(t *testing.T, o *apptest.Office, scope string) *browser {
	t.Helper()
	b := newBrowser(t, o)
	if p := b.signIn(nameOf(scope), password); p.status != http.StatusSeeOther {
		t.Fatalf("%s cannot sign in: %d %s", scope, p.status, p.body)
	}
	return b
}

// session logs a user in at a desk.
func session(t *testing.T, o *apptest.Office, scope, desk string) hotdesk.Session {
	t.Helper()
	domain, _ := o.App.Directory().DomainByName("acme.test")
	extension, _, _ := strings.Cut(nameOf(scope), "@")
	user, _ := o.App.Directory().UserByExtension(domain.ID, extension)
	device, _ := o.App.Directory().DeviceByName(domain.ID, desk)
	result, err := o.App.Sessions().Login(t.Context(), hotdesk.LoginRequest{DeviceID: device.ID, UserID: user.ID, By: hotdesk.By{Door: hotdesk.DoorREST}})
	if err != nil {
		t.Fatal(err)
	}
	return result.Session
}

// keep remembers the office; what it returns makes it again what it was.
func keep(t *testing.T, o *apptest.Office) (restore func()) {
	t.Helper()
	domain, _ := o.App.Directory().DomainByName("acme.test")
	kept, _ := o.App.Directory().Office(domain.ID)
	return func() {
		t.Helper()
		_, err := o.App.Directory().Edit(t.Context(), directory.System(), domain.ID, func(now *directory.Office) error {
			version := now.Domain.Version
			*now = kept.Clone()
			now.Domain.Version = version
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestSigningIn(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := newBrowser(t, o)
	if p := b.ask(http.MethodGet, "/phones", nil); p.location != "/sign-in?next=%2Fphones" {
		t.Errorf("a stranger is led to %q", p.location)
	}
	for next, want := range map[string]string{"/phones": "/phones", "//evil.test": "/", "https://evil.test": "/", `/\evil.test`: "/", "": "/"} {
		p := b.ask(http.MethodPost, "/sign-in", url.Values{"name": {nameOf("basic_user")}, "password": {password}, "next": {next}})
		if p.location != want {
			t.Errorf("after signing in with next %q: %q", next, p.location)
		}
	}
	if p := b.ask(http.MethodPost, "/sign-out", url.Values{}, "Origin", "https://evil.test", "Sec-Fetch-Site", "cross-site"); p.status != http.StatusForbidden {
		t.Errorf("another site signs somebody out: %d", p.status)
	}
	if p := b.ask(http.MethodPost, "/sign-out", url.Values{}); p.location != "/sign-in" {
		t.Errorf("signing out leads to %q", p.location)
	}
	if p := b.ask(http.MethodGet, "/phones", nil); p.status != http.StatusSeeOther {
		t.Errorf("who has signed out sees %d", p.status)
	}
}

// TestWrongSignIns has no more tries than a source has before it is locked out.
func TestWrongSignIns(t *testing.T) {
	t.Parallel()
	o := office(t)
	for _, c := range []struct{ about, name, secret, says string }{
		{"wrong password", nameOf("basic_user"), "guess", "do not match"},
		{"unknown domain", "1001@nowhere.test", password, "do not match"},
		{"nothing", "", "", "do not match"},
		{"not allowed", nameOf("no_portal"), password, "do not match"},
		{"a script", "<script>alert(1)</script>", password, "&lt;script&gt;"},
	} {
		p := newBrowser(t, o).signIn(c.name, c.secret)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) || strings.Contains(p.body, "<script>alert") {
			t.Errorf("%s: %d, want 422 with %q", c.about, p.status, c.says)
		}
	}
}

func TestGuessersAreLockedOut(t *testing.T) {
	t.Parallel()
	o := office(t)
	for range 20 {
		p := newBrowser(t, o).signIn(nameOf("basic_user"), "guess")
		if p.status == http.StatusTooManyRequests {
			if p := newBrowser(t, o).signIn(nameOf("basic_user"), password); p.status != http.StatusTooManyRequests {
				t.Errorf("the right password opens a locked account: %d", p.status)
			}
			return
		}
	}
	t.Error("twenty wrong passwords lock nothing")
}

// TestWhoMaySeeWhat holds, for each route, the scopes that may use it. A route
// without a line fails.
func TestWhoMaySeeWhat(t *testing.T) {
	t.Parallel()
	const (
		server         = "super_user"
		domainManagers = "super_user reseller office_manager"
		manage         = domainManagers + " site_manager"
		see            = manage + " call_center_supervisor"
		all            = see + " call_center_agent basic_user"
		own            = all
	)
	may := map[string]string{
		"GET /{$}": all, "GET /sign-in": all, "POST /sign-in": all, "POST /sign-out": all, "GET /domains": all,
		"GET /add-domain": server, "POST /add-domain": server,
		"GET /domains/{domain}/reseller": server, "POST /domains/{domain}/reseller": server,
		"GET /domains/{domain}": see, "GET /domains/{domain}/live": see,
		"GET /domains/{domain}/users/add": manage, "POST /domains/{domain}/users/add": manage, "GET /domains/{domain}/users/add/extension": manage,
		"GET /domains/{domain}/users/add-desks": manage, "POST /domains/{domain}/users/add-desks": manage,
		"GET /domains/{domain}/floors/add": domainManagers, "POST /domains/{domain}/floors/add": domainManagers,
		"GET /domains/{domain}/floors/{floor}": see, "GET /domains/{domain}/floors/{floor}/picture": see,
		"POST /domains/{domain}/floors/{floor}": domainManagers, "POST /domains/{domain}/floors/{floor}/delete": domainManagers,
		"POST /domains/{domain}/floors/{floor}/desks": domainManagers,
		"GET /domains/{domain}/reports":               see, "GET /domains/{domain}/reports/desks": see, "GET /domains/{domain}/reports/people": see,
		"GET /domains/{domain}/reports/timeline": see, "GET /domains/{domain}/reports/csv/{table}": see,
		"GET /domains/{domain}/users/import": manage, "POST /domains/{domain}/users/import": manage,
		"GET /domains/{domain}/users.csv": manage, "GET /domains/{domain}/phones.csv": manage,
		"GET /domains/{domain}/users/{extension}/answering": manage, "POST /domains/{domain}/users/{extension}/answering": manage,
		"GET /domains/{domain}/users/{extension}/security": manage, "POST /domains/{domain}/users/{extension}/secrets": manage,
		"POST /domains/{domain}/users/{extension}/unlock": manage,
		"GET /domains/{domain}/users":                     manage, "GET /domains/{domain}/users/{extension}/devices": manage,
		"GET /domains/{domain}/users/{extension}": manage, "POST /domains/{domain}/users/{extension}": manage,
		"POST /domains/{domain}/users/{extension}/delete": manage,
		"POST /domains/{domain}/sessions/{session}/end":   manage,
		"GET /forgotten": all, "POST /forgotten": all, "GET /new-password/{token}": all, "POST /new-password/{token}": all,
		"GET /sign-in/single": all, "GET /sign-in/single/back": all,
		"GET /first-start/{token}": "", "POST /first-start/{token}": "", // a wrong token
		"GET /home": own, "GET /phones": own, "GET /phones/live": own, "GET /phones/add": own, "POST /phones/{session}/release": own,
		"GET /phones/activate": own, "POST /phones/activate": own, "GET /phones/activate/live": own,
		"POST /phones/activate/{activation}/cancel": own,
		"GET /messages": own, "GET /messages/live": own, "GET /messages/{message}/sound": "", // there is no such message
		"POST /messages/{message}/saved": own, "POST /messages/{message}/new": own, "POST /messages/{message}/delete": own,
		"GET /calls": own, "GET /calls.csv": own, "GET /domains/{domain}/calls": see, "GET /domains/{domain}/calls.csv": see,
		"GET /profile": own, "POST /profile": own, "POST /profile/pin": own, "POST /profile/password": own,
		"POST /profile/browsers/{browser}/end": own, "POST /profile/browsers/end-others": own,
		"GET /desks/{domain}/{device}": own, "GET /domains/{domain}/inventory/labels": manage,
	}
	const inventory = "/domains/{domain}/inventory"
	for _, pattern := range []string{
		"GET " + inventory, "GET " + inventory + "/live", "GET " + inventory + "/add-phone", "POST " + inventory + "/add-phone",
		"GET " + inventory + "/phones/{mac}", "POST " + inventory + "/phones/{mac}", "POST " + inventory + "/phones/{mac}/delete",
		"POST " + inventory + "/phones/{mac}/resync", "POST " + inventory + "/phones/{mac}/reboot",
		"GET " + inventory + "/devices", "GET " + inventory + "/live/devices", "GET " + inventory + "/add-device", "POST " + inventory + "/add-device",
		"GET " + inventory + "/devices/{device}", "POST " + inventory + "/devices/{device}", "POST " + inventory + "/devices/{device}/delete",
		"POST " + inventory + "/devices/{device}/password",
		"GET " + inventory + "/numbers", "GET " + inventory + "/add-number", "POST " + inventory + "/add-number",
		"GET " + inventory + "/numbers/{number}", "POST " + inventory + "/numbers/{number}", "POST " + inventory + "/numbers/{number}/delete",
	} {
		may[pattern] = manage
	}
	const settings = "/domains/{domain}/settings"
	for _, pattern := range []string{
		"GET " + inventory + "/trunks", "GET " + inventory + "/live/trunks", "GET " + inventory + "/add-trunk", "POST " + inventory + "/add-trunk",
		"GET " + inventory + "/trunk/{trunk}", "POST " + inventory + "/trunk/{trunk}", "POST " + inventory + "/trunk/{trunk}/delete",
		"GET " + settings, "POST " + settings, "GET " + settings + "/hot-desking", "POST " + settings + "/hot-desking",
		"GET " + settings + "/calls", "POST " + settings + "/calls", "GET " + settings + "/voicemail", "POST " + settings + "/voicemail",
		"GET " + settings + "/emergency", "POST " + settings + "/emergency", "GET " + settings + "/sign-on", "POST " + settings + "/sign-on", "GET " + settings + "/mail", "POST " + settings + "/mail",
		"POST " + settings + "/mail/test",
		"GET " + settings + "/keys", "GET " + settings + "/keys/add", "POST " + settings + "/keys/add", "POST " + settings + "/keys/{key}/revoke",
		"GET " + settings + "/webhooks", "GET " + settings + "/webhooks/add", "POST " + settings + "/webhooks/add",
		"GET " + settings + "/webhooks/{webhook}", "POST " + settings + "/webhooks/{webhook}", "POST " + settings + "/webhooks/{webhook}/delete",
		"POST " + settings + "/webhooks/{webhook}/test", "POST " + settings + "/webhooks/{webhook}/secret",
		"POST " + settings + "/webhooks/{webhook}/deliveries/{delivery}/replay",
	} {
		may[pattern] = domainManagers
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(may)), slices.Sorted(slices.Values(portal.Patterns()))); diff != "" {
		t.Fatalf("routes of the table and of the portal (-table +portal):\n%s", diff)
	}
	o := office(t, localWebhooks)
	var floor, key, hook, delivery string
	fill := func(domain, session string) *strings.Replacer {
		return strings.NewReplacer("{$}", "", "{domain}", domain, "{extension}", "1008", "{device}", "5401", "{mac}", "80:5e:c0:11:22:33", "{number}", "+14165550101", "{trunk}", "carrier", "{table}", "hours", "{floor}", floor, "{key}", key, "{webhook}", hook, "{delivery}", delivery, "{session}", session, "{token}", "wrong")
	}
	restore := keep(t, o)
	for _, scope := range scopes()[:7] {
		b := signedIn(t, o, scope)
		for pattern, scopes := range may {
			method, path, _ := strings.Cut(pattern, " ")
			if pattern == "POST /sign-in" || pattern == "POST /sign-out" || strings.Contains(path, "/live") {
				continue // they count as wrong tries, end the visit, or never end; each has tests of its own
			}
			restore()
			held := session(t, o, scope, "5401")
			if strings.Contains(path, "{floor}") {
				floor = addedFloor(signedIn(t, o, "office_manager"), held.ID) // signed in anew: some routes sign out everywhere
			}
			if strings.Contains(path, "{key}") {
				manager := signedIn(t, o, "office_manager")
				_, at := addedKey(manager, with(manager.filled(keys+"/add"), "name", "wallboard"))
				key = at[strings.LastIndex(at, "/")+1:]
			}
			if strings.Contains(path, "{webhook}") {
				hook, delivery = addedWebhook(signedIn(t, o, "office_manager"), "http://127.0.0.1:9/hook")
			}
			var form url.Values
			if method == http.MethodPost {
				form = url.Values{}
			}
			p := b.ask(method, fill("acme.test", held.ID).Replace(path), form)
			allowed := slices.Contains(strings.Fields(scopes), scope)
			if allowed == (p.status == http.StatusNotFound) {
				t.Errorf("%s by %s: %d", pattern, scope, p.status)
			}
			if strings.Contains(path, "{domain}") && scope != "super_user" {
				if p := b.ask(method, fill("beta.test", held.ID).Replace(path), form); p.status != http.StatusNotFound {
					t.Errorf("%s of another domain by %s: %d", pattern, scope, p.status)
				}
			}
			if _, err := o.App.Sessions().End(t.Context(), held.ID, hotdesk.By{Door: hotdesk.DoorREST}); err != nil && method == http.MethodGet {
				t.Fatal(err)
			}
		}
	}
}

func TestNobodyReleasesTheDeskOfAnother(t *testing.T) {
	t.Parallel()
	o := office(t)
	held := session(t, o, "basic_user", "5401")
	if p := signedIn(t, o, "call_center_agent").ask(http.MethodPost, "/phones/"+held.ID+"/release", url.Values{}); p.status != http.StatusNotFound {
		t.Errorf("another's desk: %d", p.status)
	}
	mine := signedIn(t, o, "basic_user")
	if p := mine.ask(http.MethodGet, "/phones", nil); !strings.Contains(p.body, "Release Window (5401)") || strings.Contains(p.body, "<b>basic_user") {
		t.Errorf("the desk held is not shown: %s", p.body)
	}
	for range 2 { // a double click does no harm
		if p := mine.ask(http.MethodPost, "/phones/"+held.ID+"/release", url.Values{}); p.location != "/phones" {
			t.Errorf("releasing answers %d %q", p.status, p.location)
		}
	}
	open, err := o.App.Sessions().Sessions(t.Context(), hotdesk.Query{DomainID: held.DomainID, Open: true})
	if err != nil || len(open) != 0 {
		t.Errorf("still open: %v, %v", open, err)
	}
}

func TestFilesOfThePages(t *testing.T) {
	t.Parallel()
	b := newBrowser(t, office(t))
	for path, kind := range map[string]string{"tabler.min.css": "text/css", "htmx.min.js": "javascript", "icon.svg": "image/svg"} {
		p := b.ask(http.MethodGet, "/assets/"+path, nil)
		if p.status != http.StatusOK || p.body == "" {
			t.Errorf("%s (%s): %d", path, kind, p.status)
		}
	}
	for _, path := range []string{"/assets/none.js", "/assets/", "/assets/../portal.go", "/nowhere"} {
		if p := b.ask(http.MethodGet, path, nil); p.status == http.StatusOK {
			t.Errorf("%s is there", path)
		}
	}
}
