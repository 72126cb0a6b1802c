package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

const (
	inventory = "/domains/acme.test/inventory"
	script    = `<script>alert("x")</script>`
)

// wrongForm is a form as somebody might send it, and what comes back.
type wrongForm struct {
	about  string
	form   url.Values
	status int
	says   string
}

// refused sends forms that must change nothing.
func (b *browser) refused(path string, forms []wrongForm) {
	b.t.Helper()
	for _, c := range forms {
		p := b.ask(http.MethodPost, path, c.form)
		if p.status != c.status || !strings.Contains(p.body, c.says) || strings.Contains(p.body, script) {
			b.t.Errorf("%s: %d, want %d with %s", c.about, p.status, c.status, c.says)
		}
	}
}

// saved sends a form that must be taken, and leads to a path.
func (b *browser) saved(path string, form url.Values, leads string) {
	b.t.Helper()
	if p := b.ask(http.MethodPost, path, form); p.location != leads {
		b.t.Fatalf("%s answers %d %q, want to be led to %q: %s", path, p.status, p.location, leads, regexp.MustCompile(`(?s)invalid-feedback.{0,200}|id="(problems|effect)".*?</div>`).FindString(p.body))
	}
}

// shows asks for a page that must hold some texts.
func (b *browser) shows(path string, texts ...string) string {
	b.t.Helper()
	p := b.ask(http.MethodGet, path, nil)
	for _, text := range texts {
		if p.status != http.StatusOK || !strings.Contains(p.body, text) {
			b.t.Errorf("%s (%d) lacks %s", path, p.status, text)
		}
	}
	return p.body
}

func TestPhoneIsAddedWithItsDevice(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = inventory + "/add-phone"
	form := b.filled(path)
	b.refused(path, []wrongForm{
		{"no MAC address", with(form, "mac", ""), 422, `id="mac-wrong"`},
		{"a wrong MAC address", with(form, "mac", "80:5e:c0"), 422, `id="mac-wrong"`},
		{"a MAC address that is there", with(form, "mac", "805E.C011.2233"), 422, `id="mac-wrong"`},
		{"a device that is not there", with(form, "mac", "80:5e:c0:11:22:44", "devices", "5499"), 422, `id="devices-wrong"`},
		{"a device that is on another phone", with(form, "mac", "80:5e:c0:11:22:44", "devices", "5401"), 422, `id="devices-wrong"`},
		{"a new device that is there", with(form, "mac", "80:5e:c0:11:22:44", "new_device", "5402"), 422, `id="new_device-wrong"`},
		{"a new device with a wrong name", with(form, "mac", "80:5e:c0:11:22:44", "new_device", "a b"), 422, `id="new_device-wrong"`},
		{"an owner that is not there", with(form, "mac", "80:5e:c0:11:22:44", "owner", "1099"), 422, `id="owner-wrong"`},
		{"a long model", with(form, "mac", "80:5e:c0:11:22:44", "model", strings.Repeat("x", 121)), 422, `id="model-wrong"`},
		{"what was typed stays", with(form, "mac", script, "model", script, "name", script, "site", strings.Repeat("x", 61), "place", script, "devices", script, "new_device", script, "owner", script), 422, `value="&lt;script&gt;`},
		{"a form without its ID", with(form, "id", "none"), 400, "could not be read"},
	})
	form = with(form, "mac", "80-5E-C0-11-22-44", "model", "Poly VVX 450", "name", "Reception", "place", "Floor 1", "new_device", "5403", "owner", "1008")
	for range 2 { // a double click finds it made
		p := b.ask(http.MethodPost, path, form)
		if p.status != http.StatusOK || !strings.Contains(p.body, `id="secret">`+form.Get("password")+"<") {
			t.Fatalf("adding answers %d %s", p.status, p.body)
		}
	}
	phone := rawphone.Listen(t, "127.0.0.1", rawphone.Account{User: "5403", Password: form.Get("password"), Server: o.App.SIPAddr().String()})
	phone.Register(t)
	b.shows(inventory, "Reception", "80:5e:c0:11:22:44", "Poly VVX 450", "Floor 1", "5403", "Victor", "since ", phone.Addr()+" (UDP)")
	for query, found := range map[string]bool{
		"search=reception": true, "search=80:5e:c0:11:22:44": true, "search=805ec0112244": true, "search=victor": true, "search=5403": true, "search=5401": false,
		"only=registered": true, "only=unregistered": false, "only=unassigned": false, "only=registered&search=floor+1": true, "page=9": true, "only=nonsense": true,
	} {
		if p := b.ask(http.MethodGet, inventory+"?"+query, nil); p.status != http.StatusOK || strings.Contains(p.body, "Reception") != found {
			t.Errorf("?%s: %d, found %v, want %v", query, p.status, !found, found)
		}
	}
	if p := b.ask(http.MethodGet, inventory+"?search="+url.QueryEscape(script), nil); strings.Contains(p.body, script) || !strings.Contains(p.body, "Nothing found") {
		t.Errorf("a search for a script: %s", p.body)
	}
}

func TestPhoneIsChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = inventory + "/phones/80:5e:c0:11:22:33"
	form := b.filled(path)
	if form.Get("owner") != "5401" || form.Get("devices") != "5401" {
		t.Errorf("the form: %v", form)
	}
	b.refused(path, []wrongForm{
		{"no MAC address", with(form, "mac", ""), 422, `id="mac-wrong"`},
		{"a device that is not there", with(form, "devices", "5401, 5499"), 422, `id="devices-wrong"`},
		{"an owner that is not there", with(form, "owner", "1099"), 422, `id="owner-wrong"`},
		{"a long place", with(form, "place", strings.Repeat("x", 251)), 422, `id="place-wrong"`},
		{"scripts", with(form, "mac", script, "model", script, "name", script, "site", strings.Repeat("x", 61), "place", script, "devices", script, "owner", script), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	})
	b.saved(path, with(form, "devices", "5402 5401", "name", "Window", "owner", ""), inventory)
	b.shows(path, "80:5e:c0:11:22:33 is saved.", `value="5402, 5401"`)
	domain, _ := o.App.Directory().DomainByName("acme.test")
	owner, _ := o.App.Directory().UserByExtension(domain.ID, "5402")
	for name, want := range map[string]string{"5401": "", "5402": owner.ID} { // who comes onto the phone stays with whom it has
		if d, _ := o.App.Directory().DeviceByName(domain.ID, name); d.OwnerID != want {
			t.Errorf("%s belongs to %q, want %q", name, d.OwnerID, want)
		}
	}
	b.refused(path, []wrongForm{{"a form from before", form, 412, "Somebody else has changed this"}})
	b.saved(inventory+"/devices/5402", with(b.filled(inventory+"/devices/5402"), "owner", "1008"), inventory+"/devices/5402")
	b.saved(inventory+"/devices/5401", with(b.filled(inventory+"/devices/5401"), "owner", "5401"), inventory+"/devices/5401")
	b.shows(path, "Its devices belong to several users")
	b.saved(path, with(b.filled(path), "name", "Window again"), inventory)
	if d, _ := o.App.Directory().DeviceByName(domain.ID, "5401"); d.OwnerID == "" {
		t.Error("a form that cannot tell the owner has changed it")
	}
	b.saved(path+"/delete", url.Values{}, inventory)
	b.shows(inventory, "Window again is removed. Its devices stay.", "There are no phones yet")
	b.shows(inventory+"/devices", "5401", "5402")
}

