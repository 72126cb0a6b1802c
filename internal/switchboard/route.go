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
	action := c.read(c.dialled)
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
	case dialplan.ToMailbox:
		return c.toMailbox(ctx, action.Number)
	case dialplan.Extension:
		return c.connect(ctx, action.Number)
	case dialplan.Emergency:
		return c.emergency(ctx, action.Number)
	case dialplan.EmergencyTest:
		return c.emergencyTest(ctx)
	case dialplan.Outside:
		return c.publicNumber(ctx, action.Number)
	case dialplan.Nothing, dialplan.Invalid:
		return outcomeIncomplete()
	default:
		return c.announce(ctx, ivr.UnknownCode, outcomeIncomplete())
	}
}

// payer is by whose right a call goes on: of whoever transfers it, else of
// whoever called.
func (c *call) payer() *directory.User {
	if c.transfer != nil {
		return c.transfer.by.user
	}
	return c.caller.user
}
