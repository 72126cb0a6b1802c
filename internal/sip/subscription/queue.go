package subscription

import (
	"context"
	"sync"
)

// queue holds the subscriptions whose phones are due to be told, in order.
type queue struct {
	mu    sync.Mutex
	items []*subscription
	some  chan struct{} // there may be items
}

func newQueue() *queue { return &queue{some: make(chan struct{}, 1)} }

func (q *queue) put(s *subscription) {
	q.mu.Lock()
	q.items = append(q.items, s)
	q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.some <- struct{}{}:
	default:
	}
}

// take waits for the next, or gives nil when the context has ended.
func (q *queue) take(ctx context.Context) *subscription {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-q.some:
		}
		if s := q.pop(); s != nil {
			return s
		}
	}
}

func (q *queue) pop() *subscription {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		q.items = nil // what a burst needed is given back
		return nil
	}
	s := q.items[0]
	q.items[0], q.items = nil, q.items[1:]
	q.wake() // the next worker may go on, and find nothing
	return s
}
