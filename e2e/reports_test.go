package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/csv"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// anHourAgo has every session that is over last from two hours ago until one
// hour ago: a test cannot wait until a desk was used for long.
func (s *server) anHourAgo(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.data, "hotdesk.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Now()
	const over = "update sessions set started_at = $1, ended_at = $2 where ended_at is not null"
	if _, err := db.ExecContext(t.Context(), over, now.Add(-2*time.Hour).UnixMilli(), now.Add(-time.Hour).UnixMilli()); err != nil {
		t.Fatal(err)
	}
}

// hears are the names of what has a role in an element, as a screen reader says
// them.
func (b *browser) hears(element, role string) []string {
	b.t.Helper()
	ids, err := chromedp.Run(b.ctx, chromedp.QueryNodeIDs(chromedp.CSS(element)))
	if err != nil {
		b.t.Fatalf("find %s: %v", element, err)
	}
	found, err := chromedp.Call(b.ctx, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{NodeID: ids[0], Role: role})
	if err != nil {
		b.t.Fatalf("what a screen reader finds in %s: %v", element, err)
	}
	var names []string
	for _, node := range found.Nodes {
		names = append(names, strings.Trim(string(node.Name.Value), `"`))
	}
	return names
}

// downloads clicks a link and reads the table that comes as a file of a name.
func (b *browser) downloads(link, name string) [][]string {
	b.t.Helper()
	folder := b.t.TempDir()
	if _, err := chromedp.Call(b.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: folder,
	}); err != nil {
		b.t.Fatal(err)
	}
	b.clicks(link)
	var file []byte
	eventually(b.t, name+" is downloaded", func() bool {
		var err error
		file, err = os.ReadFile(filepath.Join(folder, name))
		return err == nil
	})
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		b.t.Fatalf("%s: %v in %s", name, err, file)
	}
	return rows
}

// TestReportsInTheBrowser is a manager who goes through the reports of a morning
// by clicks.
func TestReportsInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, managed())
	ana := s.api(t, "--domain", "acme.test", "--user", "1001")
	s.hotdesk(t, "session", "start", "5401", "1001")
	s.hotdesk(t, "session", "start", "5402", "1001")
	var open resource.List[resource.Session]
	s.api(t, "--scope", "super_user").ask(http.MethodGet, "/domains/acme.test/sessions?open=true", nil, &open)
	ana.ask(http.MethodDelete, "/me/sessions/"+open.Items[0].ID, nil, nil)
	s.hotdesk(t, "session", "start", "5401", "1002")
	manager := startBrowser(t, s)
	manager.signIn("1000@acme.test", portalPassword, `[data-words*="ben"] form[action$="/end"]`)
	manager.clicks(`[data-words*="ben"] form[action$="/end"] button`)
	manager.awaits("#said", "Ben Okafor is no longer logged in at Window 1 (5401).")
	s.anHourAgo(t)

	const reports = "/domains/acme.test/reports"
	tab := func(name string) string { return `.nav-tabs a[href^="` + reports + name + `?"]` }
	manager.clicks(`.bar a[href="` + reports + `"]`)
	manager.awaits("#content", "most in use at once")
	if columns, days := manager.hears(".heat", "columnheader"), manager.hears(".heat", "rowheader"); len(columns) != 24 || len(days) != 7 {
		t.Errorf("the heat map has the hours %v of the days %v", columns, days)
	}
	if cells := manager.hears(".heat", "cell"); !slices.ContainsFunc(cells, func(cell string) bool { return cell != "" }) {
		t.Errorf("the heat map says %q", cells)
	}
	reachable := `document.querySelector(".heat").closest("[tabindex='0'][role=region]")?.focus(), document.activeElement.contains(document.querySelector(".heat"))`
	if is, err := chromedp.Run(manager.ctx, chromedp.Evaluate[bool](reachable)); err != nil || !is {
		t.Errorf("the keyboard does not reach the heat map: %v", err)
	}
	if hours := manager.downloads(`a[href*="/csv/hours?"]`, "acme.test-hours.csv"); len(hours) < 24 || hours[0][2] != "desks_in_use" {
		t.Errorf("the hours as a file: %v", hours)
	}

	manager.clicks(tab("/desks"))
	manager.awaits("h1", "Desks")
	manager.awaits("tbody tr", "spare")
	manager.want("tbody", "Window 1 (5401)", "1 h 0 min", "never used", "unknown: emergency services cannot be told")
	if desks := manager.downloads(`a[href*="/csv/desks?"]`, "acme.test-desks.csv"); len(desks) != 4 || desks[1][0] != "5401" || desks[1][2] != "2" {
		t.Errorf("the desks as a file: %v", desks)
	}
	manager.types("from", "2020-01-01", "to", "2020-01-31")
	manager.clicks(".report-days button")
	manager.awaits("#content", "3never used on these days")
	manager.clicks(tab("")) // of the same days
	manager.awaits("#content", "Nobody was logged in on these days")
	manager.types("from", "2020-02-01")
	manager.clicks(".report-days button")
	manager.awaits("#to-wrong", "The last day is before the first")

	manager.clicks(`.bar a[href="`+reports+`"]`, tab("/people"))
	manager.awaits("tbody tr", "Ben Okafor")
	manager.want("tbody", "Ana Ruiz", "2 h 0 min")
	manager.clicks(`tbody a[href$="&of=1001"]`)
	manager.awaits("h2", "Ana Ruiz (1001)")
	manager.want(".timeline-list", "logged in at Window 1 (5401) through the API", ": moved to another desk", "logged in at Window 2 (5402)", ": released")
	manager.clicks(tab("/timeline"))
	manager.awaits(".empty", "Whose timeline?")
	manager.types("of", "5401")
	manager.clicks(".report-days button")
	manager.awaits("h2", "Window 1 (5401)")
	manager.want(".timeline-list", "Ben Okafor", ": ended by Mia Manager", "Ana Ruiz", ": moved to another desk")
	if rows := manager.downloads(`a[href*="/csv/timeline?"]`, "acme.test-timeline.csv"); len(rows) != 3 || rows[0][3] != "end" || !strings.Contains(rows[1][3]+rows[2][3], "ended by Mia Manager") {
		t.Errorf("the timeline as a file: %v", rows)
	}
}
