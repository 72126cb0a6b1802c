package trunk_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = time.Minute

// node is one SIP endpoint on a real socket; answer answers its requests.
type node struct {
	engine *sip.Engine
	answer func(tx *sip.ServerTx)
	stop   func()
}

func (n *node) ServeSIP(tx *sip.ServerTx)       { n.answer(tx) }
func (n *node) ServeACK(*sip.Request, sip.Flow) {}
func (n *node) FlowClosed(sip.Flow)             {}

func listen(t *testing.T, address string, answer func(tx *sip.ServerTx)) *node {
	t.Helper()
	engine, err := sip.Listen(sip.Config{Listen: address, Timers: sip.Timers{T1: 50 * time.Millisecond, T2: 200 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{engine: engine, answer: answer}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() { _ = engine.Serve(ctx, n) })
	n.stop = sync.OnceFunc(func() { cancel(); serving.Wait() })
	t.Cleanup(n.stop)
	return n
}

// carrier is a registrar that a test can make say anything.
type carrier struct {
	*node
	t        *testing.T
	digest   *digest.Authenticator
	requests chan *sip.Request

	mu   sync.Mutex
	says func(tx *sip.ServerTx) bool // instead of the usual; false: the usual
}

func newCarrier(t *testing.T, algorithm digest.Algorithm) *carrier {
	t.Helper()
	c := &carrier{t: t, requests: make(chan *sip.Request, 256), digest: digest.New(digest.Config{Offers: []digest.Algorithm{algorithm}})}
	c.node = listen(t, "127.0.0.1:0", c.serve)
	return c
}

func (c *carrier) say(f func(tx *sip.ServerTx) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.says = f
}

func (c *carrier) serve(tx *sip.ServerTx) {
	req := tx.Request()
	c.mu.Lock()
	says := c.says
	c.mu.Unlock()
	select {
	case c.requests <- req:
	default:
	}
	switch {
	case says != nil && says(tx):
	case req.Method == sip.REGISTER && c.proven(tx):
		_ = tx.Reply(200, "OK", sip.NewHeader("Contact", sip.Value(req, "Contact")+";expires="+sip.Value(req, "Expires")))
	case req.Method != sip.REGISTER:
		_ = tx.Reply(200, "OK")
	}
}

// proven checks the password, and asks for it.
func (c *carrier) proven(tx *sip.ServerTx) bool {
	req := tx.Request()
	result := c.digest.Check(digest.Request{Method: string(req.Method), Authorization: sip.Values(req, "Authorization"), Peer: "us"},
		"carrier.test", func(name string) (digest.Secrets, bool) {
			return digest.Secrets{
				MD5: digest.MD5.HA1(name, "carrier.test", "secret"), SHA256: digest.SHA256.HA1(name, "carrier.test", "secret"),
			}, name == "acme"
		})
	if result.Outcome == digest.OK {
		return true
	}
	var headers []sip.Header
	for _, value := range c.digest.Challenges("carrier.test", "us") {
		headers = append(headers, sip.NewHeader("WWW-Authenticate", value))
	}
	_ = tx.Reply(401, "Unauthorized", headers...)
	return false
}

// next waits for a request that fits and passes over the others.
func (c *carrier) next(what string, fits func(*sip.Request) bool) *sip.Request {
	c.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case req := <-c.requests:
			if fits(req) {
				return req
			}
		case <-timer.C:
			c.t.Fatalf("the carrier got no %s", what)
		}
	}
}

func isRegister(req *sip.Request) bool { return req.Method == sip.REGISTER }
func isOptions(req *sip.Request) bool  { return req.Method == sip.OPTIONS }

func proves(req *sip.Request) bool { return isRegister(req) && sip.Value(req, "Authorization") != "" }

func (c *carrier) trunk(id string, change ...func(*directory.Trunk)) directory.Trunk {
	t := directory.Trunk{
		ID: id, DomainID: "acme", Name: id, Host: c.engine.Addr().String(), Transport: "udp", Register: true, User: "acme", Password: "secret",
	}
	for _, f := range change {
		f(&t)
	}
	return t
}

func byAddress(t *directory.Trunk) { t.Register = false }

// book is a directory of one domain.
type book struct {
	mu     sync.Mutex
	trunks []directory.Trunk
}

func (b *book) Domains() []directory.Domain { return []directory.Domain{{ID: "acme"}} }

func (b *book) Trunks(string) []directory.Trunk {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trunks
}

// office is the service under test.
type office struct {
	*trunk.Service
	t     *testing.T
	book  *book
	bus   *events.Bus
	facts *events.Subscription
	end   func()
}

func pace() trunk.Pace {
	return trunk.Pace{
		Ask: 50 * time.Millisecond, Answer: time.Second, Retry: 20 * time.Millisecond, Longest: 100 * time.Millisecond,
	}
}

func start(t *testing.T, trunks ...directory.Trunk) *office {
	t.Helper()
	o := &office{t: t, book: &book{trunks: trunks}, bus: &events.Bus{}}
	us := listen(t, "127.0.0.1:0", func(tx *sip.ServerTx) { _ = tx.Reply(200, "OK") })
	o.facts = o.bus.Subscribe(4096)
	t.Cleanup(o.facts.Close)
	o.Service = trunk.New(trunk.Config{
		Engine: us.engine, Directory: o.book, Events: o.bus, Now: time.Now, Log: slog.New(slog.DiscardHandler), Pace: pace(),
	})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = o.Run(ctx) })
	o.end = sync.OnceFunc(func() { cancel(); running.Wait() })
	t.Cleanup(o.end)
	return o
}

