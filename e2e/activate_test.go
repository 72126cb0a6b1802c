package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// TestActivatePhoneInTheBrowser is a worker who has a real desk phone ring from
// the portal, logs in there, and gives the desk back by the X.
func TestActivatePhoneInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	const password = "a portal password"
	s.apply(t, strings.Replace(office("activate_phone = true"), "extension = \"1001\"\n", "extension = \"1001\"\npassword = \""+password+"\"\n", 1))
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)

	w := newWire(t, s.http)
	worker := startBrowser(t, s)
	worker.base = "http://" + w.listener.Addr().String()
	const opener, field, call, stage = `[data-dialog="activate"]`, "#desk", `#activation button[type=submit]`, `#activate [data-stage="`
	worker.signIn("1001@acme.test", password, `[data-dialog="activate"], a[href="/phones"]`)
	worker.do(chromedp.Navigate(worker.base+"/phones"), chromedp.WaitVisible(chromedp.CSS(opener)), chromedp.Evaluate[chromedp.Void]("window.openedOnce = true"),
		chromedp.Click(chromedp.CSS(opener)), chromedp.WaitVisible(chromedp.CSS(field)),
		chromedp.SendKeys(chromedp.CSS(field), "5499"), chromedp.Click(chromedp.CSS(call)), chromedp.WaitVisible(chromedp.CSS("#desk-wrong")))
	if said := worker.text("#desk-wrong"); said != "There is no desk 5499. Its number is shown on the desk phone." {
		t.Errorf("a desk that is none: %q", said)
	}

	w.set(true)
	worker.sees("#activate [data-lost]")
	w.set(false)
	worker.do(chromedp.WaitNotVisible(chromedp.CSS("#activate [data-lost]")))

	ring := func() {
		t.Helper()
		worker.do(chromedp.SetValue(chromedp.CSS(field), "5401"), chromedp.Click(chromedp.CSS(call)), chromedp.WaitVisible(chromedp.CSS(stage+`ringing"]`)))
		desk.Await(t, realphone.Incoming)
	}
	ring()
	worker.do(chromedp.Click(chromedp.CSS("#activate [data-close]"))) // the dialog is closed midway
	desk.Await(t, realphone.Idle)
	worker.do(chromedp.WaitReady(chromedp.CSS("#activation "+field)), chromedp.Click(chromedp.CSS(opener)), chromedp.WaitVisible(chromedp.CSS(field)))

	ring()
	desk.Answer(t)
	worker.do(chromedp.WaitVisible(chromedp.CSS(stage + `account"]`)))
	desk.Press(t, "1001#")
	worker.do(chromedp.WaitVisible(chromedp.CSS(stage + `pin"]`)))
	desk.Press(t, "4711#")
	worker.do(chromedp.WaitVisible(chromedp.CSS(stage + `done"]`)))
	atDesk(t, s, [2]string{"1001", "5401"})
	if same, err := chromedp.Run(worker.ctx, chromedp.Evaluate[bool]("window.openedOnce === true")); err != nil || !same {
		t.Errorf("the page was loaded anew: %v", err)
	}

	const release = `#phones [data-device="5401"] button[title="Release"]`
	worker.do(chromedp.Click(chromedp.CSS(`#activation a.btn`)), chromedp.WaitVisible(chromedp.CSS(release)),
		chromedp.Click(chromedp.CSS(release)), chromedp.WaitNotPresent(chromedp.CSS(release)))
	atDesk(t, s)
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(selector)))
	if err != nil {
		b.t.Fatal(err)
	}
	return text
}
