package e2e_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// says is the text of an element of the page that is open.
func (b *browser) says(element string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(element)))
	if err != nil {
		b.t.Fatalf("read %s: %v", element, err)
	}
	return text
}

// want checks what an element says.
func (b *browser) want(element string, parts ...string) {
	b.t.Helper()
	text := b.says(element)
	for _, part := range parts {
		if !strings.Contains(text, part) {
			b.t.Errorf("%s says %q, want %q in it", element, text, part)
		}
	}
}

// TestInventoryInTheBrowser is a manager who adds a phone, sees it register,
// ends a session there during a call, and switches hot desking off.
func TestInventoryInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	const password = "the manager's own"
	s.apply(t, office()+"[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = \""+password+"\"\n")
	manager := startBrowser(t, s)
	manager.signIn("1000@acme.test", password, "#desks")
	at := func(path string) chromedp.Action[chromedp.Void] {
		return chromedp.Navigate(manager.base + "/domains/acme.test" + path)
	}
	typed := func(field, text string) chromedp.Action[chromedp.Void] {
		return chromedp.SendKeys(chromedp.CSS("#"+field), text)
	}
	const save, registered = "form.card button[type=submit]", "tr[data-registered]"
	manager.do(at("/inventory/add-phone"), typed("mac", "80-5E-C0-11-22-99"), typed("model", "Yealink T54W"), typed("name", "Reception"), typed("new_device", "reception"),
		chromedp.Click(chromedp.CSS(save)), chromedp.WaitVisible(chromedp.CSS("#secret")))
	secret := manager.says("#secret")
	manager.do(at("/inventory?search=reception"), chromedp.WaitVisible(chromedp.CSS("#phones tr")))
	manager.want("#phones tr", "Reception", "80:5e:c0:11:22:99", "Not registered")
	desk := realphone.StartBaresip(t, realphone.Account{User: "reception", Password: secret, Server: s.sip})
	desk.AwaitRegistered(t)
	manager.do(chromedp.WaitVisible(chromedp.CSS(registered)))
	manager.want(registered, "since", "127.0.0.1", "baresip")
	manager.do(at("/inventory/phones/80:5e:c0:11:22:99"), chromedp.Click(chromedp.CSS(`form[action$="/resync"] button`)), chromedp.WaitVisible(chromedp.CSS(".alert-success")))
	manager.want(".alert-success", "Reception was asked to fetch its settings: baresip")

	other := realphone.StartBaresip(t, s.account("5401"))
	other.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	desk.Dial(t, "5401")
	other.Await(t, realphone.Incoming)
	other.Answer(t)
	desk.Await(t, realphone.Established)
	const end = `form[action$="/end"] button`
	manager.do(at("/inventory/devices/reception"), chromedp.WaitVisible(chromedp.CSS(".alert-info")))
	manager.want(".alert-info", "In use at reception", "Ana Ruiz", "until 02:00")
	manager.do(chromedp.Click(chromedp.CSS(end)), chromedp.WaitNotPresent(chromedp.CSS(end)), chromedp.WaitVisible(chromedp.CSS(".alert-success")))
	manager.want(".alert-success", "Ana Ruiz is no longer logged in at reception. The call in progress goes on.")
	atDesk(t, s)
	other.Hangup(t)
	desk.Await(t, realphone.Idle)

	logIn(t, desk, "1001", "4711")
	manager.do(at("/settings/hot-desking"), chromedp.Click(chromedp.CSS(`[name="hot_desking.enabled"]`)), chromedp.Click(chromedp.CSS(save)), chromedp.WaitVisible(chromedp.CSS("#effect")))
	manager.want("#effect", "one person will be logged out", "Ana Ruiz", "reception")
	atDesk(t, s, [2]string{"reception", "1001"})
	manager.do(chromedp.Click(chromedp.CSS(save)), chromedp.WaitNotPresent(chromedp.CSS("#effect")), chromedp.WaitVisible(chromedp.CSS(".alert-success")))
	eventually(t, "she is logged out", func() bool { return !strings.Contains(s.hotdesk(t, "session", "list"), "Ana Ruiz") })
}
