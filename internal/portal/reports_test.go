package portal_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

const reportsPath = boardPath + "/reports"

// TestReports tells of a morning: somebody sat at a desk, was called there, and
// somebody else was refused.
func TestReports(t *testing.T) {
	t.Parallel()
	o := office(t)
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	year, month, day := time.Now().In(zone).Date()
	o.SetClock(time.Date(year, month, day, 9, 0, 0, 0, zone)) // no nightly release within the two hours
	held := session(t, o, "basic_user", "5401")
	if err := o.App.Sessions().Refuse(t.Context(), hotdesk.Refused{DeviceID: held.DeviceID, Account: "1008", Door: hotdesk.DoorStarCode, Code: "pin_wrong"}); err != nil {
		t.Fatal(err)
	}
	extension, _, _ := strings.Cut(nameOf("basic_user"), "@")
	desk, other := o.Phone(t, "acme.test", "5401"), o.Phone(t, "acme.test", "5402")
	call, err := other.Dial(apptest.Soon(t), extension)
	if err != nil {
		t.Fatal(err)
	}
	rings, err := desk.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := rings.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	call.Hangup()
	if _, err := rings.Ended(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	o.SetClock(held.StartedAt.Add(2 * time.Hour))
	ended, err := o.App.Sessions().Release(t.Context(), held.DeviceID, hotdesk.By{Door: hotdesk.DoorStarCode})
	if err != nil {
		t.Fatal(err)
	}
	seconds := fmt.Sprint(int(ended.EndedAt.Sub(ended.StartedAt).Seconds()))
	b := signedIn(t, o, "office_manager")
	for path, says := range map[string][]string{
		"":                               {"Desks in use", `<svg class="chart"`, "--heat: 50%"},
		"/desks":                         {"Window (5402)", "never used", "2 h 0 min", "unknown: emergency services"},
		"/people":                        {"basic_user", "2 h 0 min"},
		"/timeline":                      {"Whose timeline?", `<option value="5401">`},
		"/timeline?of=5401":              {"logged in at Window (5401)", ": released", "wrong extension or PIN", "called User"},
		"/timeline?of=" + extension:      {"logged in at Window (5401)", "(2 h 0 min): released"},
		"?from=2020-01-01&to=2020-01-01": {"Nobody was logged in on these days"},
	} {
		p := b.ask(http.MethodGet, reportsPath+path, nil)
		for _, part := range says {
			if p.status != http.StatusOK || !strings.Contains(p.body, part) {
				t.Errorf("%s: %d without %s", path, p.status, part)
			}
		}
		if strings.Contains(p.body, "<b>basic_user") {
			t.Errorf("%s: a name is taken for HTML", path)
		}
	}
	for table, want := range map[string][]string{
		"hours": {"day", "hour"}, "levels": {"from", "to"}, "desks": {"5401", "Window", "1", seconds}, "people": {extension, "User <b>basic_user</b>", "1", seconds},
		"timeline?of=5401": {"at", "who"},
	} {
		p := b.ask(http.MethodGet, reportsPath+"/csv/"+table, nil)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.body, "\uFEFF"))).ReadAll()
		if err != nil || !hasRow(rows, want) {
			t.Errorf("%s as CSV: %v %q, want %q", table, err, p.body, want)
		}
	}
}

func hasRow(rows [][]string, begins []string) bool {
	for _, row := range rows {
		if len(row) >= len(begins) && strings.Join(row[:len(begins)], "\n") == strings.Join(begins, "\n") {
			return true
		}
	}
	return false
}

func TestReportsOfWrongDays(t *testing.T) {
	t.Parallel()
	b := signedIn(t, office(t), "office_manager")
	for query, field := range map[string]string{
		"?from=yesterday":                         "from",
		"?to=2026-02-30":                          "to",
		"?from=2026-02-02&to=2026-02-01":          "to",
		"?from=2020-01-01&to=2026-02-01":          "to",
		"?from=" + url.QueryEscape("\"><script>"): "from",
	} {
		for _, page := range []string{"", "/desks", "/people", "/timeline"} {
			p := b.ask(http.MethodGet, reportsPath+page+query, nil)
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+field+`-wrong"`) || strings.Contains(p.body, "<script>\"") {
				t.Errorf("%s%s: %d without a mark at %s", page, query, p.status, field)
			}
		}
		if p := b.ask(http.MethodGet, reportsPath+"/csv/hours"+query, nil); p.status != http.StatusNotFound {
			t.Errorf("%s as CSV: %d", query, p.status)
		}
	}
	for path, status := range map[string]int{"/timeline?of=9999": 422, "/timeline?of=spare": 422, "/csv/none": 404, "/csv/timeline?of=9999": 404} {
		if p := b.ask(http.MethodGet, reportsPath+path, nil); p.status != status {
			t.Errorf("%s: %d, want %d", path, p.status, status)
		}
	}
}
