package subscription

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
)

// subscription is one of a phone's: a dialog, and what its phone has been told.
type subscription struct {
	key
	topic      Topic
	subscriber string
	event      string
	local      string // our address with our tag
	remote     string // the phone's with its tag
	routes     []string
	expires    atomic.Int64 // milliseconds since 1970

	// Places in the index, guarded by its lock; -1: not there.
	topicAt, ownAt, termAt int

	mu         sync.Mutex
	target     string
	flow       sip.Flow // over which the last SUBSCRIBE came
	remoteCSeq uint32
	cseq       uint32
	told       uint64 // what the phone is known to show: a hash, 0 for nothing
	ending     reason
	retry      *time.Timer
	misses     uint8
	dirty      bool // there may be news
	force      bool // and the phone is told even if there are none
	busy       bool // it waits its turn, a NOTIFY is under way, or it is at rest
	rests      bool // until retry fires or a way to the phone is there
	moved      bool // there is one since its turn began
	over       bool
}

// newSubscription makes one of the SUBSCRIBE that starts it. It keeps copies of
// texts: each is a piece of a whole SIP message, which would live as long.
func newSubscription(tx *sip.ServerTx, a asked, subscriber, subject, target string) *subscription {
	req := tx.Request()
	s := &subscription{
		key:   key{strings.Clone(req.CallID()), tx.Tag()},
		topic: Topic{a.pkg.Name, subject}, subscriber: subscriber, event: a.event,
		local: sip.Value(req, "To") + ";tag=" + tx.Tag(), remote: strings.Clone(sip.Value(req, "From")),
		target: strings.Clone(target), flow: tx.Flow(), remoteCSeq: req.CSeq().Number,
	}
	for _, route := range sip.Values(req, "Record-Route") {
		s.routes = append(s.routes, strings.Clone(route))
	}
	return s
}

// size is how much text a subscription keeps.
func (s *subscription) size() int {
	n := len(s.callID) + len(s.event) + len(s.local) + len(s.remote) + len(s.target)
	for _, r := range s.routes {
		n += len(r)
	}
	return n
}

func (s *subscription) remoteTag() string {
	tag, _ := sip.Param(s.remote, "tag")
	return tag
}

// heard takes the way and target of a SUBSCRIBE in the dialog; false when a
// later one came before it.
func (s *subscription) heard(tx *sip.ServerTx) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	cseq := tx.Request().CSeq().Number
	if cseq <= s.remoteCSeq {
		return false
	}
	s.remoteCSeq, s.flow = cseq, tx.Flow()
	if target, ok := contactOf(tx.Request()); ok {
		s.target = target
	}
	return true
}

// lastFlow is the way the last SUBSCRIBE came.
func (s *subscription) lastFlow() sip.Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flow
}

// changed notes that there may be news and reports whether the subscription is
// to be queued. To one that is busy they are told when it no longer is.
func (s *subscription) changed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty = true
	return s.begins()
}

// asked is as changed, and has the phone told even what it knows, at once.
func (s *subscription) asked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty, s.force = true, true
	return s.wakes() || s.begins()
}

// begins makes an idle subscription busy.
func (s *subscription) begins() bool {
	if s.over || s.busy {
		return false
	}
	s.busy = true
	return true
}

// resume ends a rest and reports whether the subscription is to be queued.
func (s *subscription) resume() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = true
	return s.wakes()
}

// wakes ends a rest, unless there is none or its timer does so just now.
func (s *subscription) wakes() bool {
	if !s.rests || s.retry != nil && !s.retry.Stop() {
		return false
	}
	s.rests, s.retry = false, nil
	return true
}

// close makes the next NOTIFY the last and reports whether the subscription is
// to be queued. A phone that could not be reached lately is not told.
func (s *subscription) close(why reason) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || s.ending != "" {
		return false
	}
	s.ending, s.dirty = why, true
	if s.wakes() {
		s.over = true
		return false
	}
	return s.begins()
}

func (s *subscription) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// rest waits with what is to be told: for a time, or with 0 until there is a way
// to the phone.
func (s *subscription) rest(d time.Duration, then func()) {
	s.rests = true
	if d == 0 {
		return
	}
	s.retry = time.AfterFunc(d, func() {
		s.mu.Lock()
		s.rests, s.retry = false, nil
		s.mu.Unlock()
		then()
	})
}
