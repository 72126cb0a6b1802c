package hotdesk_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// TestServiceLoginsAtOnce has a thousand rounds of two people who log in at one
// desk at the same instant, through one server and through two.
func TestServiceLoginsAtOnce(t *testing.T) {
	t.Parallel()
	for _, servers := range []int{1, 2} {
		o := newOffice(t, at(winterMorning))
		doors := []*hotdesk.Service{o.Service, o.another()}
		for range 1000 {
			var won, refused int
			for _, err := range atOnce(2, func(i int) error {
				_, err := doors[i%servers].Login(t.Context(), byStarCode("desk1", []string{"ana", "bo"}[i]))
				return err
			}) {
				switch {
				case err == nil:
					won++
				case errors.Is(err, hotdesk.ErrHeld):
					refused++
				default:
					t.Fatal(err)
				}
			}
			if won != 1 || refused != 1 || len(o.open(t)) != 1 {
				t.Fatalf("%d won, %d were refused, open: %v", won, refused, o.open(t))
			}
			if _, err := o.Release(t.Context(), "desk1", hotdesk.By{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestServiceManyTakeOversAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	o.book.policy(func(p *directory.HotDesking) { p.WhenTaken = directory.TakenConfirm })
	for i := range 100 {
		id := fmt.Sprint("person", i)
		o.book.users[id] = directory.User{ID: id, DomainID: "acme", Extension: fmt.Sprint(2000 + i)}
	}
	for _, err := range atOnce(100, func(i int) error {
		request := byStarCode("desk1", fmt.Sprint("person", i))
		request.TakeOver = true
		_, err := o.Login(t.Context(), request)
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
	sessions, err := o.Sessions(t.Context(), hotdesk.Query{})
	if err != nil || len(sessions) != 100 || len(o.open(t)) != 1 {
		t.Errorf("%d sessions, %d open, %v", len(sessions), len(o.open(t)), err)
	}
	if ends := len(o.store.entries()); ends != 199 {
		t.Errorf("%d audit entries, want 100 logins and 99 ends", ends)
	}
}

func TestServiceOnePersonAtManyDesksAtOnce(t *testing.T) {
	t.Parallel()
	for range 200 {
		o := newOffice(t, at(winterMorning))
		for _, err := range atOnce(3, func(i int) error {
			_, err := o.Login(t.Context(), byStarCode(fmt.Sprint("desk", i+1), "ana"))
			return err
		}) {
			if err != nil {
				t.Fatal(err)
			}
		}
		if held := o.open(t); len(held) != 1 {
			t.Fatalf("ana holds %v", held)
		}
	}
}

func TestServiceOneEndIsToldOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, at(winterMorning))
	for range 200 {
		o.login(t, "desk1", "ana")
		o.told()
		before := len(o.store.entries())
		var ended int
		for _, err := range atOnce(4, func(int) error {
			_, err := o.Release(t.Context(), "desk1", hotdesk.By{})
			return err
		}) {
			if err == nil {
				ended++
			}
		}
		if facts := o.told(); ended != 1 || len(facts) != 1 || len(o.store.entries()) != before+1 {
			t.Fatalf("ended %d times, told %v", ended, facts)
		}
	}
}
