package sqlstore_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

// fullOffice has a value in every field of every noun.
func fullOffice(t *testing.T, seed string) directory.Office {
	t.Helper()
	o := fill[directory.Office](t, seed)
	o.Domain.Version = 0
	o.Domain.HotDesking.ReleaseAt = directory.ClockTime{Set: true, Hour: 2, Minute: 30}
	for i := range 2 {
		o.Users[i].DomainID = o.Domain.ID
		o.Devices[i].DomainID = o.Domain.ID
		o.Devices[i].OwnerID = o.Users[i].ID
		o.Phones[i].DomainID = o.Domain.ID
		o.Numbers[i].DomainID = o.Domain.ID
		o.Numbers[i].UserID = o.Users[i].ID
		o.Trunks[i].DomainID = o.Domain.ID
	}
	return o
}

func putAll(o directory.Office) directory.Change {
	return directory.Change{
		Domain: o.Domain, PutUsers: o.Users, PutDevices: o.Devices, PutPhones: o.Phones, PutNumbers: o.Numbers, PutTrunks: o.Trunks,
	}
}

func TestOfficeComesBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			one := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(one)); err != nil {
				t.Fatal(err)
			}
			two := fullOffice(t, "b")
			two.Domain.Default = false
			two.Domain.HotDesking.ReleaseAt = directory.ClockTime{Set: true} // midnight, which is not "never"
			two.Devices[0].OwnerID = ""
			two.Phones[1].Devices = nil
			two.Numbers[1].UserID = ""
			if err := db.Directory().Save(t.Context(), putAll(two)); err != nil {
				t.Fatal(err)
			}
			one.Domain.Version, two.Domain.Version = 1, 1
			got, err := db.reopen(t).Directory().Offices(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]directory.Office{one, two}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A domain from before a setting has what a new one starts with.
func TestOldDomainsGetTheDefaults(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			want := directory.Defaults("old.test")
			want.ID, want.TimeZone, want.Country, want.Version = "old", "UTC", "CA", 7
			_, err := db.raw(t).ExecContext(t.Context(), `insert into domains (id, name, time_zone, country, language, is_default,
				hot_desking, activate_phone, desk_first, desk_last, login_code, release_code, mailbox_code, any_mailbox_code, release_at,
				max_hours, idle_minutes, when_taken, take_over_idle, when_elsewhere, version) values ('old', 'old.test', 'UTC', 'CA', 'en',
				false, true, false, '5400', '5499', '*88', '*89', '*97', '*98', 120, 0, 0, 'refuse', 30, 'move', 7)`)
			if err != nil {
				t.Fatal(err)
			}
			got, err := db.Directory().Office(t.Context(), "old")
			if diff := cmp.Diff(want, got.Domain); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestOfficeThatIsNotThere(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			db.office(t)
			for _, id := range []string{"", "nobody"} {
				if _, err := db.Directory().Office(t.Context(), id); !errors.Is(err, directory.ErrNotFound) {
					t.Errorf("Office(%q): %v", id, err)
				}
			}
		})
	}
}

func TestSaveIsGuardedByVersion(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			o := db.office(t, "5401")
			save := func(version int64) error {
				d := o.Domain
				d.Version = version
				return db.Directory().Save(t.Context(), directory.Change{
					Domain: d, DropDevices: []string{o.Devices[0].ID},
					Audit: []audit.Entry{{ID: newID(), DomainID: d.ID, At: noon, Action: "office.changed"}},
				})
			}
			for _, stale := range []int64{0, 2, 99} {
				if err := save(stale); !errors.Is(err, directory.ErrStale) {
					t.Errorf("version %d: %v, want ErrStale", stale, err)
				}
			}
			if db.number(t, "select count(*) from devices") != 1 || db.number(t, "select count(*) from audit_entries") != 0 {
				t.Error("a refused change has left a trace")
			}
			if err := save(1); err != nil {
				t.Fatal(err)
			}
			got, err := db.Directory().Office(t.Context(), o.Domain.ID)
			if err != nil || got.Domain.Version != 2 || len(got.Devices) != 0 {
				t.Errorf("after the change: %+v, %v", got, err)
			}
			if err := save(1); !errors.Is(err, directory.ErrStale) {
				t.Errorf("the same again: %v, want ErrStale", err)
			}
		})
	}
}

func TestNamesTakenElsewhere(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			first := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(first)); err != nil {
				t.Fatal(err)
			}
			for name, taking := range map[string]func(*directory.Office){
				"domain name": func(o *directory.Office) { o.Domain.Name = first.Domain.Name },
				"default":     func(o *directory.Office) { o.Domain.Default = true },
				"MAC address": func(o *directory.Office) { o.Phones[1].MAC = first.Phones[0].MAC },
				"number":      func(o *directory.Office) { o.Numbers[1].Number = first.Numbers[0].Number },
			} {
				second := fullOffice(t, "b")
				second.Domain.Default = false
				taking(&second)
				if err := db.Directory().Save(t.Context(), putAll(second)); !errors.Is(err, directory.ErrTaken) {
					t.Errorf("%s: %v, want ErrTaken", name, err)
				}
			}
			if n := db.number(t, "select count(*) from domains"); n != 1 {
				t.Errorf("%d domains, want 1", n)
			}
		})
	}
}

