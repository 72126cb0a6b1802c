package restapi_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Who may use an operation.
const (
	everybody   = "super_user reseller office_manager site_manager call_center_supervisor call_center_agent basic_user"
	supervisors = "super_user reseller office_manager call_center_supervisor"
	managers    = "super_user reseller office_manager"
	servers     = "super_user"
)

// operation is a request that succeeds for those who may use it.
type operation struct {
	id, line, body, who string
}

// planned stands for a floor with its picture.
const planned = `{"name":"Floor 6"}`

// exported stands for what export-office has answered.
const exported = "[domain]\nname = \"acme.test\"\n"

// operations is every operation of the API, in an order in which each finds
// what it needs.
func operations() []operation {
	const acme = " /api/v1/domains/acme.test"
	return []operation{
		{"list-domains", "GET /api/v1/domains", "", everybody},
		{"add-domain", "POST /api/v1/domains", `{"name":"c.test","timezone":"UTC","country":"CA"}`, servers},
		{"get-domain", "GET" + acme, "", managers},
		{"set-domain", "PATCH" + acme, `{"keep_calls":30}`, managers},
		{"list-users", "GET" + acme + "/users", "", managers},
		{"add-user", "POST" + acme + "/users", `{"extension":"1050","name":"Cy"}`, managers},
		{"get-user", "GET" + acme + "/users/1050", "", managers},
		{"set-user", "PATCH" + acme + "/users/1050", `{"name":"Cy Bo","hot_desking":true}`, managers},
		{"unlock-user", "POST" + acme + "/users/1050/unlock", "", managers},
		{"list-devices", "GET" + acme + "/devices", "", managers},
		{"add-device", "POST" + acme + "/devices", `{"name":"cy","owner":"1050"}`, managers},
		{"get-device", "GET" + acme + "/devices/cy", "", managers},
		{"set-device", "PATCH" + acme + "/devices/cy", `{"disabled":true}`, managers},
		{"unlock-device", "POST" + acme + "/devices/cy/unlock", "", managers},
		{"resync-device", "POST" + acme + "/devices/5402/resync", "", managers},
		{"reboot-device", "POST" + acme + "/devices/5402/reboot", "", managers},
		{"list-phones", "GET" + acme + "/phones", "", managers},
		{"import-table", "POST" + acme + "/import?dry_run=true", "extension,name\n1051,Di\n", managers},
		{"export-users", "GET" + acme + "/users.csv", "", managers},
		{"export-phones", "GET" + acme + "/phones.csv", "", managers},
		{"add-phone", "POST" + acme + "/phones", `{"mac":"80:5e:c0:11:22:44"}`, managers},
		{"get-phone", "GET" + acme + "/phones/80:5e:c0:11:22:44", "", managers},
		{"set-phone", "PATCH" + acme + "/phones/80:5e:c0:11:22:44", `{"place":"Hall"}`, managers},
		{"resync-phone", "POST" + acme + "/phones/80:5e:c0:11:22:33/resync", "", managers},
		{"reboot-phone", "POST" + acme + "/phones/80:5e:c0:11:22:33/reboot", "", managers},
		{"delete-phone", "DELETE" + acme + "/phones/80:5e:c0:11:22:44", "", managers},
		{"list-numbers", "GET" + acme + "/numbers", "", managers},
		{"add-number", "POST" + acme + "/numbers", `{"number":"+14165550102"}`, managers},
		{"get-number", "GET" + acme + "/numbers/+14165550102", "", managers},
		{"set-number", "PATCH" + acme + "/numbers/+14165550102", `{"user":"1000"}`, managers},
		{"delete-number", "DELETE" + acme + "/numbers/+14165550102", "", managers},
		{"list-trunks", "GET" + acme + "/trunks", "", managers},
		{"add-trunk", "POST" + acme + "/trunks", `{"name":"spare","host":"127.0.0.1:9","disabled":true}`, managers},
		{"get-trunk", "GET" + acme + "/trunks/spare", "", managers},
		{"set-trunk", "PATCH" + acme + "/trunks/spare", `{"priority":5}`, managers},
		{"delete-trunk", "DELETE" + acme + "/trunks/spare", "", managers},
		{"list-sessions", "GET" + acme + "/sessions", "", managers},
		{"start-session", "POST" + acme + "/sessions", `{"device":"5401","user":"1050"}`, managers},
		{"end-session", "DELETE" + acme + "/sessions/5401", "", managers},
		{"list-floors", "GET" + acme + "/floors", "", supervisors},
		{"add-floor", "POST" + acme + "/floors", planned, managers},
		{"get-floor", "GET" + acme + "/floors/{floor}", "", supervisors},
		{"set-floor", "PATCH" + acme + "/floors/{floor}", `{"name":"Upstairs"}`, managers},
		{"get-floor-picture", "GET" + acme + "/floors/{floor}/picture", "", supervisors},
		{"place-desk", "PUT" + acme + "/floors/{floor}/desks/5402", `{"x":1,"y":2}`, managers},
		{"clear-desk", "DELETE" + acme + "/floors/{floor}/desks/5402", "", managers},
		{"delete-floor", "DELETE" + acme + "/floors/{floor}", "", managers},
		{"list-webhooks", "GET" + acme + "/webhooks", "", managers},
		{"add-webhook", "POST" + acme + "/webhooks", `{"url":"https://hooks.example/","events":["login"]}`, managers},
		{"get-webhook", "GET" + acme + "/webhooks/{webhook}", "", managers},
		{"set-webhook", "PATCH" + acme + "/webhooks/{webhook}", `{"events":["call"]}`, managers},
		{"test-webhook", "POST" + acme + "/webhooks/{webhook}/test", "", managers},
		{"list-deliveries", "GET" + acme + "/webhooks/{webhook}/deliveries", "", managers},
		{"replay-delivery", "POST" + acme + "/webhooks/{webhook}/deliveries/{delivery}/replay", "", managers},
		{"delete-webhook", "DELETE" + acme + "/webhooks/{webhook}", "", managers},
		{"list-calls", "GET" + acme + "/calls", "", supervisors},
		{"export-calls", "GET" + acme + "/calls.csv", "", supervisors},
		{"report-hours", "GET" + acme + "/reports/hours", "", supervisors},
		{"report-levels", "GET" + acme + "/reports/levels", "", supervisors},
		{"report-desks", "GET" + acme + "/reports/desks", "", supervisors},
		{"report-people", "GET" + acme + "/reports/people", "", supervisors},
		{"report-timeline", "GET" + acme + "/reports/timeline?of=5401", "", supervisors},
		{"export-report-timeline", "GET" + acme + "/reports/timeline.csv?of=5401", "", supervisors},
		{"export-report-hours", "GET" + acme + "/reports/hours.csv", "", supervisors},
		{"export-report-levels", "GET" + acme + "/reports/levels.csv", "", supervisors},
		{"export-report-desks", "GET" + acme + "/reports/desks.csv", "", supervisors},
		{"export-report-people", "GET" + acme + "/reports/people.csv", "", supervisors},
		{"list-audit", "GET" + acme + "/audit", "", managers},
		{"get-me", "GET /api/v1/me", "", everybody},
		{"set-me", "PATCH /api/v1/me", `{"do_not_disturb":true,"pin":"8302"}`, everybody},
		{"list-my-devices", "GET /api/v1/me/devices", "", everybody},
		{"list-my-sessions", "GET /api/v1/me/sessions", "", everybody},
		{"end-my-session", "DELETE /api/v1/me/sessions/5402", "", everybody},
		{"list-my-calls", "GET /api/v1/me/calls", "", everybody},
		{"export-my-calls", "GET /api/v1/me/calls.csv", "", everybody},
		{"list-browsers", "GET /api/v1/me/browsers", "", everybody},
		{"list-messages", "GET /api/v1/me/messages", "", everybody},
		{"get-message", "GET /api/v1/me/messages/{message}", "", everybody},
		{"get-message-sound", "GET /api/v1/me/messages/{message}/sound", "", everybody},
		{"set-message", "PATCH /api/v1/me/messages/{message}", `{"state":"saved"}`, everybody},
		{"delete-message", "DELETE /api/v1/me/messages/{message}", "", everybody},
		{"list-keys", "GET /api/v1/keys", "", everybody},
		{"export-office", "GET" + acme + "/office", "", managers},
		{"apply-office", "PUT /api/v1/office?dry_run=true", exported, managers},
		{"backup", "POST /api/v1/backup", "", servers},
		{"delete-device", "DELETE" + acme + "/devices/cy", "", managers},
		{"delete-user", "DELETE" + acme + "/users/1050", "", managers},
		{"delete-domain", "DELETE" + acme, "", servers},
	}
}

