package subscription

import (
	"container/heap"
	"slices"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// key finds the subscription of a SUBSCRIBE in its dialog.
type key struct{ callID, localTag string }

// index finds subscriptions. What it holds of one it guards with its own lock,
// for the time of a look-up.
type index struct {
	each, most int

	mu          sync.RWMutex
	dialogs     map[key]*subscription
	topics      map[Topic][]*subscription
	subscribers map[string][]*subscription // those included that have ended, until their phones know
	terms       terms
	count       int // of subscribers' subscriptions
}

func newIndex(each, most int) *index {
	return &index{
		each: each, most: most, dialogs: map[key]*subscription{},
		topics: map[Topic][]*subscription{}, subscribers: map[string][]*subscription{},
	}
}

// add takes a subscription in, unless there are too many. One that does not last
// is only counted, so that a phone cannot ask without end either.
func (x *index) add(s *subscription) *answer {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case len(x.subscribers[s.subscriber]) >= x.each:
		return refuse(403, "Too Many Subscriptions")
	case x.count >= x.most:
		return refuse(503, "Too Many Subscriptions", sip.NewHeader("Retry-After", "60"))
	}
	x.count++
	s.ownAt = len(x.subscribers[s.subscriber])
	x.subscribers[s.subscriber] = append(x.subscribers[s.subscriber], s)
	s.termAt = -1
	if s.ending == "" {
		x.dialogs[s.key] = s
		s.topicAt = len(x.topics[s.topic])
		x.topics[s.topic] = append(x.topics[s.topic], s)
		heap.Push(&x.terms, s)
	}
	return nil
}

// drop takes out a subscription that is to end: nobody finds it any more.
func (x *index) drop(s *subscription) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.termAt < 0 {
		return
	}
	heap.Remove(&x.terms, s.termAt)
	delete(x.dialogs, s.key)
	list := cut(x.topics[s.topic], s.topicAt, func(s *subscription, at int) { s.topicAt = at })
	if len(list) == 0 {
		delete(x.topics, s.topic)
		return
	}
	x.topics[s.topic] = list
}

// forget ends the counting of one that has ended, once its phone knows.
func (x *index) forget(s *subscription) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.ownAt < 0 {
		return
	}
	list := cut(x.subscribers[s.subscriber], s.ownAt, func(s *subscription, at int) { s.ownAt = at })
	s.ownAt = -1
	x.count--
	if len(list) == 0 {
		delete(x.subscribers, s.subscriber)
		return
	}
	x.subscribers[s.subscriber] = list
}

// cut takes one out of a list by putting the last in its place.
func cut(list []*subscription, at int, place func(s *subscription, at int)) []*subscription {
	last := len(list) - 1
	list[at] = list[last]
	place(list[at], at)
	list[last] = nil
	return list[:last]
}

// extend gives a subscription a later end; false when it has ended.
func (x *index) extend(s *subscription, until time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.termAt < 0 {
		return false
	}
	s.expires.Store(until.UnixMilli())
	heap.Fix(&x.terms, s.termAt)
	return true
}

func (x *index) find(k key) *subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.dialogs[k]
}

func (x *index) topic(t Topic) []*subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.topics[t])
}

func (x *index) of(subscriber string) []*subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.subscribers[subscriber])
}

func (x *index) all() []*subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return slices.Clone(x.terms)
}

func (x *index) len() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.dialogs)
}

// expired is a subscription whose time is up, or nil.
func (x *index) expired(now time.Time) *subscription {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if len(x.terms) == 0 || x.terms[0].expires.Load() > now.UnixMilli() {
		return nil
	}
	return x.terms[0]
}

// terms orders subscriptions by their end; see [heap.Interface].
type terms []*subscription

func (t *terms) Len() int           { return len(*t) }
func (t *terms) Less(i, j int) bool { return (*t)[i].expires.Load() < (*t)[j].expires.Load() }
func (t *terms) Swap(i, j int) {
	list := *t
	list[i], list[j] = list[j], list[i]
	list[i].termAt, list[j].termAt = i, j
}

// Push adds a subscription at the end.
func (t *terms) Push(x any) {
	s := x.(*subscription) //nolint:forcetypeassert // nothing else is pushed
	s.termAt = len(*t)
	*t = append(*t, s)
}

// Pop takes the last subscription.
func (t *terms) Pop() any {
	list := *t
	last := len(list) - 1
	s := list[last]
	list[last], *t = nil, list[:last]
	s.termAt = -1
	return s
}