func TestOneChangePassesNamesOn(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			o := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(o)); err != nil {
				t.Fatal(err)
			}
			o.Domain.Version = 1
			o.Users[0].Extension, o.Users[1].Extension = o.Users[1].Extension, o.Users[0].Extension
			o.Devices[0].Name, o.Devices[1].Name = o.Devices[1].Name, o.Devices[0].Name
			o.Phones[0].MAC, o.Phones[1].MAC = o.Phones[1].MAC, o.Phones[0].MAC
			o.Phones[0].Devices = []string{"only"}
			o.Numbers[0].Number, o.Numbers[1].Number = o.Numbers[1].Number, o.Numbers[0].Number
			o.Trunks[0].Name, o.Trunks[1].Name = o.Trunks[1].Name, o.Trunks[0].Name
			if err := db.Directory().Save(t.Context(), putAll(o)); err != nil {
				t.Fatal("swap:", err)
			}
			o.Domain.Version = 2
			heir := o.Users[1]
			heir.ID = newID() + "-heir"
			o.Devices[0].OwnerID, o.Devices[1].OwnerID = heir.ID, ""
			o.Numbers[0].UserID, o.Numbers[1].UserID = heir.ID, ""
			change := putAll(o)
			change.DropUsers = []string{o.Users[1].ID}
			change.PutUsers = []directory.User{heir}
			if err := db.Directory().Save(t.Context(), change); err != nil {
				t.Fatal("new user with the old extension:", err)
			}
			o.Domain.Version = 3
			o.Users = []directory.User{heir, o.Users[0]}
			got, err := db.Directory().Office(t.Context(), o.Domain.ID)
			if diff := cmp.Diff(o, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestDroppedUserMustNotLeaveDevices(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			o := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(o)); err != nil {
				t.Fatal(err)
			}
			o.Domain.Version = 1
			change := directory.Change{Domain: o.Domain, DropUsers: []string{o.Users[0].ID}}
			if db.Directory().Save(t.Context(), change) == nil {
				t.Error("a device has lost its owner, and would be a hot desk now")
			}
		})
	}
}

func TestDomainsKeepApart(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			mine := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(mine)); err != nil {
				t.Fatal(err)
			}
			mine.Domain.Version = 1
			other := db.office(t)
			change := func(edit func(*directory.Change)) error {
				c := directory.Change{Domain: other.Domain}
				edit(&c)
				return db.Directory().Save(t.Context(), c)
			}
			for name, err := range map[string]error{
				"user":   change(func(c *directory.Change) { c.PutUsers = mine.Users }),
				"device": change(func(c *directory.Change) { c.PutDevices = mine.Devices }),
				"phone":  change(func(c *directory.Change) { c.PutPhones = mine.Phones }),
				"number": change(func(c *directory.Change) { c.PutNumbers = mine.Numbers }),
				"trunk":  change(func(c *directory.Change) { c.PutTrunks = mine.Trunks }),
			} {
				if err == nil {
					t.Errorf("one domain has changed another's %s", name)
				}
			}
			err := change(func(c *directory.Change) {
				c.DropUsers, c.DropDevices = []string{mine.Users[0].ID}, []string{mine.Devices[0].ID}
				c.DropPhones = []string{mine.Phones[0].ID}
				c.DropNumbers, c.DropTrunks = []string{mine.Numbers[0].ID}, []string{mine.Trunks[0].ID}
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := db.Directory().Office(t.Context(), mine.Domain.ID)
			if diff := cmp.Diff(mine, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
}

func TestDroppedDomainTakesAllWithIt(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			o := fullOffice(t, "a")
			if err := db.Directory().Save(t.Context(), putAll(o)); err != nil {
				t.Fatal(err)
			}
			put := []location.Binding{{ID: newID(), DeviceID: o.Devices[0].ID}}
			if err := db.Bindings().Save(t.Context(), location.Change{Put: put}); err != nil {
				t.Fatal(err)
			}
			drop := directory.Change{Domain: o.Domain, DropDomain: true}
			if err := db.Directory().Save(t.Context(), drop); !errors.Is(err, directory.ErrStale) {
				t.Fatal("an old version:", err)
			}
			drop.Domain.Version = 1
			drop.Audit = []audit.Entry{{ID: newID(), DomainID: o.Domain.ID, At: noon, Action: "domain.dropped"}}
			if err := db.Directory().Save(t.Context(), drop); err != nil {
				t.Fatal(err)
			}
			for _, table := range []string{"domains", "users", "devices", "phones", "phone_devices", "numbers", "trunks", "bindings"} {
				if n := db.number(t, "select count(*) from "+table); n != 0 {
					t.Errorf("%d rows left in %s", n, table)
				}
			}
			if n := db.number(t, "select count(*) from audit_entries"); n != 1 {
				t.Errorf("%d audit entries, want 1", n)
			}
		})
	}
}

func TestManyRowsInOneChange(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			names := make([]string, 1000) // more than one statement takes, and no multiple of it
			for i := range names {
				names[i] = newID()
			}
			if got := len(db.office(t, names...).Devices); got != len(names) {
				t.Errorf("%d devices, want %d", got, len(names))
			}
		})
	}
}
