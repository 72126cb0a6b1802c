package directory_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestLookUps(t *testing.T) {
	t.Parallel()
	store := &memory{}
	first, _ := open(t, store)
	made := create(t, first)
	again, _ := open(t, store) // what a restart reads
	for name, s := range map[string]*directory.Service{"made": first, "read": again} {
		id := made.Domain.ID
		ana, ok := s.UserByExtension(id, "1001")
		if !ok || ana.Name != "Ana Ruiz" || !ana.CreatedAt.Equal(clock()) {
			t.Fatalf("%s: user 1001 is %+v, %v", name, ana, ok)
		}
		if u, ok := s.User(ana.ID); !ok || u != ana {
			t.Errorf("%s: by ID the user is %+v, %v", name, u, ok)
		}
		if n := len(s.DevicesOf(ana.ID)); n != 2 {
			t.Errorf("%s: %d devices of 1001", name, n)
		}
		spare, ok := s.DeviceByName(id, "spare")
		if d, found := s.Device(spare.ID); !ok || !found || d != spare || !s.IsHotDesk(d) {
			t.Errorf("%s: by ID the device is %+v, %v", name, d, found)
		}
		if p, ok := s.PhoneOf(spare.ID); !ok || p.MAC != "805ec0112234" || p.DomainID != id {
			t.Errorf("%s: the phone is %+v, %v", name, p, ok)
		}
		desk, _ := s.DeviceByName(id, "5401")
		own, _ := s.DeviceByName(id, "ana-desk")
		if !s.IsHotDesk(desk) || s.IsHotDesk(own) {
			t.Errorf("%s: a desk account's device is a hot desk, a person's is none", name)
		}
		if o, ok := s.Office(id); !ok || !cmp.Equal(o, made) {
			t.Errorf("%s: the office differs: %s", name, cmp.Diff(made, o))
		}
		for _, nobody := range []string{"", "nobody", ana.ID[1:]} {
			_, a := s.User(nobody)
			_, b := s.Device(nobody)
			_, c := s.PhoneOf(nobody)
			_, d := s.Domain(nobody)
			_, e := s.UserByExtension(nobody, "1001")
			if a || b || c || d || e || s.DevicesOf(nobody) != nil {
				t.Errorf("%s: %q is somebody", name, nobody)
			}
		}
	}
}

