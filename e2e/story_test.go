package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

const (
	saveButton = "form.card button[type=submit]"
	succeeded  = ".alert-success"
)

// open opens a page of the portal.
func (b *browser) open(path string) {
	b.t.Helper()
	b.rests()
	b.do(chromedp.Navigate(b.base+path), chromedp.WaitVisible(chromedp.CSS("#content")))
}

// types puts text into fields, given as pairs of field and text.
func (b *browser) types(pairs ...string) {
	b.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		b.do(chromedp.SetValue(chromedp.CSS(`[name="`+pairs[i]+`"]`), pairs[i+1]))
	}
}

// clicks presses elements, one after the other, each when its page has come to
// rest: a page that marks a field scrolls there.
func (b *browser) clicks(elements ...string) {
	b.t.Helper()
	for _, element := range elements {
		b.sees(element)
		b.rests()
		b.do(chromedp.Click(chromedp.CSS(element)))
	}
}

// rests waits until the page is there as a whole, and its scripts have run.
func (b *browser) rests() {
	b.t.Helper()
	eventually(b.t, "the page has come to rest", func() bool {
		is, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](`document.readyState === "complete"`))
		return err == nil && is
	})
}

// sees waits until an element is there.
func (b *browser) sees(element string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(element)))
}

// firstStart is the link that the server has printed.
func (s *server) firstStart(t *testing.T) string {
	t.Helper()
	link := regexp.MustCompile(`http://\S+/first-start/\S+`)
	eventually(t, "the link of the first start", func() bool { return link.MatchString(s.log.String()) })
	return strings.TrimPrefix(link.FindString(s.log.String()), "http://"+s.http)
}

