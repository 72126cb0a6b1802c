package portal_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// record writes a call between two users of the office, minutes ago.
func record(t *testing.T, o *apptest.Office, from, to string, minutes int, change ...func(*callrecord.Record)) {
	t.Helper()
	party := func(scope string) callrecord.Party {
		if strings.HasPrefix(scope, "+") {
			return callrecord.Party{Number: scope}
		}
		u := user(t, o, scope)
		return callrecord.Party{UserID: u.ID, Number: u.Extension, Name: u.Name, DeviceName: "5401"}
	}
	began := o.Clock.Now().Add(-time.Duration(minutes) * time.Minute).UTC()
	r := callrecord.Record{
		ID: fmt.Sprintf("call-%s-%s-%03d", from, to, minutes), DomainID: user(t, o, "super_user").DomainID, StartedAt: began,
		Caller: party(from), Callee: party(to), Dialled: party(to).Number, AnsweredAt: began, EndedAt: began.Add(67 * time.Second), Result: callrecord.Answered,
	}
	for _, f := range change {
		f(&r)
	}
	if err := o.App.Records().Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func missed(r *callrecord.Record) {
	r.AnsweredAt, r.Result, r.Callee.DeviceName = time.Time{}, callrecord.NoAnswer, ""
}

// lines counts the calls of a page.
func lines(p page) int { return strings.Count(p.body, `data-label="When"`) }

func TestOwnCalls(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "basic_user")
	if p := b.ask(http.MethodGet, "/calls", nil); !strings.Contains(p.body, "No calls yet") {
		t.Errorf("without calls: %s", p.body)
	}
	record(t, o, "basic_user", "call_center_agent", 3)
	record(t, o, "+14165550177", "basic_user", 2, missed)
	record(t, o, "call_center_agent", "office_manager", 1)
	all := b.ask(http.MethodGet, "/calls", nil)
	if lines(all) != 2 || !strings.Contains(all.body, "1:07") || !strings.Contains(all.body, "To call back, dial +14165550177") || strings.Contains(all.body, "<b>") {
		t.Errorf("one's own calls: %s", all.body)
	}
	if p := b.ask(http.MethodGet, "/home", nil); strings.Count(p.body, "To call back, dial +14165550177") != 1 || !strings.Contains(p.body, "No new messages") {
		t.Errorf("the first page: %s", p.body)
	}
	for query, want := range map[string]int{
		"direction=outbound": 1, "direction=inbound": 1, "direction=missed": 1, "text=AGENT": 1, "text=416-555-0177": 1, "text=nobody": 0,
		"from=2001-01-01": 2, "to=2001-01-01": 0, "user=" + extensionOf("office_manager"): 2, // which is none of this list's fields
	} {
		if p := b.ask(http.MethodGet, "/calls?"+query, nil); p.status != http.StatusOK || lines(p) != want {
			t.Errorf("%s: %d with %d calls, want %d", query, p.status, lines(p), want)
		}
	}
	for query, field := range map[string]string{"from=tomorrow": "from", "to=2026-99-99": "to", "direction=up": "direction"} {
		if p := b.ask(http.MethodGet, "/calls?"+query, nil); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+field+`-wrong"`) {
			t.Errorf("%s: %d %s", query, p.status, p.body)
		}
		if p := b.ask(http.MethodGet, "/calls.csv?"+query, nil); p.status != http.StatusBadRequest {
			t.Errorf("the file of %s: %d", query, p.status)
		}
	}
	if p := b.ask(http.MethodGet, "/calls?after=nowhere", nil); p.status != http.StatusUnprocessableEntity {
		t.Errorf("behind nothing: %d", p.status)
	}
	file := b.ask(http.MethodGet, "/calls.csv?direction=outbound", nil)
	if rows := strings.Split(strings.TrimSpace(file.body), "\r\n"); len(rows) != 2 || !strings.Contains(rows[1], "outbound,answered,67") {
		t.Errorf("the file: %q", file.body)
	}
}

// Pages go on behind a call: none is seen twice while new ones come in.
func TestCallsInPages(t *testing.T) {
	t.Parallel()
	o := office(t)
	for n := range 120 {
		record(t, o, "basic_user", "call_center_agent", 10+n)
	}
	b := signedIn(t, o, "office_manager")
	seen, path := 0, "/domains/acme.test/calls?user="+extensionOf("basic_user")
	for path != "" {
		p := b.ask(http.MethodGet, path, nil)
		seen += lines(p)
		record(t, o, "basic_user", "call_center_agent", 1+seen/100)
		path = ""
		if next := regexp.MustCompile(`href="([^"]*)">Older`).FindStringSubmatch(p.body); next != nil {
			path = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	}
	if seen != 120 {
		t.Errorf("%d calls are seen on the pages, want 120", seen)
	}
}

func TestCallsOfTheDomain(t *testing.T) {
	t.Parallel()
	o := office(t)
	record(t, o, "basic_user", "call_center_agent", 3)
	record(t, o, "call_center_agent", "office_manager", 2, missed)
	b := signedIn(t, o, "call_center_supervisor")
	const at = "/domains/acme.test/calls"
	for query, want := range map[string]int{
		"": 2, "?user=" + extensionOf("call_center_agent"): 2, "?direction=missed&user=" + extensionOf("office_manager"): 1, "?text=basic": 1, "?device=5402": 0,
	} {
		if p := b.ask(http.MethodGet, at+query, nil); p.status != http.StatusOK || lines(p) != want {
			t.Errorf("%q: %d with %d calls, want %d", query, p.status, lines(p), want)
		}
	}
	for query, field := range map[string]string{"user=9999": "user", "device=none": "device", "direction=missed": "user"} {
		if p := b.ask(http.MethodGet, at+"?"+query, nil); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+field+`-wrong"`) {
			t.Errorf("%s: %d", query, p.status)
		}
	}
	// Who manages one site sees its people's calls and no others.
	local := signedIn(t, o, "site_manager")
	if p := local.ask(http.MethodGet, at, nil); p.status != http.StatusOK || lines(p) != 0 || !strings.Contains(p.body, "Whose calls?") {
		t.Errorf("a site manager at first: %d %s", p.status, p.body)
	}
	for _, query := range []string{"?text=basic", "?user=" + extensionOf("basic_user"), "?device=5402"} {
		if p := local.ask(http.MethodGet, at+query, nil); p.status != http.StatusUnprocessableEntity || lines(p) != 0 {
			t.Errorf("a site manager asks %s: %d", query, p.status)
		}
		if p := local.ask(http.MethodGet, at+".csv"+query, nil); p.status != http.StatusBadRequest {
			t.Errorf("a site manager asks for the file of %s: %d", query, p.status)
		}
	}
	if p := local.ask(http.MethodGet, at+"?device=5401", nil); p.status != http.StatusOK {
		t.Errorf("a desk of the site: %d", p.status)
	}
}
