package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// TestBoardInTheBrowser is a manager who watches the desks while somebody logs
// in at a real phone, and a worker who gives the desk back by the X.
func TestBoardInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	const password = "a portal password"
	text := strings.Replace(office(), "extension = \"1001\"\n", "extension = \"1001\"\npassword = \""+password+"\"\n", 1)
	s.apply(t, text+"[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = \""+password+"\"\n")
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)

	manager := startBrowser(t, s)
	const free, used = `li[data-state="Free"]`, `li[data-state="In use"]`
	manager.signIn("1000@acme.test", password, free)
	manager.do(chromedp.Evaluate[chromedp.Void](noteWhen))
	logIn(t, desk, "1001", "4711")
	manager.do(chromedp.WaitVisible(chromedp.CSS(used)))
	row, err := chromedp.Run(manager.ctx, chromedp.Text(chromedp.CSS(used)))
	if err != nil || !strings.Contains(row, "Ana Ruiz") || !strings.Contains(row, "until 02:00") {
		t.Errorf("the desk says %q, %v", row, err)
	}
	if same, err := chromedp.Run(manager.ctx, chromedp.Evaluate[bool]("window.openedOnce === true")); err != nil || !same {
		t.Errorf("the page was loaded anew: %v", err)
	}
	logDelay(t, s, manager)
	count, err := chromedp.Run(manager.ctx, chromedp.Text(chromedp.CSS(`[data-counts="In use"]`)))
	if err != nil || count != "1" {
		t.Errorf("the count of desks in use says %q, %v", count, err)
	}
	manager.do(chromedp.Click(chromedp.CSS(used+" button")), chromedp.WaitNotPresent(chromedp.CSS(used)))
	atDesk(t, s)

	logIn(t, desk, "1001", "4711")
	worker := startBrowser(t, s)
	worker.signIn("1001@acme.test", password, `button[title="Release"]`)
	worker.do(chromedp.Click(chromedp.CSS(`button[title="Release"]`)), chromedp.WaitNotPresent(chromedp.CSS(`button[title="Release"]`)))
	atDesk(t, s)
}

// noteWhen has the page note that it was not opened anew, and when a desk is
// first in use.
const noteWhen = `window.openedOnce = true;
new MutationObserver(() => { window.usedAt ??= document.querySelector("[data-state='In use'].desk") && Date.now(); })
	.observe(document.getElementById("desks"), { subtree: true, childList: true, attributes: true });`

// logDelay tells how long after the start of the session the page showed it, for
// docs/performance.md; the session begins before it is on disk.
func logDelay(t *testing.T, s *server, b *browser) {
	t.Helper()
	var sessions []struct {
		StartedAt time.Time `json:"started_at"`
	}
	if err := json.Unmarshal([]byte(s.hotdesk(t, "session", "list", "--json")), &sessions); err != nil || len(sessions) != 1 {
		t.Fatalf("the sessions: %v, %v", sessions, err)
	}
	shown, err := chromedp.Run(b.ctx, chromedp.Evaluate[int64]("window.usedAt"))
	if err != nil {
		t.Fatalf("when the page showed it: %v", err)
	}
	t.Logf("from the session's start to the page: %s", time.UnixMilli(shown).Sub(sessions[0].StartedAt))
}
