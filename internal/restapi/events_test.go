package restapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// sent is one server-sent event.
type sent struct {
	id, name string
	event    resource.Event
}

// watch opens a stream of events. What it returns gives the next, and the
// function ends it.
func (n *network) watch(t *testing.T, key, query string, headers ...string) (next func() sent, end func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.App.HTTPAddr()+"/api/v1/events?"+query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream is %d %v", resp.StatusCode, resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	end = func() { cancel(); _ = resp.Body.Close() }
	t.Cleanup(end)
	return func() sent {
		t.Helper()
		var s sent
		for lines.Scan() {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "id":
				s.id = value
			case "event":
				s.name = value
			case "data":
				if err := json.Unmarshal([]byte(value), &s.event); err != nil {
					t.Fatal(err)
				}
			case "":
				if s.name != "" {
					return s
				}
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return s
	}, end
}

// sit logs a person in at a desk and out again.
func (n *network) sit(t *testing.T, desk, user string) {
	t.Helper()
	if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: desk, User: user}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.local.EndSession(t.Context(), "acme.test", desk); err != nil {
		t.Fatal(err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	root := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	beta := n.key(t, resource.KeyInput{Name: "beta", Scope: "office_manager", Domain: "beta.test"}).Key
	all, _ := n.watch(t, root, "domain=ACME.test")
	supervisor, endSupervisor := n.watch(t, n.keyFor(t, "call_center_supervisor"), "type=login,moved")
	own, _ := n.watch(t, n.keyFor(t, "basic_user"), "") // of 1006
	elsewhere, _ := n.watch(t, beta, "")

	n.sit(t, "5401", "1005")
	n.sit(t, "5402", "1006")
	var ids []string
	for _, want := range []string{"login 5401 1005", "released 5401 1005", "login 5402 1006", "released 5402 1006"} {
		got := all()
		ids = append(ids, got.id)
		data, _ := got.event.Data.(map[string]any)
		if said := strings.Join([]string{got.name, data["device"].(string), data["user"].(string)}, " "); said != want || got.event.ID != got.id || got.event.Type != got.name || got.event.Domain != "acme.test" {
			t.Errorf("told %+v, want %s", got, want)
		}
	}
	if a, b := supervisor(), supervisor(); a.id != ids[0] || b.id != ids[2] {
		t.Errorf("the supervisor is told %+v, %+v", a, b)
	}
	if a, b := own(), own(); a.id != ids[2] || b.id != ids[3] {
		t.Errorf("the person is told %+v, %+v", a, b)
	}

	endSupervisor()
	n.sit(t, "5401", "1006")
	again, _ := n.watch(t, n.keyFor(t, "call_center_supervisor"), "", "Last-Event-ID", ids[1])
	for _, want := range []string{ids[2], ids[3]} {
		if got := again(); got.id != want {
			t.Errorf("went on with %+v, want %s", got, want)
		}
	}
	if a, b := again(), again(); a.name != "login" || b.name != "released" {
		t.Errorf("went on with %+v, %+v", a, b)
	}
	n.sit(t, "5402", "1005")
	if got := again(); got.name != "login" {
		t.Errorf("then came %+v", got)
	}
	for _, old := range []string{"0190f5fe-0000-7000-8000-000000000000", "nonsense"} {
		reset, _ := n.watch(t, root, "", "Last-Event-ID", old)
		if got := reset(); got.name != "reset" || got.id != "" {
			t.Errorf("after %s came %+v", old, got)
		}
	}
	if _, err := n.local.Users("beta.test").Add(t.Context(), resource.UserInput{Extension: new("1001"), Name: new("Bo")}); err != nil {
		t.Fatal(err)
	}
	desk := "hall"
	if _, err := n.local.Devices("beta.test").Add(t.Context(), resource.DeviceInput{Name: &desk}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.local.StartSession(t.Context(), "beta.test", resource.SessionInput{Device: desk, User: "1001"}); err != nil {
		t.Fatal(err)
	}
	if got := elsewhere(); got.event.Domain != "beta.test" {
		t.Errorf("another domain is told %+v", got)
	}
	if got := n.send(t, beta, "GET /api/v1/events?domain=acme.test", ""); got.status != 404 {
		t.Errorf("another domain's events: %d", got.status)
	}
	if got := n.send(t, root, "GET /api/v1/events?type=birthday", ""); got.status != 422 || !strings.HasPrefix(got.problem(t).Errors[0].Location, "query.type") {
		t.Errorf("an unknown type: %d %s", got.status, got.body)
	}
}

// Phones and calls are told of, and a stream goes on where it was after the
// server has started anew.
func TestEventsOfPhonesAndCalls(t *testing.T) {
	t.Parallel()
	unfollowed := uuid.Must(uuid.NewV7()).String() // some milliseconds before anybody follows
	n := startNetwork(t)
	root := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	next, _ := n.watch(t, root, "")
	if late, _ := n.watch(t, root, "", "Last-Event-ID", unfollowed); late().name != "reset" {
		t.Error("a stream goes on from a time when calls were not kept")
	}
	desk, other := n.Phone(t, "acme.test", "5401"), n.Phone(t, "acme.test", "5402")
	call, err := desk.Dial(apptest.Soon(t), "5402")
	if err != nil {
		t.Fatal(err)
	}
	rung, err := other.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := rung.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	call.Hangup()
	if err := other.Unregister(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	told := map[string]sent{}
	var first sent
	for len(told) < 5 {
		got := next()
		if first.id == "" {
			first = got
		}
		told[got.name] = got
	}
	for name, want := range map[string][]string{
		"registered": {`"device":"540`, `"flow":"udp:127.`}, "call_started": {`"device":"5401"`, `"dialled":"5402"`},
		"call_answered": {`"device":"5402"`, `"answered_at"`}, "call": {`"result":"answered"`, `"ended_at"`, `"device":"5401"`, `"device":"5402"`},
		"unregistered": {`"device":"5402"`},
	} {
		text, err := json.Marshal(told[name].event.Data)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s tells %s, want %s", name, text, part)
			}
		}
	}
	n.Stop(t)
	n.Run(t)
	after, _ := n.watch(t, root, "type=call", "Last-Event-ID", first.id)
	if got := after(); got.id != told["call"].id {
		t.Errorf("after the restart came %+v", got)
	}
}
