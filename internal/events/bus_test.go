package events_test

import (
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type fact int

func (fact) Kind() string { return "test.happened" }

func TestEveryListenerHearsInOrder(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	bus.Publish(fact(0)) // nobody listens: nothing happens
	a, b := bus.Subscribe(10), bus.Subscribe(10)
	for n := 1; n <= 10; n++ {
		bus.Publish(fact(n))
	}
	for _, s := range []*events.Subscription{a, b} {
		for n := 1; n <= 10; n++ {
			if got := <-s.Facts(); got != fact(n) {
				t.Fatalf("fact %d is %v", n, got)
			}
		}
		s.Close()
		s.Close()
		if _, open := <-s.Facts(); open || s.Dropped() {
			t.Error("a closed subscription is open or dropped")
		}
	}
}

type other struct{}

func (other) Kind() string { return "test.otherwise" }

func TestListenerHearsWhatItWants(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	s := bus.Subscribe(1, fact(0))
	defer s.Close()
	for range 3 {
		bus.Publish(other{})
	}
	bus.Publish(fact(7))
	if got := <-s.Facts(); got != fact(7) || s.Dropped() {
		t.Errorf("%v, dropped %v", got, s.Dropped())
	}
}

func TestListenerThatLagsIsDroppedAlone(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	slow, quick := bus.Subscribe(2), bus.Subscribe(3)
	defer slow.Close()
	defer quick.Close()
	for n := 1; n <= 3; n++ {
		bus.Publish(fact(n))
	}
	var heard []events.Fact
	for f := range slow.Facts() { // ends, because the channel is closed
		heard = append(heard, f)
	}
	if len(heard) != 2 || !slow.Dropped() {
		t.Errorf("the slow listener heard %v, dropped %v", heard, slow.Dropped())
	}
	if quick.Dropped() || len(quick.Facts()) != 3 {
		t.Error("the quick listener suffered")
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	var bus events.Bus
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range 1000 {
				bus.Publish(fact(n))
			}
		})
		wg.Go(func() {
			for range 200 {
				s := bus.Subscribe(1)
				s.Close()
				for range s.Facts() {
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkPublish(b *testing.B) {
	var bus events.Bus
	s := bus.Subscribe(1)
	defer s.Close()
	b.ReportAllocs()
	for b.Loop() {
		bus.Publish(fact(1))
		<-s.Facts()
	}
}
