package switchboard

import (
	"context"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// ownMailbox opens the mailbox of whoever holds the calling device now.
func (c *call) ownMailbox(ctx context.Context) outcome {
	holderID := ""
	if standingOf(c.caller.user, c.domain.HotDesking) == held {
		holderID = c.caller.user.ID
		c.board.cfg.Sessions.Used(c.caller.session)
	}
	return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
		return c.board.cfg.Conversations.OwnMailbox(ctx, caller, desk, holderID)
	})
}

// anyMailbox opens a mailbox for who knows its PIN; an extension that was not
// dialled along is asked for.
func (c *call) anyMailbox(ctx context.Context, extension string) outcome {
	return c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) error {
		return c.board.cfg.Conversations.AnyMailbox(ctx, caller, desk, extension)
	})
}

// toMailbox leads a call into a mailbox without ringing.
func (c *call) toMailbox(ctx context.Context, extension string) outcome {
	none := outcome{statusNotFound, "No Mailbox", callrecord.NotFound}
	user, found := c.board.cfg.Directory.UserByExtension(c.domain.ID, extension)
	if !found || !voicemail.Has(c.domain, user) {
		return c.announce(ctx, ivr.NoMailbox, none)
	}
	if c.transfer == nil {
		c.record.Callee = personOf(user)
	}
	return c.leaveMessage(ctx, user, none)
}

// wantsMailbox tells whether a mailbox answers a call that ended so at the
// user's phones.
func (c *call) wantsMailbox(user directory.User, o outcome) bool {
	switch o.result {
	case callrecord.NoAnswer, callrecord.NotReached, callrecord.Busy, callrecord.Declined:
		return voicemail.Has(c.domain, user)
	default:
		return false
	}
}

// leaveMessage lets a user's mailbox answer. Where it cannot, because there is
// no sound in common, the call ends as it would without.
func (c *call) leaveMessage(ctx context.Context, user directory.User, otherwise outcome) outcome {
	visit := ivr.Visit{
		Owner: user, Busy: otherwise.result == callrecord.Busy || otherwise.result == callrecord.Declined,
		From: voicemail.Party{UserID: c.waiting.shown.UserID, Number: c.waiting.shown.Number, Name: c.waiting.shown.Name},
	}
	if c.transfer != nil {
		c.transfer.to = personOf(user)
	}
	var messageID string
	o := c.converse(ctx, func(ctx context.Context, caller ivr.Caller, desk ivr.Desk) (err error) {
		messageID, err = c.board.cfg.Conversations.LeaveMessage(ctx, caller, desk, visit)
		return err
	})
	c.record.MessageID = messageID
	switch o.result {
	case callrecord.Service:
		return outcome{code: 0, result: callrecord.Voicemail}
	case callrecord.Cancelled:
		return o
	default:
		return otherwise
	}
}
