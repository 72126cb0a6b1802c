package restapi_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

func TestRequestsAreDoneOnce(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	other := n.key(t, resource.KeyInput{Name: "other", Scope: "super_user"}).Key
	const add, body = "POST /api/v1/domains/acme.test/devices", `{"name":"spare"}`
	first := n.send(t, key, add, body, "Idempotency-Key", "k1")
	if first.status != 201 || !strings.Contains(first.body, `"password":"`) {
		t.Fatalf("%d %s", first.status, first.body)
	}
	n.Stop(t)
	n.Run(t)
	again := n.send(t, key, add, body, "Idempotency-Key", "k1")
	if again.status != first.status || again.body != first.body || again.header.Get("ETag") != first.header.Get("ETag") || again.header.Get("Content-Type") != first.header.Get("Content-Type") {
		t.Errorf("again, after a restart: %d %s %v", again.status, again.body, again.header)
	}
	for _, c := range []struct {
		key, line, body, header string
		status                  int
	}{
		{key, add, `{"name":"spare2"}`, "k1", 422},
		{key, "POST /api/v1/domains/beta.test/devices", body, "k1", 422},
		{other, add, body, "k1", 422}, // a request of its own, and the name is taken
		{key, add, body, "k2", 422},
		{key, add, body, strings.Repeat("k", 256), 422},
		{key, add, `{"name":"`, "k3", 400},
		{key, add, `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, "k4", 413},
		{key, "POST /api/v1/domains/acme.test/users/1001/unlock", "", "k5", 204},
		{key, "POST /api/v1/domains/acme.test/users/1001/unlock", "", "k5", 204},
	} {
		got := n.send(t, c.key, c.line, c.body, "Idempotency-Key", c.header)
		if got.status != c.status {
			t.Errorf("%s %.40s with %.10s: %d %s, want %d", c.line, c.body, c.header, got.status, got.body, c.status)
		}
		if c.header == "k1" && c.key == key && got.problem(t).Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("the place is not named: %s", got.body)
		}
	}
	if unlocked := itemsOf(t, n.send(t, key, "GET /api/v1/domains/acme.test/audit?action=user.unlocked", "")); len(unlocked) != 1 {
		t.Errorf("unlocked twice: %v", unlocked)
	}
	n.SetClock(time.Now().Add(24*time.Hour + time.Minute))
	if got := n.send(t, key, add, `{"name":"spare3"}`, "Idempotency-Key", "k1"); got.status != 201 {
		t.Errorf("a day later: %d %s", got.status, got.body)
	}
}

func TestManyRequestsAtOnce(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.key(t, resource.KeyInput{Name: "root", Scope: "super_user"}).Key
	var mu sync.Mutex
	var wg sync.WaitGroup
	statuses := map[int]int{}
	for range 8 {
		wg.Go(func() {
			got := n.send(t, key, "POST /api/v1/domains/acme.test/devices", `{"name":"spare"}`, "Idempotency-Key", "k")
			mu.Lock()
			defer mu.Unlock()
			statuses[got.status]++
		})
	}
	wg.Wait()
	if statuses[201] == 0 || statuses[201]+statuses[409] != 8 {
		t.Errorf("answered %v", statuses)
	}
}