func (o *office) edit(trunks ...directory.Trunk) {
	o.book.mu.Lock()
	o.book.trunks = trunks
	o.book.mu.Unlock()
	o.bus.Publish(directory.Changed{DomainID: "acme"})
}

// stands waits until a line stands in some way.
func (o *office) stands(what string, is func(trunk.State) bool) {
	o.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case fact := <-o.facts.Facts():
			if changed, ok := fact.(trunk.Changed); ok && is(changed.State) {
				return
			}
		case <-timer.C:
			o.t.Fatalf("no line is %s: %+v", what, o.States("acme"))
		}
	}
}

func registered(s trunk.State) bool { return s.Registered && s.Answers && s.Reason == "" }

func TestRegisters(t *testing.T) {
	t.Parallel()
	for _, algorithm := range []digest.Algorithm{digest.MD5, digest.SHA256} {
		t.Run(string(algorithm), func(t *testing.T) {
			t.Parallel()
			c := newCarrier(t, algorithm)
			o := start(t, c.trunk("main"))
			req := c.next("proof", proves)
			if got := sip.Value(req, "Expires"); got != "600" {
				t.Errorf("asks for %s s", got)
			}
			o.stands("registered", registered)
			contact, err := sip.ParseAddress(sip.Value(req, "Contact"))
			if err != nil {
				t.Fatal(err)
			}
			if len(contact.URI.User) < 16 || strings.Contains(contact.URI.User, "main") {
				t.Errorf("the contact %s can be guessed", contact.URI.User)
			}
			c.next("question whether it is there", isOptions)
			o.end()
			gone := c.next("goodbye", func(req *sip.Request) bool { return isRegister(req) && sip.Value(req, "Expires") == "0" })
			if sip.Value(gone, "Contact") != sip.Value(req, "Contact") || sip.Value(gone, "Authorization") == "" {
				t.Errorf("takes back by\n%s", gone)
			}
		})
	}
}

func TestRenewsBeforeTheEnd(t *testing.T) {
	t.Parallel()
	c := newCarrier(t, digest.MD5)
	c.say(func(tx *sip.ServerTx) bool {
		if !isRegister(tx.Request()) {
			return false
		}
		_ = tx.Reply(200, "OK", sip.NewHeader("Expires", "1"))
		return true
	})
	o := start(t, c.trunk("main"))
	first := c.next("REGISTER", isRegister)
	second := c.next("second REGISTER", isRegister)
	if first.CallID() != second.CallID() || second.CSeq().Number != first.CSeq().Number+1 {
		t.Errorf("two registrations:\n%s\n%s", first, second)
	}
	if s := o.States("acme"); len(s) != 1 || !registered(s[0]) {
		t.Errorf("stands %+v", s)
	}
}

func TestWhatCarriersSay(t *testing.T) {
	t.Parallel()
	challenge := func(n int, more string) sip.Header {
		return sip.NewHeader("WWW-Authenticate", fmt.Sprintf(`Digest realm="carrier.test", nonce="n%d", algorithm=MD5, qop="auth"%s`, n, more))
	}
	proxy := sip.NewHeader("Proxy-Authenticate", `Digest realm="carrier.test", nonce="p", algorithm=MD5, qop="auth"`)
	type answer struct {
		code   int
		header sip.Header
	}
	for name, test := range map[string]struct {
		answers []answer // to one REGISTER after the other; 200 then
		reason  string   // "": registered
	}{
		"stale nonce":          {[]answer{{401, challenge(1, "")}, {401, challenge(2, ", stale=true")}}, ""},
		"another nonce":        {[]answer{{401, challenge(1, "")}, {401, challenge(2, "")}}, ""},
		"a proxy asks":         {[]answer{{407, proxy}}, ""},
		"wrong password":       {[]answer{{401, challenge(1, "")}, {401, challenge(2, "")}, {401, challenge(3, "")}}, "401 "},
		"forbidden":            {[]answer{{code: 403}}, "403 "},
		"interval too brief":   {[]answer{{423, sip.NewHeader("Min-Expires", "1800")}}, ""},
		"a nonsense interval":  {[]answer{{423, sip.NewHeader("Min-Expires", "soon")}}, "423 "},
		"an interval for ever": {[]answer{{423, sip.NewHeader("Min-Expires", "99999999999")}}, "423 "},
		"a nonsense challenge": {[]answer{{401, sip.NewHeader("WWW-Authenticate", "Bearer x")}, {401, sip.NewHeader("WWW-Authenticate", "Bearer x")}, {401, sip.NewHeader("WWW-Authenticate", "Bearer x")}}, "401 "},
		"no challenge":         {[]answer{{code: 401}}, "401 "},
		"broken":               {[]answer{{code: 500}}, "500 "},
		"elsewhere":            {[]answer{{302, sip.NewHeader("Contact", "<sip:203.0.113.1>")}}, "302 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCarrier(t, digest.MD5)
			answers := test.answers
			c.say(func(tx *sip.ServerTx) bool {
				if !isRegister(tx.Request()) {
					return false
				}
				next := answer{code: 200}
				if len(answers) > 0 {
					next, answers = answers[0], answers[1:]
				}
				var headers []sip.Header
				if next.header != (sip.Header{}) {
					headers = append(headers, next.header)
				}
				_ = tx.Reply(next.code, "As The Test Says", headers...)
				return true
			})
			o := start(t, c.trunk("main"))
			if test.reason != "" {
				o.stands("refused", func(s trunk.State) bool {
					return !s.Registered && !s.Answers && strings.HasPrefix(s.Reason, test.reason)
				})
			}
			o.stands("registered", registered) // it tries again
		})
	}
}
