package switchboard_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// peer is a phone that does and says what a test wants, in place of what a
// good phone would.
type peer struct {
	t      *testing.T
	device string
	domain string
	engine *sip.Engine
	layer  *dialog.Layer
	server sip.Flow
	calls  chan *sip.ServerTx // INVITEs outside of dialogs
	acks   chan *sip.Request  // for 2xx
	raw    chan *sip.ServerTx // where not nil all requests go, past the layer
	asked  chan struct{}      // full once another request came
	stop   func()
}

// ServeSIP implements [sip.Handler].
func (p *peer) ServeSIP(tx *sip.ServerTx) {
	switch {
	case p.raw != nil:
		p.raw <- tx
	case p.layer.ServeSIP(tx):
	case tx.Request().Method == sip.INVITE:
		p.calls <- tx
	default:
		_ = tx.Reply(200, "OK")
		select {
		case p.asked <- struct{}{}:
		default:
		}
	}
}

// ServeACK implements [sip.Handler].
func (p *peer) ServeACK(req *sip.Request, flow sip.Flow) {
	p.acks <- req
	p.layer.ServeACK(req, flow)
}

// FlowClosed implements [sip.Handler].
func (p *peer) FlowClosed(flow sip.Flow) { p.layer.FlowClosed(flow) }

// newPeer runs a phone that has not registered.
func (o *office) newPeer(device string, transport sip.Transport) *peer {
	o.t.Helper()
	engine, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0", Timers: timers(), Supported: []string{"100rel", "timer"}})
	if err != nil {
		o.t.Fatal(err)
	}
	p := &peer{
		t: o.t, device: device, domain: "acme.test", engine: engine, layer: dialog.New(engine, dialog.Config{}),
		server: sip.Flow{Transport: transport, Remote: o.App.SIPAddr()},
		calls:  make(chan *sip.ServerTx, 64), acks: make(chan *sip.Request, 256),
		asked: make(chan struct{}, 1),
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { _ = engine.Serve(ctx, p) })
	p.stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	o.t.Cleanup(p.stop)
	if err := engine.Connect(o.soon(), p.server); err != nil {
		o.t.Fatal(err)
	}
	return p
}

// peer runs a phone that has registered.
func (o *office) peer(device string) *peer { return o.peerBy(device, sip.UDP) }

func (o *office) peerBy(device string, transport sip.Transport) *peer {
	o.t.Helper()
	p := o.newPeer(device, transport)
	p.register(p.contact())
	return p
}

func (p *peer) contact() string {
	return fmt.Sprintf("<sip:%s@%s;transport=%s>", p.device, p.engine.Addr(), p.server.Transport)
}

func (p *peer) address() string { return "<sip:" + p.device + "@" + p.domain + ">" }

func (p *peer) password() string { return apptest.Password(p.device) }

// register puts a contact, with any headers.
func (p *peer) register(contact string, headers ...sip.Header) {
	p.t.Helper()
	domain := sip.URI{Scheme: "sip", Host: p.domain}
	headers = append(headers,
		sip.NewHeader("From", p.address()+";tag=1"), sip.NewHeader("To", p.address()), sip.NewHeader("Call-ID", sip.NewCallID()),
		sip.NewHeader("Contact", contact))
	res := p.do(sip.NewRequest(sip.REGISTER, domain, append(headers, sip.NewHeader("CSeq", "1 REGISTER"))...))
	proof := p.prove(res, sip.REGISTER, domain)
	res = p.do(sip.NewRequest(sip.REGISTER, domain, append(headers, sip.NewHeader("CSeq", "2 REGISTER"), proof)...))
	if res.StatusCode != 200 {
		p.t.Fatalf("%s cannot register: %d %s", p.device, res.StatusCode, res.Reason)
	}
}

func (p *peer) do(req *sip.Request) *sip.Response {
	p.t.Helper()
	res, err := p.engine.Do(apptest.Soon(p.t), req, p.server)
	if err != nil {
		p.t.Fatal(err)
	}
	return res
}

// prove answers the challenge of a 401.
func (p *peer) prove(res *sip.Response, method sip.Method, uri sip.URI) sip.Header {
	p.t.Helper()
	challenges := sip.Values(res, "WWW-Authenticate")
	proof, err := digest.Answer(challenges, digest.Claim{
		Method: string(method), URI: uri.String(), Username: p.device, Password: p.password(), Count: 1,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return sip.NewHeader("Authorization", proof)
}

// rawPeer runs a registered phone whose test answers every request itself.
func (o *office) rawPeer(device string) *peer {
	o.t.Helper()
	p := o.newPeer(device, sip.UDP)
	p.raw = make(chan *sip.ServerTx, 64)
	p.register(p.contact())
	return p
}

// next waits for the next request of a method to a raw peer.
func (p *peer) next(method sip.Method) *sip.ServerTx {
	p.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case tx := <-p.raw:
			if tx.Request().Method == method {
				return tx
			}
		case <-timer.C:
			p.t.Fatalf("%s got no %s", p.device, method)
		}
	}
}

// respond answers a request by hand.
func (p *peer) respond(tx *sip.ServerTx, code int, body []byte, headers ...sip.Header) {
	res := tx.Response(code, "As The Test Says")
	res.AppendHeader(sip.NewHeader("Contact", p.contact()))
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if body != nil {
		res.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
		res.SetBody(body)
	}
	if err := tx.Respond(res); err != nil {
		p.t.Errorf("%s responds %d: %v", p.device, code, err)
	}
}