// TestAssigningADeskAsksFirst gives a desk at which somebody sits to a person,
// and takes from whoever sits there the right to.
func TestAssigningADeskAsksFirst(t *testing.T) {
	t.Parallel()
	o := office(t)
	held := session(t, o, "basic_user", "5401")
	b := signedIn(t, o, "office_manager")
	for path, change := range map[string][]string{
		inventory + "/phones/80:5e:c0:11:22:33": {"owner", "1008"},
		inventory + "/devices/5401":             {"owner", ""},
		userOf("basic_user"):                    {"hot_desking", ""},
	} {
		form := with(b.filled(path), change...)
		p := b.ask(http.MethodPost, path, form)
		if p.status != http.StatusOK || !strings.Contains(p.body, "one person will be logged out") || !strings.Contains(p.body, "&lt;b&gt;basic_user&lt;/b&gt;") {
			t.Errorf("%s: %d, and does not ask: %s", path, p.status, p.body)
		}
		b.refused(path, []wrongForm{{"a question that was not put", with(form, "confirmed", "yes"), 200, "one person will be logged out"}})
	}
	facts := o.Listen(t)
	form := b.filled(inventory + "/devices/5401")
	form.Del("enabled")
	asked := b.ask(http.MethodPost, inventory+"/devices/5401", form)
	form.Set("confirmed", attribute(regexp.MustCompile(`<input[^>]*name="confirmed"[^>]*>`).FindString(asked.body), "value"))
	b.saved(inventory+"/devices/5401", form, inventory+"/devices/5401")
	apptest.Await(t, facts, func(e hotdesk.Ended) bool { return e.Session.ID == held.ID && e.Session.Ended == hotdesk.Withdrawn })
}

// userOf is the page of the user of a scope.
func userOf(scope string) string {
	extension, _, _ := strings.Cut(nameOf(scope), "@")
	return "/domains/acme.test/users/" + extension
}

func TestDeviceIsAddedAndChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const add = inventory + "/add-device"
	form := b.filled(add)
	b.refused(add, []wrongForm{
		{"no name", form, 422, `id="name-wrong"`},
		{"a wrong name", with(form, "name", "a b"), 422, `id="name-wrong"`},
		{"a name that is there", with(form, "name", "5401"), 422, `id="name-wrong"`},
		{"an owner that is not there", with(form, "name", "mobile", "owner", "1099"), 422, `id="owner-wrong"`},
		{"a short password", with(form, "name", "mobile", "password", "short"), 422, `id="password-wrong"`},
		{"scripts", with(form, "name", script, "owner", script, "password", script), 422, `value="&lt;script&gt;`},
		{"a form without its ID", with(form, "id", ""), 400, "could not be read"},
	})
	form = with(form, "name", "Mobile", "owner", "1008 Victor")
	for range 2 { // a double click finds it made
		if p := b.ask(http.MethodPost, add, form); p.status != http.StatusOK || !strings.Contains(p.body, `id="secret">`+form.Get("password")+"<") {
			t.Fatalf("adding answers %d %s", p.status, p.body)
		}
	}
	const path = inventory + "/devices/mobile"
	b.shows(path, "Own device", "Not registered", "not in the inventory", `value="1008"`)
	form = b.filled(path)
	b.refused(path, []wrongForm{
		{"no name", with(form, "name", ""), 422, `id="name-wrong"`},
		{"a name that is there", with(form, "name", "5401"), 422, `id="name-wrong"`},
		{"an owner that is not there", with(form, "owner", "1099"), 422, `id="owner-wrong"`},
		{"scripts", with(form, "name", script, "owner", script), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	})
	secrets := map[string]bool{}
	secret := func(p page) {
		t.Helper()
		found := regexp.MustCompile(`id="secret">([^<]+)<`).FindStringSubmatch(p.body)
		if found == nil || secrets[found[1]] {
			t.Fatalf("no new password is shown: %d %s", p.status, p.body)
		}
		secrets[found[1]] = true
	}
	secret(b.ask(http.MethodPost, path, with(form, "name", "ana-mobile")))
	const renamed = inventory + "/devices/ana-mobile"
	secret(b.ask(http.MethodPost, renamed+"/password", url.Values{}))
	for shown := range secrets {
		if strings.Contains(b.shows(renamed, "ana-mobile"), shown) {
			t.Error("a password is shown again")
		}
	}
	b.saved(renamed+"/delete", url.Values{}, inventory+"/devices")
	for query, name := range map[string]string{"only=hot_desk": "5401", "only=unregistered": "5402", "search=window": "5401", "search=80:5e": "5401"} {
		b.shows(inventory+"/devices?"+query, devicesPage(name))
	}
	for _, query := range []string{"only=own", "only=disabled", "only=unassigned", "only=registered", "search=mobile"} {
		b.shows(inventory+"/devices?"+query, "Nothing found")
	}
}

func devicesPage(device string) string { return `href="` + inventory + "/devices/" + device + `"` }