// TestStoryInTheBrowser is an office from an empty data folder to the X that
// releases the desk, each step in the browser, with a real phone on the desk.
func TestStoryInTheBrowser(t *testing.T) {
	t.Parallel()
	s := start(t)
	manager := startBrowser(t, s)
	manager.open(s.firstStart(t))
	manager.types("domain", "acme.test", "timezone", "America/Toronto", "country", "CA", "extension", "1000", "name", "Mia Manager",
		"email", "mia@acme.test", "password", portalPassword, "repeated", portalPassword)
	manager.clicks(saveButton)
	manager.sees(succeeded)
	manager.want(succeeded, "Sign in as 1000@acme.test")

	// 1: the domain.
	manager.open("/domains")
	manager.clicks(`a[href="/domains/acme.test"]`)
	manager.sees("#desks")

	// 2: a desk account with a device.
	manager.open("/domains/acme.test/users/add")
	manager.clicks(`[name="kind"][value="desk"]`)
	manager.types("extension", "5401", "name", "Window 1", "place", "Floor 5, 100 King St W, Toronto")
	manager.clicks(`[name="device"]`, saveButton)
	manager.sees("#secret")
	secret := manager.says("#secret")

	// 3: the phone, and a number.
	manager.open("/domains/acme.test/inventory/add-phone")
	manager.types("mac", "80:5E:C0:11:22:33", "model", "Yealink T54W", "name", "Window 1", "devices", "5401")
	manager.clicks(saveButton)
	manager.sees(succeeded)
	desk := realphone.StartBaresip(t, realphone.Account{User: "5401", Password: secret, Server: s.sip})
	desk.AwaitRegistered(t)
	manager.open("/domains/acme.test/inventory")
	manager.sees("tr[data-registered]")
	manager.want("tr[data-registered]", "80:5e:c0:11:22:33", "baresip")

	// 4: a call center agent, who gets no phone, and a number that leads there.
	manager.open("/domains/acme.test/users/add")
	manager.types("extension", "1001", "name", "Ana", "last_name", "Ruiz", "email", "ana@acme.test", "scope", "call_center_agent", "pin", "4711", "password", portalPassword)
	manager.clicks(saveButton)
	manager.sees(".datagrid")
	manager.want("#content", "1001@acme.test", "4711")
	manager.open("/domains/acme.test/inventory/add-number")
	manager.types("number", "+1 416 555 0101", "user", "1001")
	manager.clicks(saveButton)
	manager.sees(succeeded)

	// 5: hot desking, with Activate Phone.
	manager.open("/domains/acme.test/settings/hot-desking")
	manager.clicks(`[name="hot_desking.activate_phone"]`, saveButton)
	manager.sees(succeeded)

	// 6: the banner and End Session.
	logIn(t, desk, "1001", "4711")
	manager.open("/domains/acme.test/users/1001/devices")
	manager.want(".alert-info", "In use at Window 1 (5401)", "since", "until 02:00")
	manager.clicks(`form[action$="/end"] button`)
	manager.sees(succeeded)
	manager.want(succeeded, "Ana Ruiz is no longer logged in at Window 1 (5401)")
	atDesk(t, s)

	// 7: two more by a table, which has a mistake at first.
	manager.open("/domains/acme.test/users/import")
	manager.types("table", "extension,name,scope,pin\n1002,Ben Okafor,king,2580\n1003,Caro Lind,basic_user,9047\n")
	manager.clicks(`button[value="check"]`)
	manager.sees("#problems")
	manager.want("#problems", "Nothing was imported yet: 1 mistake to correct", "2", "scope")
	manager.types("table", "extension,name,scope,pin\n1002,Ben Okafor,basic_user,2580\n1003,Caro Lind,basic_user,9047\n")
	manager.clicks(`button[value="check"]`)
	manager.sees(`button[value="import"]`)
	manager.clicks(`button[value="import"]`)
	manager.do(chromedp.WaitNotPresent(chromedp.CSS(`button[value="import"]`)))
	manager.open("/domains/acme.test/users")
	manager.want("#content", "Ben Okafor", "Caro Lind")

	// The person: Activate Phone, and the X.
	worker := startBrowser(t, s)
	worker.signIn("1001@acme.test", portalPassword, "#content")
	worker.open("/phones")
	worker.clicks(`[data-dialog="activate"]`)
	worker.sees("dialog[open] #desk")
	worker.types("desk", "5401")
	worker.clicks(`dialog[open] button[type=submit]`)
	desk.Await(t, realphone.Incoming)
	worker.sees(`[data-stage="ringing"]`)
	desk.Answer(t)
	desk.Await(t, realphone.Established)
	worker.sees(`[data-stage="account"]`)
	desk.Press(t, "1001#")
	worker.sees(`[data-stage="pin"]`)
	desk.Press(t, "4711#")
	worker.sees(`[data-stage="done"]`)
	atDesk(t, s, [2]string{"5401", "1001"})
	desk.Await(t, realphone.Idle)
	worker.open("/phones")
	worker.want(`[data-device="5401"]`, "Window 1 (5401)", "until 02:00")
	worker.clicks(`[data-device="5401"] button[title="Release"]`)
	worker.do(chromedp.WaitNotPresent(chromedp.CSS(`[data-device="5401"]`)))
	atDesk(t, s)
}

// api speaks to the API over the network with a key.
type api struct {
	t         *testing.T
	base, key string
}

// api has a key made by the command line.
func (s *server) api(t *testing.T, flags ...string) api {
	t.Helper()
	var made resource.Key
	out := s.hotdesk(t, append([]string{"key", "add", "program", "--json"}, flags...)...)
	if err := json.Unmarshal([]byte(out), &made); err != nil || made.Key == "" {
		t.Fatalf("the key is %s, %v", out, err)
	}
	return api{t: t, base: "http://" + s.http, key: made.Key}
}

