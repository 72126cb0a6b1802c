package location_test

import (
	"fmt"
	"maps"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hotdesk-pbx/hotdesk/internal/location"
)

// TestApplyOneAtATime has many registrations of few devices run at once, with
// sweeps and closed flows between them; no update may be lost.
func TestApplyOneAtATime(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	const devices, workers, rounds = 3, 8, 50
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range rounds * devices {
				deviceID := fmt.Sprint("desk", i%devices)
				if _, err := r.Apply(t.Context(), deviceID, func(current []location.Binding) (location.Change, error) {
					if len(current) == 0 {
						current = []location.Binding{bound(deviceID)}
					}
					current[0].CSeq++
					return location.Change{Put: current}, nil
				}); err != nil {
					t.Error(err)
				}
				r.Lookup(deviceID)
				r.FlowClosed("tcp:" + deviceID)
				if _, err := r.Expire(t.Context(), r.now()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for i := range devices {
		held := r.Bindings(fmt.Sprint("desk", i))
		if len(held) != 1 || held[0].CSeq != workers*rounds {
			t.Errorf("%+v", held)
		}
	}
}

// TestComingAndGoingAtOnce has devices lose their last binding while others
// register them.
func TestComingAndGoingAtOnce(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 300 {
				if _, err := r.Apply(t.Context(), "desk", func(current []location.Binding) (location.Change, error) {
					if len(current) == 0 {
						return location.Change{Put: []location.Binding{bound("a")}}, nil
					}
					return location.Change{Drop: []string{current[0].ID}}, nil
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if r.Count() != len(r.Bindings("desk")) || r.Count() != len(r.store.bindings) || r.Count() != len(r.ByFlow("tcp:a")) {
		t.Errorf("counted %d, held %d, stored %d, over the flow %d", r.Count(), len(r.Bindings("desk")), len(r.store.bindings), len(r.ByFlow("tcp:a")))
	}
}

// TestAgreesWithThePlainModel compares the service with a map after any series
// of acts.
func TestAgreesWithThePlainModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRegistrar(t)
		model := map[string]location.Binding{}
		for step := range rapid.IntRange(1, 30).Draw(rt, "steps") {
			deviceID := rapid.SampledFrom([]string{"d1", "d2"}).Draw(rt, "device")
			switch rapid.SampledFrom([]string{"put", "refresh", "drop", "wait", "sweep", "restart"}).Draw(rt, "act") {
			case "put":
				b := bound(fmt.Sprint(step))
				b.Flow = rapid.SampledFrom([]string{"f1", "f2"}).Draw(rt, "flow")
				b.Q = rapid.IntRange(0, 2).Draw(rt, "q")
				b.RegisteredAt, b.ExpiresAt = r.now(), r.now().Add(time.Minute)
				for _, held := range r.put(t, deviceID, b) {
					model[held.ID] = held
				}
			case "refresh":
				for _, held := range r.Bindings(deviceID) {
					held.ExpiresAt = r.now().Add(time.Minute)
					r.put(t, deviceID, held)
					model[held.ID] = held
				}
			case "drop":
				if held := r.Bindings(deviceID); len(held) > 0 {
					r.drop(t, deviceID, held[0].ID)
					delete(model, held[0].ID)
				}
			case "wait":
				r.clock.Add(rapid.Int64Range(1, 40).Draw(rt, "seconds"))
			case "sweep":
				if _, err := r.Expire(t.Context(), r.now()); err != nil {
					rt.Fatal(err)
				}
			case "restart":
				r.restart(t)
			}
			maps.DeleteFunc(model, func(_ string, b location.Binding) bool { return !b.ExpiresAt.After(r.now()) })
			compare(rt, r, model)
		}
	})
}

func compare(rt *rapid.T, r *registrar, model map[string]location.Binding) {
	rt.Helper()
	byID := func(list []location.Binding) map[string]location.Binding {
		m := map[string]location.Binding{}
		for _, b := range list {
			m[b.ID] = b
		}
		return m
	}
	found := byID(append(r.Lookup("d1"), r.Lookup("d2")...))
	if diff := cmp.Diff(model, found); diff != "" {
		rt.Fatal(diff)
	}
	if diff := cmp.Diff(model, byID(append(r.ByFlow("f1"), r.ByFlow("f2")...))); diff != "" {
		rt.Fatalf("by flow: %s", diff)
	}
	for id := range model {
		if _, stored := r.store.bindings[id]; !stored {
			rt.Fatalf("%s is not stored", id)
		}
	}
}

// TestTextsDoNotKeepMessages puts bindings whose texts are pieces of large
// messages, and looks that the messages are freed.
func TestTextsDoNotKeepMessages(t *testing.T) {
	t.Parallel()
	r := newRegistrar(t)
	var freed atomic.Int64
	const messages = 20
	for i := range messages {
		message := new([1 << 16]byte)
		copy(message[:], fmt.Sprintf("sip:phone%02d", i))
		runtime.AddCleanup(message, func(struct{}) { freed.Add(1) }, struct{}{})
		text := stringOf(message)
		b := bound(text)
		b.ID, b.Contact, b.Flow, b.InstanceID, b.CallID, b.UserAgent, b.Path = "", text, text, text, text, text, []string{text}
		held, err := r.Apply(t.Context(), fmt.Sprint("desk", i), func([]location.Binding) (location.Change, error) {
			return location.Change{Put: []location.Binding{b}}, nil
		})
		if err != nil || len(held) != 1 {
			t.Fatal(err)
		}
	}
	clear(r.store.bindings)
	r.told()
	for range 10 {
		runtime.GC()
	}
	if n := freed.Load(); n < messages-1 {
		t.Errorf("%d of %d messages were freed", n, messages)
	}
	runtime.KeepAlive(r)
}
