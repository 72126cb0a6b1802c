package portal_test

import (
	"encoding/base64"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/spreadsheet"
)

// shown is a secret that a page shows under a title.
func shown(body, title string) string {
	found := regexp.MustCompile(`(?s)<div class="datagrid-title">` + title + `</div>.*?<code[^>]*>([^<]*)</code>`).FindStringSubmatch(body)
	if found == nil {
		return ""
	}
	return html.UnescapeString(found[1])
}

func TestUserIsAdded(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/add"
	form := with(b.filled(path), "extension", "1100", "name", "Ana", "last_name", "Ruiz", "email", "ana@acme.test", "scope", "call_center_agent", "device", "true")
	for _, c := range []struct {
		about string
		form  url.Values
		says  string
	}{
		{"no extension", with(form, "extension", ""), `id="extension-wrong"`},
		{"no digits", with(form, "extension", "11a"), `id="extension-wrong"`},
		{"another's extension", with(form, "extension", "1001"), "Free for a person: 1009"},
		{"a person in the desk range", with(form, "extension", "5403"), "Free for a person: 5500, 5501, 5502"},
		{"a desk outside of it", with(form, "kind", "desk"), "Free for a desk: 5400, 5403, 5404"},
		{"an emergency number", with(form, "extension", "911"), `id="extension-wrong"`},
		{"no name", with(form, "name", "", "last_name", ""), `id="name-wrong"`},
		{"a wrong address", with(form, "email", "nobody"), `id="email-wrong"`},
		{"a scope that is none", with(form, "scope", "king"), `id="scope-wrong"`},
		{"a scope above one's own", with(form, "scope", "super_user"), "not yours to change"},
		{"a site manager without a site", with(form, "scope", "site_manager"), `id="site-wrong"`},
		{"an endless site", with(form, "site", strings.Repeat("x", 61)), `id="site-wrong"`},
		{"a PIN that is none", with(form, "pin", "12"), `id="pin-wrong"`},
		{"a PIN that counts", with(form, "pin", "1234"), `id="pin-wrong"`},
		{"a short password", with(form, "password", "short"), `id="password-wrong"`},
		{"a desk without a phone", with(form, "kind", "desk", "extension", "5403", "device", ""), `id="device-wrong"`},
		{"a password is not sent back", with(form, "name", "", "last_name", "", "password", "a long password"), "Please type it again"},
		{"scripts", with(form, "extension", script, "name", script, "last_name", script, "email", script, "site", script, "pin", script, "place", script), `value="&lt;script&gt;`},
	} {
		p := b.ask(http.MethodPost, path, c.form)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) || strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, "a long password") {
			t.Errorf("%s: %d, want 422 with %s", c.about, p.status, c.says)
		}
		if !strings.Contains(p.body, `value="`+form.Get("seed")) || !strings.Contains(p.body, `value="`+form.Get("id")) {
			t.Errorf("%s: the form lost what makes a second click harmless", c.about)
		}
	}
	for about, broken := range map[string]url.Values{"no ID": with(form, "id", "x"), "no seed": with(form, "seed", "x"), "half a seed": with(form, "seed", "0011")} {
		if p := b.ask(http.MethodPost, path, broken); p.status != http.StatusBadRequest {
			t.Errorf("%s: %d", about, p.status)
		}
	}
	first := b.ask(http.MethodPost, path, form)
	pin, password, sip := shown(first.body, "PIN"), shown(first.body, "Portal password"), shown(first.body, "Password")
	if first.status != http.StatusOK || len(pin) != 6 || len(password) < 20 || len(sip) < 20 || shown(first.body, "Domain") != "acme.test" || shown(first.body, "Server") != "127.0.0.1" {
		t.Fatalf("added: %d %s", first.status, first.body)
	}
	if again := b.ask(http.MethodPost, path, form); again.status != http.StatusOK || shown(again.body, "PIN") != pin || shown(again.body, "Portal password") != password || shown(again.body, "Password") != sip {
		t.Errorf("a second click does not show the same: %d %s", again.status, again.body)
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	ana, found := o.App.Directory().UserByExtension(domain.ID, "1100")
	device, has := o.App.Directory().DeviceByName(domain.ID, "1100")
	if !found || !has || ana.Name != "Ana Ruiz" || device.OwnerID != ana.ID || !credential.Verify(pin, ana.PINHash) {
		t.Errorf("the user is %+v, the device %+v", ana, device)
	}
	if md5, _ := credential.HA1("1100", "acme.test", sip); md5 != device.HA1MD5 {
		t.Error("the password shown is not that of the device")
	}
	if p := newBrowser(t, o).signIn("1100@acme.test", password); p.status != http.StatusSeeOther {
		t.Errorf("the new user cannot sign in: %d", p.status)
	}
	if p := b.ask(http.MethodPost, path, with(form, "pin", "4711", "extension", "1101")); p.location != "/domains/acme.test/users/1100" {
		t.Errorf("the form was changed and sent again: %d %q", p.status, p.location)
	}
}