// elsewhere are operations that are tested on their own, as what they answer to
// depends on more than the scope.
func elsewhere() []string {
	return []string{"add-key", "delete-key", "watch-events", "activate-phone", "get-activation", "cancel-activation", "end-browser"}
}

func TestEveryOperationStandsInTheTable(t *testing.T) {
	t.Parallel()
	_, body := ask(t, start(t).Public(), "GET /api/v1/openapi.json", "")
	var document struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil {
		t.Fatal(err)
	}
	tested := map[string]bool{}
	for _, op := range operations() {
		tested[op.id] = true
	}
	for _, id := range elsewhere() {
		tested[id] = true
	}
	for path, methods := range document.Paths {
		for method, op := range methods {
			if !tested[op.OperationID] {
				t.Errorf("%s %s, %s, stands in no table of who may use it", strings.ToUpper(method), path, op.OperationID)
			}
			delete(tested, op.OperationID)
		}
	}
	if len(tested) > 0 {
		t.Errorf("there is no operation %v", slices.Collect(maps.Keys(tested)))
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for scope := range strings.FieldsSeq(everybody) {
		if scope == "site_manager" {
			continue // who sees a part of what an operation answers: TestSiteManagers
		}
		t.Run(scope, func(t *testing.T) {
			t.Parallel()
			n := startNetwork(t)
			n.Phone(t, "acme.test", "5402")
			key := n.keyFor(t, scope)
			hook, sent := n.webhook(t)
			message := n.atHome(t, scope)
			floor := n.addFloor(t, n.keyFor(t, "super_user"))
			for _, op := range operations() {
				may := slices.Contains(strings.Fields(op.who), scope)
				if op.body == exported && may {
					op.body = n.send(t, key, "GET /api/v1/domains/acme.test/office", "").body
				}
				if op.body == planned {
					op.body = fmt.Sprintf(`{"name":"Floor 6","picture":%q}`, plan(t))
				}
				op.line = strings.NewReplacer("{floor}", floor.ID, "{webhook}", hook.ID, "{delivery}", sent.ID, "{message}", message).Replace(op.line)
				got := n.send(t, key, op.line, op.body)
				if may != (got.status/100 == 2) || !may && got.status != 403 {
					t.Errorf("%s: %d %s", op.id, got.status, got.body)
				}
				if !may {
					got.problem(t)
				}
				other := strings.Replace(op.line, "acme.test", "beta.test", 1)
				if other == op.line || scope == "super_user" {
					continue
				}
				if got := n.send(t, key, other, op.body); got.status != 404 || !strings.Contains(got.problem(t).Detail, "there is no domain") {
					t.Errorf("%s in another domain: %d %s", op.id, got.status, got.body)
				}
			}
		})
	}
}

// A file cannot be used to learn what other domains there are, or to change them.
func TestOfficeFilesOfOthers(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "office_manager")
	var answers []string
	for _, name := range []string{"beta.test", "nowhere.test"} {
		got := n.send(t, key, "PUT /api/v1/office", "[domain]\nname = \""+name+"\"\ntimezone = \"nonsense\"\ncountry = \"CA\"\n")
		if got.status != 403 {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		answers = append(answers, got.body)
	}
	if answers[0] != answers[1] {
		t.Errorf("a domain that is there is told from one that is not: %v", answers)
	}
	if got := n.send(t, key, "PATCH /api/v1/domains/acme.test", `{"default":true}`); got.status != 403 {
		t.Errorf("the default domain: %d %s", got.status, got.body)
	}
}

func TestKeysOverTheNetwork(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	root := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	manager, agent := n.keyFor(t, "office_manager"), n.keyFor(t, "call_center_agent")
	in := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	brief := n.send(t, root, "POST /api/v1/keys", `{"name":"brief","scope":"super_user","expires_at":"`+in+`"}`)
	var made resource.Key
	if err := json.Unmarshal([]byte(brief.body), &made); err != nil || brief.status != 201 || !strings.HasPrefix(made.Key, "hdk_") || !strings.HasPrefix(made.Key, made.Start) || made.CreatedBy != "key:root" {
		t.Fatalf("%d %s", brief.status, brief.body)
	}
	for _, c := range []struct {
		key, body string
		status    int
		want      string
	}{
		{manager, `{"name":"x","scope":"super_user"}`, 422, "body.scope"},
		{manager, `{"name":"x","scope":"office_manager"}`, 422, "body.domain"},
		{manager, `{"name":"x","scope":"office_manager","domain":"beta.test"}`, 422, "there is no domain beta.test"},
		{manager, `{"name":"x","scope":"office_manager","domain":"none.test"}`, 422, "there is no domain none.test"},
		{manager, `{"name":"x","scope":"basic_user","domain":"acme.test","user":"1000"}`, 422, "body.user"},
		{manager, `{"name":"x","scope":"call_center_supervisor","domain":"acme.test","user":"1006"}`, 422, "no wider scope than the user, basic_user"},
		{manager, `{"name":"x","scope":"no_portal","domain":"acme.test"}`, 422, "body.scope"},
		{manager, `{"name":" ","scope":"office_manager","domain":"acme.test"}`, 422, "body.name"},
		{manager, `{"scope":"office_manager","domain":"acme.test"}`, 422, "expected required property name"},
		{manager, `{"name":"x","scope":"office_manager","domain":"acme.test","expires_at":"soon"}`, 422, "body.expires_at"},
		{manager, `{"name":"theirs","scope":"basic_user","domain":"acme.test","user":"1006"}`, 201, `"user":"1006"`},
		{agent, `{"name":"x","scope":"call_center_agent","domain":"acme.test"}`, 422, "name one"},
		{agent, `{"name":"x","scope":"basic_user","domain":"acme.test","user":"1006"}`, 422, "made by who manages the domain"},
		{agent, `{"name":"mine","scope":"basic_user","domain":"acme.test","user":"1005"}`, 201, `"scope":"basic_user"`},
		{made.Key, `{"name":"x","scope":"super_user"}`, 422, "body.expires_at"},
		{made.Key, `{"name":"x","scope":"super_user","expires_at":"2001-01-01T00:00:00Z"}`, 422, "in the past"},
	} {
		if got := n.send(t, c.key, "POST /api/v1/keys", c.body); got.status != c.status || !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.body, got.status, got.body, c.status, c.want)
		}
	}
	list := n.send(t, agent, "GET /api/v1/keys", "").body
	if !strings.Contains(list, `"mine"`) || strings.Contains(list, `"theirs"`) || strings.Contains(list, `"key"`) || !strings.Contains(list, `"used_at"`) {
		t.Errorf("the agent sees %s", list)
	}
	if list := n.send(t, manager, "GET /api/v1/keys?user=1006", "").body; !strings.Contains(list, `"theirs"`) || strings.Contains(list, `"mine"`) {
		t.Errorf("the manager sees %s", list)
	}
	if got := n.send(t, manager, "DELETE /api/v1/keys/"+made.ID, ""); got.status != 404 {
		t.Errorf("a manager revokes a server's key: %d %s", got.status, got.body)
	}
	if got := n.send(t, root, "DELETE /api/v1/keys/"+made.ID, ""); got.status != 204 {
		t.Errorf("revoke: %d %s", got.status, got.body)
	}
	if got := n.send(t, made.Key, "GET /api/v1/domains", ""); got.status != 401 {
		t.Errorf("a revoked key: %d %s", got.status, got.body)
	}
	if audit := n.send(t, root, "GET /api/v1/domains/acme.test/audit?action=key.added", "").body; !strings.Contains(audit, `"detail":"mine basic_user"`) {
		t.Errorf("the audit log: %s", audit)
	}
}

