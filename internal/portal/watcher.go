package portal

import (
	"context"
	"strconv"
	"strings"
	"sync"
)

// watcherLag is how many batches a browser may lag behind.
const watcherLag = 16

// watcher is a browser that shows a board.
type watcher struct {
	after   string     // the batch it has seen last, by name
	batches chan batch // closed when it is sent off, to come again
}

// batch is what a browser is sent at once: desks that look different now, or
// the whole board.
type batch struct {
	name  string
	whole bool
	tiles []tile
}

// board is what has happened at the desks of a domain, counted fact by fact, and
// who watches. While somebody does, one screen looks at what has happened.
type board struct {
	p        *Portal
	domainID string
	epoch    string

	mu       sync.Mutex
	count    uint64            // of the facts so far
	last     map[string]uint64 // the newest fact about each device
	whole    uint64            // the fact since which there are other desks than before, or may be
	news     news
	watchers map[*watcher]struct{}
	kick     chan struct{}      // of the screen: there is news
	stop     context.CancelFunc // of the screen; nil: nobody watches
}

// news is what a screen has not looked at yet.
type news struct {
	devices []string
	office  bool // the office is another than before
	joined  []*watcher
}

// moved notes that something has happened at a device.
func (d *board) moved(deviceID string) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	d.last[deviceID] = d.count
	if d.stop != nil {
		d.news.devices = append(d.news.devices, deviceID)
		d.wake()
	}
}

// changed notes that the office is another than before.
func (d *board) changed() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	if d.stop == nil { // nobody finds out what that means for the desks
		d.whole = d.count
		clear(d.last)
		return
	}
	d.news.office = true
	d.wake()
}

func (d *board) wake() {
	select {
	case d.kick <- struct{}{}:
	default: // it has not yet come to what it was woken for before
	}
}

// now names the state of the board, for a page that is about to read it.
func (d *board) now() string {
	if d == nil {
		return ""
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.name(d.count)
}

func (d *board) name(count uint64) string { return d.epoch + "-" + strconv.FormatUint(count, 10) }

// lacks tells since which fact a browser must be told, from the name of the
// batch it has seen last; false: it needs the whole board.
func (d *board) lacks(after string) (since uint64, ok bool) {
	epoch, digits, _ := strings.Cut(after, "-")
	since, err := strconv.ParseUint(digits, 10, 64)
	d.mu.Lock()
	defer d.mu.Unlock()
	return since, err == nil && epoch == d.epoch && since <= d.count && since >= d.whole
}

// join lets a browser watch that has seen the board at a time with that name.
// It must leave.
func (d *board) join(after string) *watcher {
	w := &watcher{after: after, batches: make(chan batch, watcherLag)}
	if d == nil {
		close(w.batches)
		return w
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers[w] = struct{}{}
	if d.stop == nil {
		ctx, stop := context.WithCancel(context.Background())
		d.stop, d.kick = stop, make(chan struct{}, 1)
		go (&screen{board: d, kick: d.kick}).run(ctx)
	}
	d.news.joined = append(d.news.joined, w)
	d.wake()
	return w
}

// leave is for a browser that is gone.
func (d *board) leave(w *watcher) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(w)
}

// dismiss sends all browsers off; they come again.
func (d *board) dismiss() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for w := range d.watchers {
		d.remove(w)
	}
}

func (d *board) remove(w *watcher) {
	if _, on := d.watchers[w]; !on {
		return
	}
	delete(d.watchers, w)
	close(w.batches)
	if len(d.watchers) > 0 {
		return
	}
	if d.stop(); d.news.office {
		d.whole = d.count
		clear(d.last)
	}
	d.stop, d.news = nil, news{}
}

// send gives a browser a batch, or sends it off when it lags behind.
func (d *board) send(w *watcher, b batch) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, on := d.watchers[w]; !on {
		return
	}
	select {
	case w.batches <- b:
	default:
		d.remove(w)
	}
}
