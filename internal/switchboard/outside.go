package switchboard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

const (
	// outsideRing is how long a number outside may ring; the far network ends
	// most calls before.
	outsideRing = 3 * time.Minute
	// findWithin is for looking up a carrier that has not been found yet.
	findWithin = 2 * time.Second
)

// Trunks are the outside lines.
type Trunks interface {
	// Lines lists those of a domain in the order in which to try them.
	Lines(domainID string) []trunk.Line
	// Sources lists those that a request may have come from.
	Sources(req *sip.Request, flow sip.Flow) []trunk.Source
	// Suspect tells that a line failed in a way that is the carrier's fault.
	Suspect(trunkID, reason string)
}

// outward is a call to the public telephone network, as each line carries it.
type outward struct {
	number    string // as the carrier is told it: E.164, or an emergency number
	userID    string // by whose right
	name      string // of the caller
	callerID  string // E.164, or ""
	withheld  bool
	emergency bool
	headers   []sip.Header
	parts     []dialog.Part
}

// publicNumber calls a number of the public telephone network, or the user it
// leads to when it is one of the domain's own.
func (c *call) publicNumber(ctx context.Context, dialled string) outcome {
	if user, ok := c.numbered(dialled); ok {
		return c.seek(ctx, user)
	}
	return c.outside(ctx, dialled, c.payer())
}

// outside calls a number of the public telephone network, by the right of a
// user: whoever calls, forwards or transfers.
func (c *call) outside(ctx context.Context, dialled string, by *directory.User) outcome {
	number, reach := dialplan.Public(dialled, c.domain.Country)
	if reach == dialplan.Unreachable {
		return c.announce(ctx, ivr.NotInService, outcomeIncomplete())
	}
	right := directory.User{}
	if by != nil {
		right = *by
	}
	if err := c.domain.Outside.Permit(c.domain.ClassOf(right), reach); err != nil {
		c.log.Info("a call outside is refused", slog.String("number", number), slog.Any("error", err))
		d := c.barred(right, err)
		return c.announce(ctx, d.sentence, d.outcome)
	}
	winner, o := c.overLines(ctx, outward{
		number: number, userID: right.ID, name: right.Name, withheld: c.withheld || right.CallerID == directory.Withheld,
		callerID: c.domain.CallerIDOf(right, c.board.cfg.Directory.NumbersOf(right.ID)),
	})
	if winner == nil {
		return c.noLine(ctx, o)
	}
	return c.talk(ctx, winner)
}

// numbered finds the user whom one of the domain's own public numbers leads to.
func (c *call) numbered(dialled string) (directory.User, bool) {
	number, _ := dialplan.Public(dialled, c.domain.Country)
	own, ok := c.board.cfg.Directory.NumberByE164(number)
	if !ok || own.DomainID != c.domain.ID {
		return directory.User{}, false
	}
	user, ok := c.board.cfg.Directory.User(own.UserID)
	return user, ok && !user.Disabled
}

// barred puts a refusal of the class of service into words.
func (c *call) barred(by directory.User, err error) denial {
	switch {
	case errors.Is(err, directory.ErrNoPremium):
		return denial{ivr.PremiumBarred, outcome{statusForbidden, "Premium Rate Not Allowed", callrecord.Failed}}
	case errors.Is(err, directory.ErrInsideOnly) && (by.ID == "" || by.IsDeskAccount(c.domain.HotDesking)):
		return denial{ivr.CallNotAllowed, outcome{statusForbidden, "Not Allowed From This Desk", callrecord.Failed}}
	default:
		return denial{ivr.OutsideBarred, outcome{statusForbidden, "Not Allowed", callrecord.Failed}}
	}
}

// The outcomes that concern our lines, not the number called.
func outcomeNoLine() outcome {
	return outcome{statusServiceUnavailable, "No Outside Line", callrecord.Failed}
}

func outcomeLinesBusy() outcome {
	return outcome{statusServiceUnavailable, "All Outside Lines Are In Use", callrecord.Failed}
}

func outcomeTooManyOutside() outcome {
	return outcome{statusBusyHere, "Too Many Calls Outside", callrecord.Failed}
}

// noLine says why a call did not get through, where the far network has not.
func (c *call) noLine(ctx context.Context, o outcome) outcome {
	switch o {
	case outcomeNoLine():
		return c.announce(ctx, ivr.NoOutsideLine, o)
	case outcomeLinesBusy():
		return c.announce(ctx, ivr.LinesBusy, o)
	case outcomeTooManyOutside():
		return c.announce(ctx, ivr.TooManyOutside, o)
	default:
		return o
	}
}

// overLines tries one outside line after the other, until somebody answers or
// says something that another line would not change.
func (c *call) overLines(ctx context.Context, w outward) (*party, outcome) {
	c.occupy(c.waiting)
	last := outcomeNoLine()
	for _, line := range c.board.cfg.Trunks.Lines(c.domain.ID) {
		use := &lineUse{call: c, userID: w.userID, trunk: line.Trunk, emergency: w.emergency}
		if w.emergency {
			c.makeRoom(use)
		}
		switch c.board.lines.take(use, c.domain.Outside) {
		case userFull:
			return nil, outcomeTooManyOutside()
		case domainFull:
			return nil, outcomeLinesBusy()
		case lineFull:
			last = outcomeLinesBusy()
			continue
		case notFull:
		}
		winner, o, again := c.over(ctx, line, w)
		if winner != nil {
			winner.onLeave(func() { c.board.lines.give(use) })
			return winner, outcome{}
		}
		c.board.lines.give(use)
		if !again {
			return nil, o
		}
		last = outcomeNoLine()
	}
	return nil, last
}

