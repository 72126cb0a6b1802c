package sip

import "sync"

// task is one thing to do in the order of its Call-ID.
type task interface{ run() }

type taskFunc func()

func (f taskFunc) run() { f() }

// dispatcher runs the tasks of one Call-ID in order, one at a time, and those of
// different Call-IDs side by side. A worker belongs to a mailbox only while it
// holds tasks, so silent calls cost nothing.
type dispatcher struct {
	mailbox, pending int // bounds of what peers can put
	failed           func(task, any)

	mu     sync.Mutex
	boxes  map[string]*mailbox
	count  int // tasks that wait
	idle   int // workers that wait
	closed bool

	hand    chan *mailbox // to an idle worker
	stop    chan struct{}
	workers sync.WaitGroup
}

type mailbox struct {
	key   string
	tasks []task
	next  int
	room  [1]task // of most there is one at a time
}

// idleWorkers are kept for the next message: starting one costs its stack, which
// grows in steps. A worker that waits for the disk is not idle.
const idleWorkers = 256

func newDispatcher(l Limits, failed func(task, any)) *dispatcher {
	return &dispatcher{
		mailbox: l.Mailbox, pending: l.Pending, failed: failed,
		boxes: map[string]*mailbox{}, hand: make(chan *mailbox), stop: make(chan struct{}),
	}
}

// offer adds a task that a peer caused; false when too many wait.
func (d *dispatcher) offer(key string, t task) bool {
	d.mu.Lock()
	box := d.boxes[key]
	if d.closed || d.count >= d.pending || box != nil && len(box.tasks)-box.next >= d.mailbox {
		d.mu.Unlock()
		return false
	}
	d.put(key, box, t)
	return true
}

// must adds a task that cannot be lost, such as the end of a transaction, of
// which there is a bounded number for each that was let in.
func (d *dispatcher) must(key string, t task) {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return
	}
	d.put(key, d.boxes[key], t)
}

// put unlocks d.mu.
func (d *dispatcher) put(key string, box *mailbox, t task) {
	d.count++
	if box != nil {
		if box.next > len(box.tasks)/2 { // what has been done gives its room back
			box.tasks = append(box.tasks[:0], box.tasks[box.next:]...)
			box.next = 0
		}
		box.tasks = append(box.tasks, t)
		d.mu.Unlock()
		return
	}
	box = &mailbox{key: key}
	box.tasks = append(box.room[:0], t)
	d.boxes[key] = box
	d.workers.Add(1) // one for each mailbox with tasks
	d.mu.Unlock()
	select {
	case d.hand <- box:
	default:
		go d.work(box)
	}
}

func (d *dispatcher) work(box *mailbox) {
	for {
		d.drain(box)
		d.mu.Lock()
		stay := d.idle < idleWorkers && !d.closed
		if stay {
			d.idle++
		}
		d.mu.Unlock()
		if !stay {
			return
		}
		select {
		case box = <-d.hand:
		case <-d.stop:
			box = nil
		}
		d.mu.Lock()
		d.idle--
		d.mu.Unlock()
		if box == nil {
			return
		}
	}
}

func (d *dispatcher) drain(box *mailbox) {
	defer d.workers.Done()
	for {
		d.mu.Lock()
		if box.next == len(box.tasks) {
			delete(d.boxes, box.key)
			d.mu.Unlock()
			return
		}
		t := box.tasks[box.next]
		box.tasks[box.next] = nil
		box.next++
		if box.next == len(box.tasks) {
			box.tasks, box.next = box.tasks[:0], 0
		}
		d.count--
		d.mu.Unlock()
		d.safely(t)
	}
}

func (d *dispatcher) safely(t task) {
	defer func() {
		if p := recover(); p != nil {
			d.failed(t, p)
		}
	}()
	t.run()
}

// close lets the tasks that wait run out and ends the workers. Nothing is taken
// any more.
func (d *dispatcher) close() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.workers.Wait()
	close(d.stop)
}
