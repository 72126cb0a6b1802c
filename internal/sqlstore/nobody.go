package sqlstore

import (
	"sync"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// maxNobody bounds what is remembered.
const maxNobody = 1 << 16

// nobody remembers at which desks nobody is, and who is at no desk: each call
// asks, and most people sit at their own phones. That stays true until a session
// starts, which in the file that is ours alone no other process does.
type nobody struct {
	mu     sync.Mutex
	starts uint64 // sessions that have started
	known  map[hotdesk.Query]struct{}
}

// keeps tells whether the answer to a query may be remembered when it is empty.
func (*nobody) keeps(q hotdesk.Query) bool {
	ofOne := (q.DeviceID == "") != (q.UserID == "")
	return ofOne && q == hotdesk.Query{DeviceID: q.DeviceID, UserID: q.UserID, Open: true}
}

// knows tells whether the answer to a query is empty, and else how many sessions
// had started before it was asked.
func (n *nobody) knows(q hotdesk.Query) (empty bool, starts uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, empty = n.known[q]
	return empty, n.starts
}

// learn remembers that an answer was empty, unless a session has started since
// it was asked for: it could be this one.
func (n *nobody) learn(q hotdesk.Query, starts uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if starts != n.starts {
		return
	}
	if n.known == nil || len(n.known) >= maxNobody {
		n.known = map[hotdesk.Query]struct{}{}
	}
	n.known[q] = struct{}{}
}

// started forgets what a session makes untrue.
func (n *nobody) started(s *hotdesk.Session) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.starts++
	delete(n.known, hotdesk.Query{DeviceID: s.DeviceID, Open: true})
	delete(n.known, hotdesk.Query{UserID: s.UserID, Open: true})
}
