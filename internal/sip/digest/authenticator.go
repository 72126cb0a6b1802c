package digest

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is what an [Authenticator] may be told; the zero value serves.
type Config struct {
	Key       []byte           // signs nonces; servers behind one address share it. Empty: random, so that nonces end with the process
	MaxAge    time.Duration    // a nonce serves that long; 0: 5 minutes
	MaxNonces int              // nonces in use that are remembered at most; 0: 262144, about 16 MB
	Offers    []Algorithm      // put into challenges, in this order; none: SHA256, MD5. Answers by either are always checked
	Now       func() time.Time // nil: [time.Now]
}

// Authenticator is the server's side of digest: it makes challenges and checks
// answers. It is safe for use from many goroutines.
type Authenticator struct {
	key     []byte
	limits  shardLimits
	maxAge  time.Duration
	offers  []Algorithm
	now     func() time.Time
	serial  atomic.Uint64
	signers sync.Pool // of *signer
	shards  [shardCount]shard
}

// New makes an Authenticator.
func New(cfg Config) *Authenticator {
	a := &Authenticator{key: cfg.Key, maxAge: cfg.MaxAge, offers: cfg.Offers, now: cfg.Now}
	if len(a.offers) == 0 {
		a.offers = []Algorithm{SHA256, MD5}
	}
	if len(a.key) == 0 {
		a.key = make([]byte, 32)
		_, _ = rand.Read(a.key) // never fails, by its contract
	}
	if a.maxAge <= 0 {
		a.maxAge = 5 * time.Minute
	}
	if a.now == nil {
		a.now = time.Now
	}
	if cfg.MaxNonces <= 0 {
		cfg.MaxNonces = 1 << 18
	}
	a.limits = shardLimits{size: max(1, cfg.MaxNonces/2/shardCount), age: a.maxAge}
	// Numbers start at random, so that servers with one key make different nonces.
	var start [8]byte
	_, _ = rand.Read(start[:])
	a.serial.Store(binary.BigEndian.Uint64(start[:]))
	return a
}

// Challenges are the values of the WWW-Authenticate headers that ask a peer for
// credentials, the preferred algorithm first (RFC 8760 2.4). The peer is whoever the answer must come from, such as an IP
// address: by a nonce that another was given, nobody can try passwords or spoil
// that other's good name.
func (a *Authenticator) Challenges(realm, peer string) []string {
	return a.challenges(realm, peer, "")
}

// StaleChallenges are those that say: only the nonce was too old, answer this
// newer one. A phone then does not ask its owner for the password again.
func (a *Authenticator) StaleChallenges(realm, peer string) []string {
	return a.challenges(realm, peer, "stale=true, ")
}

func (a *Authenticator) challenges(realm, peer, stale string) []string {
	head := "Digest realm=" + quote(realm) + `, nonce="` + a.newNonce(realm, peer) + `", ` + stale + "algorithm="
	challenges := make([]string, len(a.offers))
	for i, algorithm := range a.offers {
		challenges[i] = head + string(algorithm) + `, qop="auth"`
	}
	return challenges
}

// Outcome is what a check found.
type Outcome int

// The outcomes.
const (
	Missing   Outcome = iota // no credentials for the realm: challenge
	Malformed                // credentials that cannot be read: 400, or challenge
	Wrong                    // unknown name or wrong password: challenge, and count a failure
	Stale                    // the nonce is old, was used or is not this peer's: challenge as stale
	OK                       // proven
)

// Result is the outcome of a check and the name that was claimed, or proven if OK.
type Result struct {
	Outcome  Outcome
	Username string
}

// Secrets are the HA1 values of an account in lower-case hex (see [Algorithm.HA1]).
// An empty one means: no login by that algorithm.
type Secrets struct{ MD5, SHA256 string }

// Lookup finds the secrets of an account by the name given in the credentials.
// The secrets must be those of exactly this name: the name is part of the hash.
type Lookup func(username string) (Secrets, bool)

// Request is what of a request matters for a check.
type Request struct {
	Method        string
	Authorization []string // the values of these headers, each unsplit
	Peer          string   // where it came from, as given to [Authenticator.Challenges]
}

// Check examines the first credentials for the realm. Their uri is hashed but
// not compared with the Request-URI, which may change on the way (RFC 3261
// 22.4). Passwords are looked at only under a valid nonce; an unknown name does
// the same work as a wrong password.
func (a *Authenticator) Check(req Request, realm string, lookup Lookup) Result {
	outcome := Missing
	for _, value := range req.Authorization {
		c, err := parseCredentials(value)
		if err != nil {
			outcome = Malformed
			continue
		}
		if unescape(c.realm) == realm {
			return Result{Outcome: a.check(req, realm, c, lookup), Username: unescape(c.username)}
		}
	}
	return Result{Outcome: outcome}
}

func (a *Authenticator) check(req Request, realm string, c credentials, lookup Lookup) Outcome {
	n, ours := a.readNonce(c.nonce, realm, req.Peer)
	now := a.now()
	age := now.Sub(time.UnixMilli(n.made))
	if !ours || age >= a.maxAge || age < -time.Minute {
		return Stale
	}
	algorithm, ok := parseAlgorithm(c.algorithm)
	if !ok {
		return Wrong
	}
	ha1, known := secretFor(algorithm, unescape(c.username), lookup)
	want := algorithm.response(ha1, req.Method, c)
	same := subtle.ConstantTimeCompare([]byte(want), []byte(strings.ToLower(c.response))) == 1
	if !same || !known {
		return Wrong
	}
	if !a.shards[n.serial%shardCount].take(n, c.count, now, a.limits) {
		return Stale
	}
	return OK
}

// secretFor finds the HA1 of an account. For one that does not exist it is of
// the same length, so that the same work is done.
func secretFor(algorithm Algorithm, username string, lookup Lookup) (string, bool) {
	const nobody = "0000000000000000000000000000000000000000000000000000000000000000"
	secrets, ok := lookup(username)
	ha1, none := secrets.MD5, nobody[:32]
	if algorithm == SHA256 {
		ha1, none = secrets.SHA256, nobody
	}
	if !ok || ha1 == "" {
		return none, false
	}
	return ha1, true
}
