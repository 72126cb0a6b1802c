package dialog

import (
	"log/slog"
	"runtime/debug"
	"sync"
)

// inbox runs functions one at a time in the order they were posted, on the
// goroutine of whoever finds it idle. What is posted while one runs, by that one
// too, is run after it: the engine may call back from within a call to it, and
// no lock is held meanwhile.
type inbox struct {
	log   *slog.Logger
	mu    sync.Mutex
	queue []func()
	busy  bool
}

// post runs f now, or leaves it to the goroutine that is at work.
func (b *inbox) post(f func()) {
	b.mu.Lock()
	if b.busy {
		b.queue = append(b.queue, f)
		b.mu.Unlock()
		return
	}
	b.busy = true
	b.mu.Unlock()
	b.work(f)
}

func (b *inbox) work(f func()) {
	for f != nil {
		b.guard(f)
		b.mu.Lock()
		f = nil
		if len(b.queue) > 0 {
			f = b.queue[0]
			b.queue = b.queue[1:]
		} else {
			b.queue, b.busy = nil, false
		}
		b.mu.Unlock()
	}
}

// call runs f, or waits until it has run. It must not be used from within the
// inbox.
func (b *inbox) call(f func()) {
	b.mu.Lock()
	if !b.busy {
		b.busy = true
		b.mu.Unlock()
		b.work(f)
		return
	}
	done := make(chan struct{})
	b.queue = append(b.queue, func() {
		defer close(done)
		f()
	})
	b.mu.Unlock()
	<-done
}

// guard keeps a fault in one leg from ending the process.
func (b *inbox) guard(f func()) {
	defer func() {
		if fault := recover(); fault != nil {
			b.log.Error("leg faulted", slog.Any("fault", fault), slog.String("stack", string(debug.Stack())))
		}
	}()
	f()
}

// outbox hands events to the sink in order, one at a time, on a goroutine that
// lives only while there are some, so that the sink never runs inside of a call
// to the leg.
type outbox struct {
	log        *slog.Logger
	delivering sync.Mutex // held while the sink is told; guards it
	sink       func(Event)
	mu         sync.Mutex
	queue      []Event
	busy       bool
}

func (b *outbox) put(ev Event) {
	b.mu.Lock()
	b.queue = append(b.queue, ev)
	start := !b.busy
	b.busy = true
	b.mu.Unlock()
	if start {
		go b.drain()
	}
}

func (b *outbox) drain() {
	for {
		b.mu.Lock()
		if len(b.queue) == 0 {
			b.queue, b.busy = nil, false
			b.mu.Unlock()
			return
		}
		ev := b.queue[0]
		b.queue = b.queue[1:]
		b.mu.Unlock()
		b.deliver(ev)
	}
}

// redirect puts another sink in the place of the one so far, between two
// events; before runs then.
func (b *outbox) redirect(sink func(Event), before func()) {
	b.delivering.Lock()
	defer b.delivering.Unlock()
	before()
	b.sink = sink
}

// deliver keeps a fault in the sink to the call it concerns.
func (b *outbox) deliver(ev Event) {
	b.delivering.Lock()
	defer b.delivering.Unlock()
	defer func() {
		if fault := recover(); fault != nil {
			b.log.Error("sink of a leg faulted", slog.Any("fault", fault), slog.String("stack", string(debug.Stack())))
			ev.Of().Bye()
		}
	}()
	b.sink(ev)
	switch ev.(type) {
	case Failed, Canceled, Ended:
		b.sink = nil // a BYE may hold the leg for 64*T1; the owner's call need not stay with it
	}
}
