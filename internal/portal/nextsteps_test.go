package portal_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// TestPhonesAreAddedOneAfterAnother keeps for the next phone what it most likely
// shares with the last, and proposes a desk that has none.
func TestPhonesAreAddedOneAfterAnother(t *testing.T) {
	t.Parallel()
	o := office(t)
	edit(t, o, func(of *directory.Office) {
		of.Devices = append(of.Devices, directory.Device{ID: directory.NewID(), Name: "5403", HA1MD5: of.Devices[0].HA1MD5, HA1SHA256: of.Devices[0].HA1SHA256})
	})
	b := signedIn(t, o, "office_manager")
	form := b.filled(inventory + "/add-phone?devices=5402")
	if form.Get("devices") != "5402" {
		t.Errorf("the form for the phone of a desk: %v", form)
	}
	form = with(form, "mac", "80:5e:c0:11:22:44", "model", "Poly VVX 450", "place", "Floor 1", "site", "North", "then", "another")
	var next page
	for range 2 { // the second as by a double click
		next = b.ask(http.MethodPost, inventory+"/add-phone", form)
	}
	form = b.filled(next.location)
	for field, want := range map[string]string{"devices": "5403", "model": "Poly VVX 450", "place": "Floor 1", "site": "North", "mac": ""} {
		if form.Get(field) != want {
			t.Errorf("the next phone begins with %s %q, want %q", field, form.Get(field), want)
		}
	}
	next = b.ask(http.MethodPost, inventory+"/add-phone", with(form, "mac", "80:5e:c0:11:22:45", "then", "another"))
	if form = b.filled(next.location); form.Get("devices") != "" {
		t.Errorf("after the last desk, %q is proposed", form.Get("devices"))
	}
	b.saved(inventory+"/add-phone", with(form, "mac", "80:5e:c0:11:22:46"), inventory)
	b.shows(inventory, "80:5e:c0:11:22:44", "80:5e:c0:11:22:45", "80:5e:c0:11:22:46")
}

// TestNextStepsAreOffered goes from an empty domain to desks whose phones are to
// be set up, by what the pages offer.
func TestNextStepsAreOffered(t *testing.T) {
	t.Parallel()
	b := signedIn(t, office(t), "super_user")
	b.ask(http.MethodPost, "/add-domain", with(b.filled("/add-domain"), "name", "gamma.test", "timezone", "Europe/Berlin", "country", "DE"))
	const home = "/domains/gamma.test"
	for _, path := range []string{home, home + "/reports/desks", home + "/inventory/labels"} {
		b.shows(path, "There are no desks yet", `href="`+home+`/users/add-desks"`)
	}
	p := b.ask(http.MethodPost, home+"/users/add-desks", with(b.filled(home+"/users/add-desks"), "first", "5400", "last", "5400"))
	if !strings.Contains(p.body, "1 desk is added") || !strings.Contains(p.body, `href="`+home+`/inventory/add-phone?devices=5400"`) {
		t.Errorf("after adding a desk: %d %s", p.status, p.body)
	}
	b.shows(home, "No phone has registered yet", `href="`+home+`/inventory/devices"`)
	b.shows(home+"/inventory/devices/5400", "This device is not registered", "user name 5400, domain gamma.test, server 127.0.0.1")
	b.shows(home+"/users", "1 user")
}

// TestHowToUseAHotDesk tells people the code of their domain.
func TestHowToUseAHotDesk(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "basic_user")
	for want, change := range map[string]func(*directory.HotDesking){
		"dial *77 at its phone.":                         func(h *directory.HotDesking) { h.LoginCode = "*77" },
		"dial *77 at its phone, or press Activate Phone": func(h *directory.HotDesking) { h.LoginCode, h.ActivatePhone = "*77", true },
		"Hot desking is switched off.":                   func(h *directory.HotDesking) { h.Enabled = false },
	} {
		var before directory.HotDesking
		edit(t, o, func(of *directory.Office) {
			before = of.Domain.HotDesking
			change(&of.Domain.HotDesking)
		})
		b.shows("/phones", want)
		b.shows("/home", want)
		edit(t, o, func(of *directory.Office) { of.Domain.HotDesking = before })
	}
}