func TestGivenSecretsAreKept(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/add"
	p := b.ask(http.MethodPost, path, with(b.filled(path), "extension", "1100", "name", "Ana", "pin", "4711", "password", "a given password"))
	if shown(p.body, "PIN") != "4711" || shown(p.body, "Portal password") != "a given password" || shown(p.body, "Password") != "" {
		t.Errorf("added: %d %s", p.status, p.body)
	}
	p = b.ask(http.MethodPost, path, with(b.filled(path), "extension", "1101", "name", "Nora", "scope", "no_portal", "password", "a given password"))
	if p.status != http.StatusOK || shown(p.body, "Portal password") != "" {
		t.Errorf("who has no portal has a password for it: %d %s", p.status, p.body)
	}
}

func TestDeskIsAdded(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/add"
	form := with(b.filled(path+"?kind=desk"), "extension", "5403", "name", "Window 3", "place", "Floor 3", "pin", "4711", "scope", "office_manager")
	if form.Get("kind") != "desk" || form.Get("device") != "true" {
		t.Fatalf("the form for a desk is %v", form)
	}
	p := b.ask(http.MethodPost, path, form)
	if p.status != http.StatusOK || shown(p.body, "PIN") != "" || shown(p.body, "User name") != "5403" {
		t.Errorf("added: %d %s", p.status, p.body)
	}
	bare := with(b.filled(path), "kind", "desk", "extension", "5404", "name", "Hall", "anyway", "true")
	if p := b.ask(http.MethodPost, path, bare); p.status != http.StatusOK {
		t.Errorf("a desk that is meant to have no phone: %d", p.status)
	}
}

func TestHintWhileTyping(t *testing.T) {
	t.Parallel()
	b := signedIn(t, office(t), "office_manager")
	for query, says := range map[string]string{
		"extension=5403&kind=person": "this makes a desk account",
		"extension=5403&kind=desk":   "This makes a desk account",
		"extension=1100&kind=desk":   "of the desk range 5400-5499",
		"extension=5401&kind=desk":   "5401 is the extension of Window",
		"kind=person":                "Free for a person: 1009",
		"kind=desk":                  "Free for a desk: 5400, 5403, 5404",
		"extension=<script>":         "",
	} {
		p := b.ask(http.MethodGet, "/domains/acme.test/users/add/extension?"+query, nil, "HX-Request", "true")
		if p.status != http.StatusOK || !strings.Contains(p.body, says) || strings.Contains(p.body, "<html") || strings.Contains(p.body, "<script") {
			t.Errorf("%s: %d %s", query, p.status, p.body)
		}
	}
}

func TestDesksAreAdded(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = "/domains/acme.test/users/add-desks"
	form := with(b.filled(path), "first", "5410", "last", "5429", "place", "Floor 4", "site", "North")
	for _, c := range []struct {
		about string
		form  url.Values
		says  string
	}{
		{"outside of the range", with(form, "last", "5500"), `id="last-wrong"`},
		{"nothing", with(form, "first", ""), `id="first-wrong"`},
		{"no digits", with(form, "first", script), `id="first-wrong"`},
		{"upside down", with(form, "last", "5409"), `id="last-wrong"`},
		{"one is taken", with(form, "first", "5402"), "5402 is the extension of Window"},
		{"no name", with(form, "name", " "), `id="name-wrong"`},
		{"an endless place", with(form, "place", strings.Repeat("x", 251)), `id="place-wrong"`},
		{"scripts", with(form, "name", script, "place", script, "site", strings.Repeat(script, 9)), "longer than"},
	} {
		p := b.ask(http.MethodPost, path, c.form)
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, c.says) || strings.Contains(p.body, "<script>alert") {
			t.Errorf("%s: %d, want 422 with %s: %s", c.about, p.status, c.says, p.body)
		}
	}
	var rows []spreadsheet.Row
	for range 2 { // the second as by a double click
		p := b.ask(http.MethodPost, path, form)
		link := regexp.MustCompile(`href="data:text/csv;charset=utf-8;base64,([^"]*)"`).FindStringSubmatch(p.body)
		if p.status != http.StatusOK || link == nil {
			t.Fatalf("adding answers %d %s", p.status, p.body)
		}
		text, err := base64.StdEncoding.DecodeString(html.UnescapeString(link[1]))
		if err != nil {
			t.Fatal(err)
		}
		read, err := spreadsheet.Read(text)
		if err != nil || len(read) != 21 || len(rows) > 0 && read[20].Cells[3] != rows[20].Cells[3] {
			t.Fatalf("the file to download: %v, %v", read, err)
		}
		rows = read
	}
	domain, _ := o.App.Directory().DomainByName("acme.test")
	user, _ := o.App.Directory().UserByExtension(domain.ID, "5429")
	device, _ := o.App.Directory().DeviceByName(domain.ID, "5429")
	if user.Name != "Desk 20" || user.Place != "Floor 4" || user.Site != "North" || device.OwnerID != user.ID {
		t.Errorf("the last desk is %+v with %+v", user, device)
	}
	if md5, _ := credential.HA1("5429", "acme.test", rows[20].Cells[3]); md5 != device.HA1MD5 {
		t.Error("the password in the file is not that of the device")
	}
	if p := b.ask(http.MethodPost, path, with(b.filled(path), "first", "5450", "last", "5451", "device", "")); p.status != http.StatusOK || strings.Contains(p.body, "data:text/csv") {
		t.Errorf("desks without devices: %d", p.status)
	}
}
