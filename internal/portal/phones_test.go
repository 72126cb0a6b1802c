package portal_test

import (
	"bufio"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

// watch opens what keeps a page up to date. What it returns reads on until all
// of some parts have come in one event.
func (b *browser) watch(path string) (until func(about string, parts ...string)) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(apptest.Soon(b.t), http.MethodGet, b.base+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	res, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = res.Body.Close() })
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	return func(about string, parts ...string) {
		b.t.Helper()
		var event strings.Builder
		for lines.Scan() {
			event.WriteString(lines.Text())
			if lines.Text() != "" {
				continue
			}
			if !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(event.String(), part) }) {
				return
			}
			event.Reset()
		}
		b.t.Fatalf("%s: %v", about, lines.Err())
	}
}

// extensionOf is the extension of the user of a scope.
func extensionOf(scope string) string {
	extension, _, _ := strings.Cut(nameOf(scope), "@")
	return extension
}

// edit changes the office of acme.test.
func edit(t *testing.T, o *apptest.Office, change func(*directory.Office)) {
	t.Helper()
	domain, _ := o.App.Directory().DomainByName("acme.test")
	_, err := o.App.Directory().Edit(t.Context(), directory.System(), domain.ID, func(of *directory.Office) error {
		change(of)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// activatable is an office where people may activate phones.
func activatable(t *testing.T) *apptest.Office {
	t.Helper()
	o := office(t)
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.ActivatePhone = true })
	return o
}

func TestPhonesFollow(t *testing.T) {
	t.Parallel()
	o := office(t)
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.LoginCode = "*55" })
	b := signedIn(t, o, "basic_user")
	if p := b.ask(http.MethodGet, "/phones", nil); !strings.Contains(p.body, "You have no phone right now") || !strings.Contains(p.body, "dial *55 at") || !strings.Contains(p.body, "Add Phone") {
		t.Errorf("without a phone: %s", p.body)
	}
	if p := b.ask(http.MethodGet, "/phones/add", nil); !strings.Contains(p.body, "*55") || !strings.Contains(p.body, "office_manager") {
		t.Errorf("how to come to a phone: %s", p.body)
	}
	until := b.watch("/phones/live")
	until("nothing at first", "no phone right now")
	held := session(t, o, "basic_user", "5401")
	until("a login", "Window (5401)", "Not registered", "Release Window (5401)")
	desk := o.Phone(t, "acme.test", "5401")
	until("the desk registers", "bg-success-lt")
	other := o.Phone(t, "acme.test", "5402")
	session(t, o, "call_center_agent", "5402")
	agent := extensionOf("call_center_agent")
	call, err := desk.Dial(apptest.Soon(t), agent)
	if err != nil {
		t.Fatal(err)
	}
	until("a call is made", "Calling "+agent)
	answer(t, other)
	until("it is answered", "In a call with User &lt;b&gt;call_center_agent&lt;/b&gt; ("+agent+")")
	call.Hangup()
	until("it is over", "Registered")
	if p := b.ask(http.MethodPost, "/phones/"+held.ID+"/release", url.Values{}); p.location != "/phones" {
		t.Errorf("releasing answers %d %q", p.status, p.location)
	}
	if p := b.ask(http.MethodGet, "/phones", nil); !strings.Contains(p.body, "Window (5401) is released") {
		t.Errorf("after the release: %s", p.body)
	}
	until("the release", "no phone right now")
}

