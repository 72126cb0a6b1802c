package dialog

import (
	"slices"

	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/digest"
)

// proof is what we have answered to the challenges of a request: those of a
// proxy and those of the peer, each in its header.
type proof struct {
	headers []sip.Header
	tries   []string // the names of the headers, once for each answer given
}

// answer takes a 401 or 407 and reports whether the request is worth another
// try. A second challenge says that the password is wrong, unless it says that
// the nonce was stale, or the peer is one that does not say so.
func (p *proof) answer(creds *Credentials, req *sip.Request, res *sip.Response) bool {
	asks, answers := "WWW-Authenticate", "Authorization"
	switch res.StatusCode {
	case 401:
	case 407:
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return false
	}
	if creds == nil {
		return false
	}
	challenges := sip.Values(res, asks)
	if !p.mayAnswer(answers, creds.Insist || digest.IsStale(challenges)) {
		return false
	}
	value, err := digest.Answer(challenges, digest.Claim{
		Method: string(req.Method), URI: req.Recipient.String(),
		Username: creds.Username, Password: creds.Password,
	})
	if err != nil {
		return false
	}
	p.tries = append(p.tries, answers)
	p.headers = slices.DeleteFunc(slices.Clone(p.headers), func(h sip.Header) bool { return h.Name() == answers })
	p.headers = append(p.headers, sip.NewHeader(answers, value))
	return true
}

// mayAnswer tells whether a challenge is worth an answer in some header: the
// first is, and a second when it may be no sign of a wrong password.
func (p *proof) mayAnswer(header string, again bool) bool {
	tries := 0
	for _, name := range p.tries {
		if name == header {
			tries++
		}
	}
	return tries == 0 || tries == 1 && again
}
