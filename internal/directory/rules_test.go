package directory_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// TestValidate breaks a good office in one way at a time.
func TestValidate(t *testing.T) {
	t.Parallel()
	type office = directory.Office
	hot := func(change func(h *directory.HotDesking)) func(o *office) {
		return func(o *office) { change(&o.Domain.HotDesking) }
	}
	ana := func(change func(u *directory.User)) func(o *office) {
		return func(o *office) { change(o.UserByExtension("1001")) }
	}
	desk := func(change func(u *directory.User)) func(o *office) {
		return func(o *office) { change(o.UserByExtension("5401")) }
	}
	for _, c := range []struct {
		name   string
		change func(o *office)
		field  string
		wrong  string
	}{
		{"nothing", func(*office) {}, "", ""},
		{"no name", func(o *office) { o.Domain.Name = "" }, "name", "no domain name"},
		{"name with a blank", func(o *office) { o.Domain.Name = "acme test" }, "name", "no domain name"},
		{"name that is an address", func(o *office) { o.Domain.Name = "192.0.2.1" }, "name", "no domain name"},
		{"name with an empty label", func(o *office) { o.Domain.Name = "acme..test" }, "name", "no domain name"},
		{"no time zone", func(o *office) { o.Domain.TimeZone = "" }, "timezone", "missing"},
		{"unknown time zone", func(o *office) { o.Domain.TimeZone = "America/Torronto" }, "timezone", "no time zone"},
		{"the server's time zone", func(o *office) { o.Domain.TimeZone = "Local" }, "timezone", "no time zone"},
		{"time zone outside", func(o *office) { o.Domain.TimeZone = "../../etc/passwd" }, "timezone", "no time zone"},
		{"no country", func(o *office) { o.Domain.Country = "" }, "country", "missing"},
		{"unknown country", func(o *office) { o.Domain.Country = "XX" }, "country", "no country"},
		{"language", func(o *office) { o.Domain.Language = "English" }, "language", "no language"},
		{"desk range upside down", hot(func(h *directory.HotDesking) { h.DeskRange.First = "5500" }), "hot_desking.desk_range", "no range"},
		{"desk range of two lengths", hot(func(h *directory.HotDesking) { h.DeskRange.First = "540" }), "hot_desking.desk_range", "no range"},
		{"release time", hot(func(h *directory.HotDesking) { h.ReleaseAt.Hour = 24 }), "hot_desking.release_at", "no time of day"},
		{"when taken", hot(func(h *directory.HotDesking) { h.WhenTaken = "fight" }), "hot_desking.when_taken", "not known"},
		{"when elsewhere", hot(func(h *directory.HotDesking) { h.WhenElsewhere = "" }), "hot_desking.when_elsewhere", "not known"},
		{"hours", hot(func(h *directory.HotDesking) { h.MaxHours = -1 }), "hot_desking.max_hours", "out of bounds"},
		{"idle", hot(func(h *directory.HotDesking) { h.IdleMinutes = 1 << 40 }), "hot_desking.idle_minutes", "out of bounds"},
		{"take-over at once", hot(func(h *directory.HotDesking) { h.WhenTaken, h.TakeOverIdle = directory.TakenIdle, 0 }), "hot_desking.take_over_idle", "out of bounds"},
		{"no login code", hot(func(h *directory.HotDesking) { h.LoginCode = "" }), "hot_desking.login_code", "no star code"},
		{"login code without a star", hot(func(h *directory.HotDesking) { h.LoginCode = "88" }), "hot_desking.login_code", "no star code"},
		{"one code twice", hot(func(h *directory.HotDesking) { h.ReleaseCode = "*88" }), "hot_desking.release_code", "already"},
		{"no mailbox codes", hot(func(h *directory.HotDesking) { h.MailboxCode, h.AnyMailboxCode = "", "" }), "", ""},
		{"no extension", ana(func(u *directory.User) { u.Extension = "" }), "extension", "missing"},
		{"extension of one digit", ana(func(u *directory.User) { u.Extension = "1" }), "extension", "no extension"},
		{"extension with letters", ana(func(u *directory.User) { u.Extension = "10a1" }), "extension", "no extension"},
		{"extension with foreign digits", ana(func(u *directory.User) { u.Extension = "١٠٠١" }), "extension", "no extension"},
		{"extension of eleven digits", ana(func(u *directory.User) { u.Extension = "10011001100" }), "extension", "no extension"},
		{"emergency number", ana(func(u *directory.User) { u.Extension = "911" }), "extension", "emergency"},
		{"another country's emergency number", ana(func(u *directory.User) { u.Extension = "999" }), "", ""},
		{"extension twice", func(o *office) { o.Users = append(o.Users, directory.User{ID: "x", Extension: "1001", Name: "Ben"}) }, "extension", "extension of Ana Ruiz already"},
		{"no user name", ana(func(u *directory.User) { u.Name = "" }), "name", "missing"},
		{"name with a line break", ana(func(u *directory.User) { u.Name = "Ana\r\nVia: SIP/2.0/UDP x" }), "name", "line break"},
		{"name that is not UTF-8", ana(func(u *directory.User) { u.Name = "\xff" }), "name", "UTF-8"},
		{"endless name", ana(func(u *directory.User) { u.Name = strings.Repeat("a", 1000) }), "name", "longer"},
		{"site of two lines", ana(func(u *directory.User) { u.Site = "Tor\nonto" }), "site", "line break"},
		{"site manager without a site", ana(func(u *directory.User) { u.Scope = directory.ScopeSiteManager }), "site", "manages nothing"},
		{"site of a phone", func(o *office) { o.Phones[0].Site = strings.Repeat("x", 61) }, "site", "longer"},
		{"e-mail", ana(func(u *directory.User) { u.Email = "ana at acme" }), "email", "no e-mail address"},
		{"scope", ana(func(u *directory.User) { u.Scope = "boss" }), "scope", "no scope"},
		{"caller ID", ana(func(u *directory.User) { u.CallerID = "4165550101" }), "caller_id", "no public number"},
		{"PIN hash", ana(func(u *directory.User) { u.PINHash = "4711" }), "pin_hash", "no argon2id hash"},
		{"desk account with a PIN", desk(func(u *directory.User) {
			if err := directory.SetPIN(u, "4711"); err != nil {
				t.Error(err)
			}
		}), "pin", "lies in the desk range 5400-5499"},
		{"desk account that manages", desk(func(u *directory.User) { u.Scope = directory.ScopeOfficeManager }), "scope", "desk range"},
		{"person in a desk range that grew", hot(func(h *directory.HotDesking) { h.DeskRange.First = "1000" }), "pin", "desk range"},
		{"device name", func(o *office) { o.DeviceByName("spare").Name = "sp@re" }, "name", "no device name"},
		{"device twice", func(o *office) { o.DeviceByName("ana-desk").Name = "ana-mobile" }, "name", "already"},
		{"owner", func(o *office) { o.DeviceByName("spare").OwnerID = "nobody" }, "owner", "does not exist"},
		{"no device password", func(o *office) { d := o.DeviceByName("spare"); d.HA1MD5, d.HA1SHA256 = "", "" }, "password", "missing"},
		{"half a device password", func(o *office) { o.DeviceByName("spare").HA1SHA256 = "" }, "ha1", "no HA1"},
		{"MAC", func(o *office) { o.Phones[0].MAC = "805ec01122" }, "mac", "no MAC address"},
		{"MAC of nobody", func(o *office) { o.Phones[0].MAC = "000000000000" }, "mac", "no MAC address"},
		{"MAC twice", func(o *office) { o.Phones[0].MAC = o.Phones[1].MAC }, "mac", "already"},
		{"device that is not there", func(o *office) { o.Phones[0].Devices = []string{"5409"} }, "devices", "no device"},
		{"device on two phones", func(o *office) { o.Phones[0].Devices = []string{"spare"} }, "devices", "already"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _ := open(t, &memory{})
			o := create(t, s)
			c.change(&o)
			problems := directory.Validate(o)
			if c.field == "" {
				if len(problems) > 0 {
					t.Errorf("problems: %v", problems)
				}
				return
			}
			for _, p := range problems {
				if p.Wrong == "" || p.Fix == "" || p.Kind == "" {
					t.Errorf("an empty problem: %+v", p)
				}
				if p.Field == c.field && strings.Contains(p.Wrong, c.wrong) {
					return
				}
			}
			t.Errorf("problems %v, want %s: %s", problems, c.field, c.wrong)
		})
	}
}

