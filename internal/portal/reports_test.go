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
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
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

// TestTimelineSaysHowSessionsEnd ends sessions in every way there is, and reads
// of each at the desk.
func TestTimelineSaysHowSessionsEnd(t *testing.T) {
	t.Parallel()
	o := office(t)
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	tomorrow := time.Now().In(zone).AddDate(0, 0, 1)
	o.SetClock(time.Date(tomorrow.Year(), tomorrow.Month(), tomorrow.Day(), 12, 0, 0, 0, zone)) // far from the release time
	policy := func(change func(*directory.HotDesking)) {
		t.Helper()
		edit(t, o, func(of *directory.Office) { change(&of.Domain.HotDesking) })
	}
	b, facts := signedIn(t, o, "office_manager"), o.Listen(t)
	ended := func(held hotdesk.Session, as hotdesk.Reason) {
		t.Helper()
		apptest.Await(t, facts, func(e hotdesk.Ended) bool { return e.Session.ID == held.ID && e.Session.Ended == as })
	}

	held := session(t, o, "basic_user", "5401")
	signedIn(t, o, "basic_user").ask(http.MethodPost, "/phones/"+held.ID+"/release", url.Values{})
	ended(held, hotdesk.Released)
	held = session(t, o, "basic_user", "5401")
	b.ask(http.MethodPost, boardPath+"/sessions/"+held.ID+"/end", url.Values{})
	ended(held, hotdesk.EndedByAdmin)
	for _, actor := range []string{"cli", "key:wallboard <b>", "who is gone"} {
		held = session(t, o, "basic_user", "5401")
		if _, err := o.App.Sessions().End(t.Context(), held.ID, hotdesk.By{Door: hotdesk.DoorREST, Actor: actor}); err != nil {
			t.Fatal(err)
		}
	}
	held = session(t, o, "basic_user", "5401")
	session(t, o, "basic_user", "5402")
	ended(held, hotdesk.Moved)
	policy(func(h *directory.HotDesking) { h.WhenTaken = directory.TakenConfirm })
	held = session(t, o, "call_center_agent", "5401")
	taken, err := o.App.Sessions().Login(t.Context(), hotdesk.LoginRequest{DeviceID: held.DeviceID, UserID: user(t, o, "reseller").ID, TakeOver: true})
	if err != nil {
		t.Fatal(err)
	}
	ended(held, hotdesk.TakenOver)
	edit(t, o, func(of *directory.Office) { of.UserByExtension(extensionOf("reseller")).Disabled = true })
	ended(taken.Session, hotdesk.Withdrawn)
	for _, limit := range []struct {
		as     hotdesk.Reason
		policy func(*directory.HotDesking)
		later  time.Duration
	}{
		{hotdesk.IdleLimit, func(h *directory.HotDesking) { h.IdleMinutes = 30 }, 31 * time.Minute},
		{hotdesk.HourLimit, func(h *directory.HotDesking) { h.IdleMinutes, h.MaxHours = 0, 2 }, 2 * time.Hour},
		{hotdesk.Nightly, func(h *directory.HotDesking) { h.MaxHours = 0 }, 24 * time.Hour},
	} {
		policy(limit.policy)
		held = session(t, o, "basic_user", "5401")
		o.SetClock(o.Clock.Now().Add(limit.later))
		ended(held, limit.as)
	}
	signedIn(t, o, "office_manager").shows(reportsPath+"/timeline?of=5401", "): released", "ended by User &lt;b&gt;office_manager&lt;/b&gt;", "ended by an administrator of the server",
		"ended by a program with the API key wallboard &lt;b&gt;", "ended by Somebody", "moved to another desk", "taken over by another person", "ended by a change of the office",
		"ended because nobody used the desk", "ended by the hour limit", "ended by the nightly release")
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
