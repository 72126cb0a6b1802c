package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestNumberIsAddedAndChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const add, list = inventory + "/add-number", inventory + "/numbers"
	form := b.filled(add)
	b.refused(add, []wrongForm{
		{"no number", form, 422, `id="number-wrong"`},
		{"no number at all", with(form, "number", "reception"), 422, `id="number-wrong"`},
		{"a number that is there", with(form, "number", "+1 (416) 555-0101"), 422, `id="number-wrong"`},
		{"a user that is not there", with(form, "number", "+14165550102", "user", "1099"), 422, `id="user-wrong"`},
		{"scripts", with(form, "number", script, "user", script), 422, `value="&lt;script&gt;`},
		{"a form without its ID", with(form, "id", ""), 400, "could not be read"},
	})
	for range 2 { // a double click finds it made
		b.saved(add, with(form, "number", "(416) 555-0102", "user", "1008 Victor"), list)
	}
	const path = list + "/+14165550102"
	b.shows(path, `value="+14165550102"`, `value="1008"`)
	form = b.filled(path)
	b.refused(path, []wrongForm{
		{"a number that is there", with(form, "number", "4165550101"), 422, `id="number-wrong"`},
		{"a user that is not there", with(form, "user", "1099"), 422, `id="user-wrong"`},
		{"scripts", with(form, "number", script, "user", script), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	})
	b.saved(path, with(form, "number", "(416) 555-0102", "user", ""), list)
	b.shows(list, "(416) 555-0102", "is saved.", "nowhere yet")
	for query, found := range map[string]bool{"": true, "?search=555-0102": true, "?search=victor": false, "?only=unassigned": true, "?search=0101": false} {
		if p := b.ask(http.MethodGet, list+query, nil); p.status != http.StatusOK || strings.Contains(p.body, "+14165550102") != found {
			t.Errorf("%s: %d, found %v", query, p.status, !found)
		}
	}
	b.saved(path+"/delete", url.Values{}, list)
	b.shows(list, "+14165550102 is removed.", "+14165550101")
}

func TestTrunkIsAddedAndChanged(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const add, list = inventory + "/add-trunk", inventory + "/trunks"
	until := b.watch(inventory + "/live/trunks")
	until("the list at first", "carrier", "Off")
	form := b.filled(add)
	b.refused(add, []wrongForm{
		{"no name", with(form, "host", "192.0.2.7"), 422, `id="name-wrong"`},
		{"a name that is there", with(form, "name", "Carrier", "host", "192.0.2.7"), 422, `id="name-wrong"`},
		{"no host", with(form, "name", "spare"), 422, `id="host-wrong"`},
		{"a wrong host", with(form, "name", "spare", "host", "a b"), 422, `id="host-wrong"`},
		{"a wrong transport", with(form, "name", "spare", "host", "192.0.2.7", "transport", "pigeon"), 422, `id="transport-wrong"`},
		{"a user without a password", with(form, "name", "spare", "host", "192.0.2.7", "user", "acme"), 422, `id="password-wrong"`},
		{"a password without a user", with(form, "name", "spare", "host", "192.0.2.7", "password", "secret"), 422, `id="user-wrong"`},
		{"to register as nobody", with(form, "name", "spare", "host", "192.0.2.7", "register", "true"), 422, `id="user-wrong"`},
		{"a priority in words", with(form, "name", "spare", "host", "192.0.2.7", "priority", "first"), 422, `id="priority-wrong"`},
		{"a priority out of bounds", with(form, "name", "spare", "host", "192.0.2.7", "priority", "-1"), 422, `id="priority-wrong"`},
		{"too many calls", with(form, "name", "spare", "host", "192.0.2.7", "max_calls", "100001"), 422, `id="max_calls-wrong"`},
		{"scripts", with(form, "name", script, "host", script, "user", script, "transport", script, "password", script, "priority", script, "max_calls", script), 422, `value="&lt;script&gt;`},
		{"a form without its ID", with(form, "id", ""), 400, "could not be read"},
	})
	form = with(form, "name", "Spare", "host", "127.0.0.1:9", "user", "acme", "password", "spare-secret", "max_calls", "4")
	for range 2 { // a double click finds it made
		b.saved(add, form, list)
	}
	until("it is added, and told of", "spare")
	const path = inventory + "/trunk/spare"
	if body := b.shows(path, `value="127.0.0.1:9"`, "One is kept, and never shown"); strings.Contains(body, "spare-secret") {
		t.Error("the password is shown again")
	}
	form = b.filled(path)
	b.refused(path, []wrongForm{
		{"another user with the same password", with(form, "user", "other"), 422, `id="password-wrong"`},
		{"calls in words", with(form, "max_calls", "many"), 422, `id="max_calls-wrong"`},
		{"scripts", with(form, "name", script, "host", script, "user", script), 422, `value="&lt;script&gt;`},
		{"a stale form", with(form, "tag", "old"), 412, "Somebody else has changed this"},
	})
	form.Del("enabled")
	b.saved(path, with(form, "priority", "7"), list)
	domain, _ := o.App.Directory().DomainByName("acme.test")
	office, _ := o.App.Directory().Office(domain.ID)
	if kept := office.TrunkByName("spare"); kept.Password != "spare-secret" || !kept.Disabled || kept.Priority != 7 {
		t.Errorf("the trunk as saved: %+v", *kept)
	}
	b.saved(path+"/delete", url.Values{}, list)
	edit(t, o, func(o *directory.Office) { o.Trunks[0].Disabled = false })
	until("a trunk is switched on that nobody answers at", "carrier", "Silent")
}
