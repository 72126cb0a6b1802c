package ivr

import (
	"context"
	"errors"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// maxTakes is how often a caller may speak a message anew.
const maxTakes = 5

// Visit is a call that a mailbox answers.
type Visit struct {
	Owner directory.User // of the mailbox
	From  voicemail.Party
	Busy  bool // the owner is busy; else nobody has answered
}

// LeaveMessage takes a message for somebody, and returns its ID, or "" when
// none was left. Who hangs up at any moment has left what was said until then.
// "*" during the greeting opens the mailbox for who knows the PIN. It ends as
// [Conversations.Login] does.
func (c *Conversations) LeaveMessage(ctx context.Context, caller Caller, desk Desk, visit Visit) (messageID string, err error) {
	if desk.DeviceID == "" {
		// Wrong PINs from outside count for the number they come from: not all of
		// the world is locked out together.
		desk.DeviceID = "number " + visit.From.Number
	}
	t := &leaving{talk: c.talk(caller, desk), visit: visit}
	last, err := t.leaveMessage(ctx)
	return t.messageID, t.close(ctx, last, err)
}

// leaving is a conversation in which a message is left.
type leaving struct {
	*talk

	visit     Visit
	messageID string
}

func (t *leaving) leaveMessage(ctx context.Context) (prompts.Phrase, error) {
	full, err := t.Messages.Full(ctx, t.visit.Owner)
	if err != nil {
		return nil, err
	}
	if full {
		return t.full(), nil
	}
	if err := t.greet(ctx); err != nil {
		return nil, err
	}
	key, err := t.pressed(ctx)
	if err != nil {
		return nil, err
	}
	if key == '*' {
		return t.anyMailbox(ctx, t.visit.Owner.Extension)
	}
	for range maxTakes {
		again, err := t.take(ctx)
		if err != nil || !again {
			return prompts.Phrase{prompts.MessageSent}, err
		}
	}
	return prompts.Phrase{prompts.NoMessageBye}, nil
}

func (t *leaving) full() prompts.Phrase {
	words := append(prompts.Phrase{prompts.MailboxOf, prompts.Extension}, prompts.Digits(t.visit.Owner.Extension)...)
	return append(words, prompts.IsFull)
}

// greet plays the owner's greeting, or the standard one.
func (t *leaving) greet(ctx context.Context) error {
	greeting, err := t.Greetings.Greeting(ctx, t.visit.Owner.ID)
	if err != nil { // callers must be able to leave a message all the same
		t.Log.ErrorContext(ctx, "read a greeting", slog.String("user_id", t.visit.Owner.ID), slog.Any("error", err))
	}
	if len(greeting) > 0 {
		return t.say(ctx, prompts.Phrase{prompts.Recording}, prompts.Clip{Text: "(" + t.visit.Owner.Name + "'s greeting)", PCM: greeting})
	}
	words, name := t.who(ctx, t.visit.Owner)
	why := prompts.NotAvailable
	if t.visit.Busy {
		why = prompts.OnACall
	}
	return t.say(ctx, append(words, why, prompts.LeaveMessage), name...)
}

// take records one message and lets the caller decide about it. It reports
// whether the caller wants another try.
func (t *leaving) take(ctx context.Context) (again bool, err error) {
	take, err := t.Messages.Begin(ctx, t.visit.Owner, t.desk.CallID, t.visit.From)
	if errors.Is(err, voicemail.ErrFull) {
		return false, farewell{t.full()}
	}
	if err != nil {
		return false, t.notSaved(ctx, err)
	}
	heard, err := t.record(ctx, take.Most, take.Write)
	if failed := errors.Join(heard.failed, take.Close(heard.length())); failed != nil {
		return false, t.notSaved(ctx, errors.Join(failed, take.Discard(ctx)))
	}
	if err != nil {
		return false, errors.Join(err, t.keep(ctx, take))
	}
	if heard.length() < samplesOf(voicemail.Shortest) {
		if err := take.Discard(ctx); err != nil {
			return false, t.notSaved(ctx, err)
		}
		return true, t.say(ctx, prompts.Phrase{prompts.NoMessage})
	}
	return t.decide(ctx, take, heard.samples >= heard.most)
}

// decide asks what to do with a message. Who hangs up or says nothing sends it.
//
//nolint:revive // flag-parameter: what is told before the question
func (t *leaving) decide(ctx context.Context, take *voicemail.Take, longest bool) (again bool, err error) {
	question := prompts.Phrase{prompts.MessageChoice}
	if longest {
		question = prompts.Phrase{prompts.LongestReached, prompts.MessageChoice}
	}
	for {
		key, err := t.ask(ctx, question, "23#1")
		switch {
		case err != nil:
			return false, errors.Join(err, t.keep(ctx, take))
		case key == '3':
			return true, take.Discard(ctx)
		case key != '2':
			return false, t.keep(ctx, take)
		}
		question = prompts.Phrase{prompts.MessageChoice}
		if err := t.playTake(ctx, take); err != nil {
			return false, errors.Join(err, t.keep(ctx, take))
		}
	}
}

func (t *leaving) playTake(ctx context.Context, take *voicemail.Take) error {
	sound, err := take.Sound()
	if err != nil {
		return err
	}
	return t.caller.Play(ctx, sound)
}

// keep makes the take a message.
func (t *leaving) keep(ctx context.Context, take *voicemail.Take) error {
	message, err := take.Keep(ctx)
	switch {
	case errors.Is(err, voicemail.ErrTooShort):
		return nil
	case err != nil:
		return t.notSaved(ctx, err)
	}
	t.messageID = message.ID
	return nil
}

// notSaved ends the conversation with the words that a message could not be
// saved.
func (t *leaving) notSaved(ctx context.Context, cause error) error {
	t.Log.ErrorContext(ctx, "a message could not be saved", slog.String("call", t.desk.CallID), slog.Any("error", cause))
	return farewell{prompts.Phrase{prompts.MessageFailed}}
}
