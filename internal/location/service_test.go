package location_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

func TestApplySavesThenShows(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.store.saving = func() {
		if found := r.Lookup("desk"); len(found) != 0 {
			t.Errorf("shown before it was saved: %v", found)
		}
	}
	held := r.put(t, "desk", bound("a"))
	if len(held) != 1 || held[0].ID == "" || held[0].DeviceID != "desk" {
		t.Fatalf("%+v", held)
	}
	if diff := cmp.Diff(held, r.Lookup("desk")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]location.Binding{held[0].ID: held[0]}, r.store.bindings); diff != "" {
		t.Error(diff)
	}
	if r.Count() != 1 {
		t.Errorf("counted %d", r.Count())
	}
}

// TestRenewals has each field of a binding change: what only lasts longer is
// stored as such, everything else whole.
func TestRenewals(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(b *location.Binding)
		renews bool
	}{
		"lasts longer": {func(b *location.Binding) { b.CSeq, b.ExpiresAt = b.CSeq+1, b.ExpiresAt.Add(time.Hour) }, true},
		"contact":      {func(b *location.Binding) { b.Contact = "b" }, false},
		"path":         {func(b *location.Binding) { b.Path = []string{"sip:edge"} }, false},
		"flow":         {func(b *location.Binding) { b.Flow = "udp:other" }, false},
		"instance":     {func(b *location.Binding) { b.InstanceID = "urn:uuid:2" }, false},
		"reg-id":       {func(b *location.Binding) { b.RegID = 2 }, false},
		"Call-ID":      {func(b *location.Binding) { b.CallID = "other" }, false},
		"q":            {func(b *location.Binding) { b.Q = 1 }, false},
		"user agent":   {func(b *location.Binding) { b.UserAgent = "newer" }, false},
		"NAT":          {func(b *location.Binding) { b.NAT = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegistrar(t)
			b := r.put(t, "desk", bound("a"))[0]
			test.change(&b)
			b.RegisteredAt = b.RegisteredAt.Add(time.Second)
			held := r.put(t, "desk", b)
			if diff := cmp.Diff([]location.Binding{b}, held); diff != "" || (r.store.renewed == 1) != test.renews {
				t.Errorf("renewed %d times %s", r.store.renewed, diff)
			}
			if diff := cmp.Diff(map[string]location.Binding{b.ID: b}, r.store.bindings); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(held, r.ByFlow(b.Flow)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestApplyChangesNothingWhenItFails(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	before := r.put(t, "desk", bound("a"))
	r.told()
	broken, stale := errors.New("disk full"), errors.New("an older CSeq")
	if _, err := r.Apply(t.Context(), "desk", func([]location.Binding) (location.Change, error) {
		return location.Change{Drop: []string{before[0].ID}}, stale
	}); !errors.Is(err, stale) {
		t.Error(err)
	}
	r.store.fail = broken
	if _, err := r.Apply(t.Context(), "desk", func([]location.Binding) (location.Change, error) {
		return location.Change{Put: []location.Binding{bound("b")}, Drop: []string{before[0].ID}}, nil
	}); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := r.Apply(t.Context(), "new", func([]location.Binding) (location.Change, error) {
		return location.Change{Put: []location.Binding{bound("c")}}, nil
	}); !errors.Is(err, broken) {
		t.Error(err)
	}
	if diff := cmp.Diff(before, r.Lookup("desk")); diff != "" {
		t.Error(diff)
	}
	if facts := r.told(); facts != nil || r.Count() != 1 || len(r.Lookup("new")) != 0 || len(r.ByFlow("tcp:b")) != 0 {
		t.Errorf("told %v, counted %d", facts, r.Count())
	}
}

func TestApplyThatOnlyAsksSavesNothing(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	before := r.put(t, "desk", bound("a"))
	held, err := r.Apply(t.Context(), "desk", func(current []location.Binding) (location.Change, error) {
		current[0].Contact = "scribbled on"
		return location.Change{}, nil
	})
	if diff := cmp.Diff(before, held); err != nil || diff != "" || r.store.saves != 1 {
		t.Errorf("%v %s, saved %d times", err, diff, r.store.saves)
	}
	held, err = r.Apply(t.Context(), "unknown", func([]location.Binding) (location.Change, error) {
		return location.Change{}, nil
	})
	if err != nil || len(held) != 0 {
		t.Errorf("%v, %v", held, err)
	}
}

func TestLookupOrder(t *testing.T) {
	t.Parallel()
	low, old, recent := bound("low"), bound("old"), bound("recent")
	low.Q, low.RegisteredAt = 500, noon().Add(time.Second)
	recent.RegisteredAt = noon().Add(time.Second)
	r := newRegistrar(t)
	r.put(t, "desk", low, old, recent)
	if got := contacts(r.Lookup("desk")); got != "recent old low" {
		t.Error(got)
	}
	r.restart(t)
	if got := contacts(r.Lookup("desk")); got != "recent old low" {
		t.Errorf("after a restart: %s", got)
	}
	held := r.Lookup("desk")
	held[1].Q = 0
	r.put(t, "desk", held[1])
	if got := contacts(r.Lookup("desk")); got != "recent low old" {
		t.Errorf("after a change of q: %s", got)
	}
}

func TestExpiredBindingsAreNotThere(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.put(t, "desk", bound("a"))
	r.clock.Add(59)
	if got := contacts(r.Lookup("desk")); got != "a" {
		t.Errorf("before its end: %q", got)
	}
	r.clock.Add(1)
	if got := contacts(r.Lookup("desk")) + contacts(r.Bindings("desk")) + contacts(r.ByFlow("tcp:a")); got != "" {
		t.Errorf("at its end: %q", got)
	}
	later := bound("b")
	later.ExpiresAt = r.now().Add(time.Minute)
	held, err := r.Apply(t.Context(), "desk", func(current []location.Binding) (location.Change, error) {
		if len(current) != 0 {
			t.Errorf("given %v", current)
		}
		return location.Change{Put: []location.Binding{later}}, nil
	})
	if err != nil || contacts(held) != "b" || len(r.store.bindings) != 1 || r.Count() != 1 {
		t.Errorf("%v, %v, stored %v", held, err, r.store.bindings)
	}
	if diff := cmp.Diff([]string{"binding.registered a", "binding.expired a", "binding.registered b"}, r.told()); diff != "" {
		t.Error(diff)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := r.put(t, "desk", bound("a"), bound("b"))
	r.put(t, "desk", held...) // a refresh is no news
	r.drop(t, "desk", held[0].ID)
	r.drop(t, "desk", held[0].ID, "never there")
	want := []string{"binding.registered " + held[0].Contact, "binding.registered " + held[1].Contact, "binding.unregistered " + held[0].Contact}
	got := r.told()
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A phone that is reached over another way, or again over its old one, is news.
func TestMoved(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := r.put(t, "desk", bound("a"))
	r.told()
	moved := held[0]
	moved.Flow = "tcp:192.0.2.1:1"
	r.put(t, "desk", moved)
	r.FlowClosed(moved.Flow)
	r.put(t, "desk", moved)
	r.put(t, "desk", moved)
	want := []string{"binding.moved a", "binding.lost a", "binding.moved a"} // lost: its connection has closed
	if diff := cmp.Diff(want, r.told()); diff != "" {
		t.Error(diff)
	}
}

func TestDropAndPutInOneChange(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := r.put(t, "desk", bound("a"))
	if _, err := r.Apply(t.Context(), "desk", func(current []location.Binding) (location.Change, error) {
		return location.Change{Put: current, Drop: []string{held[0].ID}}, nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(r.store.bindings) != 1 || len(r.Lookup("desk")) != 1 {
		t.Errorf("stored %v, found %v", r.store.bindings, r.Lookup("desk"))
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	full := location.Binding{
		Contact: "sip:5401@192.0.2.1:5060", Path: []string{"sip:edge1", "sip:edge2"}, Flow: "udp:192.0.2.1:5060",
		InstanceID: "urn:uuid:1", RegID: 1, CallID: "call", CSeq: 7, Q: 700, UserAgent: "Yealink", NAT: true,
		RegisteredAt: noon(), ExpiresAt: noon().Add(time.Hour),
	}
	held := r.put(t, "desk", full, bound("short"))
	r.clock.Add(120)
	r.restart(t)
	i := slices.IndexFunc(held, func(b location.Binding) bool { return b.CallID == "call" })
	if diff := cmp.Diff([]location.Binding{held[i]}, r.Lookup("desk")); diff != "" {
		t.Error(diff)
	}
	if n, err := r.Expire(t.Context(), r.now()); err != nil || n != 1 || len(r.store.bindings) != 1 || r.Count() != 1 {
		t.Errorf("expired %d, %v, stored %v", n, err, r.store.bindings)
	}
	r.store.fail = errors.New("disk full")
	if _, err := location.New(t.Context(), location.Config{Store: r.store}); !errors.Is(err, r.store.fail) {
		t.Error(err)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	registered := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	b := location.Binding{ID: "019ca86a-9f00-7000-8000-000000000000", RegisteredAt: registered}
	if want := time.UnixMilli(0x019ca86a9f00).UTC(); !b.Since().Equal(want) {
		t.Errorf("since %s, want %s", b.Since(), want)
	}
	for _, id := range []string{"", "b1", "00000000-0000-4000-8000-000000000000"} {
		if b.ID = id; !b.Since().Equal(registered) {
			t.Errorf("ID %q: since %s, want when it registered", id, b.Since())
		}
	}
}