// TestPhonesAreTold has a hand-made phone that answers, refuses, and is silent.
func TestPhonesAreTold(t *testing.T) {
	t.Parallel()
	o := office(t, func(c *app.Config) { c.SIPTimers = sip.Timers{T1: 100 * time.Millisecond} }) // a phone may be silent for 64 times that
	b := signedIn(t, o, "office_manager")
	const path = inventory + "/phones/80:5e:c0:11:22:33"
	tell := func(act, says string) {
		t.Helper()
		b.saved(path+"/"+act, url.Values{}, path)
		b.shows(path, says)
	}
	tell("resync", "is not registered, so nothing could be sent to it")
	phone := rawphone.Listen(t, "127.0.0.1", rawphone.Account{User: "5401", Password: apptest.Password("5401"), Server: o.App.SIPAddr().String()})
	phone.Register(t)
	phone.Unasked(t, "200 OK") // of the messages
	for _, c := range []struct{ act, status, event, says string }{
		{"resync", "200 OK", "check-sync;reboot=false", "has taken it (200 OK)"},
		{"reboot", "200 OK", "check-sync;reboot=true", "asked to start anew"},
		{"reboot", "489 Bad Event", "check-sync;reboot=true", "refused (489 Bad Event)"},
	} {
		answered := make(chan page, 1)
		go func() { answered <- b.ask(http.MethodPost, path+"/"+c.act, url.Values{}) }()
		if m := phone.Unasked(t, c.status); m.Header("Event") != c.event || m.Header("Content-Length") != "0" {
			t.Errorf("%s sends %q", c.act, m.Header("Event"))
		}
		<-answered
		b.shows(path, c.says)
	}
	tell("resync", "did not answer: nothing came back in time")
	phone.Unasked(t, "200 OK")
}

// TestInventoryFollows reads what open lists are sent.
func TestInventoryFollows(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	phones, narrowed, devices := b.watch(inventory+"/live"), b.watch(inventory+"/live?only=registered"), b.watch(inventory+"/live/devices")
	phones("the list at first", "#phones", "Not registered")
	narrowed("the narrowed list at first", "#phones")
	devices("the devices at first", "#devices", "Not registered")
	o.Phone(t, "acme.test", "5401")
	phones("a phone registers", "Registered</span>", "since ")
	narrowed("it comes into the list", "80:5e:c0:11:22:33")
	devices("its device registers", "device-", "since ")
	edit(t, o, func(o *directory.Office) { o.Phones[0].Name = "Renamed" })
	phones("a phone is renamed", "#phones", "Renamed")
	devices("and so it is beside its device", "#devices", "Renamed")
}

// TestEndSessionSaysWhatHappened ends a session during a call, from the page of
// the device and from that of the person.
func TestEndSessionSaysWhatHappened(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	desk := o.Phone(t, "acme.test", "5402")
	o.Phone(t, "acme.test", "5401", func(c *softphone.Config) { c.AutoAnswer = true })
	held := session(t, o, "call_center_agent", "5402")
	call, err := desk.Dial(apptest.Soon(t), "5401")
	if err != nil {
		t.Fatal(err)
	}
	if err := call.Answered(apptest.Soon(t)); err != nil {
		t.Fatal(err)
	}
	const page = inventory + "/devices/5402"
	b.shows(page, "In use at Window (5402)", "End Session", "A call in progress goes on.", "In a call")
	b.shows(userOf("call_center_agent")+"/devices", "In use at Window (5402)", "End Session")
	end := "/domains/acme.test/sessions/" + held.ID + "/end"
	if p := b.ask(http.MethodPost, end, url.Values{}, "Referer", b.base+page); p.location != page {
		t.Fatalf("ending answers %d %q", p.status, p.location)
	}
	body := b.shows(page, "User &lt;b&gt;call_center_agent&lt;/b&gt; is no longer logged in at Window (5402). The call in progress goes on.", "In a call")
	if strings.Contains(body, "End Session") {
		t.Error("a session that has ended can be ended")
	}
	b.saved(end, url.Values{}, "/domains/acme.test")
	b.shows(page, "is no longer logged in at Window (5402).")
	if _, over := call.End(); over {
		t.Error("the call was cut")
	}
	call.Hangup()
}
