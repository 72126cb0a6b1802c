package ivr

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// repeats bounds how often the news of an emergency call is spoken.
const repeats = 20

// Origin is where an emergency call comes from, as it shows itself.
type Origin struct {
	Desk   string // the extension of the desk, else the device's name
	Number string // E.164; "" for none
	Placed bool   // it is known where the phone stands
}

// EmergencyTest says what an emergency call from here would show, without
// calling anybody. It ends as [Conversations.Login] does.
func (c *Conversations) EmergencyTest(ctx context.Context, caller Caller, desk Desk, origin Origin) error {
	words := prompts.Phrase{prompts.EmergencyShowsNone}
	if origin.Number != "" {
		words = append(prompts.Phrase{prompts.EmergencyShows}, prompts.Digits(origin.Number)...)
		words = append(words, prompts.Stop)
	}
	if digits := prompts.Digits(origin.Desk); len(digits) > 0 {
		words = append(append(append(words, prompts.EmergencyDesk), digits...), prompts.Stop)
	}
	place := prompts.Phrase{prompts.PlaceUnknown}
	if origin.Placed {
		place = append(prompts.Phrase{prompts.PlaceKnown}, prompts.Place(origin.Desk)...)
	}
	return c.talk(caller, desk).close(ctx, append(words, place...), nil)
}

// EmergencyNews tells whoever answered that an emergency call was made, again
// and again until a key is pressed or that person hangs up. It ends as
// [Conversations.Login] does.
func (c *Conversations) EmergencyNews(ctx context.Context, caller Caller, desk Desk, origin Origin) error {
	defer caller.Hangup()
	words := append(prompts.Phrase{prompts.EmergencyFrom}, prompts.Digits(origin.Desk)...)
	words = append(append(words, prompts.Stop), prompts.Place(origin.Desk)...)
	t := c.talk(caller, desk)
	for range repeats {
		if err := t.say(ctx, words); err != nil {
			return err
		}
		if _, err := t.key(ctx, time.Second); !errors.Is(err, ErrSilence) {
			return err
		}
	}
	return nil
}
