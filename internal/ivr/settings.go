package ivr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/credential"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// shortestName is shorter than any name that is spoken.
const shortestName = 300 * time.Millisecond

// settings lets the person change greeting, name and PIN until "*" or silence.
func (b *box) settings(ctx context.Context) error {
	for {
		question := prompts.Phrase{prompts.SettingsMenu, prompts.StopAskingPIN, prompts.StarBack}
		if b.user.Answering.MailboxWithoutPIN {
			question[1] = prompts.StartAskingPIN
		}
		key, err := b.ask(ctx, question, "1234*")
		if err != nil {
			return err
		}
		switch key {
		case '1':
			err = b.change(ctx, prompts.RecordGreeting, voicemail.LongestGreeting, b.Greetings.SetGreeting)
		case '2':
			err = b.change(ctx, prompts.RecordName, voicemail.LongestName, b.Greetings.SetName)
		case '3':
			err = b.changePIN(ctx)
		case '4':
			err = b.switchAsking(ctx)
		default:
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// change records a greeting or a name, plays it, and stores it when the person
// wants it. Who hangs up before leaves things as they were.
func (b *box) change(
	ctx context.Context, request prompts.Name, longest time.Duration,
	set func(ctx context.Context, user directory.User, pcm []int16) error,
) error {
	for {
		said, err := b.recorded(ctx, request, longest)
		if err != nil {
			return err
		}
		key, err := b.approve(ctx, said)
		if err != nil {
			return err
		}
		switch key {
		case '1':
			return b.store(ctx, set, said, prompts.RecordingKept)
		case '4':
			return b.store(ctx, set, nil, prompts.RecordingGone)
		case '*':
			return nil
		}
	}
}

// recorded asks for a recording and takes it.
func (b *box) recorded(ctx context.Context, request prompts.Name, longest time.Duration) ([]int16, error) {
	if err := b.say(ctx, prompts.Phrase{request}); err != nil {
		return nil, err
	}
	var said []int16
	heard, err := b.record(ctx, longest, func(pcm []int16) error {
		said = append(said, pcm...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	said = said[:heard.length()]
	if len(said) < samplesOf(shortestName) {
		return nil, b.say(ctx, prompts.Phrase{prompts.NothingRecorded})
	}
	return said, nil
}

// approve asks what to do with a recording, and plays it as often as wanted.
func (b *box) approve(ctx context.Context, said []int16) (rune, error) {
	for {
		key, err := b.ask(ctx, prompts.Phrase{prompts.RecordingChoice}, "1234*")
		switch {
		case err != nil:
			return 0, err
		case key == '2' || key == '1' && said == nil:
			if err := b.caller.Play(ctx, said); err != nil {
				return 0, err
			}
		default:
			return key, nil
		}
	}
}

// store stores a recording, or says that it could not be stored: a full disk
// ends no conversation.
func (b *box) store(
	ctx context.Context, set func(ctx context.Context, user directory.User, pcm []int16) error, said []int16, done prompts.Name,
) error {
	if err := set(context.WithoutCancel(ctx), b.user, said); err != nil {
		b.Log.ErrorContext(ctx, "a recording was not stored", slog.String("user_id", b.user.ID), slog.Any("error", err))
		done = prompts.RecordingFailed
	}
	return b.say(ctx, prompts.Phrase{done})
}

// changePIN asks for a new PIN twice, until one is good.
func (b *box) changePIN(ctx context.Context) error {
	for range maxTries {
		pin, err := b.number(ctx, prompts.EnterNewPIN, longestPIN)
		if err != nil {
			return err
		}
		complaint := complaintOf(credential.CheckPIN(pin, b.user.Extension))
		if complaint == "" {
			again, err := b.number(ctx, prompts.RepeatNewPIN, longestPIN)
			if err != nil {
				return err
			}
			if again == pin {
				return b.storePIN(ctx, pin)
			}
			complaint = prompts.PINsDiffer
		}
		if err := b.say(ctx, prompts.Phrase{complaint}); err != nil {
			return err
		}
	}
	return b.say(ctx, prompts.Phrase{prompts.PINNotChanged})
}

// complaintOf puts a refusal of a PIN into words; "" for none.
func complaintOf(refusal error) prompts.Name {
	switch {
	case refusal == nil:
		return ""
	case errors.Is(refusal, credential.ErrPINExtension):
		return prompts.PINExtension
	case errors.Is(refusal, credential.ErrPINRepeat):
		return prompts.PINRepeats
	case errors.Is(refusal, credential.ErrPINRun):
		return prompts.PINRuns
	default:
		return prompts.PINDigits
	}
}

func (b *box) storePIN(ctx context.Context, pin string) error {
	hash, err := credential.HashPIN(pin)
	if err != nil {
		return fmt.Errorf("hash a PIN: %w", err)
	}
	if err := b.edit(ctx, func(u *directory.User) { u.PINHash = hash }); err != nil {
		return err
	}
	return b.say(ctx, prompts.Phrase{prompts.PINChanged})
}

// switchAsking switches the question for the PIN at own phones off, or on again.
func (b *box) switchAsking(ctx context.Context) error {
	without := !b.user.Answering.MailboxWithoutPIN
	if err := b.edit(ctx, func(u *directory.User) { u.Answering.MailboxWithoutPIN = without }); err != nil {
		return err
	}
	if without {
		return b.say(ctx, prompts.Phrase{prompts.PINNotAsked})
	}
	return b.say(ctx, prompts.Phrase{prompts.PINAsked})
}

func (b *box) edit(ctx context.Context, change func(*directory.User)) error {
	return b.changeUser(ctx, &b.user, change)
}
