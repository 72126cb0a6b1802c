package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

func TestLines(t *testing.T) {
	t.Parallel()
	store := &memory{}
	first, facts := open(t, store)
	made := create(t, first)
	<-facts.Facts()
	id, ana := made.Domain.ID, made.UserByExtension("1001").ID
	e, err := first.Edit(t.Context(), directory.CLI(), id, func(o *directory.Office) error {
		o.Numbers = []directory.Number{{Number: "+1 416 555-0102"}, {Number: "+14165550101", UserID: ana}}
		o.Trunks = []directory.Trunk{
			{Name: "spare", Host: "192.0.2.7", Transport: "tcp", Priority: 10},
			{Name: "Carrier", Host: "SIP.carrier.example", User: "acme", Password: "trunk-secret"},
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if f, is := (<-facts.Facts()).(directory.Changed); !is || len(f.Numbers) != 2 || len(f.Trunks) != 2 || f.Settings || f.Users != nil {
		t.Errorf("the fact is %+v", f)
	}
	again, _ := open(t, store) // what a restart reads
	for name, s := range map[string]*directory.Service{"made": first, "read": again} {
		if o, _ := s.Office(id); !cmp.Equal(o, e.After) {
			t.Errorf("%s: the office differs: %s", name, cmp.Diff(e.After, o))
		}
		n, ok := s.NumberByE164("+14165550101")
		if !ok || n.UserID != ana || n.DomainID != id {
			t.Errorf("%s: the number is %+v, %v", name, n, ok)
		}
		if own := s.NumbersOf(ana); len(own) != 1 || own[0] != n {
			t.Errorf("%s: the numbers of 1001 are %v", name, own)
		}
		if all := s.Numbers(id); len(all) != 2 || all[0] != n || all[1].Number != "+14165550102" {
			t.Errorf("%s: the numbers are %v", name, all)
		}
		trunks := s.Trunks(id)
		if len(trunks) != 2 || trunks[0].Name != "carrier" || trunks[0].Transport != "udp" || trunks[0].Host != "sip.carrier.example" {
			t.Fatalf("%s: the trunks are %+v", name, trunks)
		}
		if k, ok := s.Trunk(trunks[1].ID); !ok || k != trunks[1] {
			t.Errorf("%s: by ID the trunk is %+v, %v", name, k, ok)
		}
		for _, nobody := range []string{"", "nobody", "+14165550199", ana} {
			_, a := s.NumberByE164(nobody)
			_, b := s.Trunk(nobody)
			if a || b || s.Numbers(nobody) != nil || s.Trunks(nobody) != nil {
				t.Errorf("%s: %q is a line", name, nobody)
			}
		}
	}
	lineLog(t, store)
}

// lineLog checks what TestLines left in the audit log.
func lineLog(t *testing.T, store *memory) {
	t.Helper()
	var acts []string
	for _, entry := range store.log[len(store.log)-4:] {
		acts = append(acts, entry.Action+" "+entry.Detail)
	}
	want := []string{"number.added +14165550101", "number.added +14165550102", "trunk.added carrier", "trunk.added spare"}
	if !slices.Equal(acts, want) || strings.Contains(fmt.Sprintf("%+v", store.log), "secret") {
		t.Errorf("audit log %+v", store.log)
	}
}

func TestLinesChangeAndGo(t *testing.T) {
	t.Parallel()
	store := &memory{}
	s, _ := open(t, store)
	made := create(t, s)
	edit := func(change func(o *directory.Office)) directory.Edit {
		t.Helper()
		e, err := s.Edit(t.Context(), directory.CLI(), made.Domain.ID, func(o *directory.Office) error {
			change(o)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	ana := made.UserByExtension("1001").ID
	edit(func(o *directory.Office) {
		o.Numbers = []directory.Number{{Number: "+14165550101", UserID: ana}, {Number: "+14165550102"}}
		o.Trunks = []directory.Trunk{{Name: "a", Host: "a.example"}, {Name: "b", Host: "b.example"}}
	})
	e := edit(func(o *directory.Office) {
		o.RemoveUser(ana)
		o.RemoveNumber(o.NumberByE164("+1 416 555 0102").ID)
		o.RemoveTrunk(o.TrunkByName("A").ID)
		o.TrunkByName("b").Disabled = true
	})
	if c := e.Change; len(c.PutNumbers) != 1 || c.PutNumbers[0].UserID != "" || len(c.DropNumbers) != 1 || len(c.PutTrunks) != 1 || len(c.DropTrunks) != 1 {
		t.Errorf("the change is %+v", c)
	}
	if n, ok := s.NumberByE164("+14165550101"); !ok || n.UserID != "" || s.NumbersOf(ana) != nil {
		t.Errorf("the number of a removed user is %+v, %v", n, ok)
	}
	if _, ok := s.NumberByE164("+14165550102"); ok {
		t.Error("a removed number is found")
	}
	manager := directory.Actor{Scope: directory.ScopeSiteManager, DomainID: made.Domain.ID}
	_, err := s.Edit(t.Context(), manager, made.Domain.ID, func(o *directory.Office) error { o.Trunks = nil; return nil })
	if err == nil || !strings.Contains(err.Error(), "not yours") {
		t.Errorf("a site manager removed a trunk: %v", err)
	}
}

func TestNumberOfAnotherDomain(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	a, b := create(t, s), other(t, s)
	give := func(domainID string, numbers ...directory.Number) error {
		_, err := s.Edit(t.Context(), directory.CLI(), domainID, func(o *directory.Office) error { o.Numbers = numbers; return nil })
		return err
	}
	if err := give(a.Domain.ID, directory.Number{Number: "+14165550101"}); err != nil {
		t.Fatal(err)
	}
	err := give(b.Domain.ID, directory.Number{Number: "+14165550101"})
	if err == nil || !strings.Contains(err.Error(), "number: +14165550101 belongs to another domain") {
		t.Errorf("a number is in two domains: %v", err)
	}
}

// A number goes to and fro between two domains: it is found where it is.
func TestNumberMoves(t *testing.T) {
	t.Parallel()
	s, _ := open(t, &memory{})
	domains := []string{create(t, s).Domain.ID, other(t, s).Domain.ID}
	var wg sync.WaitGroup
	for n := range 8 {
		number := directory.Number{Number: fmt.Sprintf("+1416555010%d", n)}
		wg.Go(func() {
			for turn := range 10 {
				from, to := domains[turn%2], domains[(turn+1)%2]
				for _, step := range []struct {
					domain string
					change func(o *directory.Office) error
				}{
					{from, func(o *directory.Office) error {
						if old := o.NumberByE164(number.Number); old != nil {
							o.RemoveNumber(old.ID)
						}
						return nil
					}},
					{to, func(o *directory.Office) error { o.Numbers = append(o.Numbers, number); return nil }},
				} {
					if _, err := s.Edit(t.Context(), directory.CLI(), step.domain, step.change); err != nil {
						t.Errorf("%s: %v", number.Number, err)
					}
				}
				if found, ok := s.NumberByE164(number.Number); !ok || found.DomainID != to {
					t.Errorf("%s is in %s, %v, want %s", number.Number, found.DomainID, ok, to)
				}
			}
		})
	}
	wg.Wait()
}

// other makes a second domain.
func other(tb testing.TB, s *directory.Service) directory.Office {
	tb.Helper()
	e, err := s.Create(tb.Context(), directory.CLI(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("beta.test")
		o.Domain.TimeZone, o.Domain.Country = "UTC", "CA"
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return e.After
}
