package switchboard

import (
	"cmp"
	"context"
	"log/slog"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/trunk"
)

// inbound is a call that an outside line brings.
type inbound struct {
	trunk  directory.Trunk
	number directory.Number // the zero value: nobody has the number
}

// FromTrunk takes an INVITE outside any dialog that an outside line brings. It
// is false for any other. A carrier reaches public numbers only: no extension,
// no star code, and nothing outside.
func (s *Switchboard) FromTrunk(tx *sip.ServerTx) bool {
	req := tx.Request()
	in, ok := s.inbound(req, s.cfg.Trunks.Sources(req, tx.Flow()))
	if !ok {
		return false
	}
	domain, ok := s.cfg.Directory.Domain(in.trunk.DomainID)
	if !ok {
		return false
	}
	caller := callerOutside(req, domain.Country)
	c := s.newCall(tx, identity{trunkID: in.trunk.ID, shown: caller}, domain)
	c.record.Way, c.record.TrunkID = callrecord.Inbound, in.trunk.ID
	if in.number.Number != "" {
		c.dialled, c.record.Dialled = in.number.Number, in.number.Number
	}
	c.begin = func(ctx context.Context) outcome { return c.arrive(ctx, in) }
	s.take(tx, c, dialog.LocalParty{ContactUser: cmp.Or(c.dialled, "hotdesk")})
	return true
}

// inbound finds the line and the number of a call. Somebody behind the
// carrier's address who is not certain to be the carrier is taken for it only
// when calling one of our numbers.
func (s *Switchboard) inbound(req *sip.Request, sources []trunk.Source) (inbound, bool) {
	for _, source := range sources {
		if number, ok := s.numberOf(req, source.DomainID); ok {
			return inbound{source.Trunk, number}, true
		}
	}
	for _, source := range sources {
		if source.Sure {
			return inbound{trunk: source.Trunk}, true
		}
	}
	return inbound{}, false
}

// numberOf finds the number of a domain that is called: by the Request-URI, or,
// where that holds our Contact, by what carriers put beside it (RFC 7315 4.2).
func (s *Switchboard) numberOf(req *sip.Request, domainID string) (directory.Number, bool) {
	domain, ok := s.cfg.Directory.Domain(domainID)
	if !ok {
		return directory.Number{}, false
	}
	called := []sip.URI{req.Recipient}
	if a, err := sip.ParseAddress(sip.Value(req, "P-Called-Party-ID")); err == nil {
		called = append(called, a.URI)
	}
	called = append(called, req.To().URI)
	for _, uri := range called {
		number, ok := s.cfg.Directory.NumberByE164(dialplan.E164(sip.URIUser(uri), domain.Country))
		if ok && number.DomainID == domainID {
			return number, true
		}
	}
	return directory.Number{}, false
}

// callerOutside is who calls, as far as the network says it: a carrier vouches
// for its P-Asserted-Identity (RFC 3325), and From is what is left.
func callerOutside(req *sip.Request, country string) callrecord.Party {
	hidden := callrecord.Party{Number: "anonymous", Name: "Anonymous"}
	if wantsPrivacy(req) {
		return hidden
	}
	from := req.From()
	name, uri := from.Display, from.URI
	for _, value := range sip.Values(req, "P-Asserted-Identity") {
		if a, err := sip.ParseAddress(value); err == nil && sip.URIUser(a.URI) != "" {
			name, uri = cmp.Or(a.Display, name), a.URI
			break
		}
	}
	user := sip.URIUser(uri)
	number, dialable := dialplan.Clean(user)
	switch e164 := dialplan.E164(user, country); {
	case e164 != "":
		number = e164
	case !dialable || number == "":
		return hidden
	}
	return callrecord.Party{Number: number, Name: cmp.Or(printable(name), number)}
}

// printable bounds what a stranger wants shown.
func printable(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '"' {
			return -1
		}
		return r
	}, strings.Trim(strings.ToValidUTF8(name, ""), `"`))
	return strings.ToValidUTF8(name[:min(len(name), 120)], "")
}

// arrive rings whoever a public number leads to. Within an hour of an emergency
// call that showed the number, it is the phone of that call.
func (c *call) arrive(ctx context.Context, in inbound) outcome {
	use := &lineUse{call: c, trunk: in.trunk}
	if c.board.lines.take(use, c.domain.Outside) != notFull {
		c.log.Warn("all outside lines are in use", slog.String("trunk", in.trunk.Name))
		return outcome{statusBusyHere, "All Outside Lines Are In Use", callrecord.Busy}
	}
	c.caller.onLeave(func() { c.board.lines.give(use) })
	if winner, o, rang := c.callBack(ctx, in.number.Number); rang && (winner != nil || isOver(o)) {
		if winner == nil {
			return o
		}
		return c.talk(ctx, winner)
	}
	user, ok := c.board.cfg.Directory.User(in.number.UserID)
	if !ok || user.Disabled {
		return outcomeNotFound()
	}
	return c.seek(ctx, user)
}