// A key is worth no more than its user is now.
func TestKeysFollowTheirUsers(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	manager, agent := n.keyFor(t, "office_manager"), n.keyFor(t, "call_center_agent")
	expires := time.Now().Add(time.Hour)
	brief := n.key(t, resource.KeyInput{Name: "brief", Scope: "office_manager", Domain: "acme.test", ExpiresAt: &expires}).Key
	narrow, gone := "basic_user", true
	if _, err := n.local.Users("acme.test").Set(t.Context(), "1002", resource.UserInput{Scope: &narrow}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.local.Users("acme.test").Set(t.Context(), "1005", resource.UserInput{Disabled: &gone}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]int{manager: 403, agent: 401, brief: 200} {
		if got := n.send(t, key, "GET /api/v1/domains/acme.test/users", ""); got.status != want {
			t.Errorf("%d %s, want %d", got.status, got.body, want)
		}
	}
	n.SetClock(expires)
	if got := n.send(t, brief, "GET /api/v1/domains/acme.test/users", ""); got.status != 401 || !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("an expired key: %d %s", got.status, got.body)
	}
	if err := n.local.Users("acme.test").Delete(t.Context(), "1005"); err != nil {
		t.Fatal(err)
	}
	keys, err := n.local.Keys().List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.Scope == "call_center_agent" {
			t.Error("the key of a user who is gone is still there")
		}
	}
}

