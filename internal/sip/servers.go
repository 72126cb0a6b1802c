package sip

import (
	"hash/maphash"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// txKey names a server transaction: a keyed hash of all that RFC 3261 17.2.3
// compares, for new and old (RFC 2543) branches alike. Transport, Call-ID and
// CSeq in it keep apart what has the same branch and must not.
type txKey [2]uint64

func (e *Engine) keyOf(req *Request, t Transport) txKey {
	via, cseq := req.Via(), req.CSeq()
	method := string(cseq.Method)
	if method == "ACK" || method == "CANCEL" {
		method = "INVITE"
	}
	branch, _ := via.Params.Get("branch")
	var h maphash.Hash
	h.SetSeed(e.seed)
	for _, s := range [...]string{string(t), branch, via.Host, req.CallID(), Tag(req.From().Params), method} {
		_, _ = h.WriteString(s) // never fails
		_ = h.WriteByte(0)
	}
	var digits [24]byte
	b := strconv.AppendUint(digits[:0], uint64(cseq.Number), 10)
	b = append(b, ' ')
	b = strconv.AppendInt(b, int64(via.Port), 10)
	_, _ = h.Write(b)
	first := h.Sum64()
	_ = h.WriteByte(1)
	return txKey{first, h.Sum64()}
}

// servers are the server transactions under way, and what is left of those that
// are answered: over UDP the answers to requests other than INVITE, for those who
// ask again (timer J), and of accepted INVITEs that there was one (timer L). Of
// these there are two generations, and the older is forgotten when the younger
// is as old as they must live, or has half of the memory.
type servers struct {
	life  time.Duration // 64*T1
	limit int           // bytes of answers
	now   func() time.Time

	mu           sync.Mutex
	live         map[txKey]*ServerTx
	waiting      aging // of live ones other than INVITE: who never answers is forgotten
	young, older answers
}

// answers are a generation of what is left of transactions.
type answers struct {
	kept  map[txKey]answer
	bytes int
	since time.Time
}

// answer is what is left of a transaction.
type answer struct {
	bytes    []byte // sent again to who asks again
	accepted string // for an accepted INVITE, whose owner resends the 2xx (RFC 6026 7.1): the tag of the answer's To, for a CANCEL that comes late
}

// answerCost is what an answer takes beyond its bytes: map entry and key.
const answerCost = 120

func newServers(life time.Duration, limit int, now func() time.Time) *servers {
	return &servers{life: life, limit: limit, now: now, live: map[txKey]*ServerTx{}}
}

func (s *servers) find(key txKey) (live *ServerTx, past answer, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if live = s.live[key]; live != nil {
		return live, answer{}, false
	}
	if past, known = s.young.kept[key]; !known {
		past, known = s.older.kept[key]
	}
	return nil, past, known
}

func (s *servers) add(tx *ServerTx) {
	for _, old := range s.insert(tx, s.now()) {
		old.forget()
	}
}

func (s *servers) insert(tx *ServerTx, now time.Time) (forgotten []*ServerTx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live[tx.key] = tx
	if tx.invite {
		return nil
	}
	for s.waiting.len() > 0 {
		old := s.live[s.waiting.first()]
		if old != nil && !s.waiting.oldest(now.Add(-s.life)) {
			break
		}
		if old != nil && !old.invite {
			delete(s.live, old.key)
			forgotten = append(forgotten, old)
		}
		s.waiting.pop() // answered, or forgotten now
	}
	s.waiting.push(tx.key, now)
	return forgotten
}

func (s *servers) drop(tx *ServerTx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[tx.key] == tx {
		delete(s.live, tx.key)
	}
}

// answered ends a live transaction, and keeps what is due of it. What an accepted
// INVITE brought and what it became is not kept: that would be the whole call.
func (s *servers) answered(tx *ServerTx, b []byte) {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[tx.key] == tx {
		delete(s.live, tx.key)
	}
	kept := answer{bytes: b}
	switch {
	case tx.invite:
		kept = answer{accepted: strings.Clone(tx.tag)} // as a piece of the request it would hold all of that
	case tx.reply.Transport.Reliable():
		return
	}
	s.turn(now)
	s.young.kept[tx.key] = kept
	s.young.bytes += len(kept.bytes) + answerCost
}

// turn begins another generation of answers where it is time.
func (s *servers) turn(now time.Time) {
	age := now.Sub(s.young.since)
	if s.young.kept != nil && age <= s.life && s.young.bytes <= s.limit/2 {
		return
	}
	s.older = s.young
	if age > 2*s.life {
		s.older = answers{}
	}
	s.young = answers{kept: make(map[txKey]answer, len(s.older.kept)), since: now}
}

func (s *servers) closeAll() {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.live))
	clear(s.live)
	s.mu.Unlock()
	for _, tx := range all {
		tx.forget()
	}
}

// aging is a queue of keys by the time they came.
type aging struct {
	keys []agingKey
	head int
}

type agingKey struct {
	key txKey
	at  int64 // Unix nanoseconds: there are many
}

func (a *aging) len() int { return len(a.keys) - a.head }

func (a *aging) push(key txKey, at time.Time) {
	if a.head > 1024 && a.head > len(a.keys)/2 {
		a.keys = append(a.keys[:0], a.keys[a.head:]...)
		a.head = 0
	}
	a.keys = append(a.keys, agingKey{key, at.UnixNano()})
}

// oldest reports whether the first came before a time.
func (a *aging) oldest(before time.Time) bool {
	return a.len() > 0 && a.keys[a.head].at < before.UnixNano()
}

func (a *aging) first() txKey { return a.keys[a.head].key }

func (a *aging) pop() txKey {
	k := a.first()
	a.head++
	return k
}
