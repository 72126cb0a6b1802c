package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
)

const settings = "/domains/acme.test/settings"

// TestWrongSettings sends each field of each tab with something wrong in it.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	for path, fields := range map[string]map[string]string{
		"": {"timezone": "Nowhere/Never", "country": "XX", "language": "English", "main_number": "123", "keep_calls": "some"},
		"/hot-desking": {
			"hot_desking.login_code": "88", "hot_desking.release_code": "*88", "hot_desking.desk_range": "5400", "hot_desking.release_at": "2am",
			"hot_desking.max_hours": "-1", "hot_desking.idle_minutes": "soon", "hot_desking.warn_minutes": "61", "hot_desking.when_taken": "fight",
			"hot_desking.when_elsewhere": "clone", "hot_desking.take_over_idle": "x",
		},
		"/calls": {
			"outside.class": "moon", "outside.desk_class": "moon", "outside.max_calls": "-1", "outside.user_calls": "1001",
			"codes.pickup": "x", "codes.park": "*88", "codes.forward_all": "72", "codes.withhold": "*", "codes.emergency_test": "911",
		},
		"/voicemail": {
			"mailboxes.max_messages": "0", "mailboxes.max_seconds": "1", "hot_desking.mailbox_code": "97", "hot_desking.any_mailbox_code": "*88", "codes.to_mailbox": "x",
		},
		"/emergency": {"emergency.notify_extension": "1099", "emergency.notify_email": "nobody"},
		"/mail":      {"mail.address": "smtp", "mail.from": "nobody", "mail.user": "acme"},
		"/sign-on":   {"sign_on.issuer": "http://login.acme.test", "sign_on.client_id": strings.Repeat("x", 300)},
	} {
		form := b.filled(settings + path)
		for field, value := range fields {
			marked := field
			if field == "mail.user" {
				marked = "mail.password" // which is missing
			}
			b.refused(settings+path, []wrongForm{{field, with(form, field, value), 422, `id="` + marked + `-wrong"`}})
			if p := b.ask(http.MethodPost, settings+path, with(form, field, script)); p.status != http.StatusUnprocessableEntity || strings.Contains(p.body, script) {
				t.Errorf("a script in %s: %d", field, p.status)
			}
		}
		b.refused(settings+path, []wrongForm{{"a stale form of " + path, with(form, "tag", "old"), 412, "Somebody else has changed this"}})
		for range 2 { // a double click saves the same twice
			b.saved(settings+path, form, settings+path)
		}
	}
	clash := with(b.filled(settings+"/hot-desking"), "hot_desking.login_code", "*68")
	b.refused(settings+"/hot-desking", []wrongForm{{"a code of another tab", clash, 422, "codes.park: "}})
}

func TestSettingsAreSaved(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	for path, pairs := range map[string][]string{
		"":             {"timezone", "Europe/Berlin", "country", "DE", "main_number", "+49 30 1234567", "keep_calls", "90"},
		"/hot-desking": {"hot_desking.release_at", "", "hot_desking.max_hours", "9", "hot_desking.when_taken", "idle", "hot_desking.take_over_idle", "20"},
		"/calls":       {"outside.class", "all", "outside.premium", "true", "codes.park", ""},
		"/voicemail":   {"mailboxes.max_messages", "10"},
		"/emergency":   {"emergency.notify_extension", "1001"},
		"/sign-on":     {"sign_on.issuer", "https://login.acme.test", "sign_on.client_id", "hotdesk", "sign_on.client_secret", "client-secret"},
		"/mail":        {"mail.address", "127.0.0.1:9", "mail.from", "pbx@acme.test", "mail.user", "acme", "mail.password", "mail-secret"},
	} {
		b.saved(settings+path, with(b.filled(settings+path), pairs...), settings+path)
	}
	d, _ := o.App.Directory().DomainByName("acme.test")
	h := d.HotDesking
	if d.TimeZone != "Europe/Berlin" || d.MainNumber != "+49301234567" || d.KeepCalls != 90 || h.ReleaseAt.Set || h.MaxHours != 9 || h.TakeOverIdle != 20 ||
		d.Outside.Class != directory.ClassAll || !d.Outside.Premium || d.Codes.Park != "" || d.Mailboxes.MaxMessages != 10 || d.Emergency.NotifyExtension != "1001" ||
		d.Mail.Password != "mail-secret" || d.SignOn.ClientSecret != "client-secret" || h.LoginCode != "*88" || !h.Enabled {
		t.Errorf("the domain as saved: %+v", d)
	}
	if body := b.shows(settings+"/mail", "One is kept, and never shown"); strings.Contains(body, "mail-secret") {
		t.Error("the password is shown")
	}
	b.saved(settings+"/mail", b.filled(settings+"/mail"), settings+"/mail")
	if d, _ = o.App.Directory().DomainByName("acme.test"); d.Mail.Password != "mail-secret" {
		t.Error("a password that was not given is lost")
	}
	if body := b.shows(settings+"/sign-on", "/sign-in/single/back"); strings.Contains(body, "client-secret") {
		t.Error("the client secret is shown")
	}
	b.shows(settings+"/emergency", "Devices without a place", devicesPage("5402"))
}

