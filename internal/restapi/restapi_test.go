package restapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func now() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }

// server is an API with an office in it.
type server struct {
	*restapi.API

	dir   *directory.Service
	disk  *disk
	desks *desks
	locks *locks
	log   *bytes.Buffer

	copied halfCopy
	ready  error
}

func start(t *testing.T) *server {
	t.Helper()
	return startWith(t, &desks{})
}

// startWith makes an API over a store of call records.
func startWith(t *testing.T, calls restapi.Calls) *server {
	t.Helper()
	s := &server{disk: &disk{}, desks: &desks{open: map[string]hotdesk.Session{}}, locks: &locks{}, log: &bytes.Buffer{}}
	var err error
	if s.dir, err = directory.Open(t.Context(), s.disk, &events.Bus{}, now); err != nil {
		t.Fatal(err)
	}
	s.API = restapi.New(restapi.Config{
		Directory: s.dir, Sessions: s.desks, Calls: calls, Lockouts: s.locks, Trunks: lines{}, Phones: handsets{}, Locations: lines{}, Audit: s.locks, Version: "test", Now: now,
		Backup: func(context.Context) (io.WriterTo, error) { return s.copied, s.copied.err },
		Ready:  func(context.Context) error { return s.ready },
		Log:    slog.New(slog.NewTextHandler(s.log, nil)),
	})
	office, err := os.ReadFile("../officefile/testdata/office.toml")
	if err != nil {
		t.Fatal(err)
	}
	if status, body := s.do(t, "PUT /api/v1/office", string(office)); status != http.StatusOK {
		t.Fatalf("apply: %d %s", status, body)
	}
	return s
}

// do sends a request to the local door; what begins as TOML is sent as such.
func (s *server) do(t *testing.T, line, body string) (int, string) {
	t.Helper()
	return ask(t, s.Local(), line, body)
}

func ask(t *testing.T, door http.Handler, line, body string) (int, string) {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if method == http.MethodPut {
		req.Header.Set("Content-Type", "application/toml")
	}
	w := httptest.NewRecorder()
	door.ServeHTTP(w, req)
	return w.Code, w.Body.String()
}

