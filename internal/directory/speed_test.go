package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func bigOffice(n int) directory.Office {
	o := directory.Office{Domain: directory.Defaults("big.test")}
	o.Domain.ID, o.Domain.Version, o.Domain.TimeZone, o.Domain.Country = "d", 1, "UTC", "CA"
	for i := range n {
		u := directory.User{ID: directory.NewID(), DomainID: "d", Extension: fmt.Sprint(100000 + i), Name: "N", Scope: directory.ScopeBasicUser}
		o.Users = append(o.Users, u)
		o.Devices = append(o.Devices, directory.Device{
			ID: directory.NewID(), DomainID: "d", Name: u.Extension, OwnerID: u.ID,
			HA1MD5: strings.Repeat("a", 32), HA1SHA256: strings.Repeat("a", 64),
		})
	}
	o.Numbers = []directory.Number{{ID: directory.NewID(), DomainID: "d", Number: "+14165550101", UserID: o.Users[n/2].ID}}
	o.Trunks = []directory.Trunk{{ID: directory.NewID(), DomainID: "d", Name: "carrier", Host: "carrier.example", Transport: "udp"}}
	return o
}

func TestLookUpsDoNotAllocate(t *testing.T) {
	store := &memory{offices: map[string]directory.Office{"d": bigOffice(1000)}}
	s, _ := open(t, store)
	u := store.offices["d"].Users[500]
	number, trunk := store.offices["d"].Numbers[0].Number, store.offices["d"].Trunks[0].ID
	n := testing.AllocsPerRun(100, func() {
		s.ForHost("big.test")
		s.ForLogin(u.Extension, "192.0.2.1")
		d, _ := s.DeviceByName("d", u.Extension)
		s.Device(d.ID)
		s.User(u.ID)
		s.UserByExtension("d", u.Extension)
		s.DevicesOf(u.ID)
		s.PhoneOf(d.ID)
		s.NumberByE164(number)
		s.Numbers("d")
		s.NumbersOf(u.ID)
		s.Trunk(trunk)
		s.Trunks("d")
		s.IsHotDesk(d)
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkOpen100000Devices(b *testing.B) {
	store := &memory{offices: map[string]directory.Office{"d": bigOffice(100000)}}
	for b.Loop() {
		open(b, store)
	}
}

func BenchmarkEditAmong100000Devices(b *testing.B) {
	store := &memory{offices: map[string]directory.Office{"d": bigOffice(100000)}}
	s, _ := open(b, store)
	for n := 0; b.Loop(); n++ {
		if _, err := s.Try(directory.CLI(), "d", func(o *directory.Office) error { o.Users[7].Name = fmt.Sprint(n); return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookUps(b *testing.B) {
	store := &memory{offices: map[string]directory.Office{"d": bigOffice(100000)}}
	s, _ := open(b, store)
	u := store.offices["d"].Users[500]
	b.ReportAllocs()
	for b.Loop() {
		d, _ := s.DeviceByName("d", u.Extension)
		s.Device(d.ID)
		s.User(u.ID)
	}
}
