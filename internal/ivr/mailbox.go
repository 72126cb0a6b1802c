package ivr

import (
	"context"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// Messages keeps what callers leave; voicemail.Service does.
type Messages interface {
	Full(ctx context.Context, user directory.User) (bool, error)
	Begin(ctx context.Context, user directory.User, callID string, from voicemail.Party) (*voicemail.Take, error)
	Messages(ctx context.Context, userID string) ([]voicemail.Message, error)
	Sound(ctx context.Context, messageID string) ([]int16, error)
	Mark(ctx context.Context, userID string, to voicemail.State, messageIDs ...string) error
	Delete(ctx context.Context, userID string, messageIDs ...string) error
}

// Greetings keeps what people say to callers; voicemail.Service does.
type Greetings interface {
	Greeting(ctx context.Context, userID string) ([]int16, error)
	Name(ctx context.Context, userID string) ([]int16, error)
	SetGreeting(ctx context.Context, user directory.User, pcm []int16) error
	SetName(ctx context.Context, user directory.User, pcm []int16) error
	// Refuse writes down that a caller was not let into a mailbox.
	Refuse(ctx context.Context, domainID, deviceID, account, code string) error
}

// mailboxKeys is how many keys a caller may press who goes through a whole
// mailbox.
const mailboxKeys = 1500

// OwnMailbox opens the mailbox of whoever holds the desk ("*97"); holderID is
// "" where nobody does. It ends as [Conversations.Login] does.
func (c *Conversations) OwnMailbox(ctx context.Context, caller Caller, desk Desk, holderID string) error {
	t := c.talk(caller, desk)
	last, err := t.ownMailbox(ctx, holderID)
	return t.close(ctx, last, err)
}

// AnyMailbox asks whose mailbox to open and for the PIN ("*98"); with an
// extension already dialled only for the PIN. It ends as [Conversations.Login]
// does.
func (c *Conversations) AnyMailbox(ctx context.Context, caller Caller, desk Desk, extension string) error {
	t := c.talk(caller, desk)
	last, err := t.anyMailbox(ctx, extension)
	return t.close(ctx, last, err)
}

func (t *talk) ownMailbox(ctx context.Context, holderID string) (prompts.Phrase, error) {
	holder, found := t.Directory.User(holderID)
	switch {
	case !found:
		return prompts.Phrase{prompts.NoMailboxHere}, nil
	case !t.hasMailbox(holder):
		return prompts.Phrase{prompts.NoMailbox}, nil
	case holder.Answering.MailboxWithoutPIN:
		return t.mailbox(ctx, holder)
	}
	return t.anyMailbox(ctx, holder.Extension)
}

func (t *talk) anyMailbox(ctx context.Context, extension string) (prompts.Phrase, error) {
	user, err := t.prove(ctx, extension, t.PINs.CheckMailbox, func(ctx context.Context, account, code string) error {
		return t.Greetings.Refuse(ctx, t.desk.DomainID, t.desk.DeviceID, account, code)
	})
	if err != nil {
		return nil, err
	}
	if !t.hasMailbox(user) {
		return prompts.Phrase{prompts.NoMailbox}, nil
	}
	return t.mailbox(ctx, user)
}

func (t *talk) hasMailbox(user directory.User) bool {
	domain, found := t.Directory.Domain(user.DomainID)
	return found && voicemail.Has(domain, user)
}

// mailbox is the visit of a person who may: first the messages, then whatever
// is wanted, until "*" or silence.
func (t *talk) mailbox(ctx context.Context, user directory.User) (prompts.Phrase, error) {
	t.keysLeft = mailboxKeys
	box := &box{talk: t, user: user, deleted: map[string]bool{}}
	next, err := box.messages(ctx)
	for err == nil && next != leave {
		next, err = box.menu(ctx, next)
	}
	// What was deleted goes now, also when the caller has hung up.
	if failed := box.purge(context.WithoutCancel(ctx)); failed != nil && err == nil {
		err = failed
	}
	return prompts.Phrase{prompts.Goodbye}, err
}

// box is a mailbox that somebody has opened.
type box struct {
	*talk

	user    directory.User
	deleted map[string]bool // IDs of messages that go at the end
}

// step is what a caller wants to do next.
type step int

const (
	onward   step = iota // hear the next message
	choose               // hear the menu
	settings             // change greeting, name or PIN
	leave                // end the conversation
)

// menu does the next step, or asks for one.
func (b *box) menu(ctx context.Context, next step) (step, error) {
	if next == settings {
		return choose, b.settings(ctx)
	}
	key, err := b.ask(ctx, prompts.Phrase{prompts.MailboxMenu}, "10*")
	if err != nil {
		return leave, err
	}
	switch key {
	case '1':
		return b.messages(ctx)
	case '0':
		return settings, nil
	default:
		return leave, nil
	}
}

func (b *box) purge(ctx context.Context) error {
	var ids []string
	for id, gone := range b.deleted {
		if gone {
			ids = append(ids, id)
		}
	}
	err := b.Messages.Delete(ctx, b.user.ID, ids...)
	if err != nil {
		b.Log.ErrorContext(ctx, "messages were not deleted", slog.String("user_id", b.user.ID), slog.Any("error", err))
	}
	return err
}

// recordedName is the sound in which a person says the own name, if there is
// one. A fault costs the name only.
func (t *talk) recordedName(ctx context.Context, user directory.User) []prompts.Clip {
	pcm, err := t.Greetings.Name(ctx, user.ID)
	if err != nil {
		t.Log.ErrorContext(ctx, "read a spoken name", slog.String("user_id", user.ID), slog.Any("error", err))
	}
	if len(pcm) == 0 {
		return nil
	}
	return []prompts.Clip{{Name: prompts.Recording, Text: user.Name, PCM: pcm}}
}

// who names a user: by the recorded name, else by the extension.
func (t *talk) who(ctx context.Context, user directory.User) (prompts.Phrase, []prompts.Clip) {
	if name := t.recordedName(ctx, user); len(name) > 0 {
		return prompts.Phrase{prompts.Recording}, name
	}
	return append(prompts.Phrase{prompts.Extension}, prompts.Digits(user.Extension)...), nil
}