// TestAnswers sends requests to one office, one after the other.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	const acme = " /api/v1/domains/acme.test"
	for _, c := range []struct {
		line, body string
		status     int
		want       string
	}{
		{"GET /api/v1/domains", "", 200, `"name":"acme.test"`},
		{"GET" + acme, "", 200, `"release_at":"03:30"`},
		{"GET /api/v1/domains/ACME.test", "", 200, `"name":"acme.test"`},
		{"GET /api/v1/domains/beta.test", "", 404, `there is no domain \"beta.test\"`},
		{"POST /api/v1/domains", `{"name":"beta.test","timezone":"UTC","country":"CA"}`, 201, `"login_code":"*88"`},
		{"POST /api/v1/domains", `{"name":"c.test","timezone":"UTC"}`, 422, `"location":"body.country"`},
		{"POST /api/v1/domains", `{"name":"c.test","hot_desking":{"desk_range":"54"}}`, 422, `"location":"body.hot_desking.desk_range"`},
		{"PATCH" + acme, `{"hot_desking":{"release_at":"off"}}`, 200, `"release_at":"off"`},
		{"PATCH" + acme, `{"hot_desking":{"release_at":"2am"}}`, 422, `"location":"body.hot_desking.release_at"`},
		{"PATCH" + acme, `{"name":"gamma.test"}`, 422, `a domain keeps its name`},
		{"DELETE /api/v1/domains/beta.test", "", 204, ""},
		{"GET /api/v1/domains/beta.test/users", "", 404, "there is no domain"},

		{"GET" + acme + "/users", "", 200, `"extension":"1001"`},
		{"POST" + acme + "/users", `{"extension":"1003","name":"Cy","pin":"8302"}`, 201, `"has_pin":true`},
		{"POST" + acme + "/users", `{"extension":"1003","name":"Di"}`, 422, `"message":"1003 is the extension of Cy already; give one of the two another extension","location":"body.extension"`},
		{"POST" + acme + "/users", `{"extension":"1004","name":"Di","pin":"1234"}`, 422, `"location":"body.pin"`},
		{"POST" + acme + "/users", `{"extension":"5402","name":"Desk","pin":"8302"}`, 422, `a desk account has no PIN`},
		{"POST" + acme + "/users", `{"extension":"1004","name":"Di","colour":"red"}`, 422, `unexpected property`},
		{"POST" + acme + "/users", `{"extension":1004}`, 422, `expected string`},
		{"POST" + acme + "/users", `{"extension":`, 400, `unexpected`},
		{"GET" + acme + "/users/1003", "", 200, `"name":"Cy"`},
		{"GET" + acme + "/users/1009", "", 404, `there is no user \"1009\"`},
		{"PATCH" + acme + "/users/1003", `{"name":"Cy Bo","password":"short"}`, 422, `"location":"body.password"`},
		{"PATCH" + acme + "/users/1003", `{"pin":"","hot_desking":false}`, 200, `"has_pin":false,"has_password":false,"hot_desking":false`},
		{"DELETE" + acme + "/users/1003", "", 204, ""},
		{"DELETE" + acme + "/users/1003", "", 404, "there is no user"},

		{"POST" + acme + "/devices", `{"name":"ana","owner":"1001"}`, 201, `"password":"`},
		{"POST" + acme + "/devices", `{"name":"Ana2","owner":"1001","password":"sip-secret"}`, 201, `"disabled":false,"registrations":[]}`},
		{"POST" + acme + "/devices", `{"name":"x","owner":"1009"}`, 422, `"location":"body.owner"`},
		{"POST" + acme + "/devices", `{"name":"x","password":"x"}`, 422, `"location":"body.password"`},
		{"PATCH" + acme + "/devices/ANA", `{"password":"sip-secret","new_password":true}`, 422, `leave one of the two`},
		{"PATCH" + acme + "/devices/ana", `{"owner":""}`, 200, `"hot_desk":true`},
		{"PATCH" + acme + "/devices/5401", `{"name":"window"}`, 422, `give a new password along with the new name`},
		{"PATCH" + acme + "/devices/5401", `{"name":"window","new_password":true}`, 200, `"phone":"80:5e:c0:11:22:33"`},
		{"DELETE" + acme + "/devices/ana", "", 204, ""},
		{"GET" + acme + "/devices/ana", "", 404, "there is no device"},
		{"GET" + acme + "/devices", "", 200, `"name":"window"`},

		{"POST" + acme + "/phones", `{"mac":"80-5E-C0-11-22-44","devices":["spare"]}`, 201, `"mac":"80:5e:c0:11:22:44"`},
		{"POST" + acme + "/phones", `{"mac":"80"}`, 422, `"location":"body.mac"`},
		{"POST" + acme + "/phones", `{"mac":"805ec0112255","devices":["nope"]}`, 422, `"location":"body.devices"`},
		{"PATCH" + acme + "/phones/805ec0112244", `{"devices":[],"place":"Hall"}`, 200, `"place":"Hall","devices":[]`},
		{"GET" + acme + "/phones/80:5e:c0:11:22:44", "", 200, `"place":"Hall"`},
		{"DELETE" + acme + "/phones/805e.c011.2244", "", 204, ""},
		{"GET" + acme + "/phones", "", 200, `"model":"Yealink T54W"`},

		{"PATCH" + acme, `{"codes":{"park":"*71","withhold":""},"warn_minutes":1}`, 422, `unexpected property`},
		{"PATCH" + acme, `{"codes":{"park":"*71","withhold":""}}`, 200, `"park":"*71"`},
		{"PATCH" + acme, `{"codes":{"parc":"*71"}}`, 422, `"location":"body.codes.parc"`},
		{"PATCH" + acme, `{"codes":{"park":"*88"}}`, 422, `"location":"body.codes.park"`},
		{"PATCH" + acme, `{"mailboxes":{"max_messages":0}}`, 422, `"location":"body.mailboxes.max_messages"`},
		{"PATCH" + acme, `{"hot_desking":{"ask_ringing":false,"warn_minutes":3}}`, 200, `"ask_ringing":false,"warn_minutes":3`},
		{"PATCH" + acme, `{"main_number":"+1 416 555-0111","keep_calls":30}`, 200, `"main_number":"+14165550111","keep_calls":30`},
		{"PATCH" + acme, `{"outside":{"class":"all","max_calls":9}}`, 200, `"outside":{"class":"all","desk_class":"national","premium":false,"max_calls":9,"user_calls":2}`},
		{"PATCH" + acme, `{"outside":{"class":"some"}}`, 422, `"location":"body.outside.class"`},
		{"PATCH" + acme, `{"emergency":{"notify_extension":"1009"}}`, 422, `"location":"body.emergency.notify_extension"`},
		{"PATCH" + acme, `{"mail":{"from":"calls@acme.test"}}`, 200, `"mail":{"address":"smtp.acme.test:587","from":"calls@acme.test","user":"phone","has_password":true}`},
		{"PATCH" + acme, `{"mail":{"address":"elsewhere.test:25"}}`, 422, `"location":"body.mail.password"`},
		{"DELETE" + acme + "/users/5401", "", 422, `nobody has the extension \"5401\"`},

		{"PATCH" + acme + "/users/1001", `{"forward_all":"(416) 555-0122","do_not_disturb":true,"ring_seconds":30}`, 200, `"ring_seconds":30,"do_not_disturb":true,"forward_all":"4165550122"`},
		{"PATCH" + acme + "/users/1001", `{"forward_all":"911"}`, 422, `"location":"body.forward_all"`},
		{"PATCH" + acme + "/users/1001", `{"mailbox":false,"mailbox_pin":false,"class":"inside"}`, 200, `"numbers":["+14165550199"],"class":"inside"`},
		{"PATCH" + acme + "/users/1001", `{"class":"most"}`, 422, `"location":"body.class"`},
		{"GET" + acme + "/users/1001", "", 200, `"mailbox":false,"mailbox_pin":false`},

		{"POST" + acme + "/numbers", `{"number":"+1 416 555-0198","user":"1002"}`, 201, `"number":"+14165550198","user":"1002"`},
		{"POST" + acme + "/numbers", `{"number":"+14165550198"}`, 422, `"location":"body.number"`},
		{"POST" + acme + "/numbers", `{"number":"911"}`, 422, `"location":"body.number"`},
		{"POST" + acme + "/numbers", `{"number":"+14165550197","user":"1009"}`, 422, `"location":"body.user"`},
		{"GET" + acme + "/numbers", "", 200, `"number":"+14165550198","user":"1002"`},
		{"GET" + acme + "/numbers/+14165550198", "", 200, `"user":"1002"`},
		{"PATCH" + acme + "/numbers/%2B14165550198", `{"user":""}`, 200, `"user":""`},
		{"PATCH" + acme + "/numbers/+14165550177", `{"user":""}`, 404, "there is no number"},
		{"DELETE" + acme + "/numbers/+14165550198", "", 204, ""},
		{"GET" + acme + "/numbers/+14165550198", "", 404, "there is no number"},

		{"POST" + acme + "/trunks", `{"name":"Spare","host":"192.0.2.7:5060","priority":10}`, 201, `"name":"spare","host":"192.0.2.7:5060","transport":"udp","register":false,"user":"","has_password":false`},
		{"GET" + acme + "/trunks/spare", "", 200, `"state":"silent","why":"403 Forbidden","since":`},
		{"POST" + acme + "/trunks", `{"name":"spare","host":"a.example"}`, 422, `"location":"body.name"`},
		{"POST" + acme + "/trunks", `{"name":"x","host":"a b"}`, 422, `"location":"body.host"`},
		{"POST" + acme + "/trunks", `{"name":"x","host":"a.example","register":true}`, 422, `"location":"body.user"`},
		{"PATCH" + acme + "/trunks/carrier", `{"transport":"tcp"}`, 200, `"has_password":true`},
		{"PATCH" + acme + "/trunks/carrier", `{"user":"somebody"}`, 422, `"location":"body.password"`},
		{"PATCH" + acme + "/trunks/CARRIER", `{"password":"p\nq"}`, 422, `"location":"body.password"`},
		{"GET" + acme + "/trunks", "", 200, `"transport":"tcp"`},
		{"GET" + acme + "/trunks/spare", "", 200, `"priority":10`},
		{"DELETE" + acme + "/trunks/spare", "", 204, ""},
		{"DELETE" + acme + "/trunks/spare", "", 404, "there is no trunk"},

		{"GET" + acme + "/sessions?open=true", "", 200, `{"items":[]}`},
		{"GET" + acme + "/sessions?opne=true", "", 422, `opne`},
		{"GET" + acme + "/sessions?device=nope", "", 404, "there is no device"},
		{"POST" + acme + "/sessions", `{"device":"window","user":"1001"}`, 201, `"device":"window","user":"1001","user_name":"Ana Ruiz","door":"cli"`},
		{"POST" + acme + "/sessions", `{"device":"window"}`, 422, `expected required property user`},
		{"POST" + acme + "/sessions", `{"device":"window","user":"1009"}`, 404, "there is no user"},
		{"GET" + acme + "/sessions?user=1001&device=window", "", 200, `"ends_at":"2026-03-01T10:00:00Z"`},
		{"DELETE" + acme + "/sessions/nope", "", 404, "there is no session or device"},
		{"DELETE" + acme + "/sessions/s1", "", 200, `"ended_by":"cli"`},
		{"DELETE" + acme + "/sessions/window", "", 404, "nobody is logged in"},

		{"POST" + acme + "/users/1001/unlock", "", 204, ""},
		{"POST" + acme + "/users/1009/unlock", "", 404, "there is no user"},
		{"POST" + acme + "/devices/WINDOW/unlock", "", 204, ""},
		{"POST" + acme + "/devices/nope/unlock", "", 404, "there is no device"},
		{"POST" + acme + "/devices/WINDOW/resync", "", 409, "the phone is not registered"},
		{"POST" + acme + "/devices/nope/reboot", "", 404, "there is no device"},
		{"POST" + acme + "/phones/80-5E-C0-11-22-33/reboot", "", 200, `"taken":false,"status":0,"reason":"reboot","text":"the phone at sip:805ec0112233@192.0.2.1 did not answer: reboot"`},
		{"POST" + acme + "/phones/nope/resync", "", 404, "there is no phone"},
		{"GET" + acme + "/audit?action=user.unlocked", "", 200, `"actor":"cli","action":"user.unlocked","user":"1001","device":"","detail":""}`},
		{"GET" + acme + "/audit?device=window", "", 200, `"user":"","device":"window","detail":""}`},
		{"GET" + acme + "/audit?user=1009", "", 404, "there is no user"},
		{"GET" + acme + "/audit?device=nope", "", 404, "there is no device"},
		{"GET" + acme + "/audit?user=0190f5fe-0000-7000-8000-000000000000", "", 200, `{"items":[]}`},
		{"GET" + acme + "/audit?limit=0", "", 422, "limit"},

		{"GET" + acme + "/office", "", 200, "[[user]]"},
		{"PUT /api/v1/office?dry_run=true", "[domain]\nname = \"d.test\"\ntimezone = \"UTC\"\ncountry = \"CA\"", 200, `"added":["domain d.test"]`},
		{"PUT /api/v1/office", "[domain]\nnam = \"d.test\"", 422, `2: [domain] has no key \"nam\"; did you mean name?`},
		{"GET /api/v1/domains/d.test", "", 404, "there is no domain"},
		{"GET /api/v1/nothing", "", 404, ""},
	} {
		status, body := s.do(t, c.line, c.body)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.line, c.body, status, body, c.status, c.want)
		}
	}
	if s.log.Len() > 0 {
		t.Errorf("the log is not empty: %s", s.log)
	}
}

