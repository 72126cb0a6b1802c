package location_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

func TestReachable(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := r.put(t, "desk", bound("a"), bound("b"))
	gone, stays := held[0], held[1]
	r.told()
	for _, reachable := range []bool{true, false, false, true, false} {
		r.SetReachable("desk", gone.ID, reachable)
	}
	if diff := cmp.Diff([]string{"binding.lost " + gone.Contact, "binding.found " + gone.Contact, "binding.lost " + gone.Contact}, r.told()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]location.Binding{stays}, r.Lookup("desk")); diff != "" || len(r.Bindings("desk")) != 2 {
		t.Error(diff)
	}
	r.put(t, "desk", stays) // the other's refresh does not bring it back
	if got := contacts(r.Lookup("desk")); got != stays.Contact {
		t.Error(got)
	}
	r.SetReachable("desk", gone.ID, true)
	if len(r.Lookup("desk")) != 2 {
		t.Error("answers again, and is not found")
	}
	r.SetReachable("desk", gone.ID, false)
	r.put(t, "desk", gone)
	if len(r.Lookup("desk")) != 2 {
		t.Error("registered again, and is not found")
	}
	r.SetReachable("desk", "never there", false)
	r.SetReachable("never there", gone.ID, false)
}

func TestFlows(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	edge := func(contact string) location.Binding {
		b := bound(contact)
		b.Flow = "tcp:edge"
		return b
	}
	var first location.Binding
	for i := range 5 {
		held := r.put(t, fmt.Sprint("desk", i), edge(fmt.Sprint(i)), bound("own"))
		if i == 0 {
			first = held[slices.IndexFunc(held, func(b location.Binding) bool { return b.Contact == "0" })]
		}
	}
	if n := len(r.ByFlow("tcp:edge")); n != 5 {
		t.Errorf("%d over the flow", n)
	}
	r.drop(t, "desk0", first.ID)
	r.drop(t, "desk1", r.ByFlow("tcp:edge")[0].ID)
	moved := bound("elsewhere")
	for _, b := range r.ByFlow("tcp:edge") {
		if b.DeviceID == "desk2" {
			moved.ID = b.ID
		}
	}
	r.put(t, "desk2", moved)
	closed := r.FlowClosed("tcp:edge")
	for _, b := range closed {
		if got := contacts(r.Lookup(b.DeviceID)); got != "own" {
			t.Errorf("%s answers at %q", b.DeviceID, got)
		}
	}
	if got := contacts(r.Lookup("desk2")); got != "elsewhere own" && got != "own elsewhere" {
		t.Errorf("desk2 had left that flow and answers at %q", got)
	}
	if r.FlowClosed("tcp:never") != nil {
		t.Error("closed what never was")
	}
	for i := range 5 {
		for _, b := range r.Bindings(fmt.Sprint("desk", i)) {
			r.drop(t, b.DeviceID, b.ID)
		}
	}
	if n := len(r.ByFlow("tcp:edge")) + len(r.ByFlow("tcp:own")) + r.Count(); n != 0 {
		t.Errorf("%d left over", n)
	}
}

// The connection to an edge says nothing of the phones behind it.
func TestFlowOfAnEdge(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	behind, direct := bound("behind"), bound("direct")
	behind.Path = []string{"<sip:edge.test;lr>"}
	behind.Flow, direct.Flow = "tcp:edge", "tcp:edge"
	r.put(t, "desk", behind, direct)
	if closed := r.FlowClosed("tcp:edge"); contacts(closed) != "direct" || contacts(r.Lookup("desk")) != "behind" {
		t.Errorf("closed %q, left %q", contacts(closed), contacts(r.Lookup("desk")))
	}
}

func TestExpireInBatches(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	for i := range 1000 {
		r.put(t, fmt.Sprint("desk", i), bound(fmt.Sprint(i)))
	}
	later := bound("later")
	later.ExpiresAt = noon().Add(time.Hour)
	r.put(t, "desk7", later)
	r.clock.Add(60)
	before := r.store.saves
	n, err := r.Expire(t.Context(), r.now())
	if err != nil || n != 1000 || r.Count() != 1 || len(r.store.bindings) != 1 {
		t.Errorf("expired %d, %v, %d left, %d stored", n, err, r.Count(), len(r.store.bindings))
	}
	if saves := r.store.saves - before; saves != 4 || r.store.largest != 256 {
		t.Errorf("%d transactions, the largest of %d", saves, r.store.largest)
	}
	if n, err := r.Expire(t.Context(), r.now()); n != 0 || err != nil {
		t.Errorf("expired %d again, %v", n, err)
	}
}

func TestExpireKeepsWhatItCannotStore(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	r.put(t, "desk", bound("a"))
	r.told()
	r.clock.Add(60)
	r.store.fail = errors.New("disk full")
	if n, err := r.Expire(t.Context(), r.now()); n != 0 || !errors.Is(err, r.store.fail) || r.Count() != 1 || r.told() != nil {
		t.Errorf("expired %d, %v, %d left", n, err, r.Count())
	}
}

// TestExpireLeavesADeviceThatRegisters has the sweep come while the expired
// binding is being refreshed: the refreshed one must stay on disk.
func TestExpireLeavesADeviceThatRegisters(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	held := r.put(t, "desk", bound("a"))
	r.clock.Add(59)
	_, err := r.Apply(t.Context(), "desk", func(current []location.Binding) (location.Change, error) {
		r.clock.Add(1)
		if n, err := r.Expire(t.Context(), r.now()); n != 0 || err != nil {
			t.Errorf("expired %d, %v", n, err)
		}
		current[0].ExpiresAt = r.now().Add(time.Minute)
		return location.Change{Put: current}, nil
	})
	if err != nil || r.store.bindings[held[0].ID].Contact != "a" || len(r.Lookup("desk")) != 1 {
		t.Errorf("%v, stored %v", err, r.store.bindings)
	}
}

func TestRunSweeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{bindings: map[string]location.Binding{}}
		for _, id := range []string{"a", "b"} {
			store.bindings[id] = location.Binding{ID: id, DeviceID: id, ExpiresAt: time.Now().Add(time.Minute)}
		}
		s, err := location.New(t.Context(), location.Config{Store: store, Events: &events.Bus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		store.mu.Lock()
		store.fail = errors.New("disk full") // the sweep goes on after it
		store.mu.Unlock()
		<-time.After(65 * time.Second)
		store.mu.Lock()
		store.fail = nil
		store.mu.Unlock()
		<-time.After(15 * time.Second)
		if s.Count() != 0 || len(store.bindings) != 0 {
			t.Errorf("%d left, %d stored", s.Count(), len(store.bindings))
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
