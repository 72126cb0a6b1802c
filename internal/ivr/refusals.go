package ivr

import (
	"errors"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// Ends of a conversation that come from whoever keys in, or does not.
var (
	// ErrNoEntry says that a number was asked for in vain.
	ErrNoEntry = errors.New("nothing was keyed in")
	// ErrTooManyKeys says that somebody plays with the keys.
	ErrTooManyKeys = errors.New("too many keys were pressed")
	// ErrLeftAsItIs says that a desk which was offered was not taken over.
	ErrLeftAsItIs = errors.New("the desk was left to whoever holds it")
)

// refusals is the one list of what is spoken when a rule says no. Each
// sentence tells what to do next.
func refusals() []struct {
	err      error
	sentence prompts.Name
} {
	return []struct {
		err      error
		sentence prompts.Name
	}{
		{hotdesk.ErrSwitchedOff, prompts.SwitchedOff},
		{hotdesk.ErrNotHotDesk, prompts.NotAHotDesk},
		{hotdesk.ErrNotAllowed, prompts.WrongBye}, // as a wrong PIN: nobody learns what an account may do
		{login.ErrWrong, prompts.WrongBye},
		{hotdesk.ErrHeld, prompts.InUse},
		{hotdesk.ErrElsewhere, prompts.Elsewhere},
		{hotdesk.ErrTaken, prompts.JustTaken},
		{hotdesk.ErrEnded, prompts.JustEnded},
		{hotdesk.ErrNoSession, prompts.NobodyHere},
		{ErrNoEntry, prompts.NoEntryBye},
		{ErrTooManyKeys, prompts.TooManyKeys},
		{ErrLeftAsItIs, prompts.LeftAsItIs},
	}
}

// refusal puts a refusal into words; nil when the error is none.
func (t *talk) refusal(err error) prompts.Phrase {
	if locked, ok := errors.AsType[*login.LockedError](err); ok {
		sentence := prompts.Locked
		if locked.Here {
			sentence = prompts.LockedHere
		}
		words := append(prompts.Phrase{sentence}, prompts.Span(locked.Until.Sub(t.Now()))...)
		return append(words, prompts.Stop, prompts.OrAsk)
	}
	if taken, ok := errors.AsType[*hotdesk.TakenError](err); ok && taken.InCall {
		return prompts.Phrase{prompts.InUseCall}
	}
	for _, r := range refusals() {
		if errors.Is(err, r.err) {
			return prompts.Phrase{r.sentence}
		}
	}
	return nil
}