// acknowledged waits for the next ACK.
func (p *peer) acknowledged() {
	p.t.Helper()
	select {
	case <-p.acks:
	case <-time.After(patience):
		p.t.Fatalf("%s got no ACK", p.device)
	}
}

// leg is one call of a peer.
type leg struct {
	*dialog.Leg
	t     *testing.T
	log   chan dialog.Event
	sound *sound
	tx    *sip.ServerTx // the INVITE, of a call that came
}

func newLeg(t *testing.T) *leg {
	t.Helper()
	return &leg{t: t, log: make(chan dialog.Event, 256), sound: newSound(t)}
}

func (l *leg) sink(ev dialog.Event) { l.log <- ev }

// event waits for the next event of a type on a leg and passes over the others.
func event[T dialog.Event](l *leg) T {
	l.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var passed []dialog.Event
	for {
		select {
		case ev := <-l.log:
			if want, ok := ev.(T); ok {
				return want
			}
			passed = append(passed, ev)
		case <-timer.C:
			l.t.Fatalf("no event %T, but %T", *new(T), passed)
		}
	}
}

// call invites somebody with plain sound.
func (p *peer) call(number string, change ...func(*leg, *dialog.Invite)) *leg {
	p.t.Helper()
	l := newLeg(p.t)
	target, err := sip.ParseURI("sip:" + number + "@" + p.domain)
	if err != nil {
		p.t.Fatal(err)
	}
	inv := dialog.Invite{
		Target: target, Flows: []sip.Flow{p.server}, From: sip.Address{URI: sip.URI{Scheme: "sip", User: p.device, Host: p.domain}},
		ContactUser: p.device, SDP: l.sound.plain(), Credentials: &dialog.Credentials{Username: p.device, Password: p.password()},
	}
	for _, f := range change {
		f(l, &inv)
	}
	if l.Leg, err = p.layer.Invite(inv, l.sink); err != nil {
		p.t.Fatal(err)
	}
	return l
}

func offerless(_ *leg, inv *dialog.Invite) { inv.SDP = nil }

// requires makes a caller insist on reliable provisional responses.
func requires(_ *leg, inv *dialog.Invite) {
	inv.Headers = append(inv.Headers, sip.NewHeader("Require", "100rel"))
}

// offering makes a caller offer some payload types.
func offering(payloads string, lines ...string) func(*leg, *dialog.Invite) {
	return func(l *leg, inv *dialog.Invite) { inv.SDP = l.sound.describe(payloads, lines...) }
}

// invited waits for a call to this phone.
func (p *peer) invited() *sip.ServerTx {
	p.t.Helper()
	select {
	case tx := <-p.calls:
		return tx
	case <-time.After(patience):
		p.t.Fatalf("nobody calls %s", p.device)
		return nil
	}
}

// take waits for a call to this phone and says nothing yet.
func (p *peer) take() *leg {
	p.t.Helper()
	l := newLeg(p.t)
	l.tx = p.invited()
	var err error
	if l.Leg, err = p.layer.Incoming(l.tx, dialog.LocalParty{ContactUser: p.device}, l.sink); err != nil {
		p.t.Fatal(err)
	}
	if offer := l.RemoteSDP(); offer != nil {
		l.sound.towards(offer)
	}
	return l
}

// ring waits for a call to this phone and rings.
func (p *peer) ring() *leg {
	p.t.Helper()
	l := p.take()
	l.progress(180, "Ringing", nil)
	return l
}

func (l *leg) progress(code int, reason string, body []byte) {
	l.t.Helper()
	if err := l.Progress(code, reason, body); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leg) accept(body []byte) {
	l.t.Helper()
	if err := l.Accept(body); err != nil {
		l.t.Fatal(err)
	}
}

func (l *leg) reject(code int, reason string) {
	l.t.Helper()
	if err := l.Reject(code, reason); err != nil {
		l.t.Fatal(err)
	}
}

// answer takes the call with plain sound.
func (l *leg) answer() *leg {
	l.t.Helper()
	l.accept(l.sound.plain())
	return l
}

// connected waits until a call made has been answered.
func (l *leg) connected() *leg {
	l.t.Helper()
	l.sound.towards(event[dialog.Answered](l).SDP)
	return l
}

// connect calls Ana at one of her phones, with plain sound.
func connect(from, to *peer) (caller, callee *leg) {
	from.t.Helper()
	caller = from.call("1001")
	callee = to.ring().answer()
	caller.connected()
	event[dialog.Acked](callee)
	return caller, callee
}

// failed waits for the refusal of a call.
func (l *leg) failed(code int) {
	l.t.Helper()
	if ev := event[dialog.Failed](l); ev.Code != code {
		l.t.Errorf("refused with %d %s, want %d", ev.Code, ev.Reason, code)
	}
}

// hangUp ends a call by one side and checks that the other hears of it.
func hangUp(from, to *leg) {
	from.t.Helper()
	from.Bye()
	if ev := event[dialog.Ended](to); ev.By != dialog.ByPeer {
		to.t.Errorf("ended by %s: %s", ev.By, ev.Reason)
	}
}
