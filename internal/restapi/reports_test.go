package restapi_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

const reports = "GET /api/v1/domains/acme.test/reports"

// items are those of a list that was answered.
func items[T any](t *testing.T, got answer) resource.List[T] {
	t.Helper()
	var l resource.List[T]
	if err := json.Unmarshal([]byte(got.body), &l); err != nil || got.status != 200 {
		t.Fatalf("%d %s: %v", got.status, got.body, err)
	}
	return l
}

// TestReports tells of two hours: somebody was refused at a desk, and somebody
// else sat there.
func TestReports(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "call_center_supervisor")
	acme, _ := n.App.Directory().DomainByName("acme.test")
	desk, _ := n.App.Directory().DeviceByName(acme.ID, "5401")
	if err := n.App.Sessions().Refuse(t.Context(), hotdesk.Refused{DeviceID: desk.ID, Account: "1008", Door: hotdesk.DoorStarCode, Code: "pin_wrong"}); err != nil {
		t.Fatal(err)
	}
	if _, err := n.local.StartSession(t.Context(), "acme.test", resource.SessionInput{Device: "5401", User: "1005"}); err != nil {
		t.Fatal(err)
	}
	n.SetClock(time.Now().Add(2 * time.Hour))
	if _, err := n.App.Sessions().Release(t.Context(), desk.ID, hotdesk.By{Door: hotdesk.DoorStarCode}); err != nil {
		t.Fatal(err)
	}
	desks := items[resource.DeskUse](t, n.send(t, key, reports+"/desks", "")).Items
	if d := desks[0]; len(desks) != 2 || d.Device != "5401" || d.Sessions != 1 || d.Seconds < 7200 || d.Seconds > 7260 || d.LastLogin == nil || desks[1].LastLogin != nil {
		t.Errorf("the desks: %+v", desks)
	}
	for _, p := range items[resource.PersonUse](t, n.send(t, key, reports+"/people", "")).Items {
		if p.User == "1005" && (p.Sessions != 1 || p.Seconds < 7200) {
			t.Errorf("the person: %+v", p)
		}
	}
	sum := 0.0
	for _, h := range items[resource.HourUse](t, n.send(t, key, reports+"/hours", "")).Items {
		sum += h.Desks
	}
	levels := items[resource.Level](t, n.send(t, key, reports+"/levels", "")).Items
	if last := levels[len(levels)-1]; sum <= 0 || len(levels) < 28 || last.Peak+levels[len(levels)-2].Peak == 0 {
		t.Errorf("%v desk hours, %d levels, the last %+v", sum, len(levels), last)
	}
	if got := n.send(t, key, reports+"/desks.csv", ""); !strings.Contains(got.body, "\r\n5401,") || !strings.HasPrefix(got.header.Get("Content-Type"), "text/csv") {
		t.Errorf("as CSV: %d %s", got.status, got.body)
	}
	n.timeline(t, key)
}

// timeline reads that of the desk by pages of one.
func (n *network) timeline(t *testing.T, key string) {
	t.Helper()
	var told []string
	for next := ""; ; {
		page := items[resource.Moment](t, n.send(t, key, fmt.Sprintf("%s/timeline?of=5401&limit=1&after=%s", reports, next), ""))
		for _, m := range page.Items {
			switch {
			case m.Session != nil:
				told = append(told, m.Session.User+" "+m.Session.Reason)
			case m.Entry != nil:
				told = append(told, m.Entry.Action)
			default:
				told = append(told, "call")
			}
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if got := strings.Join(told, ", "); got != "1005 released, session.refused" {
		t.Errorf("the timeline tells: %s", got)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(n.send(t, key, reports+"/timeline.csv?of=5401", "").body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var written []string
	for _, row := range rows {
		written = append(written, strings.Join(row[1:4], " ")+" "+row[5])
	}
	if got := strings.Join(written, ", "); got != "what user device how, session 1005 5401 released, session.refused  5401 pin_wrong" {
		t.Errorf("the timeline as CSV tells: %s", got)
	}
}

func TestWrongReports(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "office_manager")
	for query, where := range map[string]string{
		"/desks?from=yesterday":                     "query.from",
		"/desks?to=2026-02-30":                      "query.to",
		"/hours?from=2026-02-02&to=2026-02-01":      "query.to",
		"/levels.csv?from=2020-01-01&to=2026-02-01": "query.to",
		"/people?day=2026-02-01":                    "query.day",
		"/timeline":                                 "query.of",
		"/timeline?of=9999":                         "query.of",
		"/timeline?of=5401&after=later":             "query.after",
		"/timeline?of=5401&limit=0":                 "query.limit",
	} {
		got := n.send(t, key, reports+query, "")
		if got.status != 422 || len(got.problem(t).Errors) != 1 || got.problem(t).Errors[0].Location != where {
			t.Errorf("%s: %d %s", query, got.status, got.body)
		}
	}
	if got := n.send(t, key, reports+"/none", ""); got.status != 404 {
		t.Errorf("no report: %d", got.status)
	}
}
