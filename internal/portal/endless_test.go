package portal_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// formsOfManagers are the pages with a form that makes or changes something, and
// what each needs to be right before a field is made wrong.
func formsOfManagers() map[string][]string {
	return map[string][]string{
		"/add-domain":                           {"name", "gamma.test", "timezone", "UTC", "country", "CA"},
		boardPath + "/reseller":                 nil,
		boardPath + "/users/add":                {"extension", "1100", "name", "Ana", "scope", "call_center_agent", "pin", "4711", "password", "a given password"},
		boardPath + "/users/add-desks":          {"first", "5410", "last", "5411"},
		boardPath + "/users/1008":               nil,
		boardPath + "/users/5401":               nil,
		boardPath + "/users/1008/answering":     nil,
		inventory + "/add-phone":                {"mac", "80:5e:c0:11:22:44"},
		inventory + "/phones/80:5e:c0:11:22:33": nil,
		inventory + "/add-device":               {"name", "mobile"},
		inventory + "/devices/5401":             nil,
		inventory + "/add-number":               {"number", "+14165550102"},
		inventory + "/numbers/+14165550101":     nil,
		inventory + "/add-trunk":                {"name", "spare", "host", "192.0.2.7", "user", "acme", "password", "secret"},
		inventory + "/trunk/carrier":            nil,
		settings:                                nil,
		settings + "/hot-desking":               nil,
		settings + "/calls":                     nil,
		settings + "/voicemail":                 nil,
		settings + "/emergency":                 nil,
		settings + "/mail":                      nil,
		settings + "/sign-on":                   nil,
		settings + "/keys/add":                  {"name", "wallboard"},
		settings + "/webhooks/add":              {"url", "https://example.com/hook", "events", "login"},
		"/profile":                              nil,
	}
}

// TestEveryFieldWithoutEnd puts a text without end into each field of each form:
// the field is marked, and nothing is saved.
func TestEveryFieldWithoutEnd(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "super_user")
	untyped := strings.Fields("id seed tag confirmed device_id enabled hot_desking kind device mailbox mailbox_pin ring_here_only mailboxes.enabled hot_desking.enabled") // hidden, or boxes
	elsewhere := map[string]string{                                                                                                                                       // where the mark is, or "" for a field that is not read there
		boardPath + "/users/add last_name": "name", boardPath + "/users/add place": "", boardPath + "/users/1008 place": "", inventory + "/add-phone password": "",
		"/profile username": "", "/profile pin": "", "/profile pin_again": "", "/profile password": "", "/profile password_again": "", "/profile current": "",
	}
	endless := strings.Repeat("<b>9", 2000)
	for path, right := range formsOfManagers() {
		form := with(b.filled(path), right...)
		for _, field := range slices.Sorted(maps.Keys(form)) {
			marked, is := elsewhere[path+" "+field]
			switch {
			case slices.Contains(untyped, field), is && marked == "":
				continue
			case !is:
				marked = field
			}
			p := b.ask(http.MethodPost, path, with(form, field, endless))
			if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+marked+`-wrong"`) || strings.Contains(p.body, "<b>9") {
				t.Errorf("%s: %s without end is answered %d %q", path, field, p.status, p.location)
			}
		}
	}
}
