package directory_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// sites is an office in Toronto and Ottawa: a manager, a person with a device
// and a desk in each, a desk of no site, and a spare device on a phone in Toronto.
func sites(tb testing.TB) (*directory.Service, directory.Office) {
	tb.Helper()
	s, _ := open(tb, &memory{})
	e, err := s.Create(tb.Context(), directory.CLI(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("acme.test")
		o.Domain.TimeZone, o.Domain.Country = "America/Toronto", "CA"
		for _, u := range []directory.User{
			{Extension: "1001", Name: "Tom", Site: "Toronto"},
			{Extension: "1002", Name: "Olga", Site: "Ottawa"},
			{Extension: "1003", Name: "Nora"},
			{Extension: "1009", Name: "Mia", Site: "Toronto", Scope: directory.ScopeSiteManager},
			{Extension: "5401", Name: "Desk in Toronto", Site: "Toronto"},
			{Extension: "5402", Name: "Desk in Ottawa", Site: "Ottawa"},
		} {
			u.ID = directory.NewID()
			o.Users = append(o.Users, u)
			d := directory.Device{Name: u.Extension, OwnerID: u.ID}
			if err := directory.SetDevicePassword(&d, "acme.test", "sip-secret"); err != nil {
				return err
			}
			o.Devices = append(o.Devices, d)
		}
		spare, loose := o.Devices[0], o.Devices[0]
		spare.Name, spare.OwnerID, loose.Name, loose.OwnerID = "spare", "", "loose", ""
		o.Devices = append(o.Devices, spare, loose)
		o.Phones = []directory.Phone{
			{MAC: "805ec0000001", Site: "Toronto", Devices: []string{"spare"}},
			{MAC: "805ec0000002", Site: "Ottawa"},
		}
		o.Numbers = []directory.Number{{Number: "+14165550101", UserID: o.Users[0].ID}, {Number: "+14165550102"}}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s, e.After
}

func TestSiteManagersKeepToTheirSite(t *testing.T) {
	t.Parallel()
	s, o := sites(t)
	mia, _ := s.UserByExtension(o.Domain.ID, "1009")
	user := func(extension string, change func(*directory.User)) func(*directory.Office) {
		return func(o *directory.Office) { change(o.UserByExtension(extension)) }
	}
	rename := func(u *directory.User) { u.Name = "Renamed" }
	moveTo := func(site string) func(*directory.User) { return func(u *directory.User) { u.Site = site } }
	owned := func(device, extension string) func(*directory.Office) {
		return func(o *directory.Office) {
			o.DeviceByName(device).OwnerID = ""
			if u := o.UserByExtension(extension); u != nil {
				o.DeviceByName(device).OwnerID = u.ID
			}
		}
	}
	on := func(mac string, devices ...string) func(*directory.Office) {
		return func(o *directory.Office) { o.PhoneByMAC(mac).Devices = devices }
	}
	add := func(u directory.User) func(*directory.Office) {
		return func(o *directory.Office) { o.Users = append(o.Users, u) }
	}
	for _, c := range []struct {
		about  string
		change func(*directory.Office)
		may    bool
	}{
		{"a user of the site", user("1001", rename), true},
		{"a user of another site", user("1002", rename), false},
		{"a user of no site", user("1003", rename), false},
		{"out of the site", user("1001", moveTo("Ottawa")), false},
		{"out of any site", user("1001", moveTo("")), false},
		{"into the site", user("1002", moveTo("Toronto")), false},
		{"a new user of the site", add(directory.User{Extension: "1010", Name: "New", Site: "Toronto"}), true},
		{"a new user elsewhere", add(directory.User{Extension: "1010", Name: "New", Site: "Ottawa"}), false},
		{"a new user of no site", add(directory.User{Extension: "1010", Name: "New"}), false},
		{"a manager of the domain", add(directory.User{Extension: "1010", Name: "New", Site: "Toronto", Scope: directory.ScopeOfficeManager}), false},
		{"a desk is removed", func(o *directory.Office) { o.RemoveUser(o.UserByExtension("5401").ID) }, true},
		{"a desk elsewhere is removed", func(o *directory.Office) { o.RemoveUser(o.UserByExtension("5402").ID) }, false},
		{"a device of the site", func(o *directory.Office) { o.DeviceByName("5401").Disabled = true }, true},
		{"a device elsewhere", func(o *directory.Office) { o.DeviceByName("5402").Disabled = true }, false},
		{"a device elsewhere is removed", func(o *directory.Office) { o.RemoveDevice(o.DeviceByName("5402").ID) }, false},
		{"an unassigned device that stands in the site", owned("spare", "1001"), true},
		{"it is given away", owned("spare", "1002"), false},
		{"an unassigned device that stands nowhere", owned("loose", "1001"), false},
		{"a device is unassigned", owned("5401", ""), true},
		{"a phone takes a device of the site", on("805ec0000001", "spare", "5401"), true},
		{"a phone takes a device from elsewhere", on("805ec0000001", "spare", "5402"), false},
		{"a phone takes a device that stands nowhere", on("805ec0000001", "spare", "loose"), false},
		{"a phone lets a device go", on("805ec0000001"), true},
		{"a phone elsewhere", func(o *directory.Office) { o.PhoneByMAC("805ec0000002").Name = "Hall" }, false},
		{"a phone elsewhere is removed", func(o *directory.Office) { o.RemovePhone(o.PhoneByMAC("805ec0000002").ID) }, false},
		{"a phone moves", func(o *directory.Office) { o.PhoneByMAC("805ec0000001").Site = "Ottawa" }, false},
		{"a number within the site", func(o *directory.Office) { o.Numbers[0].UserID = o.UserByExtension("5401").ID }, true},
		{"a number is given away", func(o *directory.Office) { o.Numbers[0].UserID = o.UserByExtension("1002").ID }, false},
		{"a number that leads nowhere", func(o *directory.Office) { o.Numbers[1].UserID = o.UserByExtension("1001").ID }, false},
		{"the settings", func(o *directory.Office) { o.Domain.HotDesking.MaxHours = 8 }, false},
	} {
		_, err := s.Try(s.ActorOf(mia), o.Domain.ID, func(o *directory.Office) error { c.change(o); return nil })
		if c.may && err != nil || !c.may && !errors.Is(err, directory.ErrForbidden) {
			t.Errorf("%s: %v", c.about, err)
		}
	}
}

func TestSitesOfDevices(t *testing.T) {
	t.Parallel()
	s, o := sites(t)
	for name, want := range map[string]string{"5401": "Toronto", "5402": "Ottawa", "spare": "Toronto", "loose": "", "1003": ""} {
		d, _ := s.DeviceByName(o.Domain.ID, name)
		if got := s.SiteOf(d); got != want {
			t.Errorf("the site of %s is %q, want %q", name, got, want)
		}
	}
	if got := s.Sites(o.Domain.ID); !slices.Equal(got, []string{"Ottawa", "Toronto"}) {
		t.Errorf("the sites are %q", got)
	}
	if got := s.Sites("nowhere"); got != nil {
		t.Errorf("no domain has the sites %q", got)
	}
	if got := s.SiteOf(directory.Device{DomainID: "nowhere"}); got != "" {
		t.Errorf("no domain has the site %q", got)
	}
}

func TestResellers(t *testing.T) {
	t.Parallel()
	s, o := sites(t)
	sales, err := s.Create(t.Context(), directory.CLI(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("sales.test")
		o.Domain.TimeZone, o.Domain.Country = "UTC", "CA"
		o.Users = []directory.User{{Extension: "100", Name: "Rita", Scope: directory.ScopeReseller}, {Extension: "101", Name: "Sam"}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rita, found := s.Account(" 100@SALES.test")
	if !found || s.AccountName(rita.ID) != "100@sales.test" {
		t.Fatalf("the reseller is %+v, %v", rita, found)
	}
	give := func(actor directory.Actor, to string) error {
		_, err := s.Edit(t.Context(), actor, o.Domain.ID, func(o *directory.Office) error { o.Domain.ResellerID = to; return nil })
		return err
	}
	for about, id := range map[string]string{"nobody": "none", "a basic user": sales.After.UserByExtension("101").ID} {
		if err := give(directory.CLI(), id); err == nil || !strings.Contains(err.Error(), "reseller") {
			t.Errorf("given to %s: %v", about, err)
		}
	}
	if err := give(s.ActorOf(rita), rita.ID); !errors.Is(err, directory.ErrForbidden) {
		t.Errorf("a reseller takes a domain: %v", err)
	}
	if err := give(directory.CLI(), rita.ID); err != nil {
		t.Fatal(err)
	}
	actor := s.ActorOf(rita)
	if !directory.MayWithin(actor, directory.ActManageDomain, o.Domain.ID) || directory.MayWithin(actor, directory.ActManageAccounts, sales.After.Domain.ID) {
		t.Error("a reseller manages the domains given, and no other")
	}
	if !directory.May(actor, directory.ActUseOwn, directory.Target{DomainID: rita.DomainID, UserID: rita.ID}) {
		t.Error("a reseller may not use the own portal")
	}
	if err := give(actor, ""); !errors.Is(err, directory.ErrForbidden) {
		t.Errorf("a reseller gives a domain back: %v", err)
	}
	for _, nobody := range []string{"", "100", "100@nowhere.test", "999@sales.test"} {
		if _, found := s.Account(nobody); found {
			t.Errorf("%q is somebody", nobody)
		}
	}
	if got := s.AccountName("nobody"); got != "" {
		t.Errorf("nobody is called %q", got)
	}
}
