package restapi_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// What is wrong with a request is said in a problem that names the place.
func TestProblemsNameTheField(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	const acme = " /api/v1/domains/acme.test"
	for _, c := range []struct {
		line, body string
		status     int
		where      string // "" for a problem that concerns no field
		headers    []string
	}{
		{"POST" + acme + "/users", `{"extension":1050,"name":"Cy"}`, 422, "body.extension", nil},
		{"POST" + acme + "/users", `{"extension":"1050","name":"Cy","colour":"red"}`, 422, "body.colour", nil},
		{"POST" + acme + "/users", `{"name":"Cy"}`, 422, "body.extension", nil},
		{"POST" + acme + "/users", `{"extension":"1050","name":"` + strings.Repeat("x", 5000) + `"}`, 422, "body.name", nil},
		{"POST" + acme + "/users", `{"extension":"1050"`, 400, "body", nil},
		{"POST" + acme + "/users", `{"extension":"1050"} {}`, 400, "body", nil},
		{"POST" + acme + "/users", `[]`, 422, "body", nil},
		{"POST" + acme + "/users", ``, 400, "", nil},
		{"POST" + acme + "/users", `extension=1050`, 415, "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"POST" + acme + "/users", `{"extension":"1050","name":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "", nil},
		{"PATCH" + acme + "/users/1001", `{"scope":"boss"}`, 422, "body.scope", nil},
		{"PATCH" + acme + "/users/1001", `{"ring_seconds":"long"}`, 422, "body.ring_seconds", nil},
		{"PATCH" + acme, `{"hot_desking":{"max_hours":"many"}}`, 422, "body.hot_desking.max_hours", nil},
		{"PATCH" + acme, `{"hot_desking":{"max_ours":1}}`, 422, "body.hot_desking.max_ours", nil},
		{"POST" + acme + "/devices", `{"owner":"1001"}`, 422, "body.name", nil},
		{"POST" + acme + "/devices", `{"name":"a b"}`, 422, "body.name", nil},
		{"POST" + acme + "/phones", `{"mac":"80:5e:c0:11:22:44","devices":"5401"}`, 422, "body.devices", nil},
		{"POST" + acme + "/phones", `{"mac":"80:5e:c0:11:22:44","devices":[5401]}`, 422, "body.devices[0]", nil},
		{"POST" + acme + "/numbers", `{"number":"1"}`, 422, "body.number", nil},
		{"POST" + acme + "/trunks", `{"name":"x","host":"a.example","priority":1.5}`, 422, "body.priority", nil},
		{"POST" + acme + "/sessions", `{"device":"5401"}`, 422, "body.user", nil},
		{"POST" + acme + "/sessions", `{"device":"5401","user":"1001","take_over":"yes"}`, 422, "body.take_over", nil},
		{"POST /api/v1/keys", `{"scope":"super_user"}`, 422, "body.name", nil},
		{"GET" + acme + "/users?limit=many", "", 422, "query.limit", nil},
		{"GET" + acme + "/users?limit=0", "", 422, "query.limit", nil},
		{"GET" + acme + "/users?limit=1001", "", 422, "query.limit", nil},
		{"GET" + acme + "/users?after=%25", "", 422, "query.after", nil},
		{"GET" + acme + "/users?colour=red", "", 422, "query.colour", nil},
		{"GET" + acme + "/devices?registered=perhaps", "", 422, "query.registered", nil},
		{"GET" + acme + "/sessions?from=soon", "", 422, "query.from", nil},
		{"GET" + acme + "/sessions?after=x", "", 422, "query.after", nil},
		{"GET" + acme + "/audit?to=2026-13-01", "", 422, "query.to", nil},
		{"GET" + acme + "/users/1099", "", 404, "", nil},
		{"GET /api/v1/nothing", "", 404, "", nil},
		{"GET /api/v2/domains", "", 404, "", nil},
		{"PUT" + acme, "", 405, "", nil},
		{"DELETE /api/v1/domains", "", 405, "", nil},
	} {
		got := n.send(t, key, c.line, c.body, c.headers...)
		problem := got.problem(t)
		var where []string
		for _, d := range problem.Errors {
			where = append(where, d.Location)
		}
		if got.status != c.status || c.where != "" && !slices.Contains(where, c.where) || problem.Title == "" || problem.Detail == "" {
			t.Errorf("%s %.60s: %d %s, want %d %s", c.line, c.body, got.status, got.body, c.status, c.where)
		}
	}
	if got := n.send(t, key, "PUT"+acme, ""); got.header.Get("Allow") != "GET, PATCH, DELETE" {
		t.Errorf("what is allowed: %q", got.header.Get("Allow"))
	}
}

func TestStaleChanges(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	for _, c := range []struct{ path, change, back string }{
		{"/api/v1/domains/acme.test", `{"keep_calls":30}`, `{"keep_calls":0}`},
		{"/api/v1/domains/acme.test/users/1001", `{"place":"here"}`, `{"place":""}`},
		{"/api/v1/domains/acme.test/devices/5401", `{"disabled":true}`, `{"disabled":false}`},
		{"/api/v1/domains/acme.test/phones/80:5e:c0:11:22:33", `{"place":"here"}`, `{"place":""}`},
		{"/api/v1/domains/acme.test/numbers/+14165550101", `{"user":"1001"}`, `{"user":""}`},
		{"/api/v1/domains/acme.test/trunks/carrier", `{"priority":7}`, `{"priority":0}`},
	} {
		read := n.send(t, key, "GET "+c.path, "")
		tag := read.header.Get("ETag")
		if live := strings.Contains(c.path, "/devices/") || strings.Contains(c.path, "/trunks/"); !live {
			if got := n.send(t, key, "GET "+c.path, "", "If-None-Match", `"x", W/`+tag); got.status != 304 || got.body != "" || got.header.Get("ETag") == "" {
				t.Errorf("%s unchanged: %d %s", c.path, got.status, got.body)
			}
		}
		changed := n.send(t, key, "PATCH "+c.path, c.change, "If-Match", tag)
		next := changed.header.Get("ETag")
		if changed.status != 200 || next == tag || next == "" || n.send(t, key, "GET "+c.path, "").header.Get("ETag") != next {
			t.Errorf("%s: %d %s, %s after %s", c.path, changed.status, changed.body, next, tag)
		}
		if got := n.send(t, key, "GET "+c.path, "", "If-None-Match", tag); got.status != 200 {
			t.Errorf("%s changed: %d", c.path, got.status)
		}
		for _, method := range []string{"PATCH ", "DELETE "} {
			body := map[string]string{"PATCH ": c.back}[method]
			got := n.send(t, key, method+c.path, body, "If-Match", tag)
			if p := got.problem(t); got.status != 412 || got.header.Get("ETag") != next || len(p.Errors) != 1 || p.Errors[0].Location != "header.If-Match" {
				t.Errorf("a stale %s%s: %d %s %s", method, c.path, got.status, got.header.Get("ETag"), got.body)
			}
		}
		if got := n.send(t, key, "PATCH "+c.path, c.back, "If-Match", "*"); got.status != 200 || got.header.Get("ETag") != tag {
			t.Errorf("%s changed back: %d %s, want %s", c.path, got.status, got.header.Get("ETag"), tag)
		}
		if strings.Contains(c.path, "/users/") || c.path == "/api/v1/domains/acme.test" {
			continue
		}
		if got := n.send(t, key, "DELETE "+c.path, "", "If-Match", tag); got.status != 204 {
			t.Errorf("remove %s: %d %s", c.path, got.status, got.body)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	for _, user := range []string{"1001", "1005", "1006"} {
		if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: "5401", User: user}); err != nil {
			t.Fatal(err)
		}
		if _, err := n.local.EndSession(t.Context(), "acme.test", "5401"); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"/domains?", "/keys?", "/domains/acme.test/users?", "/domains/acme.test/users?q=user&", "/domains/acme.test/devices?", "/domains/acme.test/phones?",
		"/domains/acme.test/numbers?", "/domains/acme.test/trunks?", "/domains/acme.test/sessions?", "/domains/acme.test/sessions?device=5401&from=2020-01-01&",
		"/domains/acme.test/audit?", "/domains/acme.test/calls?",
	} {
		all := itemsOf(t, n.send(t, key, "GET /api/v1"+path+"limit=1000", ""))
		var found []string
		for next := "/api/v1" + path + "limit=1"; next != ""; {
			got := n.send(t, key, "GET "+next, "")
			items := itemsOf(t, got)
			if len(items) > 1 {
				t.Fatalf("%s: %d items", next, len(items))
			}
			found = append(found, items...)
			link, rel, _ := strings.Cut(strings.TrimPrefix(got.header.Get("Link"), "<"), ">")
			if next = link; next != "" && rel != `; rel="next"` {
				t.Fatalf("the link is %q", got.header.Get("Link"))
			}
		}
		if !slices.Equal(all, found) || len(all) == 0 && !strings.Contains(path, "calls") {
			t.Errorf("%s by the page: %v, want %v", path, found, all)
		}
	}
}

// itemsOf is the items of a list, each as it is written.
func itemsOf(t *testing.T, a answer) []string {
	t.Helper()
	var page resource.List[json.RawMessage]
	if err := json.Unmarshal([]byte(a.body), &page); err != nil || a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var items []string
	for _, item := range page.Items {
		items = append(items, string(item))
	}
	return items
}

func TestFilters(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: "5401", User: "1001"}); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"/domains?q=BETA": 1, "/domains?q=gamma": 0, "/keys?q=root": 1, "/keys?domain=acme.test": 0,
		"/domains/acme.test/users?q=window": 2, "/domains/acme.test/users?scope=reseller": 1, "/domains/acme.test/users?desk_account=true": 2,
		"/domains/acme.test/users?desk_account=false": 8, "/domains/acme.test/users?disabled=true": 0,
		"/domains/acme.test/devices?q=5401": 1, "/domains/acme.test/devices?user=5402": 1, "/domains/acme.test/devices?hot_desk=false": 0,
		"/domains/acme.test/devices?registered=true": 0, "/domains/acme.test/devices?registered=false": 2,
		"/domains/acme.test/phones?q=t54": 1, "/domains/acme.test/phones?device=5402": 1, "/domains/acme.test/phones?device=5401": 0,
		"/domains/acme.test/numbers?q=0101": 1, "/domains/acme.test/numbers?user=1001": 0, "/domains/acme.test/trunks?q=carr": 1,
		"/domains/acme.test/trunks?registered=true": 0, "/domains/acme.test/sessions?open=true&user=1001": 1, "/domains/acme.test/sessions?to=2020-01-01": 0,
		"/domains/acme.test/sessions?from=2020-01-01": 1, "/domains/acme.test/audit?action=session.login&from=2020-01-01": 1, "/domains/acme.test/audit?to=2020-01-01": 0,
	} {
		if got := itemsOf(t, n.send(t, key, "GET /api/v1"+query, "")); len(got) != want {
			t.Errorf("%s: %v, want %d", query, got, want)
		}
	}
}