func TestWrongKeys(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	right := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	for _, header := range []string{"", "Basic aGRrXzp4", "Bearer", "Bearer "} {
		got := n.send(t, "", "GET /api/v1/domains", "", "Authorization", header)
		if got.status != 401 || got.header.Get("WWW-Authenticate") != `Bearer realm="hotdesk"` {
			t.Errorf("%q: %d %v", header, got.status, got.header)
		}
		got.problem(t)
	}
	for i := range login.KeyLimits().Tries {
		wrong := []string{"nonsense", "hdk_AAAA", right + "x", "hdk_" + strings.Repeat("A", 5000)}[i%4]
		if got := n.send(t, wrong, "GET /api/v1/domains", ""); got.status != 401 {
			t.Errorf("wrong key %d: %d %s", i, got.status, got.body)
		}
	}
	got := n.send(t, "hdk_AAAA", "GET /api/v1/domains", "")
	if got.status != 429 || got.header.Get("Retry-After") != "60" {
		t.Errorf("the source is not banned: %d %v %s", got.status, got.header, got.body)
	}
	got.problem(t)
	if got := n.send(t, right, "GET /api/v1/domains", ""); got.status != 200 {
		t.Errorf("a right key is not taken beside the wrong ones: %d %s", got.status, got.body)
	}
	n.SetClock(time.Now().Add(time.Minute + time.Second))
	if got := n.send(t, "hdk_AAAA", "GET /api/v1/domains", ""); got.status != 401 {
		t.Errorf("after the ban: %d %s", got.status, got.body)
	}
}
