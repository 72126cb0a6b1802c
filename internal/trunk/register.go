package trunk

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

const (
	statusUnauthorized = 401
	statusProxyAuth    = 407
	statusTooBrief     = 423

	registerTries = 5 // challenge, another nonce, longer interval, each once more
	shortest      = time.Second
)

// registration is our binding at a carrier.
type registration struct {
	callID  string
	cseq    uint32
	flow    sip.Flow      // it was made over; zero: not registered
	expires time.Duration // as asked for: the carrier may want more than the default
	due     time.Time     // for the next REGISTER, by the machine's clock
	proof   proof
}

// proof is the answer to a carrier's last challenge, kept so that the next
// REGISTER needs no challenge.
type proof struct {
	header     string
	challenges []string
	count      uint32
	answered   int // challenges answered in this round
}

// register makes or renews the binding, by the first way that works.
func (l *line) register(ctx context.Context) error {
	err := sip.ErrUnresolved
	for _, flow := range l.found() {
		var granted time.Duration
		granted, err = l.registerBy(ctx, flow, l.registration.expires)
		var refused *refusedError
		if err == nil {
			l.registration.flow = flow
			l.registration.due = time.Now().Add(renewAfter(granted))
			return nil
		}
		if errors.As(err, &refused) && refused.code < 500 {
			return err // by another way it would say the same
		}
	}
	return err
}

// renewAfter leaves time for a few tries before a binding ends.
func renewAfter(granted time.Duration) time.Duration {
	return max(granted-min(granted/5, time.Minute), shortest)
}

// takeBack ends the binding, if there may be one.
func (l *line) takeBack(ctx context.Context) {
	if l.registration.flow == (sip.Flow{}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, l.cfg.Pace.Answer)
	defer cancel()
	if _, err := l.registerBy(ctx, l.registration.flow, 0); err != nil {
		l.log.Info("the registration was not taken back", slog.Any("error", err))
	}
}

// registerBy sends REGISTER until it is granted or refused, and gives the time granted.
func (l *line) registerBy(ctx context.Context, flow sip.Flow, expires time.Duration) (time.Duration, error) {
	r := &l.registration
	r.proof.answered = 0
	for range registerTries {
		res, err := l.do(ctx, l.registerRequest(flow, expires), flow)
		switch {
		case err != nil:
			return 0, err
		case res.StatusCode < 300:
			return l.granted(res, expires), nil
		case res.StatusCode == statusTooBrief && expires > 0:
			least, err := strconv.Atoi(sip.Value(res, "Min-Expires"))
			if err != nil || time.Duration(least)*time.Second <= expires || least > 1<<20 {
				return 0, &refusedError{res.StatusCode, res.Reason}
			}
			expires = time.Duration(least) * time.Second
			r.expires = expires
		case !r.proof.challenged(res):
			return 0, &refusedError{res.StatusCode, res.Reason}
		}
	}
	return 0, &refusedError{statusUnauthorized, "the carrier keeps asking"}
}

func (l *line) registerRequest(flow sip.Flow, expires time.Duration) *sip.Request {
	r := &l.registration
	r.cseq++
	registrar := l.uri
	us := sip.Address{URI: sip.URI{Scheme: "sip", User: l.trunk.User, Host: l.uri.Host}}
	req := sip.NewRequest(sip.REGISTER, registrar,
		sip.NewHeader("From", us.String()+";tag="+sip.NewTag()), sip.NewHeader("To", us.String()),
		sip.NewHeader("Call-ID", r.callID), sip.NewHeader("CSeq", strconv.FormatUint(uint64(r.cseq), 10)+" REGISTER"),
		sip.NewHeader("Contact", "<"+l.contactURI(flow)+">"),
		sip.NewHeader("Expires", strconv.Itoa(int(expires/time.Second))))
	if value, ok := r.proof.answer(digest.Claim{
		Method: string(sip.REGISTER), URI: registrar.String(), Username: l.trunk.User, Password: l.trunk.Password,
	}); ok {
		req.AppendHeader(sip.NewHeader(r.proof.header, value))
	}
	return req
}

// granted reads the time that the carrier keeps our binding: its Contact's,
// else that of the response (RFC 3261 10.2.4).
func (l *line) granted(res *sip.Response, asked time.Duration) time.Duration {
	text := sip.Value(res, "Expires")
	for _, value := range sip.Values(res, "Contact") {
		a, err := sip.ParseAddress(value)
		if own, ok := a.Param("expires"); err == nil && ok && sip.URIUser(a.URI) == l.contact {
			text = own
		}
	}
	if n, err := strconv.Atoi(text); err == nil && n > 0 && n < 1<<20 {
		return time.Duration(n) * time.Second
	}
	return asked
}

// challenged takes the challenge of a 401 or 407 and tells whether to answer.
// A second one in the same round is answered too: the nonce may have been
// spent, and some carriers do not say so. A third says that the password is wrong.
func (p *proof) challenged(res *sip.Response) bool {
	var asks string
	switch res.StatusCode {
	case statusUnauthorized:
		asks, p.header = "WWW-Authenticate", "Authorization"
	case statusProxyAuth:
		asks, p.header = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return false
	}
	p.challenges, p.count = sip.Values(res, asks), 0
	if p.answered == 2 || len(p.challenges) == 0 {
		return false
	}
	p.answered++
	return true
}

// answer answers the challenge that is remembered, if there is one.
func (p *proof) answer(claim digest.Claim) (string, bool) {
	if len(p.challenges) == 0 {
		return "", false
	}
	p.count++
	claim.Count = p.count
	value, err := digest.Answer(p.challenges, claim)
	return value, err == nil
}
