package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// TestPeopleAreAddedInTheBrowser is a manager who adds a desk and a person,
// whom a real phone then knows, and brings in a table of more.
func TestPeopleAreAddedInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	const password = "a portal password"
	s.apply(t, office()+"[[user]]\nextension = \"1000\"\nname = \"Mia Manager\"\nscope = \"office_manager\"\npassword = \""+password+"\"\n")
	b := startBrowser(t, s)
	b.signIn("1000@acme.test", password, ".bar")
	const users = "/domains/acme.test/users"

	b.do(chromedp.Navigate(b.base+users+"/add"), chromedp.SendKeys(chromedp.CSS("#extension"), "5410"))
	b.awaits("[role=status] small", "5410 lies in the desk range")
	b.do(chromedp.Click(chromedp.CSS("[value=desk]")))
	b.awaits("[role=status] small", "This makes a desk account")
	b.do(chromedp.SendKeys(chromedp.CSS("#name"), "Window 10"))
	b.clicks(".account button[type=submit]")
	b.sees("#device-wrong")
	b.clicks("#device", ".account button[type=submit]")
	b.sees("#secret")
	account := s.account("5410")
	account.Password = b.text("#secret")
	desk := realphone.StartBaresip(t, account)
	desk.AwaitRegistered(t)

	b.do(chromedp.Navigate(b.base+users+"/add"), chromedp.SendKeys(chromedp.CSS("#extension"), "1100"), chromedp.SendKeys(chromedp.CSS("#name"), "Nora"),
		chromedp.SendKeys(chromedp.CSS("#last_name"), "Novak"), chromedp.SendKeys(chromedp.CSS("#pin"), "4711"),
		chromedp.Click(chromedp.CSS(".account button[type=submit]")), chromedp.WaitVisible(chromedp.CSS(".datagrid code")))
	logIn(t, desk, "1100", "4711")
	b.do(chromedp.Navigate(b.base+users+"/1100/devices"), chromedp.WaitVisible(chromedp.CSS(".alert-info")))
	if banner := b.text(".alert-info"); !strings.Contains(banner, "In use at Window 10 (5410)") {
		t.Errorf("the banner says %q", banner)
	}

	b.open(users + "/import")
	b.types("table", "extension,name,pin\n1101,Ben,1101\n1102,Cy,new")
	b.clicks("[value=check]")
	b.sees("#problems")
	if problems := b.text("#problems"); !strings.Contains(problems, "the PIN must not be the extension") {
		t.Errorf("the mistakes are %q", problems)
	}
	b.types("table", "extension,name,pin\n1101,Ben,new\n1102,Cy,new")
	b.clicks("[value=check]", "[value=import]")
	b.awaits("h1", "Imported")
	b.open(users + "?q=11")
	b.sees("#found")
	if found := b.text("#found"); !strings.Contains(found, "Ben") || !strings.Contains(found, "Cy") || !strings.Contains(found, "3 users") {
		t.Errorf("the users are %q", found)
	}
}

// awaits waits until an element says something, also on a page that is still to
// come.
func (b *browser) awaits(element, says string) {
	b.t.Helper()
	script := fmt.Sprintf("[...document.querySelectorAll(%q)].some((e) => e.textContent.includes(%q))", element, says)
	eventually(b.t, element+" says "+says, func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script))
		return err == nil && is // it fails while the browser goes from one page to another
	})
}

// count is how many such elements the page has.
func (b *browser) count(element string) int {
	b.t.Helper()
	n, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](fmt.Sprintf("document.querySelectorAll(%q).length", element)))
	if err != nil {
		b.t.Fatalf("count %s: %v", element, err)
	}
	return n
}
