package portal

import (
	"maps"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// settingsTab is a part of a domain's settings that is saved on its own.
type settingsTab struct {
	Name, Path string                                   // of the tab; the path below that of the settings
	values     func(directory.Domain) map[string]string // of its fields
	fill       func(*directory.Domain, *form)           // writes the fields, and marks those that cannot be read
	fields     func(settingsView, *form) templ.Component
}

// settingsView is what the tabs show besides their fields.
type settingsView struct {
	Domain   directory.Domain
	Tabs     []entry
	Path     string // of the tab that is open
	Activate bool   // whoever is signed in may switch Activate Phone
	Email    string // of whoever is signed in
	People   int    // persons of the domain
	Barred   []directory.User
	// SignOnBack is where a provider sends browsers to.
	SignOnBack string
	unplaced
}

// unplaced are the devices of which nobody has said where they stand.
type unplaced struct {
	Devices []string
	More    int
}

// settingsTabs are the parts of a domain's settings. A field is called as in the
// office file.
func settingsTabs() []settingsTab {
	return []settingsTab{
		{"General", "", generalValues, fillGeneral, generalFields},
		{"Hot Desking", "/hot-desking", hotDeskingValues, fillHotDesking, hotDeskingFields},
		{"Calls", "/calls", callValues, fillCalls, callFields},
		{"Voicemail", "/voicemail", voicemailValues, fillVoicemail, voicemailFields},
		{"Emergency", "/emergency", emergencyValues, fillEmergency, emergencyFields},
		{"Mail server", "/mail", mailValues, fillMail, mailFields},
		{"Single sign-on", "/sign-on", signOnValues, fillSignOn, signOnFields},
	}
}

func settingsRoutes(settings string) []route {
	const needs = directory.ActManageDomain
	routes := slices.Concat(keyRoutes(settings+"/keys"), webhookRoutes(settings+"/webhooks"), []route{
		{Pattern: "POST " + settings + "/mail/test", needs: needs, do: (*visit).testMail},
	})
	for _, tab := range settingsTabs() {
		routes = append(routes,
			route{Pattern: "GET " + settings + tab.Path, needs: needs, do: func(v *visit) error { return v.settings(tab) }},
			route{Pattern: "POST " + settings + tab.Path, needs: needs, do: func(v *visit) error { return v.saveSettings(tab) }})
	}
	return routes
}

// settings shows a part of the settings to be changed.
func (v *visit) settings(tab settingsTab) error {
	f := newForm(tagField, tab.tag(v.domain))
	for field, value := range tab.values(v.domain) {
		f.Values.Set(field, value)
	}
	return v.showSettings(tab, f)
}

// tag is another one as soon as the part has changed.
func (t settingsTab) tag(domain directory.Domain) string {
	values := t.values(domain)
	var all []any
	for _, field := range slices.Sorted(maps.Keys(values)) {
		all = append(all, values[field])
	}
	return directory.Tag(all...)
}

func (v *visit) showSettings(tab settingsTab, f *form) error {
	view := v.viewSettings(tab)
	return v.show(f.status, tab.Name, settingsPage(view, tab.Name, f, tab.fields(view, f)))
}

func (v *visit) viewSettings(tab settingsTab) settingsView {
	base := domainPath(v.domain) + "/settings"
	view := settingsView{
		Domain: v.domain, Path: base + tab.Path, Email: v.user.Email, SignOnBack: v.cfg.SignOn.Back(),
		Activate: directory.May(v.actor(), directory.ActActivatePhones, directory.Target{DomainID: v.domain.ID}),
	}
	view.Tabs = v.settingsPlaces(tab.Name)
	office, _ := v.cfg.Directory.Office(v.domain.ID)
	for _, u := range office.Users {
		switch {
		case u.IsDeskAccount(v.domain.HotDesking):
		case u.NoHotDesking:
			view.Barred = append(view.Barred, u)
			fallthrough
		default:
			view.People++
		}
	}
	view.unplaced = v.placeless(office)
	return view
}

// settingsPlaces are the parts of the settings, of which one is open.
func (v *visit) settingsPlaces(here string) []entry {
	var places []entry
	for _, t := range settingsTabs() {
		places = append(places, entry{Name: t.Name, Path: t.Path})
	}
	places = append(places, entry{Name: "API keys", Path: "/keys"}, entry{Name: "Webhooks", Path: "/webhooks"})
	for i := range places {
		places[i].Path = domainPath(v.domain) + "/settings" + places[i].Path
		places[i].Here = places[i].Name == here
	}
	return places
}

// placeless finds the devices from which an emergency call tells no place.
func (v *visit) placeless(office directory.Office) unplaced {
	var found unplaced
	for _, d := range office.Devices {
		phone, _ := v.cfg.Directory.PhoneOf(d.ID)
		owner, _ := v.cfg.Directory.User(d.OwnerID)
		switch {
		case v.domain.PlaceOf(phone, owner) != "":
		case len(found.Devices) < perPage:
			found.Devices = append(found.Devices, d.Name)
		default:
			found.More++
		}
	}
	return found
}

// saveSettings changes a part of the settings as a form says. Whoever it would
// log out is shown first.
func (v *visit) saveSettings(tab settingsTab) error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	v.guardActivate(f)
	tried := v.domain
	tab.fill(&tried, f)
	done, err := v.changeAsking(f, v.domain.ID, func(o *directory.Office) error {
		if f.Values.Get(tagField) != tab.tag(o.Domain) {
			return directory.ErrStale
		}
		tab.fill(&o.Domain, f)
		return nil
	})
	switch {
	case err != nil:
		return err
	case !done:
		f.keepTo(tab.values(v.domain))
		return v.showSettings(tab, f)
	default:
		return v.done(domainPath(v.domain)+"/settings"+tab.Path, tab.Name+": the settings are saved.")
	}
}

// guardActivate fills in the switch that only a super user may turn, which a
// browser does not send for anybody else.
func (v *visit) guardActivate(f *form) {
	const field = "hot_desking.activate_phone"
	may := directory.May(v.actor(), directory.ActActivatePhones, directory.Target{DomainID: v.domain.ID})
	if !may && !f.Values.Has(field) && v.domain.HotDesking.ActivatePhone {
		f.Values.Set(field, "true")
	}
}

// keepTo moves what is wrong with fields that the page does not have to the form
// as a whole: a star code may clash with one of another part.
func (f *form) keepTo(fields map[string]string) {
	for _, field := range slices.Sorted(maps.Keys(f.Wrong)) {
		if _, here := fields[field]; !here {
			f.Whole = append(f.Whole, strings.ReplaceAll(field, "_", " ")+": "+f.Wrong[field])
			delete(f.Wrong, field)
		}
	}
}

// testMail sends a mail by the settings that are saved, and says how that went.
func (v *visit) testMail() error {
	f, err := v.readForm()
	if err != nil {
		return err
	}
	to, path := f.text("to"), domainPath(v.domain)+"/settings/mail"
	if to == "" {
		return v.done(path, "No mail was sent: say to which address.")
	}
	if err := v.cfg.Mail.Test(v.r.Context(), v.domain.ID, to); err != nil {
		return v.done(path, "The test mail to "+to+" was not sent: "+err.Error()+".")
	}
	return v.done(path, "The mail server has taken the test mail to "+to+". Check that it arrives, also in the spam folder.")
}
