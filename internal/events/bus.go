package events

import (
	"slices"
	"sync"
)

// Bus hands each published fact to the subscriptions that want it, in the order of
// publishing. The zero value is ready for use.
type Bus struct {
	mu   sync.Mutex
	subs map[*Subscription]struct{}
}

// Subscription is one listener's queue of facts.
type Subscription struct {
	bus     *Bus
	kinds   []string // those it hears; none: all
	facts   chan Fact
	dropped bool // guarded by bus.mu
}

// Publish hands a fact to every subscription that wants it and returns at once:
// a subscription whose queue is full is dropped.
func (b *Bus) Publish(fact Fact) {
	kind := fact.Kind()
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		if len(s.kinds) > 0 && !slices.Contains(s.kinds, kind) {
			continue
		}
		select {
		case s.facts <- fact:
		default:
			s.dropped = true
			b.remove(s)
		}
	}
}

// Subscribe starts a subscription to the kinds of fact that the examples are of;
// without any, to all. It may lag behind by as many facts as its buffer holds (at
// least one). Its listener must call [Subscription.Close].
func (b *Bus) Subscribe(buffer int, examples ...Fact) *Subscription {
	s := &Subscription{bus: b, facts: make(chan Fact, max(buffer, 1))}
	for _, example := range examples {
		s.kinds = append(s.kinds, example.Kind())
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs == nil {
		b.subs = make(map[*Subscription]struct{})
	}
	b.subs[s] = struct{}{}
	return s
}

// remove ends a subscription; b.mu is held, so that no fact is sent meanwhile.
func (b *Bus) remove(s *Subscription) {
	if _, on := b.subs[s]; !on {
		return
	}
	delete(b.subs, s)
	close(s.facts)
}

// Facts is the queue. It is closed after [Subscription.Close], and after the
// last fact that fitted when the listener lagged: see [Subscription.Dropped].
func (s *Subscription) Facts() <-chan Fact { return s.facts }

// Dropped reports whether the subscription ended because its listener lagged.
// Facts were lost then: the listener subscribes anew and reads the state of
// things afresh.
func (s *Subscription) Dropped() bool {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	return s.dropped
}

// Close ends the subscription. It may be called more than once, also while
// facts are published.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	s.bus.remove(s)
}
