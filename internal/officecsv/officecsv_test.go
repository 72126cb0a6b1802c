package officecsv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/officecsv"
)

// disk takes every change, for one server.
type disk struct{}

func (disk) Offices(context.Context) ([]directory.Office, error) { return nil, nil }

func (disk) Office(context.Context, string) (directory.Office, error) {
	return directory.Office{}, directory.ErrNotFound
}

func (disk) Save(context.Context, directory.Change) error { return nil }

// office has a person with a device, a desk in each of two sites, and a phone.
func office(tb testing.TB) (*directory.Service, string) {
	tb.Helper()
	dir, err := directory.Open(tb.Context(), disk{}, &events.Bus{}, time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	e, err := dir.Create(tb.Context(), directory.CLI(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("acme.test")
		o.Domain.TimeZone, o.Domain.Country = "America/Toronto", "CA"
		for _, u := range []directory.User{
			{Extension: "1001", Name: "Ana Ruiz", Email: "ana@acme.test", CallerID: "+14165550101", Site: "North"},
			{Extension: "5401", Name: "Window 1", Place: "Floor 5", Site: "North"},
			{Extension: "5402", Name: "=cmd|'/c calc'!A0", Site: "South"},
		} {
			u.ID = directory.NewID()
			o.Users = append(o.Users, u)
			d := directory.Device{Name: u.Extension, OwnerID: u.ID}
			if err := directory.SetDevicePassword(&d, "acme.test", "sip-secret"); err != nil {
				return err
			}
			o.Devices = append(o.Devices, d)
		}
		o.Phones = []directory.Phone{{MAC: "805ec0112233", Model: "T54W", Site: "North", Devices: []string{"5401"}}}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return dir, e.After.Domain.ID
}

// apply reads a table and applies it.
func apply(tb testing.TB, dir *directory.Service, id, table string) (officecsv.Result, error) {
	tb.Helper()
	s, err := officecsv.Read([]byte(table))
	if err != nil {
		return officecsv.Result{}, err
	}
	return officecsv.Apply(tb.Context(), dir, directory.CLI(), id, s, "")
}

func TestTableIsApplied(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	const table = "Extension;Name;Scope;Site;Devices;PIN;Password;Disabled\r\n" +
		"1001;Ana Ruiz-Diaz;Call Center Agent;North;1001 ana-mobile;4711;;no\r\n" +
		"1002;Ben;;;;new;new;\r\n" +
		"5403;Window 3;;North;5403;;;yes\r\n"
	r, err := apply(t, dir, id, table)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(r.Added, ", ") + "; " + strings.Join(r.Changed, ", "); got != "1002 Ben, 5403 Window 3, device 5403, device ana-mobile; 1001 Ana Ruiz-Diaz" {
		t.Errorf("done was %s", got)
	}
	ana, _ := dir.UserByExtension(id, "1001")
	if ana.Scope != directory.ScopeCallCenterAgent || ana.Email != "ana@acme.test" || !credential.Verify("4711", ana.PINHash) || len(dir.DevicesOf(ana.ID)) != 2 {
		t.Errorf("what the table does not name changed too: %+v", ana)
	}
	if len(r.Secrets) != 3 || r.Secrets[0].Device != "ana-mobile" || r.Secrets[1].Name != "Ben" || r.Secrets[2].Device != "5403" {
		t.Fatalf("the secrets are %+v", r.Secrets)
	}
	ben, _ := dir.UserByExtension(id, "1002")
	if !credential.Verify(r.Secrets[1].PIN, ben.PINHash) || !credential.Verify(r.Secrets[1].Password, ben.PasswordHash) {
		t.Error("the secrets that are told are not those that are kept")
	}
	device, _ := dir.DeviceByName(id, "5403")
	if md5, _ := credential.HA1("5403", "acme.test", r.Secrets[2].DevicePassword); md5 != device.HA1MD5 {
		t.Error("the password that is told is not that of the device")
	}
	if again, err := apply(t, dir, id, strings.Replace(table, "new;new", ";", 1)); err != nil || len(again.Added)+len(again.Changed)+len(again.Secrets) != 0 || again.Same != 3 {
		t.Errorf("the same table again: %+v, %v", again, err)
	}
}

func TestExportComesBackAsItIs(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	o, _ := dir.Office(id)
	all := func(string) bool { return true }
	for about, write := range map[string]func(*bytes.Buffer, func(string) bool) error{
		"users":  func(b *bytes.Buffer, sees func(string) bool) error { return officecsv.WriteUsers(b, o, sees) },
		"phones": func(b *bytes.Buffer, sees func(string) bool) error { return officecsv.WritePhones(b, o, sees) },
	} {
		var text bytes.Buffer
		if err := write(&text, all); err != nil {
			t.Fatal(err)
		}
		if r, err := apply(t, dir, id, text.String()); err != nil || len(r.Added)+len(r.Changed) != 0 || r.Same == 0 {
			t.Errorf("%s: %+v, %v, from %s", about, r, err, &text)
		}
		if strings.Contains(text.String(), ",=") || strings.Contains(text.String(), ",+") {
			t.Errorf("%s: a formula: %s", about, &text)
		}
		var none bytes.Buffer
		if err := write(&none, func(string) bool { return false }); err != nil || strings.Contains(none.String(), "5401") {
			t.Errorf("%s: who sees no site gets %s", about, &none)
		}
	}
}

func TestPhonesAreApplied(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	r, err := apply(t, dir, id, "mac,model,name,site,devices\n80:5E:C0:11:22:33,T57W,Hall,North,\"5401, 5402\"\n805e.c011.2234,T54W,Lobby,South,\n")
	if err != nil || len(r.Added) != 1 || len(r.Changed) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	device, _ := dir.DeviceByName(id, "5402")
	if phone, found := dir.PhoneOf(device.ID); !found || phone.Model != "T57W" || phone.Name != "Hall" {
		t.Errorf("the phone is %+v", phone)
	}
}

func TestMistakesAreToldByLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, table string
		want         []string // beginnings of the problems, in their order
	}{
		{"nothing", "", []string{"line 1: the table is empty"}},
		{"no headings", "1001,Ana\n", []string{"line 1: 1001: there is no such column", "line 1: ana: there is no such column", "line 1: extension: the column is missing"}},
		{"a heading misspelt", "extension,nom\n1002,Ben\n", []string{"line 1: nom: there is no such column; known are extension, name"}},
		{"a heading twice", "extension,name,Name\n1002,Ben,Ben\n", []string{"line 1: name: the column stands there twice"}},
		{"headings alone", "extension,name\n", []string{"line 1: there is nothing below"}},
		{"a binary", "\x00\x01", []string{"line 1: this is no text"}},
		{"Latin-1", "extension,name\n1002,Ren\xe9\n", []string{"line 2: a letter is not UTF-8"}},
		{"an extension twice", "extension,name\n1002,Ben\n\n1002,Cy\n", []string{"line 4: extension: 1002 stands on line 2 already"}},
		{"cells too many", "extension,name\n1002,Ben,Bo\n", []string{"line 2: there are more cells"}},
		{
			"three lines", "extension,name,email,scope,pin,password\n1002,,ben,king,,\n1003,Cy,,,1003,x\n5403,Desk,,,4711,\n",
			[]string{"line 2: name: the name is missing", "line 2: email:", "line 2: scope:", "line 3: pin: the PIN must not be the extension", "line 3: password:", "line 4: pin: extension 5403 lies in the desk range"},
		},
		{"no extension", "extension,name\n,Ben\nabc,Cy\n911,Di\n", []string{"line 2: extension: the extension is missing", "line 3: extension:", "line 4: extension:"}},
		{"neither yes nor no", "extension,name,disabled\n1002,Ben,perhaps\n", []string{"line 2: disabled: this is neither"}},
		{"another's device", "extension,name,devices\n1002,Ben,5401\n", []string{"line 2: devices: the device 5401 belongs to somebody else"}},
		{"a device that cannot be", "extension,name,devices\n1002,Ben,a/b\n", []string{"line 2: devices:"}},
		{"a short device password", "extension,name,devices,device_password\n1002,Ben,ben,x\n", []string{"line 2: device_password:"}},
		{"one password for two", "extension,name,devices,device_password\n1002,Ben,a b,a-long-secret\n", []string{"line 2: device_password: the password is for one device"}},
		{"a phone's mistakes", "mac,devices\nxyz,5401\n805ec0112234,nobody\n", []string{"line 2: mac:", "line 2: devices: device \"5401\"", "line 3: devices: there is no device \"nobody\""}},
		{"a phone twice", "mac\n805ec0112234\n80:5e:c0:11:22:34\n", []string{"line 3: mac: 80:5e:c0:11:22:34 stands on line 2"}},
	} {
		dir, id := office(t)
		before, _ := dir.Domain(id)
		r, err := apply(t, dir, id, c.table)
		problems, is := errors.AsType[*officecsv.ProblemsError](err)
		if !is || len(problems.Problems) != len(c.want) {
			t.Errorf("%s: %+v, %v", c.about, r, err)
			continue
		}
		for i, want := range c.want {
			if got := problems.Problems[i].String(); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s, want %s", c.about, got, want)
			}
		}
		if after, _ := dir.Domain(id); after.Version != before.Version {
			t.Errorf("%s: something was written", c.about)
		}
	}
}

