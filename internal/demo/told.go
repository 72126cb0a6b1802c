package demo

import (
	"context"
	"fmt"
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// factsAhead is how many facts may wait while the terminal is slow.
const factsAhead = 4096

// told remembers the server's facts, so that a step can wait for one that may
// have come already.
type told struct {
	mu        sync.Mutex
	facts     []events.Fact
	forgetful bool
	more      chan struct{} // closed with the next fact
}

func newTold() *told { return &told{more: make(chan struct{})} }

func (t *told) add(fact events.Fact) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.forgetful {
		return
	}
	t.facts = append(t.facts, fact)
	close(t.more)
	t.more = make(chan struct{})
}

// forget stops remembering: nobody waits any more.
func (t *told) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.facts, t.forgetful = nil, true
}

// now is the place of the next fact.
func (t *told) now() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.facts)
}

// since gives the facts from a place on, and what tells of the next.
func (t *told) since(place int) ([]events.Fact, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.facts[place:], t.more
}

// await waits for a fact from a place on.
func await[F events.Fact](ctx context.Context, t *told, place int, is func(F) bool) (F, error) {
	for {
		facts, more := t.since(place)
		for _, fact := range facts {
			if f, ok := fact.(F); ok && is(f) {
				return f, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			var none F
			return none, fmt.Errorf("wait for %s: %w", none.Kind(), context.Cause(ctx))
		}
	}
}

// watch shows each fact as it comes, until the server has stopped. When the
// terminal stood still for thousands of facts it looks at everything anew.
func (d *demo) watch(ctx context.Context, facts *events.Subscription) {
	for d.follow(ctx, facts) {
		facts = d.server.Events().Subscribe(factsAhead)
		d.picture.forget()
		if err := d.lookAround(ctx); err != nil {
			d.screen.say("", err.Error())
		}
	}
}

// follow shows the facts of one subscription, and tells whether it was dropped.
func (d *demo) follow(ctx context.Context, facts *events.Subscription) bool {
	defer context.AfterFunc(ctx, facts.Close)()
	for fact := range facts.Facts() {
		d.show(fact)
	}
	return facts.Dropped() && ctx.Err() == nil
}

// show puts a fact into the picture, speaks what is spoken, and only then lets
// the story go on.
func (d *demo) show(fact events.Fact) {
	d.picture.apply(fact)
	if said, ok := fact.(ivr.Said); ok {
		d.screen.say(d.picture.title(said.DeviceID)+" hears", "“"+said.Text+"”")
	}
	d.screen.draw(d.picture.rows())
	d.told.add(fact)
}