func TestMay(t *testing.T) {
	t.Parallel()
	here := directory.Target{DomainID: "d", UserID: "u"}
	for _, c := range []struct {
		name   string
		actor  directory.Actor
		act    directory.Act
		target directory.Target
		want   bool
	}{
		{"super user", directory.CLI(), directory.ActManageServer, here, true},
		{"reseller in own domain", directory.Actor{Scope: directory.ScopeReseller, Domains: []string{"d"}}, directory.ActManageDomain, here, true},
		{"reseller elsewhere", directory.Actor{Scope: directory.ScopeReseller, Domains: []string{"e"}}, directory.ActManageDomain, here, false},
		{"reseller and the server", directory.Actor{Scope: directory.ScopeReseller, Domains: []string{"d"}}, directory.ActManageServer, here, false},
		{"office manager", directory.Actor{Scope: directory.ScopeOfficeManager, DomainID: "d"}, directory.ActManageAccounts, here, true},
		{"office manager elsewhere", directory.Actor{Scope: directory.ScopeOfficeManager, DomainID: "e"}, directory.ActManageAccounts, here, false},
		{"office manager of nothing", directory.Actor{Scope: directory.ScopeOfficeManager}, directory.ActManageAccounts, directory.Target{}, false},
		{"office manager activates phones", directory.Actor{Scope: directory.ScopeOfficeManager, DomainID: "d"}, directory.ActActivatePhones, here, false},
		{"site manager in the site", directory.Actor{Scope: directory.ScopeSiteManager, DomainID: "d", Site: "s"}, directory.ActManageAccounts, directory.Target{DomainID: "d", Site: "s"}, true},
		{"site manager in another site", directory.Actor{Scope: directory.ScopeSiteManager, DomainID: "d", Site: "s"}, directory.ActManageAccounts, directory.Target{DomainID: "d", Site: "t"}, false},
		{"site manager without a site", directory.Actor{Scope: directory.ScopeSiteManager, DomainID: "d"}, directory.ActManageAccounts, here, false},
		{"site manager and the domain", directory.Actor{Scope: directory.ScopeSiteManager, DomainID: "d", Site: "s"}, directory.ActManageDomain, directory.Target{DomainID: "d", Site: "s"}, false},
		{"supervisor sees", directory.Actor{Scope: directory.ScopeSupervisor, DomainID: "d"}, directory.ActSeeCalls, here, true},
		{"supervisor manages", directory.Actor{Scope: directory.ScopeSupervisor, DomainID: "d"}, directory.ActManageAccounts, here, false},
		{"agent sees", directory.Actor{Scope: directory.ScopeCallCenterAgent, DomainID: "d", UserID: "u"}, directory.ActSeeCalls, here, false},
		{"basic user, own things", directory.Actor{Scope: directory.ScopeBasicUser, DomainID: "d", UserID: "u"}, directory.ActUseOwn, here, true},
		{"basic user, another's things", directory.Actor{Scope: directory.ScopeBasicUser, DomainID: "d", UserID: "v"}, directory.ActUseOwn, here, false},
		{"no portal, own things", directory.Actor{Scope: directory.ScopeNoPortal, DomainID: "d", UserID: "u"}, directory.ActUseOwn, here, false},
		{"unknown scope", directory.Actor{Scope: "x", DomainID: "d", UserID: "u"}, directory.ActUseOwn, here, false},
		{"nobody", directory.Actor{}, directory.ActUseOwn, directory.Target{}, false},
	} {
		if got := directory.May(c.actor, c.act, c.target); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	if directory.MayGrant(directory.Actor{Scope: directory.ScopeSiteManager}, directory.ScopeOfficeManager) ||
		directory.MayGrant(directory.Actor{Scope: directory.ScopeSiteManager}, directory.ScopeSupervisor) ||
		directory.MayGrant(directory.Actor{}, directory.ScopeNoPortal) ||
		!directory.MayGrant(directory.Actor{Scope: directory.ScopeOfficeManager}, directory.ScopeOfficeManager) {
		t.Error("a scope wider than the own one was granted, or the own one was not")
	}
}

func TestReadingTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"02:00": "02:00", "23:59": "23:59", "00:00": "00:00", "off": "off", "": "!", "2:00": "!", "24:00": "!", "02:60": "!", "-1:00": "!", "02.00": "!"} {
		c, err := directory.ParseClockTime(text)
		if got := c.String(); err == nil && got != want || (err != nil) != (want == "!") {
			t.Errorf("ParseClockTime(%q) = %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"5400-5499": "5400-5499", "5400 - 5499": "5400-5499", "": "", "5400": "!", "5499-5400": "!", "54-5499": "!", "a-b": "!"} {
		r, err := directory.ParseExtensionRange(text)
		if got := r.String(); err == nil && got != want || (err != nil) != (want == "!") {
			t.Errorf("ParseExtensionRange(%q) = %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"80:5E:C0:11:22:33": "805ec0112233", "805e.c011.2233": "805ec0112233", " 80-5e-c0-11-22-33 ": "805ec0112233", "80:5E": "80:5e", "": ""} {
		if got := directory.NormalMAC(text); got != want {
			t.Errorf("NormalMAC(%q) = %q", text, got)
		}
	}
	r := directory.ExtensionRange{First: "5400", Last: "5499"}
	for extension, want := range map[string]bool{"5400": true, "5499": true, "5399": false, "5500": false, "54000": false, "540": false, "54a0": false, "": false} {
		if r.Contains(extension) != want {
			t.Errorf("Contains(%q) is %v", extension, !want)
		}
	}
	if (directory.ExtensionRange{}).Contains("") {
		t.Error("the empty range holds nothing, not even nothing")
	}
}

func TestDevicePasswords(t *testing.T) {
	t.Parallel()
	d := directory.Device{Name: "Long-Name-5401"}
	for _, bad := range []string{"", "short", "long-name-5401", "with\r\nline breaks", "\xff\xff\xff\xff\xff\xff\xff\xff", strings.Repeat("x", 129)} {
		if err := directory.SetDevicePassword(&d, "acme.test", bad); err == nil || d.HA1MD5 != "" {
			t.Errorf("%.20q was taken", bad)
		}
	}
	if err := directory.SetDevicePassword(&d, "acme.test", "sip-secret"); err != nil || len(d.HA1MD5) != 32 || len(d.HA1SHA256) != 64 {
		t.Errorf("SetDevicePassword: %v, %+v", err, d)
	}
}
