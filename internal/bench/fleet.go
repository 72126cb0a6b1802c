package bench

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/sdp"
)

// hosts is how many addresses the phones share, all of this machine's loopback
// network: the server lets each address send so much and no more.
const hosts = 100

// userAgent is as long as those of desk phones.
const userAgent = "Example Desk Phone T54 96.86.0.100"

func hostAddr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, 0, byte(n + 1)}) //nolint:gosec // G115: below hosts
}

// fleet is many phones on a few addresses.
type fleet struct {
	server   netip.AddrPort
	hosts    []*host
	stop     context.CancelFunc
	ended    sync.WaitGroup
	notified atomic.Int64 // NOTIFYs that came
}

// host is one address with its phones, which share a socket as phones behind a
// proxy do.
type host struct {
	fleet  *fleet
	engine *sip.Engine
	layer  *dialog.Layer
	server sip.Flow
	sound  []byte                                // the description of a phone that sends none
	answer func(h *host, leg *dialog.Leg) []byte // the description to answer with
}

// newFleet opens the phones' sockets. Phones that are called ring and answer at once.
func newFleet(ctx context.Context, server netip.AddrPort) (*fleet, error) {
	ctx, stop := context.WithCancel(ctx)
	f := &fleet{server: server, stop: stop}
	for n := range hosts {
		engine, err := sip.Listen(sip.Config{
			Listen: netip.AddrPortFrom(hostAddr(n), 0).String(), Product: userAgent,
			Limits: sip.Limits{Rate: -1, Remembered: 1 << 20}, Supported: []string{"100rel", "timer"},
		})
		if err != nil {
			f.close()
			return nil, fmt.Errorf("open the phones' sockets: %w", err)
		}
		h := &host{
			fleet: f, engine: engine, layer: dialog.New(engine, dialog.Config{}),
			server: sip.Flow{Transport: sip.UDP, Remote: server},
			sound:  description(netip.AddrPortFrom(hostAddr(n), 4000)),
			answer: func(h *host, _ *dialog.Leg) []byte { return h.sound },
		}
		f.hosts = append(f.hosts, h)
		f.ended.Go(func() { _ = engine.Serve(ctx, h) })
	}
	return f, nil
}

// description offers G.711 and telephone events, as phones do.
func description(at netip.AddrPort) []byte {
	return sdp.Endpoint{
		At: at, Origin: sdp.NewOrigin(1), Formats: []sdp.Format{sdp.PCMU(), sdp.PCMA(), sdp.TelephoneEvent()},
	}.Offer()
}

func (f *fleet) close() {
	f.stop()
	f.ended.Wait()
}

// phones are one for each account, spread over the addresses.
func (f *fleet) phones(accounts []account) []*phone {
	phones := make([]*phone, len(accounts))
	for i, a := range accounts {
		phones[i] = &phone{account: a, host: f.hosts[i%len(f.hosts)], callID: sip.NewCallID()}
	}
	return phones
}

// ServeSIP implements [sip.Handler].
func (h *host) ServeSIP(tx *sip.ServerTx) {
	if h.layer.ServeSIP(tx) {
		return
	}
	if tx.Request().Method == sip.INVITE {
		h.called(tx)
		return
	}
	if tx.Request().Method == sip.NOTIFY {
		h.fleet.notified.Add(1)
	}
	_ = tx.Reply(200, "OK") // the server asks whether the phone lives, or tells it something
}

// called rings and answers. What fails here the caller sees.
func (h *host) called(tx *sip.ServerTx) {
	leg, err := h.layer.Incoming(tx, dialog.LocalParty{ContactUser: sip.URIUser(tx.Request().Recipient)}, func(dialog.Event) {})
	if err != nil {
		return
	}
	_ = leg.Progress(180, "Ringing", nil)
	_ = leg.Accept(h.answer(h, leg))
}

// ServeACK implements [sip.Handler].
func (h *host) ServeACK(req *sip.Request, flow sip.Flow) { h.layer.ServeACK(req, flow) }

// FlowClosed implements [sip.Handler].
func (h *host) FlowClosed(flow sip.Flow) { h.layer.FlowClosed(flow) }

// phone is a device that registers, by one goroutine at a time.
type phone struct {
	account

	host    *host
	callID  string
	cseq    uint32
	forgets bool // it answers a challenge once, as simple phones do

	mu         sync.Mutex
	challenges []string // the last, answered again and again by phones that do not forget
	answered   uint32
}

// register registers the phone once, for an hour.
func (p *phone) register(ctx context.Context) error {
	for range 3 { // without credentials, with, and once more where the nonce has grown old
		res, err := p.host.engine.Do(ctx, p.registration(), p.host.server)
		switch {
		case err != nil:
			return err
		case res.StatusCode == 200:
			return nil
		case res.StatusCode != 401:
			return fmt.Errorf("register %s: %d %s", p.number, res.StatusCode, res.Reason)
		}
		p.challenged(res)
	}
	return errors.New("the server does not accept the password of " + p.number)
}

func (p *phone) challenged(res *sip.Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.challenges, p.answered = sip.Values(res, "WWW-Authenticate"), 0
}

// proof answers the last challenge once more, for another request.
func (p *phone) proof(method, uri string) []sip.Header {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.challenges == nil {
		return nil
	}
	p.answered++
	value, err := digest.Answer(p.challenges, digest.Claim{
		Method: method, URI: uri, Username: p.number, Password: password, Count: p.answered,
	})
	if err != nil { // the server asks again
		return nil
	}
	return []sip.Header{sip.NewHeader("Authorization", value)}
}

// registration is a REGISTER as a desk phone sends it.
func (p *phone) registration() *sip.Request {
	p.cseq++
	address := "<sip:" + p.number + "@" + p.domain + ">"
	headers := []sip.Header{
		sip.NewHeader("From", address+";tag="+p.callID[:10]),
		sip.NewHeader("To", address),
		sip.NewHeader("Call-ID", p.callID),
		sip.NewHeader("CSeq", strconv.FormatUint(uint64(p.cseq), 10)+" REGISTER"),
		sip.NewHeader("Contact", "<sip:"+p.number+"@"+p.host.engine.Addr().String()+`>;+sip.instance="<urn:uuid:`+p.callID+`>"`),
		sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE"),
		sip.NewHeader("Supported", "path"),
		sip.NewHeader("Expires", "3600"),
	}
	uri := sip.URI{Scheme: "sip", Host: p.domain}
	return sip.NewRequest(sip.REGISTER, uri, append(headers, p.proof("REGISTER", uri.String())...)...)
}

// registerAll registers each phone once, some at a time.
func registerAll(ctx context.Context, phones []*phone, parallel int) error {
	return each(ctx, phones, parallel, func(p *phone) error { return p.register(ctx) })
}

// each does something with each phone, some at a time.
func each(ctx context.Context, phones []*phone, parallel int, do func(*phone) error) error {
	var next atomic.Int64
	return together(parallel, func() error {
		for {
			i := int(next.Add(1)) - 1
			if i >= len(phones) || ctx.Err() != nil {
				return ctx.Err()
			}
			if err := do(phones[i]); err != nil {
				return err
			}
		}
	})
}

// together does the same several times at once and gives the first error: the
// others are alike.
func together(times int, f func() error) error {
	var group errgroup.Group
	for range times {
		group.Go(f)
	}
	return group.Wait()
}

// pace calls f so often a second until the context ends, each call on a
// goroutine of its own, and waits for them.
func pace(ctx context.Context, perSecond float64, f func()) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / perSecond))
	defer ticker.Stop()
	var running sync.WaitGroup
	defer running.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			running.Go(f)
		}
	}
}