func TestRefusalsOfSessions(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, c := range []struct {
		err    error
		status int
		want   string
	}{
		{hotdesk.ErrSwitchedOff, 409, "hot desking is switched off"},
		{hotdesk.ErrNotHotDesk, 409, "not a hot desk"},
		{hotdesk.ErrNotAllowed, 409, "may not use"},
		{&hotdesk.TakenError{Name: "Ben Ode", Since: now()}, 409, "Ben Ode has been logged in"},
		{&hotdesk.ElsewhereError{Name: "5402", Since: now()}, 409, "5402"},
		{errors.New("disk full, secret path"), 500, "the server failed"},
	} {
		s.desks.err = c.err
		status, body := s.do(t, "POST /api/v1/domains/acme.test/sessions", `{"device":"5401","user":"1001"}`)
		if status != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "secret path") {
			t.Errorf("%v: %d %s", c.err, status, body)
		}
	}
	if !strings.Contains(s.log.String(), "secret path") {
		t.Error("the failure is not in the log")
	}
}

// What somebody wrote into the wrong field may be a secret.
func TestProblemsDoNotEchoValues(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, body := range []string{`{"pin":83025}`, `{"pn":"83025"}`, `{"pin":["83025"]}`, `{"pin":"83025a"}`} {
		if status, answer := s.do(t, "PATCH /api/v1/domains/acme.test/users/1001", body); status != 422 || strings.Contains(answer, "83025") {
			t.Errorf("%s: %d %s", body, status, answer)
		}
	}
	_, office := s.do(t, "GET /api/v1/domains/acme.test/office", "")
	_, users := s.do(t, "GET /api/v1/domains/acme.test/users", "")
	_, devices := s.do(t, "GET /api/v1/domains/acme.test/devices", "")
	_, trunks := s.do(t, "GET /api/v1/domains/acme.test/trunks", "")
	_, domains := s.do(t, "GET /api/v1/domains", "")
	for _, secret := range []string{`"4711"`, "sip-secret", "portal-password", "mail-password", "trunk-password"} {
		if strings.Contains(office+users+devices+trunks+domains, secret) {
			t.Errorf("%s can be read", secret)
		}
	}
	if strings.Contains(users+devices, "argon2") {
		t.Error("hashes can be read")
	}
}