func TestForHost(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	if _, ok := s.ForHost("acme.test"); ok {
		t.Error("no domain, and yet one was found")
	}
	acmeOffice := create(t, s)
	check := func(host, want string) {
		t.Helper()
		if d, ok := s.ForHost(host); d.Name != want || ok != (want != "") {
			t.Errorf("ForHost(%q) = %q, %v, want %q", host, d.Name, ok, want)
		}
	}
	check("ACME.test", "acme.test")
	check("192.0.2.1", "acme.test") // the only one
	beta, err := s.Create(t.Context(), directory.CLI(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("Beta.test")
		o.Domain.TimeZone, o.Domain.Country = "Europe/Berlin", "de"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	check("acme.test.", "acme.test")
	check("beta.test", "beta.test")
	check("192.0.2.1", "")
	mark := func(id string, on bool) error {
		_, err := s.Edit(t.Context(), directory.CLI(), id, func(o *directory.Office) error { o.Domain.Default = on; return nil })
		return err
	}
	if err := mark(beta.After.Domain.ID, true); err != nil {
		t.Fatal(err)
	}
	check("192.0.2.1", "beta.test")
	if err := mark(acmeOffice.Domain.ID, true); err == nil {
		t.Error("two domains are the default")
	}
	if err := mark(beta.After.Domain.ID, false); err != nil {
		t.Fatal(err)
	}
	check("unknown.test", "")
	d, name, ok := s.ForLogin("Ana-Mobile@ACME.test", "192.0.2.1")
	if !ok || d.Name != "acme.test" || name != "ana-mobile" {
		t.Errorf("ForLogin = %v, %q, %v", d.Name, name, ok)
	}
	if _, _, ok := s.ForLogin("ana@nowhere.test", "acme.test"); ok {
		t.Error("a user name of an unknown domain was taken")
	}
	if err := s.Drop(t.Context(), directory.CLI(), beta.After.Domain.ID); err != nil {
		t.Fatal(err)
	}
	check("beta.test", "acme.test")
}

func TestEditIsWholeAndTold(t *testing.T) {
	t.Parallel()
	store := &memory{}
	s, facts := open(t, store)
	made := create(t, s)
	<-facts.Facts()
	ana := made.UserByExtension("1001")
	e, err := s.Edit(t.Context(), directory.Actor{Name: ana.ID, Scope: directory.ScopeOfficeManager, DomainID: made.Domain.ID}, made.Domain.ID,
		func(o *directory.Office) error {
			o.UserByExtension("1001").Name = "  Ana Ruiz-Soto "
			o.RemoveDevice(o.DeviceByName("spare").ID)
			o.Users = append(o.Users, directory.User{Extension: "1002", Name: "Ben Ode"})
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	ben, _ := s.UserByExtension(made.Domain.ID, "1002")
	spare := made.DeviceByName("spare")
	want := directory.Changed{
		DomainID: made.Domain.ID, Version: 2, Users: []string{ana.ID, ben.ID}, Devices: []string{spare.ID},
		Phones: []string{made.PhoneByMAC("805ec0112234").ID},
	}
	if got := <-facts.Facts(); !cmp.Equal(got, want) {
		t.Errorf("the fact differs: %s", cmp.Diff(want, got))
	}
	if u, _ := s.User(ana.ID); u.Name != "Ana Ruiz-Soto" || ben.Scope != directory.ScopeBasicUser {
		t.Errorf("the users are %+v and %+v", u, ben)
	}
	if _, ok := s.Device(spare.ID); ok {
		t.Error("the removed device is there")
	}
	stored, _ := store.Office(t.Context(), made.Domain.ID)
	if len(stored.Users) != 3 || len(stored.Devices) != 3 || stored.Domain.Version != 2 || e.After.Domain.Version != 2 {
		t.Errorf("stored: %d users, %d devices, version %d", len(stored.Users), len(stored.Devices), stored.Domain.Version)
	}
	var acts []string
	for _, entry := range store.log[len(store.log)-4:] {
		acts = append(acts, entry.Action+" "+entry.Detail)
		if entry.Actor != ana.ID || entry.DomainID != made.Domain.ID || !entry.At.Equal(clock()) {
			t.Errorf("audit entry %+v", entry)
		}
	}
	if want := []string{"user.changed 1001", "user.added 1002", "phone.changed 805ec0112234", "device.removed spare"}; !slices.Equal(acts, want) {
		t.Errorf("audit log %v, want %v", acts, want)
	}
}

func TestEditThatChangesNothingStoresNothing(t *testing.T) {
	t.Parallel()
	store := &memory{}
	s, facts := open(t, store)
	made := create(t, s)
	<-facts.Facts()
	for _, change := range []func(o *directory.Office) error{
		func(*directory.Office) error { return nil },
		func(o *directory.Office) error {
			o.Phones[0].MAC = "80-5E-C0-11-22-33"
			slices.Reverse(o.Users)
			return nil
		},
		func(o *directory.Office) error { o.Users[0].CreatedAt = time.Time{}; return nil },
	} {
		if e, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, change); err != nil || !e.Empty() {
			t.Errorf("the edit did something: %v, %v", e.Change, err)
		}
	}
	if store.saves != 1 || len(facts.Facts()) != 0 {
		t.Errorf("%d saves, %d facts", store.saves, len(facts.Facts()))
	}
}

func TestTryStoresNothing(t *testing.T) {
	t.Parallel()
	store := &memory{}
	s, _ := open(t, store)
	e, err := s.Try(directory.CLI(), "", acme)
	if err != nil || e.Empty() || len(e.Change.PutUsers) != 2 || store.saves != 0 || len(s.Domains()) != 0 {
		t.Errorf("Try = %v, %v", e.Change, err)
	}
}

func TestRefusedEditChangesNothing(t *testing.T) {
	t.Parallel()
	store := &memory{}
	s, _ := open(t, store)
	made := create(t, s)
	ana := made.UserByExtension("1001")
	stop := errors.New("stop")
	manager := directory.Actor{Name: "m", Scope: directory.ScopeOfficeManager, DomainID: made.Domain.ID}
	for name, c := range map[string]struct {
		actor  directory.Actor
		change func(o *directory.Office) error
		want   string
	}{
		"the function's error": {directory.CLI(), func(*directory.Office) error { return stop }, "stop"},
		"renamed domain":       {directory.CLI(), func(o *directory.Office) error { o.Domain.Name = "x.test"; return nil }, "a domain keeps its name"},
		"renamed device": {directory.CLI(), func(o *directory.Office) error {
			o.DeviceByName("spare").Name = "other"
			o.PhoneByMAC("805ec0112234").Devices = nil
			return nil
		}, "the stored password holds the old name"},
		"extension becomes the PIN": {directory.CLI(), func(o *directory.Office) error { o.User(ana.ID).Extension = "4711"; return nil }, "the new extension is this person's PIN"},
		"person moved into the desk range": {directory.CLI(), func(o *directory.Office) error {
			o.User(ana.ID).Extension = "5402"
			return nil
		}, "a desk account has no PIN"},
		"the agent manages": {
			directory.Actor{Scope: directory.ScopeCallCenterAgent, DomainID: made.Domain.ID, UserID: ana.ID},
			func(o *directory.Office) error { o.User(ana.ID).Name = "Queen"; return nil }, "not yours",
		},
		"manager of another domain": {
			directory.Actor{Scope: directory.ScopeOfficeManager, DomainID: "other"},
			func(o *directory.Office) error { o.User(ana.ID).Name = "X"; return nil }, "not yours",
		},
		"manager switches on Activate Phone": {manager, func(o *directory.Office) error {
			o.Domain.HotDesking.ActivatePhone = true
			return nil
		}, "not yours"},
		"manager makes a super user": {manager, func(o *directory.Office) error {
			o.User(ana.ID).Scope = directory.ScopeSuperUser
			return nil
		}, "not yours"},
		"manager makes it the default": {manager, func(o *directory.Office) error { o.Domain.Default = true; return nil }, "not yours"},
	} {
		if _, err := s.Edit(t.Context(), c.actor, made.Domain.ID, c.change); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if now, _ := s.Office(made.Domain.ID); !cmp.Equal(now, made) || store.saves != 1 {
		t.Errorf("something changed: %s", cmp.Diff(made, now))
	}
	if _, err := s.Create(t.Context(), manager, acme); !errors.Is(err, directory.ErrForbidden) {
		t.Errorf("a manager made a domain: %v", err)
	}
	if err := s.Drop(t.Context(), manager, made.Domain.ID); !errors.Is(err, directory.ErrForbidden) {
		t.Errorf("a manager dropped a domain: %v", err)
	}
	if _, err := s.Edit(t.Context(), directory.CLI(), "nowhere", acme); !errors.Is(err, directory.ErrNotFound) {
		t.Errorf("an unknown domain was edited: %v", err)
	}
}

func TestTakenElsewhere(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	create(t, s)
	if _, err := s.Create(t.Context(), directory.CLI(), acme); err == nil || !strings.Contains(err.Error(), "there is a domain of this name already") {
		t.Errorf("a domain was made twice: %v", err)
	}
	_, err := s.Create(t.Context(), directory.CLI(), func(o *directory.Office) error {
		err := acme(o)
		o.Domain.Name, o.Phones = "beta.test", o.Phones[:1]
		return err
	})
	var refused *directory.InvalidError
	if !errors.As(err, &refused) || refused.Problems[0].Field != "mac" || refused.Problems[0].Kind != directory.KindPhone {
		t.Errorf("a phone is in two domains: %v", err)
	}
}

// Two servers change one office: neither edit is lost.
func TestEditsOfTwoServersMeet(t *testing.T) {
	t.Parallel()
	store := &memory{}
	one, _ := open(t, store)
	made := create(t, one)
	two, _ := open(t, store)
	var wg sync.WaitGroup
	for n := range 40 {
		s := one
		if n%2 == 1 {
			s = two
		}
		wg.Go(func() {
			_, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
				o.Users = append(o.Users, directory.User{Extension: fmt.Sprint(2000 + n), Name: "N"})
				return nil
			})
			if err != nil {
				t.Errorf("edit %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	stored, _ := store.Office(t.Context(), made.Domain.ID)
	if len(stored.Users) != 42 || stored.Domain.Version != 41 {
		t.Errorf("%d users, version %d", len(stored.Users), stored.Domain.Version)
	}
	for _, s := range []*directory.Service{one, two} {
		_, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
			o.Domain.Language = "fr"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := s.Office(made.Domain.ID)
		for n := range 40 {
			u := o.UserByExtension(fmt.Sprint(2000 + n))
			if u == nil {
				t.Fatalf("user %d is missing in the snapshot", 2000+n)
			}
			if _, ok := s.User(u.ID); !ok {
				t.Fatalf("user %d is not found by ID", 2000+n)
			}
		}
	}
}

func TestOtherServerDroppedTheDomain(t *testing.T) {
	t.Parallel()
	store := &memory{}
	one, _ := open(t, store)
	made := create(t, one)
	two, _ := open(t, store)
	if err := one.Drop(t.Context(), directory.CLI(), made.Domain.ID); err != nil {
		t.Fatal(err)
	}
	_, err := two.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error { o.Domain.Language = "fr"; return nil })
	if _, known := two.Domain(made.Domain.ID); !errors.Is(err, directory.ErrNotFound) || known {
		t.Errorf("the edit of a dropped domain: %v", err)
	}
}

func TestRemoveUser(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	made := create(t, s)
	e, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
		o.RemoveUser(o.UserByExtension("1001").ID)
		o.RemoveUser(o.UserByExtension("5401").ID)
		o.RemoveUser("nobody")
		o.RemovePhone(o.PhoneByMAC("80:5e:c0:11:22:33").ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, d := range e.After.Devices {
		left = append(left, d.Name+d.OwnerID)
	}
	if !slices.Equal(left, []string{"5401", "spare"}) || len(e.After.Phones) != 1 || !slices.Equal(e.After.Phones[0].Devices, []string{"spare"}) {
		t.Errorf("left: %v, phones %v", left, e.After.Phones)
	}
}
