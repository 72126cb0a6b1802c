package restapi_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// TestSiteManagers asks for what is in the site that a manager has, and for
// what is not.
func TestSiteManagers(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	const acme = " /api/v1/domains/acme.test"
	north, south := "North", "South"
	for extension, site := range map[string]*string{"5401": &north, "5402": &south} {
		if _, err := n.local.Users("acme.test").Set(t.Context(), extension, resource.UserInput{Site: site}); err != nil {
			t.Fatal(err)
		}
	}
	for _, desk := range []string{"5401", "5402"} {
		if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: desk, User: map[string]string{"5401": "1005", "5402": "1006"}[desk]}); err != nil {
			t.Fatal(err)
		}
	}
	floor := n.addFloor(t, n.keyFor(t, "super_user"))
	key := n.keyFor(t, "site_manager")
	for _, c := range []struct {
		line, body string
		status     int
		says, not  string
	}{
		{"GET" + acme + "/users", "", 200, `"5401"`, `"5402"`},
		{"GET" + acme + "/devices", "", 200, `"5401"`, `"5402"`},
		{"GET" + acme + "/phones", "", 200, "items", "80:5e"},
		{"GET" + acme + "/numbers", "", 200, "items", "+1416"},
		{"GET" + acme + "/sessions", "", 200, `"5401"`, `"5402"`},
		{"GET" + acme + "/users/5401", "", 200, `"site":"North"`, ""},
		{"GET" + acme + "/users/5402", "", 404, "there is no user", ""},
		{"GET" + acme + "/devices/5402", "", 404, "there is no device", ""},
		{"GET" + acme + "/phones/805ec0112233", "", 404, "there is no phone", ""},
		{"GET" + acme + "/numbers/+14165550101", "", 404, "there is no number", ""},
		{"PATCH" + acme + "/users/5401", `{"name":"Window 1"}`, 200, "Window 1", ""},
		{"PATCH" + acme + "/users/5401", `{"site":"South"}`, 403, "not yours", ""},
		{"PATCH" + acme + "/users/5402", `{"site":"North"}`, 404, "there is no user", ""},
		{"POST" + acme + "/users", `{"extension":"1050","name":"Cy","site":"South"}`, 403, "not yours", ""},
		{"POST" + acme + "/users", `{"extension":"1050","name":"Cy","site":"North","scope":"call_center_supervisor"}`, 403, "not yours", ""},
		{"POST" + acme + "/users", `{"extension":"1050","name":"Cy","site":"North"}`, 201, `"1050"`, ""},
		{"DELETE" + acme + "/sessions/5402", "", 404, "there is no session", ""},
		{"DELETE" + acme + "/sessions/5401", "", 200, "5401", ""},
		{"GET" + acme, "", 403, "not a site of it", ""},
		{"GET" + acme + "/audit", "", 403, "not a site of it", ""},
		{"GET" + acme + "/calls", "", 403, "not a site of it", ""},
		{"GET" + acme + "/reports/desks", "", 200, `"5401"`, `"5402"`},
		{"GET" + acme + "/reports/desks.csv", "", 200, "5401,", "5402,"},
		{"GET" + acme + "/reports/people", "", 200, "items", `"1006"`},
		{"GET" + acme + "/reports/timeline?of=5401", "", 200, "1005", ""},
		{"GET" + acme + "/reports/timeline?of=5402", "", 422, "query.of", ""},
		{"GET" + acme + "/floors", "", 200, `"5401"`, `"5402"`},
		{"GET" + acme + "/floors/" + floor.ID, "", 200, `"5401"`, `"5402"`},
		{"DELETE" + acme + "/floors/" + floor.ID, "", 403, "manage_domain", ""},
		{"GET" + acme + "/trunks", "", 403, "manage_domain", ""},
		{"GET" + acme + "/office", "", 403, "manage_domain", ""},
		{"GET /api/v1/domains/beta.test/users", "", 404, "there is no domain", ""},
	} {
		got := n.send(t, key, c.line, c.body)
		if got.status != c.status || !strings.Contains(strings.ReplaceAll(got.body, `": "`, `":"`), c.says) || c.not != "" && strings.Contains(got.body, c.not) {
			t.Errorf("%s %s: %d %s", c.line, c.body, got.status, got.body)
		}
	}
}
