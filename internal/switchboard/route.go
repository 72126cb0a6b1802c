package switchboard

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

// standing is what a device may dial, by whom it acts for.
type standing int

const (
	unassigned standing = iota // acts for nobody: log in and emergency calls only
	freeDesk                   // acts for a desk account: inside the domain
	held                       // acts for a person
)

func standingOf(holder *directory.User, policy directory.HotDesking) standing {
	switch {
	case holder == nil:
		return unassigned
	case holder.IsDeskAccount(policy):
		return freeDesk
	default:
		return held
	}
}

// denial is why a device may not dial something: what the caller hears and
// what the phone is told.
type denial struct {
	sentence ivr.Sentence
	outcome  outcome
}

// permit says whether a device of some standing may do what was dialled.
// Emergency calls and the codes of hot desking are never denied here.
func permit(s standing, kind dialplan.Kind) (denial, bool) {
	switch kind {
	case dialplan.Emergency, dialplan.EmergencyTest, dialplan.Login, dialplan.Release:
		return denial{}, true
	default:
	}
	if s == unassigned {
		return denial{ivr.LoginOnly, outcome{statusForbidden, "Log In First", callrecord.Failed}}, false
	}
	return denial{}, true
}

// dial does what the calling device dialled.
func (c *call) dial(ctx context.Context) outcome {
	action := c.wish
	if action.Kind == dialplan.Withhold {
		c.withheld = true
		action = c.read(action.Number)
	}
	if c.foreign && action.Kind != dialplan.Emergency {
		return outcomeNotFound() // domains never see each other
	}
	if d, ok := permit(standingOf(c.caller.user, c.domain.HotDesking), action.Kind); !ok {
		return c.announce(ctx, d.sentence, d.outcome)
	}
	return c.act(ctx, action)
}

// act does what a caller has dialled who may.
func (c *call) act(ctx context.Context, action dialplan.Action) outcome {
	switch action.Kind {
	case dialplan.Extension:
		return c.connect(ctx, action.Number)
	case dialplan.Emergency:
		return c.emergency(ctx, action.Number)
	case dialplan.Outside:
		return c.publicNumber(ctx, action.Number)
	case dialplan.ToMailbox:
		return c.toMailbox(ctx, action.Number)
	case dialplan.Park:
		return c.parks(ctx, action.Number)
	case dialplan.Pickup: // else [call.joins] had found a call
		return c.announce(ctx, ivr.NothingRings, outcome{statusNotFound, "Nothing Rings There", callrecord.NotFound})
	case dialplan.Nothing, dialplan.Invalid:
		return outcomeIncomplete()
	case dialplan.UnknownCode:
		return c.announce(ctx, ivr.UnknownCode, outcomeIncomplete())
	default:
		return c.command(ctx, action)
	}
}

// command does what a code asks of the system itself.
func (c *call) command(ctx context.Context, action dialplan.Action) outcome {
	switch action.Kind {
	case dialplan.Login:
		return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
			return c.board.cfg.Conversations.Login(ctx, caller, desk, action.Number)
		})
	case dialplan.Release:
		return c.converse(ctx, c.board.cfg.Conversations.Release)
	case dialplan.OwnMailbox:
		return c.ownMailbox(ctx)
	case dialplan.AnyMailbox:
		return c.anyMailbox(ctx, action.Number)
	case dialplan.EmergencyTest:
		return c.emergencyTest(ctx)
	default:
		return c.answering(ctx, action)
	}
}

// answering sets what becomes of the calls to whoever holds the calling device.
func (c *call) answering(ctx context.Context, code dialplan.Action) outcome {
	if standingOf(c.caller.user, c.domain.HotDesking) != held {
		return c.announce(ctx, ivr.LogInFirst, outcome{statusForbidden, "Log In First", callrecord.Failed})
	}
	if code.Number != "" && !c.leads(&code) {
		return c.announce(ctx, ivr.ForwardRefused, outcome{statusNotFound, "No Number To Forward To", callrecord.Failed})
	}
	user := *c.caller.user
	return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
		return c.board.cfg.Conversations.Answering(ctx, caller, desk, user, code)
	})
}

// leads tells whether the number behind a code is one that calls can be
// forwarded to, and makes it that of the directory.
func (c *call) leads(code *dialplan.Action) bool {
	to := c.read(code.Number)
	code.Number = to.Number
	if to.Kind == dialplan.Extension {
		user, ok := c.board.cfg.Directory.UserByExtension(c.domain.ID, to.Number)
		return ok && !user.Disabled
	}
	return to.Kind == dialplan.Outside
}

// payer is by whose right a call goes on: of whoever transfers it, else of
// whoever called.
func (c *call) payer() *directory.User {
	if c.transfer != nil {
		return c.transfer.by.user
	}
	return c.caller.user
}