func TestPublicDoor(t *testing.T) {
	t.Parallel()
	s := start(t)
	for line, want := range map[string]int{
		"GET /healthz": 200, "GET /readyz": 200, "GET /api/v1/docs": 200, "GET /api/v1/openapi.json": 200,
		"GET /api/v1/domains": 401, "POST /api/v1/domains": 401, "PUT /api/v1/office": 401, "GET /api/v1/domains/acme.test/office": 401,
		"DELETE /api/v1/domains/acme.test": 401, "GET /api/v1/": 401, "GET /api/v1/../v1/domains": 307, "GET /": 404, "POST /healthz": 405,
	} {
		if status, body := ask(t, s.Public(), line, ""); status != want || strings.Contains(body, "America/Toronto\"}") {
			t.Errorf("%s: %d %.200s, want %d", line, status, body, want)
		}
	}
	s.ready = errors.New("the database is away")
	if status, body := ask(t, s.Public(), "GET /readyz", ""); status != 503 || strings.Contains(body, "database") {
		t.Errorf("not ready: %d %s", status, body)
	}
	if status, _ := ask(t, s.Public(), "GET /healthz", ""); status != 200 {
		t.Error("a server that is not ready is alive all the same")
	}
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, body := ask(t, s.Public(), "GET /api/v1/openapi.json", "")
	var document struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID string
			Summary     string
			Parameters  []struct{ Name, In string }
		}
	}
	if err := json.Unmarshal([]byte(body), &document); err != nil || !strings.HasPrefix(document.OpenAPI, "3.1") {
		t.Fatalf("the document is of version %q: %v", document.OpenAPI, err)
	}
	operations := map[string]bool{}
	for path, methods := range document.Paths {
		for method, op := range methods {
			if op.OperationID == "" || op.Summary == "" || operations[op.OperationID] {
				t.Errorf("%s %s is %q, %q", method, path, op.OperationID, op.Summary)
			}
			operations[op.OperationID] = true
			in := map[string]bool{}
			for _, p := range op.Parameters {
				in["{"+p.Name+"}"] = p.In == "path"
			}
			for part := range strings.SplitSeq(path, "/") {
				if strings.HasPrefix(part, "{") && !in[part] {
					t.Errorf("%s %s does not describe %s", method, path, part)
				}
			}
		}
	}
	if len(operations) == 0 {
		t.Error("the document is empty")
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	s := start(t)
	folder := t.TempDir()
	file := filepath.Join(folder, resource.SocketName)
	if err := os.WriteFile(file, nil, 0o644); err != nil { // what a killed server may leave
		t.Fatal(err)
	}
	listener, err := restapi.Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("the socket is %v, %v", info.Mode(), err)
	}
	web := &http.Server{Handler: s.Local(), ReadHeaderTimeout: time.Second}
	go func() { _ = web.Serve(listener) }()
	peer := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", file)
		},
	}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://hotdesk/api/v1/domains", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := peer.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil || resp.StatusCode != 200 || !bytes.Contains(body, []byte("acme.test")) {
		t.Errorf("over the socket: %d %s %v", resp.StatusCode, body, err)
	}
	if err := web.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 0 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
	if _, err := restapi.Listen(filepath.Join(folder, "missing")); err == nil {
		t.Error("a socket was opened in a folder that is not there")
	}
	long := filepath.Join(folder, strings.Repeat("x", 100))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := restapi.Listen(long); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a path too long: %v", err)
	}
}
