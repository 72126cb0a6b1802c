package softphone

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

const (
	unauthorized      = 401
	proxyUnauthorized = 407
	tooBrief          = 423 // RFC 3261 21.4.17: interval too brief

	registerTries = 5 // challenge, stale nonce, longer interval
	firstRetry    = 2 * time.Second
	longestRetry  = time.Minute
	refreshWithin = 32 * time.Second
	never         = 365 * 24 * time.Hour
)

// registration is our binding at the server and how to keep it.
type registration struct {
	turn   chan struct{} // full while a REGISTER is under way
	wake   chan struct{} // the time of the next REGISTER has changed
	callID string
	cseq   uint32
	proof  proof

	mu    sync.Mutex
	flow  sip.Flow
	until time.Time     // end of the binding; zero: not registered
	next  time.Time     // when to register again; zero: not at all
	retry time.Duration // after the next failure
}

// proof remembers a challenge, so that the next request answers it at once.
type proof struct {
	header     string
	challenges []string
	count      uint32
	fresh      bool // the challenge is of this round, so that a further one says: wrong
}

func newRegistration() registration {
	return registration{
		turn: make(chan struct{}, 1), wake: make(chan struct{}, 1),
		callID: sip.NewCallID(), retry: firstRetry,
	}
}

// Register makes the server send our calls to this phone, and keeps that up
// until Unregister or Close. The error is a *RefusedError when the server refused.
func (p *Phone) Register(ctx context.Context) error {
	granted, err := p.register(ctx, p.cfg.Expires)
	if err != nil {
		p.registerFailed(err)
		return err
	}
	p.registered(granted)
	return nil
}

// Unregister ends the registration.
func (p *Phone) Unregister(ctx context.Context) error {
	p.schedule(time.Time{}, time.Time{})
	if _, err := p.register(ctx, 0); err != nil {
		return err
	}
	p.tell(Event{Kind: Unregistered})
	return nil
}

// Registered tells whether the server knows us now.
func (p *Phone) Registered() bool {
	p.reg.mu.Lock()
	defer p.reg.mu.Unlock()
	return time.Now().Before(p.reg.until)
}

func (p *Phone) registered(granted time.Duration) {
	p.tell(Event{Kind: Registered, Text: granted.String()})
}

func (p *Phone) registerFailed(err error) {
	ev := Event{Kind: RegisterFailed, Text: err.Error()}
	if refused := (*RefusedError)(nil); errors.As(err, &refused) {
		ev.Code = refused.Code
	}
	p.tell(ev)
}

func (p *Phone) schedule(until, next time.Time) {
	p.reg.mu.Lock()
	p.reg.until, p.reg.next, p.reg.retry = until, next, firstRetry
	p.reg.mu.Unlock()
	p.reg.nudge()
}

func (r *registration) nudge() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// hasten registers at once when the connection of the registration is gone.
func (r *registration) hasten(flow sip.Flow) {
	r.mu.Lock()
	if flow == r.flow && !r.next.IsZero() {
		r.next = time.Now()
	}
	r.mu.Unlock()
	r.nudge()
}

func (r *registration) wait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.next.IsZero() {
		return never
	}
	return time.Until(r.next)
}

// keepRegistered refreshes the registration before it ends, and tries again after failures.
func (p *Phone) keepRegistered(ctx context.Context) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.reg.wake:
		case <-timer.C:
			p.refresh(ctx)
		}
		timer.Reset(p.reg.wait())
	}
}

func (p *Phone) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refreshWithin)
	defer cancel()
	granted, err := p.register(ctx, p.cfg.Expires)
	if err == nil {
		p.registered(granted)
		return
	}
	p.reg.mu.Lock()
	again := !p.reg.next.IsZero()
	if again {
		p.reg.next = time.Now().Add(p.reg.retry)
		p.reg.retry = min(2*p.reg.retry, longestRetry)
	}
	p.reg.mu.Unlock()
	if again {
		p.registerFailed(err)
	}
}

// register sends REGISTER until it is granted or refused, and gives the time granted.
func (p *Phone) register(ctx context.Context, expires time.Duration) (time.Duration, error) {
	select {
	case p.reg.turn <- struct{}{}:
		defer func() { <-p.reg.turn }()
	case <-ctx.Done():
		return 0, fmt.Errorf("register %s: %w", p.cfg.User, context.Cause(ctx))
	}
	flows, err := p.way(ctx)
	if err != nil {
		return 0, err
	}
	for _, flow := range flows {
		var granted time.Duration
		granted, err = p.registerBy(ctx, flow, expires)
		if refused := (*RefusedError)(nil); errors.As(err, &refused) {
			return 0, err
		}
		if err == nil {
			p.hold(granted, expires)
			return granted, nil
		}
	}
	return 0, fmt.Errorf("register %s at %s: %w", p.cfg.User, p.cfg.Server, err)
}

