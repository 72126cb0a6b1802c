package ivr

import (
	"context"
	"errors"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// Warn tells whoever answers at a desk that the session there soon ends, and
// keeps it for who presses one. It ends as [Conversations.Login] does.
func (c *Conversations) Warn(ctx context.Context, caller Caller, desk Desk, warning hotdesk.Warning) error {
	t := c.talk(caller, desk)
	last, err := t.warn(ctx, warning)
	return t.close(ctx, last, err)
}

func (t *talk) warn(ctx context.Context, warning hotdesk.Warning) (prompts.Phrase, error) {
	for range maxAsks - 1 {
		question := append(prompts.Phrase{prompts.SessionEnds}, prompts.Span(warning.EndsAt.Sub(t.Now()))...)
		if err := t.say(ctx, append(question, prompts.Stop, prompts.ToStay)); err != nil {
			return nil, err
		}
		key, err := t.key(ctx, firstKey)
		switch {
		case errors.Is(err, ErrSilence):
			continue
		case err != nil:
			return nil, err
		case key == '1':
			return t.keep(ctx, warning.Session.ID)
		default:
			return prompts.Phrase{prompts.EndsAsSaid}, nil
		}
	}
	return prompts.Phrase{prompts.EndsAsSaid}, nil
}

// keep gives the session a later end, also for who hangs up after the key.
func (t *talk) keep(ctx context.Context, sessionID string) (prompts.Phrase, error) {
	session, err := t.Desks.Keep(context.WithoutCancel(ctx), sessionID)
	switch {
	case errors.Is(err, hotdesk.ErrNoSession):
		return nil, hotdesk.ErrEnded
	case err != nil:
		return nil, err
	case session.EndsAt.IsZero():
		return prompts.Phrase{prompts.Kept}, nil
	}
	return append(append(prompts.Phrase{prompts.KeptUntil}, t.until(session.EndsAt, t.Now())...), prompts.Stop), nil
}
