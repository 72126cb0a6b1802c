package digest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"
	"time"
)

const (
	macSize    = 16
	nonceSize  = 8 + 8 + macSize
	shardCount = 32
)

// nonce is what a nonce of ours says: when it was made, and a number no other has.
type nonce struct {
	made   int64 // Unix milliseconds
	serial uint64
}

// newNonce makes a nonce for a realm and a peer. Nothing is kept of it: its time
// and number are in it, and a keyed hash proves them ours.
func (a *Authenticator) newNonce(realm, peer string) string {
	n := nonce{made: a.now().UnixMilli(), serial: a.serial.Add(1)}
	var raw [nonceSize]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(n.made)) //nolint:gosec // a time after 1970
	binary.BigEndian.PutUint64(raw[8:16], n.serial)
	a.sign(raw[:], realm, peer)
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// readNonce reads a nonce made for the realm and the peer by a holder of our key.
func (a *Authenticator) readNonce(text, realm, peer string) (nonce, bool) {
	var raw, want [nonceSize]byte
	if len(text) != base64.RawURLEncoding.EncodedLen(nonceSize) {
		return nonce{}, false
	}
	if _, err := base64.RawURLEncoding.Decode(raw[:], []byte(text)); err != nil {
		return nonce{}, false
	}
	copy(want[:16], raw[:16])
	a.sign(want[:], realm, peer)
	if !hmac.Equal(raw[16:], want[16:]) {
		return nonce{}, false
	}
	return nonce{
		made:   int64(binary.BigEndian.Uint64(raw[:8])), //nolint:gosec // signed, so we wrote it
		serial: binary.BigEndian.Uint64(raw[8:16]),
	}, true
}

// signer is a keyed hash, to be used again: reading the key is half of its work.
type signer struct {
	mac  hash.Hash
	text []byte // what is signed
	sum  [sha256.Size]byte
}

// sign fills the end of a nonce.
func (a *Authenticator) sign(raw []byte, realm, peer string) {
	s, ok := a.signers.Get().(*signer)
	if !ok {
		s = &signer{mac: hmac.New(sha256.New, a.key)}
	}
	s.text = append(append(s.text[:0], raw[:16]...), realm...)
	s.text = append(append(s.text, 0), peer...) // 0 stands in no realm
	s.mac.Write(s.text)
	copy(raw[16:], s.mac.Sum(s.sum[:0]))
	s.mac.Reset()
	a.signers.Put(s)
}

// uses remembers which counts of a nonce were used: the highest, and which of
// the 64 below it. Requests over UDP overtake each other, so a lower count that
// was not used yet is right.
type uses struct {
	made int64
	top  uint32
	seen uint64 // bit i: top-i was used
}

func (u *uses) take(count uint32) bool {
	if count > u.top {
		if shift := count - u.top; shift < 64 {
			u.seen <<= shift
		} else {
			u.seen = 0
		}
		u.top, u.seen = count, u.seen|1
		return true
	}
	back := u.top - count
	if back >= 64 || u.seen&(1<<back) != 0 {
		return false
	}
	u.seen |= 1 << back
	return true
}

// shard keeps the uses of a part of the nonces in two generations: when the
// young one is full or old, the older is forgotten. What is forgotten must not
// become usable again, so a nonce that is not known and no younger than the
// youngest forgotten one is stale.
type shard struct {
	mu           sync.Mutex
	young, older map[uint64]uses
	since        time.Time
	floor        int64
}

// take notes one use of a nonce. It refuses a use made before, or one it can no
// longer tell.
func (s *shard) take(n nonce, count uint32, now time.Time, limits shardLimits) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now, limits)
	u, known := s.young[n.serial]
	if !known {
		u, known = s.older[n.serial]
	}
	if !known {
		if n.made <= s.floor {
			return false
		}
		u = uses{made: n.made}
	}
	ok := u.take(count)
	s.young[n.serial] = u
	return ok
}

type shardLimits struct {
	size int
	age  time.Duration
}

func (s *shard) turn(now time.Time, limits shardLimits) {
	if s.young != nil && len(s.young) < limits.size && now.Sub(s.since) < limits.age {
		return
	}
	for serial, u := range s.older {
		if _, kept := s.young[serial]; !kept {
			s.floor = max(s.floor, u.made)
		}
	}
	s.older, s.young, s.since = s.young, make(map[uint64]uses), now
}