func TestTooManyPasswords(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	var b strings.Builder
	b.WriteString("extension,name,password\n")
	for i := range 1001 {
		fmt.Fprintf(&b, "%d,Somebody,new\n", 2000+i)
	}
	if _, err := apply(t, dir, id, b.String()); err == nil || !strings.Contains(err.Error(), "line 1002: password: these are more than 1000") {
		t.Errorf("%v", err)
	}
}

func TestSiteManagersImportTheirSite(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	north := directory.Actor{Name: "n", Scope: directory.ScopeSiteManager, DomainID: id, Site: "North"}
	try := func(table string) error {
		s, err := officecsv.Read([]byte(table))
		if err != nil {
			return err
		}
		_, err = officecsv.Apply(t.Context(), dir, north, id, s, "")
		return err
	}
	err := try("extension,name,site,scope\n5401,Window One,North,\n5402,Mine,North,\n1002,Ben,South,\n1003,Cy,,office_manager\n")
	for _, want := range []string{"line 3: site:", "line 4: site:", "line 5: scope: office_manager is not yours"} {
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "line 2") {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := try("extension,name\n5401,Window One\n1002,Ben\n"); err != nil {
		t.Error(err)
	}
	if ben, _ := dir.UserByExtension(id, "1002"); ben.Site != "North" {
		t.Errorf("somebody new is in the site %q", ben.Site)
	}
}

func TestWhatWasShownIsWhatIsDone(t *testing.T) {
	t.Parallel()
	dir, id := office(t)
	s, err := officecsv.Read([]byte("extension,name,pin\n1002,Ben,new\n"))
	if err != nil {
		t.Fatal(err)
	}
	tried, err := officecsv.Try(dir, directory.CLI(), id, s)
	if err != nil || len(tried.Added) != 1 || len(tried.Secrets) != 0 {
		t.Fatalf("%+v, %v", tried, err)
	}
	if _, err := officecsv.Apply(t.Context(), dir, directory.CLI(), id, s, tried.Tag); err != nil {
		t.Fatal(err)
	}
	if _, err := officecsv.Apply(t.Context(), dir, directory.CLI(), id, s, tried.Tag); !errors.Is(err, directory.ErrStale) {
		t.Errorf("the same again gives the person another PIN: %v", err)
	}
}

// BenchmarkApply brings ten thousand people with PINs and devices into an office.
func BenchmarkApply(b *testing.B) {
	var table strings.Builder
	table.WriteString("extension,name,email,site,pin,devices\n")
	for i := range 10_000 {
		fmt.Fprintf(&table, "%d,Person %d,p%d@acme.test,Site %d,%d,d%d\n", 20000+i, i, i, i%5, 470000+i*7, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		dir, id := office(b)
		if r, err := apply(b, dir, id, table.String()); err != nil || len(r.Added) != 20_000 {
			b.Fatal(len(r.Added), err)
		}
	}
}
