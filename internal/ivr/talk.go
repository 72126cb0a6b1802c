package ivr

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// The patience of a conversation.
const (
	firstKey = 6 * time.Second // for the first key of a number, and for an answer
	nextKey  = 4 * time.Second // a longer pause ends a number
	maxAsks  = 3               // times a question is put
	maxTries = 3               // wrong PINs
	maxKeys  = 120             // in one conversation; three slow tries take some 50
)

// The longest numbers; one key more is refused, never cut off.
const (
	longestAccount = 15
	longestPIN     = 10
)

// talk is one conversation.
type talk struct {
	Config
	caller   Caller
	desk     Desk
	door     hotdesk.Door
	watch    Watch
	keysLeft int
}

// farewell ends a conversation with last words that are neither a success nor
// a refusal of the rules.
type farewell struct{ words prompts.Phrase }

// Error is for the log of a caller that forgot it.
func (farewell) Error() string { return "the conversation is over" }

// close speaks the last words, or those for the error, and hangs up.
func (t *talk) close(ctx context.Context, last prompts.Phrase, err error) error {
	defer t.caller.Hangup()
	if err != nil {
		if errors.Is(err, ErrGone) || ctx.Err() != nil {
			return err
		}
		last, err = t.lastWords(ctx, err)
	}
	// Keys that were typed ahead must not swallow the last words.
	if gone := t.drain(ctx); gone != nil {
		return errors.Join(err, gone)
	}
	return errors.Join(err, t.say(ctx, last))
}

// lastWords puts an error into words. Of a fault it also returns the error.
func (t *talk) lastWords(ctx context.Context, err error) (prompts.Phrase, error) {
	if bye, ok := errors.AsType[farewell](err); ok {
		return bye.words, nil
	}
	if words := t.refusal(err); words != nil {
		return words, nil
	}
	t.Log.ErrorContext(ctx, "conversation failed", slog.String("call", t.desk.CallID),
		slog.String("device", t.desk.DeviceID), slog.Any("error", err))
	return prompts.Phrase{prompts.SomethingFailed}, err
}

// say speaks a phrase, with recordings in it, until it ends or a key is pressed.
func (t *talk) say(ctx context.Context, phrase prompts.Phrase, recordings ...prompts.Clip) error {
	u := t.Prompts.Say(t.desk.Language, t.desk.Domain, phrase, recordings...)
	t.Events.Publish(Said{CallID: t.desk.CallID, DomainID: t.desk.DomainID, DeviceID: t.desk.DeviceID, Text: u.Text})
	return t.caller.Play(ctx, u.PCM)
}

// key waits for the next key. Their number is limited, so that nobody keeps a
// conversation going for ever.
func (t *talk) key(ctx context.Context, wait time.Duration) (rune, error) {
	if t.keysLeft == 0 {
		return 0, ErrTooManyKeys
	}
	key, err := t.caller.Digit(ctx, wait)
	if err == nil {
		t.keysLeft--
	}
	return key, err
}

// silent stands for the key that was not pressed.
const silent rune = 0

// pressed is the key that waits, or [silent].
func (t *talk) pressed(ctx context.Context) (rune, error) {
	key, err := t.key(ctx, 0)
	if errors.Is(err, ErrSilence) {
		return silent, nil
	}
	return key, err
}

// drain forgets the keys that were pressed and not yet read.
func (t *talk) drain(ctx context.Context) error {
	for range maxKeys {
		_, err := t.caller.Digit(ctx, 0)
		if errors.Is(err, ErrSilence) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// number asks for a number until one is keyed in that is not too long.
func (t *talk) number(ctx context.Context, question prompts.Name, longest int) (string, error) {
	for range maxAsks - 1 {
		entered, err := t.entry(ctx, question, longest)
		if err != nil || entered != "" && len(entered) <= longest {
			return entered, err
		}
		complaint := prompts.NoEntry
		if entered != "" {
			complaint = prompts.TooLong
		}
		if err := t.say(ctx, prompts.Phrase{complaint}); err != nil {
			return "", err
		}
	}
	entered, err := t.entry(ctx, question, longest)
	switch {
	case err != nil:
		return "", err
	case entered == "":
		return "", ErrNoEntry
	case len(entered) > longest:
		return "", ErrTooManyKeys
	default:
		return entered, nil
	}
}

// entry puts a question once and reads the number up to "#" or a pause; "*"
// starts it again. Of a number that is too long it returns one digit too many.
func (t *talk) entry(ctx context.Context, question prompts.Name, longest int) (string, error) {
	if err := t.say(ctx, prompts.Phrase{question}); err != nil {
		return "", err
	}
	var digits []rune
	for wait := firstKey; ; wait = nextKey {
		key, err := t.key(ctx, wait)
		switch {
		case errors.Is(err, ErrSilence):
			return string(digits), nil
		case err != nil:
			return "", err
		case key == '#':
			return string(digits), nil
		case key == '*':
			return t.entry(ctx, question, longest)
		case key >= '0' && key <= '9' && len(digits) <= longest:
			digits = append(digits, key)
		}
	}
}