// answer waits for a call at a phone and answers it.
func answer(t *testing.T, phone *softphone.Phone) *softphone.Call {
	t.Helper()
	call, err := phone.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Answer(); err != nil {
		t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	return call
}

func press(t *testing.T, call *softphone.Call, keys string) {
	t.Helper()
	if err := call.PressBy(apptest.Soon(t), softphone.DigitsInfo, keys); err != nil {
		t.Fatal(err)
	}
}

func TestActivatePhone(t *testing.T) {
	t.Parallel()
	o := activatable(t)
	b := signedIn(t, o, "basic_user")
	phone := o.Phone(t, "acme.test", "5401")
	if p := b.ask(http.MethodGet, "/phones", nil); !strings.Contains(p.body, `data-dialog="activate"`) || strings.Contains(p.body, "Add Phone") {
		t.Errorf("no button: %s", p.body)
	}
	p := b.ask(http.MethodPost, "/phones/activate", url.Values{"desk": {" 5401 "}})
	if !strings.HasPrefix(p.location, "/phones/activate?last=") {
		t.Fatalf("the call answers %d %s", p.status, p.body)
	}
	if shown := b.ask(http.MethodGet, p.location, nil); !strings.Contains(shown.body, "Pick it up at Window (5401)") {
		t.Errorf("while it rings: %s", shown.body)
	}
	until := b.watch("/phones/activate/live")
	until("ringing", `data-stage="ringing"`, "The phone rings.", "Cancel the call")
	call := answer(t, phone)
	until("answered", `data-stage="account"`, "Key in "+extensionOf("basic_user")+" at the phone")
	press(t, call, extensionOf("basic_user")+"#")
	until("PIN", `data-stage="pin"`, "Nobody asks for it on this page.")
	press(t, call, "4711#")
	until("done", `data-stage="done"`, "Window (5401) is your phone now.", "until 02:00")
	if shown := b.ask(http.MethodGet, p.location, nil); !strings.Contains(shown.body, "is your phone now") {
		t.Errorf("when it is done: %s", shown.body)
	}
	if shown := b.ask(http.MethodGet, "/phones/activate", nil); !strings.Contains(shown.body, `name="desk"`) {
		t.Errorf("the next time: %s", shown.body)
	}
}

func TestActivateIsRefusedInWords(t *testing.T) {
	t.Parallel()
	o := activatable(t)
	session(t, o, "office_manager", "5401")
	b := signedIn(t, o, "basic_user")
	refused := func(desk, says string) {
		t.Helper()
		for _, headers := range [][]string{nil, {"HX-Request", "true"}} {
			p := b.ask(http.MethodPost, "/phones/activate", url.Values{"desk": {desk}}, headers...)
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="desk-wrong"`) || !strings.Contains(p.body, says) {
				t.Errorf("%q: %d %s, want %q", desk, p.status, p.body, says)
			}
		}
	}
	refused("", "Type the extension")
	refused("5499", "There is no desk 5499.")
	refused("<script>", "There is no desk &lt;script&gt;.")
	refused("1008", "no hot desk")
	refused("spare", "There is no desk spare.") // of another domain
	refused("5402", "not connected")
	refused("5401", "office_manager&lt;/b&gt; has been logged in there since")
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.WhenElsewhere = directory.ElsewhereDeny })
	session(t, o, "basic_user", "5402")
	refused("5401", "logged in there since")
	edit(t, o, func(of *directory.Office) { of.UserByExtension(extensionOf("basic_user")).NoHotDesking = true })
	refused("5402", "may not use hot desks")
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.Enabled = false })
	refused("5402", "Hot desking is switched off")
	edit(t, o, func(of *directory.Office) { of.Domain.HotDesking.ActivatePhone = false })
	refused("5402", "Dial *88 at the desk phone")
	if p := b.ask(http.MethodGet, "/phones/activate", nil); p.location != "/phones/add" {
		t.Errorf("the page of what is switched off: %d %q", p.status, p.location)
	}
}

// Two people want one desk, and the first gives up.
func TestActivateIsCancelled(t *testing.T) {
	t.Parallel()
	o := activatable(t)
	first, second := signedIn(t, o, "basic_user"), signedIn(t, o, "call_center_agent")
	phone := o.Phone(t, "acme.test", "5401")
	form := url.Values{"desk": {"5401"}}
	asked := first.ask(http.MethodPost, "/phones/activate", form)
	_, id, _ := strings.Cut(asked.location, "last=")
	call, err := phone.Incoming(apptest.Soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if again := first.ask(http.MethodPost, "/phones/activate", form); again.location != asked.location {
		t.Errorf("a double click leads to %q and %q", asked.location, again.location)
	}
	if p := second.ask(http.MethodPost, "/phones/activate", form); !strings.Contains(p.body, "else&#39;s Activate Phone call is at this desk") {
		t.Errorf("the second: %d %s", p.status, p.body)
	}
	until := first.watch("/phones/activate/live")
	second.ask(http.MethodPost, "/phones/activate/"+id+"/cancel", url.Values{}) // not theirs
	if p := first.ask(http.MethodPost, "/phones/activate/"+id+"/cancel", url.Values{}); p.location != "/phones" {
		t.Errorf("cancelling answers %d %q", p.status, p.location)
	}
	until("cancelled", `data-stage="failed"`, "The call was cancelled.")
	if _, err := call.Ended(apptest.Soon(t)); err != nil {
		t.Error(err)
	}
	if p := second.ask(http.MethodPost, "/phones/activate", form); p.status != http.StatusSeeOther {
		t.Errorf("the second, then: %d %s", p.status, p.body)
	}
	if p := second.ask(http.MethodGet, "/phones/activate", nil, "HX-Request", "true"); !strings.Contains(p.body, "Pick it up") || strings.Contains(p.body, "<html") {
		t.Errorf("what the dialog reads: %s", p.body)
	}
}
