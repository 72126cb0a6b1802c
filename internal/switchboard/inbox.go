package switchboard

import "sync"

// inboxSize bounds what may wait for a call's goroutine. A phone that sends
// more at once loses its call, not the server.
const inboxSize = 256

// inbox is what waits for a call's goroutine, in order: [dialog.Event]s and the
// messages of this package.
type inbox struct {
	came chan struct{} // full while something waits

	mu      sync.Mutex
	waiting []any
	flooded bool
}

func newInbox() inbox { return inbox{came: make(chan struct{}, 1)} }

// post adds a message. One too many floods the inbox: what is lost could have
// been the message that ends the call, so that from then on nothing but the
// order to hang up is read.
func (b *inbox) post(message any) (posted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flooded = b.flooded || len(b.waiting) >= inboxSize; !b.flooded {
		b.waiting = append(b.waiting, message)
	}
	b.signal()
	return !b.flooded
}

func (b *inbox) signal() {
	select {
	case b.came <- struct{}{}:
	default:
	}
}

// take gives all that waits.
func (b *inbox) take() []any {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.flooded {
		b.signal()
		return []any{hangUp{}}
	}
	taken := b.waiting
	b.waiting = nil
	return taken
}
