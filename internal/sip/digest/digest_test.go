package digest_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	icholy "github.com/icholy/digest"

	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

const (
	realm = "acme.test"
	peer  = "192.0.2.7"
)

// clock is a time that tests move.
type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := new(clock)
	c.ms.Store(1_800_000_000_000)
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// lookup knows one account.
func lookup(username string) (digest.Secrets, bool) {
	if username != "5401" {
		return digest.Secrets{}, false
	}
	return digest.Secrets{
		MD5:    digest.MD5.HA1("5401", realm, "secret"),
		SHA256: digest.SHA256.HA1("5401", realm, "secret"),
	}, true
}

func answer(t *testing.T, challenge, user, password string, count uint32) string {
	t.Helper()
	value, err := digest.Answer([]string{challenge}, digest.Claim{
		Method: "REGISTER", URI: "sip:acme.test", Username: user, Password: password, Count: count,
	})
	if err != nil {
		t.Fatalf("Answer(%q): %v", challenge, err)
	}
	return value
}

func register(values ...string) digest.Request {
	return digest.Request{Method: "REGISTER", Authorization: values, Peer: peer}
}

func check(a *digest.Authenticator, values ...string) digest.Outcome {
	return a.Check(register(values...), realm, lookup).Outcome
}

// The worked examples of RFC 7616 3.9.1, for both algorithms.
func TestRFC7616Examples(t *testing.T) {
	t.Parallel()
	for algorithm, want := range map[digest.Algorithm]string{
		digest.MD5:    "3d78807defe7de2157e2b0b6573a855f",
		digest.SHA256: "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232",
	} {
		if got := algorithm.HA1("Mufasa", "http-auth@example.org", "Circle of Life"); got != want {
			t.Errorf("%s: HA1 %s, want %s", algorithm, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	for i, algorithm := range []string{"SHA-256", "MD5"} {
		ch := a.Challenges(realm, peer)[i]
		if !strings.Contains(ch, "algorithm="+algorithm+",") {
			t.Fatalf("challenge %d is %q, want %s", i, ch, algorithm)
		}
		right := answer(t, ch, "5401", "secret", 1)
		other := strings.Replace(answer(t, ch, "5401", "secret", 2), realm, "elsewhere.test", 1)
		for _, test := range []struct {
			name   string
			values []string
			want   digest.Outcome
		}{
			{"none", nil, digest.Missing},
			{"another realm", []string{other}, digest.Missing},
			{"wrong password", []string{answer(t, ch, "5401", "guess", 1)}, digest.Wrong},
			{"unknown name", []string{answer(t, ch, "9999", "secret", 1)}, digest.Wrong},
			{"right", []string{right}, digest.OK},
			{"replayed", []string{right}, digest.Stale},
			{"beside another realm", []string{other, answer(t, ch, "5401", "secret", 3)}, digest.OK},
			{"beside another scheme", []string{"Basic Zm9vOmJhcg==", answer(t, ch, "5401", "secret", 4)}, digest.OK},
			{"counted out of order", []string{answer(t, ch, "5401", "secret", 2)}, digest.OK},
			{"far ahead", []string{answer(t, ch, "5401", "secret", 500)}, digest.OK},
			{"far behind", []string{answer(t, ch, "5401", "secret", 5)}, digest.Stale},
			{"upper-case proof", []string{upperResponse(answer(t, ch, "5401", "secret", 501))}, digest.OK},
			{"another scheme only", []string{"Bearer x"}, digest.Malformed},
		} {
			if got := check(a, test.values...); got != test.want {
				t.Errorf("%s, %s: outcome %d, want %d", algorithm, test.name, got, test.want)
			}
		}
	}
}

func upperResponse(value string) string {
	head, tail, _ := strings.Cut(value, `response="`)
	proof, rest, _ := strings.Cut(tail, `"`)
	return head + `response="` + strings.ToUpper(proof) + `"` + rest
}

func TestNonceEnds(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := digest.New(digest.Config{MaxAge: time.Minute, Now: c.now})
	ch := a.Challenges(realm, peer)[0]
	c.advance(59 * time.Second)
	if got := check(a, answer(t, ch, "5401", "secret", 1)); got != digest.OK {
		t.Errorf("after 59 s: outcome %d, want OK", got)
	}
	c.advance(time.Second)
	if got := check(a, answer(t, ch, "5401", "secret", 2)); got != digest.Stale {
		t.Errorf("after 60 s: outcome %d, want stale", got)
	}
	if got := check(a, answer(t, ch, "5401", "guess", 3)); got != digest.Stale {
		t.Errorf("wrong password with an old nonce: outcome %d, want stale: it must not tell about passwords", got)
	}
	if !digest.IsStale(a.StaleChallenges(realm, peer)) || digest.IsStale(a.Challenges(realm, peer)) {
		t.Error("stale challenges do not say stale=true, or fresh ones do")
	}
}

func TestNonceOfAnotherRealmPeerOrKeyIsStale(t *testing.T) {
	t.Parallel()
	a, b := digest.New(digest.Config{Key: []byte("one")}), digest.New(digest.Config{Key: []byte("two")})
	same := digest.New(digest.Config{Key: []byte("one")})
	ch := a.Challenges(realm, peer)[0]
	foreign := strings.Replace(a.Challenges("other.test", peer)[0], "other.test", realm, 1)
	if got := check(b, answer(t, ch, "5401", "secret", 1)); got != digest.Stale {
		t.Errorf("nonce of another key: outcome %d, want stale", got)
	}
	if got := check(a, answer(t, foreign, "5401", "secret", 1)); got != digest.Stale {
		t.Errorf("nonce of another realm: outcome %d, want stale", got)
	}
	for _, password := range []string{"secret", "guess"} {
		other := answer(t, a.Challenges(realm, "198.51.100.9")[0], "5401", password, 1)
		if got := check(a, other); got != digest.Stale {
			t.Errorf("nonce of another peer: outcome %d, want stale", got)
		}
	}
	if got := check(same, answer(t, ch, "5401", "secret", 1)); got != digest.OK {
		t.Errorf("nonce of a server with the same key: outcome %d, want OK", got)
	}
}

// Phones of before RFC 2617 send no qop; without a count, a nonce serves once.
func TestWithoutQop(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	old := strings.Replace(a.Challenges(realm, peer)[1], `, qop="auth"`, "", 1)
	value := answer(t, old, "5401", "secret", 1)
	if strings.Contains(value, "qop") || strings.Contains(value, "cnonce") {
		t.Fatalf("answer %q to a challenge without qop has qop", value)
	}
	if got := check(a, value); got != digest.OK {
		t.Errorf("outcome %d, want OK", got)
	}
	if got := check(a, value); got != digest.Stale {
		t.Errorf("second use: outcome %d, want stale", got)
	}
}

// What is remembered is bounded, and forgetting opens no replay.
func TestForgottenNonceStaysUsed(t *testing.T) {
	t.Parallel()
	c := newClock()
	a := digest.New(digest.Config{MaxNonces: 64, Now: c.now})
	first := answer(t, a.Challenges(realm, peer)[0], "5401", "secret", 1)
	if got := check(a, first); got != digest.OK {
		t.Fatalf("first use: outcome %d", got)
	}
	for range 1000 {
		c.advance(time.Millisecond)
		if got := check(a, answer(t, a.Challenges(realm, peer)[0], "5401", "secret", 1)); got != digest.OK {
			t.Fatalf("a fresh nonce: outcome %d, want OK", got)
		}
	}
	if got := check(a, first); got != digest.Stale {
		t.Errorf("replay of a forgotten nonce: outcome %d, want stale", got)
	}
}

func TestOddHeaders(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	right := func() string { return answer(t, a.Challenges(realm, peer)[0], "5401", "secret", 1) }
	for _, test := range []struct {
		name string
		bend func(string) string
		want digest.Outcome
	}{
		{"scheme in lower case", func(s string) string { return strings.Replace(s, "Digest ", "digest   ", 1) }, digest.OK},
		{"names in upper case", func(s string) string { return strings.Replace(s, "username=", "USERNAME = ", 1) }, digest.OK},
		{"quoted qop, nc and algorithm", func(s string) string {
			s = strings.Replace(s, "qop=auth", `qop="auth"`, 1)
			s = strings.Replace(s, "nc=00000001", `nc="00000001"`, 1)
			return strings.Replace(s, "algorithm=SHA-256", `algorithm="sha-256"`, 1)
		}, digest.OK},
		{"no spaces", func(s string) string { return "Digest " + strings.ReplaceAll(s[7:], " ", "") }, digest.OK},
		{"folded", func(s string) string { return strings.ReplaceAll(s, ", ", ",\r\n\t") }, digest.OK},
		{"trailing comma", func(s string) string { return s + " , " }, digest.OK},
		{"unknown parameters", func(s string) string { return s + `, opaque="", foo="a,b\"c=d"` }, digest.OK},
		{"doubled parameter", func(s string) string { return s + `, username="5402"` }, digest.Malformed},
		{"open quote", func(s string) string { return s + `, foo="bar` }, digest.Malformed},
		{"no value", func(s string) string { return s + `, foo` }, digest.Malformed},
		{"text after a quote", func(s string) string { return s + `, foo="bar"baz` }, digest.Malformed},
		{"nc not of eight digits", func(s string) string { return strings.Replace(s, "nc=00000001", "nc=1", 1) }, digest.Malformed},
		{"nc of nothing", func(s string) string { return strings.Replace(s, "nc=00000001", "nc=00000000", 1) }, digest.Malformed},
		{"qop auth-int", func(s string) string { return strings.Replace(s, "qop=auth", "qop=auth-int", 1) }, digest.Malformed},
		{"unknown algorithm", func(s string) string { return strings.Replace(s, "SHA-256", "SHA-512", 1) }, digest.Wrong},
		{"other algorithm than hashed", func(s string) string { return strings.Replace(s, "SHA-256", "MD5", 1) }, digest.Wrong},
		{"too long", func(s string) string { return s + `, foo="` + strings.Repeat("x", 5000) + `"` }, digest.Malformed},
		{"empty", func(string) string { return "" }, digest.Malformed},
		{"only the scheme", func(string) string { return "Digest " }, digest.Malformed},
	} {
		if got := check(a, test.bend(right())); got != test.want {
			t.Errorf("%s: outcome %d, want %d", test.name, got, test.want)
		}
	}
}

// An account without a secret for an algorithm cannot log in by it, and the
// stand-in for a missing secret lets nobody in.
func TestMissingSecret(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	none := func(string) (digest.Secrets, bool) { return digest.Secrets{}, true }
	value := answer(t, a.Challenges(realm, peer)[0], "5401", "", 1)
	if got := a.Check(register(value), realm, none); got.Outcome != digest.Wrong || got.Username != "5401" {
		t.Errorf("got %+v, want wrong for 5401", got)
	}
}

func TestReplayUnderConcurrency(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	value := answer(t, a.Challenges(realm, peer)[0], "5401", "secret", 1)
	var passed atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if check(a, value) == digest.OK {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if n := passed.Load(); n != 1 {
		t.Errorf("%d of 16 uses of one count passed, want 1", n)
	}
}

// Another implementation of RFC 7616 agrees with both of our sides.
func TestAgainstAnotherImplementation(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{})
	for i := range 2 {
		ch := a.Challenges(realm, peer)[i]
		parsed, err := icholy.ParseChallenge(ch)
		if err != nil {
			t.Fatal(err)
		}
		cred, err := icholy.Digest(parsed, icholy.Options{
			Method: "REGISTER", URI: "sip:acme.test", Count: 1, Username: "5401", Password: "secret",
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := check(a, cred.String()); got != digest.OK {
			t.Errorf("challenge %d: outcome %d for %q, want OK", i, got, cred)
		}
		ours, err := icholy.ParseCredentials(answer(t, ch, "5401", "secret", 7))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := icholy.Digest(parsed, icholy.Options{
			Method: "REGISTER", URI: "sip:acme.test", Count: 7, Username: "5401", Password: "secret", Cnonce: ours.Cnonce,
		})
		if err != nil || theirs.Response != ours.Response {
			t.Errorf("challenge %d: our proof %s, theirs %s, %v", i, ours.Response, theirs.Response, err)
		}
	}
}

func TestAnswerChooses(t *testing.T) {
	t.Parallel()
	claim := digest.Claim{Method: "INVITE", URI: "sip:1@trunk.test", Username: `a"b`, Password: "p"}
	value, err := digest.Answer([]string{
		"Basic realm=x",
		`Digest realm="r", nonce="n1", algorithm=SHA-512-256, qop="auth"`,
		`Digest realm="r", nonce="n2", qop="auth-int"`,
		`Digest realm="r \"q\"", nonce="n3", opaque="o", qop="auth-int, auth"`,
	}, claim)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`nonce="n3"`, `username="a\"b"`, `realm="r \"q\""`, `opaque="o"`, "nc=00000001", "qop=auth"} {
		if !strings.Contains(value, part) {
			t.Errorf("answer %q lacks %s", value, part)
		}
	}
	if _, err := digest.Answer([]string{"Basic realm=x", "Digest"}, claim); err == nil {
		t.Error("an answer to no challenge")
	}
}

func FuzzCheck(f *testing.F) {
	a := digest.New(digest.Config{})
	ch := a.Challenges(realm, peer)[0]
	value, _ := digest.Answer([]string{ch}, digest.Claim{Method: "REGISTER", URI: "sip:acme.test", Username: "5401", Password: "x"})
	for _, seed := range []string{value, "Digest ", `Digest a="\`, `Digest realm="acme.test", nonce="", uri="", response=""`, `Digest =,`, "Digest a=b,,,c=\"d\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := check(a, value); got == digest.OK {
			t.Errorf("%q proves knowledge of a password it does not hold", value)
		}
		_, _ = digest.Answer([]string{value}, digest.Claim{Method: "REGISTER", URI: "sip:x"})
	})
}

func BenchmarkCheck(b *testing.B) {
	a := digest.New(digest.Config{})
	ch := a.Challenges(realm, peer)
	for i, name := range []string{"sha256", "md5"} {
		b.Run(name, func(b *testing.B) {
			values := make([][]string, 1024)
			for n := range values {
				v, _ := digest.Answer(ch[i:], digest.Claim{
					Method: "REGISTER", URI: "sip:acme.test", Username: "5401", Password: "secret", Count: uint32(n + 1),
				})
				values[n] = []string{v}
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if got := a.Check(register(values[n%1024]...), realm, lookup); got.Outcome == digest.Wrong {
					b.Fatal(fmt.Sprint(got))
				}
			}
		})
	}
}

func BenchmarkChallenges(b *testing.B) {
	a := digest.New(digest.Config{})
	b.ReportAllocs()
	for b.Loop() {
		a.Challenges(realm, peer)
	}
}

func TestOffers(t *testing.T) {
	t.Parallel()
	a := digest.New(digest.Config{Offers: []digest.Algorithm{digest.MD5}, Now: time.Now})
	challenges := a.Challenges(realm, peer)
	if len(challenges) != 1 || !strings.Contains(challenges[0], "algorithm=MD5,") {
		t.Fatalf("offers %q, want MD5 alone", challenges)
	}
	sha := strings.Replace(challenges[0], "algorithm=MD5", "algorithm=SHA-256", 1)
	if got := check(a, answer(t, sha, "5401", "secret", 1)); got != digest.OK {
		t.Errorf("an answer by an algorithm not offered: %v, want OK", got)
	}
}
