package softphone_test

import (
	"context"
	"strconv"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// registrar is a server that knows only REGISTER: user 1001 with password "secret".
type registrar struct {
	engine *sip.Engine
	auth   *digest.Authenticator
	came   chan *sip.Request // those that were granted

	mu     sync.Mutex
	least  int // seconds, for 423
	grants string
	refuse int
	held   chan chan struct{} // not nil: a grant waits until the channel that comes here is closed
}

func newRegistrar(t *testing.T) *registrar {
	t.Helper()
	engine, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	r := &registrar{engine: engine, auth: digest.New(digest.Config{}), came: make(chan *sip.Request, 100)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = engine.Serve(ctx, r)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

func (r *registrar) set(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
}

func (r *registrar) ServeACK(*sip.Request, sip.Flow) {}

func (r *registrar) FlowClosed(sip.Flow) {}

func (r *registrar) ServeSIP(tx *sip.ServerTx) {
	r.mu.Lock()
	defer r.mu.Unlock()
	req, peer := tx.Request(), tx.Flow().Remote.Addr().String()
	proofs := sip.Values(req, "Authorization")
	lookup := func(name string) (digest.Secrets, bool) {
		return digest.Secrets{
			MD5:    digest.MD5.HA1("1001", "test", "secret"),
			SHA256: digest.SHA256.HA1("1001", "test", "secret"),
		}, name == "1001"
	}
	proven := r.auth.Check(digest.Request{Method: "REGISTER", Authorization: proofs, Peer: peer}, "test", lookup)
	expires, _ := strconv.Atoi(sip.Value(req, "Expires"))
	switch {
	case r.refuse != 0:
		_ = tx.Reply(r.refuse, "No")
	case proven.Outcome != digest.OK:
		var headers []sip.Header
		for _, c := range r.auth.Challenges("test", peer) {
			headers = append(headers, sip.NewHeader("WWW-Authenticate", c))
		}
		_ = tx.Reply(401, "Unauthorized", headers...)
	case expires > 0 && expires < r.least:
		_ = tx.Reply(423, "Interval Too Brief", sip.NewHeader("Min-Expires", strconv.Itoa(r.least)))
	default:
		if r.held != nil {
			wait := make(chan struct{})
			r.held <- wait
			<-wait
		}
		contact := sip.Value(req, "Contact") + ";expires=" + r.grants
		_ = tx.Reply(200, "OK", sip.NewHeader("Contact", "<sip:1001@192.0.2.9>;expires=7777"), sip.NewHeader("Contact", contact))
		r.came <- req
	}
}