// ask sends a request, whose success is any status of the 200s, and reads the
// answer into a value, if that is not nil.
func (a api) ask(method, path string, body, answer any) {
	a.t.Helper()
	var sent bytes.Buffer
	kind := "application/json"
	if table, is := body.(string); is {
		kind = "text/csv"
		sent.WriteString(table)
	} else if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			a.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.base+"/api/v1"+path, &sent)
	if err != nil {
		a.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+a.key)
	if body != nil {
		req.Header.Set("Content-Type", kind)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		a.t.Fatalf("%s %s answers %d %s, %v", method, path, res.StatusCode, said, err)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(said, answer); err != nil {
		a.t.Fatalf("%s %s: %v in %s", method, path, err, said)
	}
}

// reaches waits until an activation stands at a stage.
func (a api) reaches(id, stage string) resource.Activation {
	a.t.Helper()
	var activation resource.Activation
	eventually(a.t, "the stage "+stage, func() bool {
		a.ask(http.MethodGet, "/me/activations/"+id, nil, &activation)
		return activation.Stage == stage
	})
	return activation
}

// TestStoryByTheAPI is the same by the API alone.
func TestStoryByTheAPI(t *testing.T) {
	t.Parallel()
	s := start(t)
	type fields = map[string]any
	root := s.api(t, "--scope", "super_user")
	root.ask(http.MethodPost, "/domains", fields{"name": "acme.test", "timezone": "America/Toronto", "country": "CA"}, nil)
	const office = "/domains/acme.test"
	root.ask(http.MethodPost, office+"/users", fields{"extension": "5401", "name": "Window 1", "place": "Floor 5, 100 King St W, Toronto"}, nil)
	var device resource.Device
	root.ask(http.MethodPost, office+"/devices", fields{"name": "5401", "owner": "5401"}, &device)
	root.ask(http.MethodPost, office+"/phones", fields{"mac": "80:5e:c0:11:22:33", "model": "Yealink T54W", "devices": []string{"5401"}}, nil)
	root.ask(http.MethodPost, office+"/users", fields{"extension": "1001", "name": "Ana Ruiz", "scope": "call_center_agent", "pin": "4711", "password": portalPassword}, nil)
	root.ask(http.MethodPost, office+"/numbers", fields{"number": "+14165550101", "user": "1001"}, nil)
	root.ask(http.MethodPatch, office, fields{"hot_desking": fields{"enabled": true, "activate_phone": true}}, nil)

	desk := realphone.StartBaresip(t, realphone.Account{User: "5401", Password: device.Password, Server: s.sip})
	desk.AwaitRegistered(t)
	root.ask(http.MethodGet, office+"/devices/5401", nil, &device)
	if len(device.Registrations) != 1 {
		t.Errorf("the device is %+v", device)
	}
	logIn(t, desk, "1001", "4711")
	var open resource.List[resource.Session]
	root.ask(http.MethodGet, office+"/sessions?open=true", nil, &open)
	if len(open.Items) != 1 || open.Items[0].User != "1001" || open.Items[0].Device != "5401" {
		t.Fatalf("the sessions are %+v", open)
	}
	root.ask(http.MethodDelete, office+"/sessions/"+open.Items[0].ID, nil, nil)
	atDesk(t, s)

	root.ask(http.MethodPost, office+"/import", "extension,name,scope,pin\n1002,Ben Okafor,basic_user,2580\n", nil)
	root.ask(http.MethodGet, office+"/users/1002", nil, nil)

	ana := s.api(t, "--domain", "acme.test", "--user", "1001")
	var activation resource.Activation
	ana.ask(http.MethodPost, "/me/activations", fields{"desk": "5401"}, &activation)
	desk.Await(t, realphone.Incoming)
	ana.reaches(activation.ID, "ringing")
	desk.Answer(t)
	desk.Await(t, realphone.Established)
	desk.Press(t, "1001#")
	ana.reaches(activation.ID, "pin")
	desk.Press(t, "4711#")
	done := ana.reaches(activation.ID, "done")
	atDesk(t, s, [2]string{"5401", "1001"})
	desk.Await(t, realphone.Idle)
	ana.ask(http.MethodDelete, fmt.Sprintf("/me/sessions/%s", done.Session), nil, nil)
	atDesk(t, s)
}
