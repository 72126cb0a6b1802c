package directory_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

type breakage struct {
	name   string
	change func(o *directory.Office)
	field  string
	wrong  string
}

// lines is a good office with numbers, trunks and a mail server.
func lines(tb testing.TB) directory.Office {
	tb.Helper()
	s, _ := open(tb, &memory{})
	e, err := s.Create(tb.Context(), directory.CLI(), func(o *directory.Office) error {
		if err := acme(o); err != nil {
			return err
		}
		o.Domain.MainNumber = "+1 (416) 555-0100"
		o.Domain.Mail = directory.MailServer{Address: "smtp.acme.test:587", From: "phone@acme.test", User: "phone", Password: "mail-secret"}
		o.Domain.Emergency = directory.EmergencyPolicy{NotifyExtension: "1001", NotifyEmail: "a@acme.test, b@acme.test"}
		o.Numbers = []directory.Number{{Number: "+14165550102"}, {Number: "+1 416 555-0101", UserID: o.UserByExtension("1001").ID}}
		o.Trunks = []directory.Trunk{
			{Name: "spare", Host: "[2001:db8::1]:5060", Transport: "tcp", Priority: 10},
			{Name: "Carrier", Host: "SIP.carrier.example", Register: true, User: "acme", Password: "trunk-secret"},
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return e.After
}

// TestValidateCalls breaks a good office in one way at a time.
func TestValidateCalls(t *testing.T) {
	t.Parallel()
	domain := func(change func(d *directory.Domain)) func(o *directory.Office) {
		return func(o *directory.Office) { change(&o.Domain) }
	}
	ana := func(change func(u *directory.User)) func(o *directory.Office) {
		return func(o *directory.Office) { change(o.UserByExtension("1001")) }
	}
	trunk := func(change func(t *directory.Trunk)) func(o *directory.Office) {
		return func(o *directory.Office) { change(o.TrunkByName("carrier")) }
	}
	refuses(t, []breakage{
		{"nothing", func(*directory.Office) {}, "", ""},
		{"main number", domain(func(d *directory.Domain) { d.MainNumber = "4165550100" }), "main_number", "no public number"},
		{"history of the future", domain(func(d *directory.Domain) { d.KeepCalls = -1 }), "keep_calls", "out of bounds"},
		{"warning", domain(func(d *directory.Domain) { d.HotDesking.WarnMinutes = 61 }), "hot_desking.warn_minutes", "out of bounds"},
		{"no messages", domain(func(d *directory.Domain) { d.Mailboxes.MaxMessages = 0 }), "mailboxes.max_messages", "out of bounds"},
		{"endless messages", domain(func(d *directory.Domain) { d.Mailboxes.MaxSeconds = 1 << 30 }), "mailboxes.max_seconds", "out of bounds"},
		{"class", domain(func(d *directory.Domain) { d.Outside.Class = "" }), "outside.class", "no class of service"},
		{"desk class", domain(func(d *directory.Domain) { d.Outside.DeskClass = "world" }), "outside.desk_class", "no class of service"},
		{"calls", domain(func(d *directory.Domain) { d.Outside.MaxCalls = -1 }), "outside.max_calls", "out of bounds"},
		{"calls of one user", domain(func(d *directory.Domain) { d.Outside.UserCalls = -1 }), "outside.user_calls", "out of bounds"},
		{"emergency extension", domain(func(d *directory.Domain) { d.Emergency.NotifyExtension = "1009" }), "emergency.notify_extension", "nobody has"},
		{"emergency extension removed", func(o *directory.Office) { o.RemoveUser(o.UserByExtension("1001").ID) }, "emergency.notify_extension", "nobody has"},
		{"emergency e-mail", domain(func(d *directory.Domain) { d.Emergency.NotifyEmail = "a@acme.test, b" }), "emergency.notify_email", "no e-mail address"},
		{"emergency e-mail without a server", domain(func(d *directory.Domain) { d.Mail = directory.MailServer{} }), "emergency.notify_email", "no mail server"},
		{"mail server without a port", domain(func(d *directory.Domain) { d.Mail.Address = "smtp.acme.test" }), "mail.address", "no host and port"},
		{"mail server at port 0", domain(func(d *directory.Domain) { d.Mail.Address = "smtp.acme.test:0" }), "mail.address", "no host and port"},
		{"mail server of words", domain(func(d *directory.Domain) { d.Mail.Address = "the server:25" }), "mail.address", "no host and port"},
		{"mail without a server", domain(func(d *directory.Domain) { d.Mail.Address, d.Emergency.NotifyEmail = "", "" }), "mail.address", "no host and port"},
		{"mail from nobody", domain(func(d *directory.Domain) { d.Mail.From = "" }), "mail.from", "no e-mail address"},
		{"mail user without a password", domain(func(d *directory.Domain) { d.Mail.Password = "" }), "mail.password", "missing"},
		{"mail password without a user", domain(func(d *directory.Domain) { d.Mail.User = "" }), "mail.user", "no user name"},
		{"mail password of two lines", domain(func(d *directory.Domain) { d.Mail.Password = "a\nb" }), "mail.password", "line break"},
		{"provider", domain(func(d *directory.Domain) {
			d.SignOn = directory.SignOn{Issuer: "https://login.acme.test/realm", ClientID: "hotdesk"}
		}), "", ""},
		{"provider without TLS", domain(func(d *directory.Domain) {
			d.SignOn = directory.SignOn{Issuer: "http://login.acme.test", ClientID: "hotdesk"}
		}), "sign_on.issuer", "no address of a provider"},
		{"provider of words", domain(func(d *directory.Domain) { d.SignOn = directory.SignOn{Issuer: "the provider", ClientID: "hotdesk"} }), "sign_on.issuer", "no address of a provider"},
		{"provider without a client", domain(func(d *directory.Domain) { d.SignOn = directory.SignOn{Issuer: "https://login.acme.test"} }), "sign_on.client_id", "missing"},
		{"client without a provider", domain(func(d *directory.Domain) { d.SignOn = directory.SignOn{ClientID: "hotdesk"} }), "sign_on.issuer", "no address of a provider"},
		{"mail server without a login", domain(func(d *directory.Domain) { d.Mail.User, d.Mail.Password = "", "" }), "", ""},

		{"ringing too short", ana(func(u *directory.User) { u.Answering.RingSeconds = 4 }), "ring_seconds", "out of bounds"},
		{"ringing too long", ana(func(u *directory.User) { u.Answering.RingSeconds = 301 }), "ring_seconds", "out of bounds"},
		{"forward to a star code", ana(func(u *directory.User) { u.Answering.ForwardAll = "*88" }), "forward_all", "no extension and no number"},
		{"forward to words", ana(func(u *directory.User) { u.Answering.ForwardBusy = "Ben" }), "forward_busy", "no extension and no number"},
		{"forward to an endless number", ana(func(u *directory.User) { u.Answering.ForwardBusy = strings.Repeat("1", 21) }), "forward_busy", "no extension and no number"},
		{"forward to the emergency services", ana(func(u *directory.User) { u.Answering.ForwardNoAnswer = "911" }), "forward_no_answer", "emergency number"},
		{"forward to oneself", ana(func(u *directory.User) { u.Answering.ForwardAll = "1001" }), "forward_all", "would come back"},
		{"forwards", ana(func(u *directory.User) {
			u.Answering.ForwardAll, u.Answering.ForwardBusy, u.Answering.ForwardNoAnswer = "1002", "+14165550199", "4165550199"
		}), "", ""},
		{"class of a user", ana(func(u *directory.User) { u.Class = "most" }), "class", "no class of service"},

		{"number of nobody's country", func(o *directory.Office) { o.Numbers[0].Number = "4165550101" }, "number", "no public number"},
		{"number twice", func(o *directory.Office) { o.Numbers[0].Number = o.Numbers[1].Number }, "number", "already"},
		{"number of nobody", func(o *directory.Office) { o.Numbers[0].UserID = "nobody" }, "user", "does not exist"},
		{"number of a removed user", func(o *directory.Office) {
			o.Domain.Emergency.NotifyExtension = ""
			o.RemoveUser(o.UserByExtension("1001").ID)
		}, "", ""},

		{"trunk without a name", trunk(func(t *directory.Trunk) { t.Name = "" }), "name", "no name of a trunk"},
		{"trunk twice", trunk(func(t *directory.Trunk) { t.Name = "spare" }), "name", "already"},
		{"trunk without a host", trunk(func(t *directory.Trunk) { t.Host = "" }), "host", "missing"},
		{"trunk to a URI", trunk(func(t *directory.Trunk) { t.Host = "sip:carrier.example" }), "host", "no host"},
		{"trunk to no port", trunk(func(t *directory.Trunk) { t.Host = "carrier.example:" }), "host", "no host"},
		{"trunk to a port out of range", trunk(func(t *directory.Trunk) { t.Host = "192.0.2.7:65536" }), "host", "no host"},
		{"trunk by pigeon", trunk(func(t *directory.Trunk) { t.Transport = "pigeon" }), "transport", "not known"},
		{"trunk that registers as nobody", trunk(func(t *directory.Trunk) { t.User, t.Password = "", "" }), "user", "needs a user name"},
		{"trunk without a password", trunk(func(t *directory.Trunk) { t.Password = "" }), "password", "missing"},
		{"trunk without a user", trunk(func(t *directory.Trunk) { t.User, t.Register = "", false }), "user", "no user name"},
		{"trunk priority", trunk(func(t *directory.Trunk) { t.Priority = -1 }), "priority", "out of bounds"},
		{"trunk calls", trunk(func(t *directory.Trunk) { t.MaxCalls = -1 }), "max_calls", "out of bounds"},
	})
}

func TestValidateCodes(t *testing.T) {
	t.Parallel()
	codes := func(change func(c *directory.Codes)) func(o *directory.Office) {
		return func(o *directory.Office) { change(&o.Domain.Codes) }
	}
	refuses(t, []breakage{
		{"none at all", func(o *directory.Office) { o.Domain.Codes = directory.Codes{} }, "", ""},
		{"no star", codes(func(c *directory.Codes) { c.Park = "68" }), "codes.park", "no star code"},
		{"three stars", codes(func(c *directory.Codes) { c.Park = "***" }), "codes.park", "no star code"},
		{"letters", codes(func(c *directory.Codes) { c.Park = "*PARK" }), "codes.park", "no star code"},
		{"twice", codes(func(c *directory.Codes) { c.Withhold = "*72" }), "codes.withhold", "\"*72\" is codes.forward_all already"},
		{"that of hot desking", codes(func(c *directory.Codes) { c.Pickup = "*88" }), "codes.pickup", "hot_desking.login_code already"},
		{"begins with one that takes digits", codes(func(c *directory.Codes) { c.EmergencyTest = "*729" }), "codes.emergency_test", "could be codes.forward_all"},
		{"takes digits and begins another", codes(func(c *directory.Codes) { c.Withhold = "*7" }), "codes.withhold", "could be codes.forward_all, \"*72\""},
		{"begins one that takes none", codes(func(c *directory.Codes) { c.RingHere = "*4"; c.RingEverywhere = "*41" }), "", ""},
		{"a login with digits", func(o *directory.Office) { o.Domain.HotDesking.LoginCode = "*8" }, "hot_desking.release_code", "could be hot_desking.login_code"},
	})
}

func refuses(t *testing.T, breakages []breakage) {
	t.Helper()
	for _, c := range breakages {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := lines(t)
			c.change(&o)
			problems := directory.Validate(o)
			for _, p := range problems {
				if strings.Contains(p.String(), "secret") {
					t.Errorf("a password is told: %s", p)
				}
				if p.Field == c.field && strings.Contains(p.Wrong, c.wrong) && p.Fix != "" && len(problems) == 1 {
					return
				}
			}
			if c.field != "" || len(problems) > 0 {
				t.Errorf("problems %v, want %s: %s", problems, c.field, c.wrong)
			}
		})
	}
}