// over calls over one line. Again tells that another may do better.
func (c *call) over(ctx context.Context, line trunk.Line, w outward) (winner *party, o outcome, again bool) {
	if len(line.Flows) == 0 {
		line.Flows = c.find(ctx, line)
	}
	t := c.lineTarget(line, w)
	if c.transfer == nil {
		c.record.Callee = t.shown
	}
	if c.caller.trunkID == "" {
		c.record.Way, c.record.TrunkID = callrecord.Outward, line.ID
	}
	code := 0 // none came
	winner, o = c.ring(destination{groups: [][]target{{t}}, ringFor: outsideRing, outcome: func(codes []int) outcome {
		code = codes[0]
		return outsideOutcome(code)
	}})
	switch {
	case winner != nil, isOver(o):
		return winner, o, false
	case code == 0: // nothing could be sent: is that the line's fault or the caller's?
		return nil, o, o.code == statusLoopDetected || o.code == statusServiceUnavailable
	case !lineFailed(code):
		return nil, o, w.emergency // whatever one line says, another may help
	}
	c.log.Warn("an outside line fails", slog.String("trunk", line.Name), slog.Int("code", code))
	if code == statusServiceUnavailable || code == statusRequestTimeout {
		c.board.cfg.Trunks.Suspect(line.ID, fmt.Sprintf("a call got %d", code))
	}
	return nil, o, true
}

// isOver tells that nobody waits for the call any more.
func isOver(o outcome) bool {
	return o.result == callrecord.Cancelled || o.result == callrecord.Interrupted || o.result == callrecord.NoAnswer
}

// find looks up a carrier that was not found before.
func (c *call) find(ctx context.Context, line trunk.Line) []sip.Flow {
	ctx, cancel := context.WithTimeout(ctx, findWithin)
	defer cancel()
	flows, err := c.board.cfg.Engine.Resolve(ctx, line.URI)
	if err != nil {
		c.log.Warn("find a carrier", slog.String("trunk", line.Name), slog.Any("error", err))
	}
	return flows
}

// lineTarget is a number outside as one line calls it. The network is told who
// calls by P-Asserted-Identity (RFC 3325), whoever is called only where the
// caller does not withhold it.
func (c *call) lineTarget(line trunk.Line, w outward) target {
	to := line.URI
	to.User = w.number
	number := cmp.Or(w.callerID, line.User)
	asserted := sip.Address{Display: w.name, URI: sip.URI{Scheme: "sip", User: number, Host: line.URI.Host}}
	from := asserted
	headers := slices.Concat(w.headers, []sip.Header{sip.NewHeader("P-Asserted-Identity", asserted.String())})
	if w.withheld {
		from = anonymous()
		headers = append(headers, sip.NewHeader("Privacy", "id"))
	}
	t := target{
		identity: identity{trunkID: line.ID, shown: callrecord.Party{Number: w.number}},
		uri:      to, flows: slices.Clone(line.Flows),
		from: &from, to: &sip.Address{URI: to}, contact: line.Contact, headers: headers, parts: w.parts, patience: c.board.cfg.LinePatience,
	}
	if line.Password != "" {
		t.credentials = &dialog.Credentials{Username: line.User, Password: line.Password, Insist: true}
	}
	return t
}

// anonymous is who calls when that is withheld (RFC 3323 4.1.1.3).
func anonymous() sip.Address {
	return sip.Address{Display: "Anonymous", URI: sip.URI{Scheme: "sip", User: "anonymous", Host: "anonymous.invalid"}}
}

// wantsPrivacy tells whether a request asks not to show who sent it (RFC 3323).
func wantsPrivacy(req *sip.Request) bool {
	from := req.From().URI
	if strings.EqualFold(from.User, "anonymous") || strings.EqualFold(from.Host, "anonymous.invalid") {
		return true
	}
	for _, value := range sip.Values(req, "Privacy") {
		for wish := range strings.SplitSeq(strings.ToLower(value), ";") {
			switch strings.TrimSpace(wish) {
			case "id", "user", "header":
				return true
			}
		}
	}
	return false
}

// lineFailed tells whether a final answer speaks of the line and not of the
// number called: then another line may do better. A redirection is not
// followed: it could lead anywhere, at our cost.
func lineFailed(code int) bool {
	switch {
	case code == statusRequestTimeout, code == statusUnauthorized, code == statusProxyAuth:
		return true
	case code >= 300 && code < 400, code >= 500 && code < 600:
		return true
	default:
		return false
	}
}

// outsideOutcome translates a line's final answer for the caller.
func outsideOutcome(code int) outcome {
	switch {
	case lineFailed(code):
		return outcomeNoLine()
	case code == statusNotFound, code == statusGone, code == statusAddressIncomplete, code == statusDoesNotExist:
		return outcomeNotFound()
	case code == statusForbidden:
		return outcome{statusForbidden, "Forbidden", callrecord.Failed}
	default:
		return outcomeOf(code)
	}
}
