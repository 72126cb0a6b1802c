package subscription

import (
	"context"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// maxText bounds the text that a subscription keeps, in bytes; 400 are usual.
const maxText = 4096

// Layer holds the subscriptions. It is safe for concurrent use.
type Layer struct {
	cfg   Config
	seed  maphash.Seed
	index *index
	due   *queue
}

// New makes a layer without subscriptions. It notifies while [Layer.Run] runs.
func New(cfg Config) *Layer {
	cfg = cfg.withDefaults()
	return &Layer{cfg: cfg, seed: maphash.MakeSeed(), index: newIndex(cfg.Each, cfg.All), due: newQueue()}
}

// Run notifies whoever is due, and ends what has expired, until the context ends.
func (l *Layer) Run(ctx context.Context) error {
	var running sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for s := l.due.take(ctx); s != nil; s = l.due.take(ctx) {
				l.attempt(ctx, s)
			}
		})
	}
	l.expire(ctx)
	running.Wait()
	return nil
}

// expire ends the subscriptions that nobody has refreshed.
func (l *Layer) expire(ctx context.Context) {
	tick := l.cfg.Tick
	if tick == nil {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		tick = ticker.C
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			for s := l.index.expired(l.cfg.Now()); s != nil; s = l.index.expired(l.cfg.Now()) {
				l.end(s, timeout)
			}
		}
	}
}

// Packages are the names of the event packages that are served, for Allow-Events.
func (l *Layer) Packages() []string {
	names := make([]string, len(l.cfg.Packages))
	for i, p := range l.cfg.Packages {
		names[i] = p.Name
	}
	return names
}

// Serve takes a SUBSCRIBE of a subscriber that has proven itself, and answers
// it. Admit is asked about one that belongs to no subscription yet.
func (l *Layer) Serve(tx *sip.ServerTx, subscriber string, admit Admit) {
	a, no := l.read(tx)
	if no == nil {
		if tag := sip.Tag(tx.Request().To().Params); tag != "" {
			no = l.refresh(tx, a, l.index.find(key{tx.Request().CallID(), tag}), subscriber)
		} else {
			no = l.begin(tx, a, subscriber, admit)
		}
	}
	if no != nil {
		no.send(tx)
	}
}

// begin starts a subscription, or only tells the state once to a phone that asks
// for no time.
func (l *Layer) begin(tx *sip.ServerTx, a asked, subscriber string, admit Admit) *answer {
	target, ok := contactOf(tx.Request())
	if !ok {
		return refuse(400, "Contact Missing Or Broken")
	}
	subject, no := l.admit(a, tx.Request().Recipient, admit)
	if no != nil {
		return no
	}
	s := newSubscription(tx, a, subscriber, subject, target)
	if s.size() > maxText {
		return refuse(513, "Message Too Large")
	}
	s.expires.Store(l.cfg.Now().Add(a.expires).UnixMilli())
	if a.expires == 0 {
		s.ending = timeout
	}
	if no := l.index.add(s); no != nil {
		return no
	}
	l.grant(tx, a)
	l.tell(s)
	return nil
}

// refresh prolongs a subscription, or ends it.
func (l *Layer) refresh(tx *sip.ServerTx, a asked, s *subscription, subscriber string) *answer {
	switch {
	case s == nil || s.topic.Package != a.pkg.Name || s.remoteTag() != sip.Tag(tx.Request().From().Params):
		return refuse(481, "Subscription Does Not Exist")
	case s.subscriber != subscriber:
		return refuse(403, "Not Your Subscription")
	case !s.heard(tx):
		return refuse(500, "CSeq Out Of Order")
	case a.expires == 0:
		l.grant(tx, a)
		l.end(s, timeout)
	case !l.index.extend(s, l.cfg.Now().Add(a.expires)):
		return refuse(481, "Subscription Does Not Exist")
	default:
		l.grant(tx, a)
		l.tell(s)
	}
	return nil
}

// grant answers a SUBSCRIBE before the NOTIFY that it brings. An answer that
// cannot be sent is asked for again.
func (l *Layer) grant(tx *sip.ServerTx, a asked) {
	_ = tx.Reply(200, "OK", sip.NewHeader("Expires", seconds(a.expires)), sip.NewHeader("Contact", l.cfg.Engine.Contact("", tx.Flow())))
}

// Changed says that a topic may show something else than before: whoever has
// subscribed to it is told, unless it is the same.
func (l *Layer) Changed(topic Topic) {
	for _, s := range l.index.topic(topic) {
		l.mark(s)
	}
}

// ChangedAll says that anything may have changed.
func (l *Layer) ChangedAll() {
	for _, s := range l.index.all() {
		l.mark(s)
	}
}

// Reachable says that a subscriber can be reached over another way than before:
// what could not be told is told now.
func (l *Layer) Reachable(subscriber string) {
	for _, s := range l.index.of(subscriber) {
		if s.resume() {
			l.due.put(s)
		}
	}
}

// Flows are the ways to those who have subscribed to a topic.
func (l *Layer) Flows(topic Topic) []sip.Flow {
	found := l.index.topic(topic)
	flows := make([]sip.Flow, len(found))
	for i, s := range found {
		flows[i] = s.lastFlow()
	}
	return flows
}

// Len is the number of subscriptions.
func (l *Layer) Len() int { return l.index.len() }

// end takes a subscription out and tells its phone why.
func (l *Layer) end(s *subscription, why reason) {
	l.index.drop(s)
	if s.close(why) {
		l.due.put(s)
		return
	}
	if s.isOver() {
		l.index.forget(s)
	}
}

// mark has a subscription told the state, unless its phone knows.
func (l *Layer) mark(s *subscription) {
	if s.changed() {
		l.due.put(s)
	}
}

// tell has a subscription told the state in any case.
func (l *Layer) tell(s *subscription) {
	if s.asked() {
		l.due.put(s)
	}
}

// knows finds a package by its name.
func (l *Layer) knows(name string) (Package, bool) {
	i := slices.IndexFunc(l.cfg.Packages, func(p Package) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return Package{}, false
	}
	return l.cfg.Packages[i], true
}