// TestActivatePhoneIsTheSuperUsers: a manager sees the switch, and cannot turn it.
func TestActivatePhoneIsTheSuperUsers(t *testing.T) {
	t.Parallel()
	o := office(t)
	const path, field = settings + "/hot-desking", "hot_desking.activate_phone"
	manager, super := signedIn(t, o, "office_manager"), signedIn(t, o, "super_user")
	manager.shows(path, "Only a super user can switch this", "disabled")
	manager.refused(path, []wrongForm{{"a manager switches it on", with(manager.filled(path), field, "true"), 422, "not yours to change"}})
	super.saved(path, with(super.filled(path), field, "true"), path)
	form := manager.filled(path)
	form.Del(field) // as a browser sends a box that is off limits
	manager.saved(path, with(form, "hot_desking.warn_minutes", "7"), path)
	if d, _ := o.App.Directory().DomainByName("acme.test"); !d.HotDesking.ActivatePhone || d.HotDesking.WarnMinutes != 7 {
		t.Errorf("the policy: %+v", d.HotDesking)
	}
}

// TestSettingsTellWhomTheyLogOut is the dry run: nothing is saved before it was
// seen, and it is shown again when somebody else is concerned by then.
func TestSettingsTellWhomTheyLogOut(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = settings + "/hot-desking"
	session(t, o, "basic_user", "5401")
	form := with(b.filled(path), "hot_desking.release_at", "03:00")
	p := b.ask(http.MethodPost, path, form)
	if p.status != http.StatusOK || !strings.Contains(p.body, "Nobody is logged out") || !strings.Contains(p.body, "at Window (5401), since") || !strings.Contains(p.body, `value="03:00"`) {
		t.Errorf("another release time: %d %s", p.status, p.body)
	}
	form.Del("hot_desking.enabled")
	seen := b.ask(http.MethodPost, path, form)
	if !strings.Contains(seen.body, "one person will be logged out") || !strings.Contains(seen.body, "Save and log out") {
		t.Errorf("switching off: %d %s", seen.status, seen.body)
	}
	form.Set("confirmed", attribute(regexp.MustCompile(`<input[^>]*name="confirmed"[^>]*>`).FindString(seen.body), "value"))
	session(t, o, "call_center_agent", "5402")
	seen = b.ask(http.MethodPost, path, form)
	if !strings.Contains(seen.body, "2 people will be logged out") {
		t.Errorf("after another log-in: %d %s", seen.status, seen.body)
	}
	open, err := o.App.Sessions().Sessions(t.Context(), hotdesk.Query{Open: true})
	if d, _ := o.App.Directory().DomainByName("acme.test"); err != nil || !d.HotDesking.Enabled || len(open) != 2 {
		t.Fatalf("something was saved: %+v, %v, %v", d.HotDesking, open, err)
	}
	facts := o.Listen(t)
	form.Set("confirmed", attribute(regexp.MustCompile(`<input[^>]*name="confirmed"[^>]*>`).FindString(seen.body), "value"))
	b.saved(path, form, path)
	for range open {
		apptest.Await(t, facts, func(e hotdesk.Ended) bool { return e.Session.Ended == hotdesk.Withdrawn })
	}
}

func TestMailIsTested(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "office_manager")
	const path = settings + "/mail"
	test := func(to, says string) {
		t.Helper()
		b.saved(path+"/test", url.Values{"to": {to}}, path)
		b.shows(path, says)
	}
	test("ana@acme.test", "the domain has no mail server")
	server := mailtest.Start(t, "")
	b.saved(path, with(b.filled(path), "mail.address", server.Address, "mail.from", "pbx@acme.test"), path)
	test("", "say to which address")
	test("nobody", "the recipient is no e-mail address")
	test("ana@acme.test", "The mail server has taken the test mail to ana@acme.test")
	if mail := <-server.Mails; !strings.Contains(mail.From, "<pbx@acme.test>") || !strings.Contains(mail.To, "<ana@acme.test>") {
		t.Errorf("from %q to %q", mail.From, mail.To)
	}
	b.saved(path, with(b.filled(path), "mail.address", "127.0.0.1:9"), path)
	test("ana@acme.test", "was not sent: ")
}
