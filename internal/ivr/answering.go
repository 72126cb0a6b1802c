package ivr

import (
	"context"
	"errors"
	"fmt"

	"github.com/hotdesk-pbx/hotdesk/internal/dialplan"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// wish is what a star code changes in what becomes of somebody's calls, and the
// words that confirm it; the number follows them.
type wish struct {
	set   func(a *directory.Answering, number string)
	words prompts.Name
}

func wishOf(kind dialplan.Kind) (wish, bool) {
	wishes := map[dialplan.Kind]wish{
		dialplan.ForwardAll:         {func(a *directory.Answering, number string) { a.ForwardAll = number }, prompts.ForwardedTo},
		dialplan.ForwardAllOff:      {func(a *directory.Answering, _ string) { a.ForwardAll = "" }, prompts.NotForwarded},
		dialplan.ForwardBusy:        {func(a *directory.Answering, number string) { a.ForwardBusy = number }, prompts.ForwardedBusyTo},
		dialplan.ForwardBusyOff:     {func(a *directory.Answering, _ string) { a.ForwardBusy = "" }, prompts.NotForwardedBusy},
		dialplan.ForwardNoAnswer:    {func(a *directory.Answering, number string) { a.ForwardNoAnswer = number }, prompts.ForwardedNoAnswerTo},
		dialplan.ForwardNoAnswerOff: {func(a *directory.Answering, _ string) { a.ForwardNoAnswer = "" }, prompts.NotForwardedNoAnswer},
		dialplan.DoNotDisturb:       {func(a *directory.Answering, _ string) { a.DoNotDisturb = true }, prompts.NotDisturbed},
		dialplan.DisturbAgain:       {func(a *directory.Answering, _ string) { a.DoNotDisturb = false }, prompts.DisturbedAgain},
		dialplan.RingHere:           {func(a *directory.Answering, _ string) { a.RingHereOnly = true }, prompts.RingHere},
		dialplan.RingEverywhere:     {func(a *directory.Answering, _ string) { a.RingHereOnly = false }, prompts.RingEverywhere},
	}
	w, ok := wishes[kind]
	return w, ok
}

// Answering does what a star code wants done with the calls to a user, and
// confirms it in words. It ends as [Conversations.Login] does; who hangs up
// before the words has changed it all the same.
func (c *Conversations) Answering(ctx context.Context, caller Caller, desk Desk, user directory.User, code dialplan.Action) error {
	t := c.talk(caller, desk)
	last, err := t.answering(context.WithoutCancel(ctx), user, code)
	return t.close(ctx, last, err)
}

func (t *talk) answering(ctx context.Context, user directory.User, code dialplan.Action) (prompts.Phrase, error) {
	w, ok := wishOf(code.Kind)
	if !ok {
		return prompts.Phrase{prompts.UnknownCode}, nil
	}
	actor := directory.Actor{Name: user.ID, Scope: directory.ScopeSuperUser} // whoever holds the phone may, whatever scope the account has
	_, err := t.Directory.Edit(ctx, actor, user.DomainID, func(o *directory.Office) error {
		for i := range o.Users {
			if o.Users[i].ID == user.ID {
				w.set(&o.Users[i].Answering, code.Number)
				return nil
			}
		}
		return directory.ErrNotFound
	})
	if _, invalid := errors.AsType[*directory.InvalidError](err); invalid {
		return prompts.Phrase{prompts.ForwardRefused}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("change what becomes of calls: %w", err)
	}
	words := prompts.Phrase{w.words}
	if code.Number != "" {
		words = append(append(words, prompts.Digits(code.Number)...), prompts.Stop)
	}
	return words, nil
}

// Parked says where a call is parked. It ends as [Conversations.Login] does.
func (c *Conversations) Parked(ctx context.Context, caller Caller, desk Desk, slot string) error {
	words := append(prompts.Phrase{prompts.ParkedAt}, prompts.Digits(slot)...)
	return c.talk(caller, desk).close(ctx, append(words, prompts.Stop), nil)
}

// Music is what is played to who waits on the line: a tune, or what the office
// has put in its place.
func (c *Conversations) Music(desk Desk) []int16 {
	return c.cfg.Prompts.Say(desk.Language, desk.Domain, prompts.Phrase{prompts.HoldMusic}).PCM
}