// hold notes what the last REGISTER came to. It is called in its turn, so that
// a refresh which was under way does not undo an Unregister.
func (p *Phone) hold(granted, asked time.Duration) {
	if asked == 0 {
		p.schedule(time.Time{}, time.Time{})
		return
	}
	now := time.Now()
	p.schedule(now.Add(granted), now.Add(granted*9/10))
}

func (p *Phone) registerBy(ctx context.Context, flow sip.Flow, expires time.Duration) (time.Duration, error) {
	if err := p.engine.Connect(ctx, flow); err != nil {
		return 0, err
	}
	p.reg.mu.Lock()
	p.reg.flow = flow
	p.reg.mu.Unlock()
	p.reg.proof.fresh = false
	for range registerTries {
		req := p.registerRequest(flow, expires)
		res, err := p.engine.Do(ctx, req, flow)
		switch {
		case err != nil:
			return 0, err
		case res.StatusCode < 300:
			return p.granted(res, flow, expires), nil
		case res.StatusCode == tooBrief:
			least, err := strconv.Atoi(sip.Value(res, "Min-Expires"))
			if err != nil || time.Duration(least)*time.Second <= expires {
				return 0, &RefusedError{Code: res.StatusCode, Reason: res.Reason}
			}
			expires = time.Duration(least) * time.Second
		case !p.reg.proof.challenged(res):
			return 0, &RefusedError{Code: res.StatusCode, Reason: res.Reason}
		}
	}
	return 0, &RefusedError{Code: unauthorized, Reason: "the server keeps asking"}
}

func (p *Phone) registerRequest(flow sip.Flow, expires time.Duration) *sip.Request {
	p.reg.cseq++
	registrar := sip.URI{Scheme: "sip", Host: p.cfg.Domain}
	req := sip.NewRequest(sip.REGISTER, registrar,
		sip.NewHeader("From", p.from().String()+";tag="+sip.NewTag()),
		sip.NewHeader("To", p.from().String()),
		sip.NewHeader("Call-ID", p.reg.callID),
		sip.NewHeader("CSeq", strconv.FormatUint(uint64(p.reg.cseq), 10)+" REGISTER"),
		sip.NewHeader("Contact", "<"+p.contact(flow)+">"),
		sip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	p.reg.proof.prove(req, digest.Claim{
		Method: "REGISTER", URI: registrar.String(), Username: p.cfg.Login, Password: p.cfg.Password,
	})
	return req
}

func (p *Phone) contact(flow sip.Flow) string {
	uri := "sip:" + escaped(p.cfg.User) + "@" + p.engine.Local(flow).String()
	if flow.Transport != sip.UDP {
		uri += ";transport=" + string(flow.Transport)
	}
	return uri
}

// granted reads the time that the server grants our binding: its Contact's, else that of the response (RFC 3261 10.2.4).
func (p *Phone) granted(res *sip.Response, flow sip.Flow, asked time.Duration) time.Duration {
	text := sip.Value(res, "Expires")
	own := p.contact(flow)
	for _, value := range sip.Values(res, "Contact") {
		a, err := sip.ParseAddress(value)
		if given, ok := a.Param("expires"); err == nil && ok && strings.HasPrefix(a.URI.String(), own) {
			text = given
		}
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	return asked
}

// challenged remembers the challenge of a 401 or 407, and tells whether to try
// again: not after an answer that the server found wrong.
func (f *proof) challenged(res *sip.Response) bool {
	var name, header string
	switch res.StatusCode {
	case unauthorized:
		name, header = "WWW-Authenticate", "Authorization"
	case proxyUnauthorized:
		name, header = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return false
	}
	challenges := sip.Values(res, name)
	if f.fresh && !digest.IsStale(challenges) {
		*f = proof{}
		return false
	}
	*f = proof{header: header, challenges: challenges, fresh: true}
	return true
}

// prove adds the answer to the remembered challenge, if there is one.
func (f *proof) prove(req *sip.Request, claim digest.Claim) {
	if len(f.challenges) == 0 {
		return
	}
	f.count++
	claim.Count = f.count
	if value, err := digest.Answer(f.challenges, claim); err == nil {
		req.AppendHeader(sip.NewHeader(f.header, value))
	}
}
