package ivr

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// skipBy is how far a key moves inside a message.
const skipBy = 5 * time.Second

// messages says how many there are and plays them: the new ones first, the
// oldest of each first. It returns what the caller wants next.
func (b *box) messages(ctx context.Context) (step, error) {
	found, err := b.Messages.Messages(ctx, b.user.ID)
	if err != nil {
		return leave, err
	}
	slices.SortStableFunc(found, func(x, y voicemail.Message) int { return b.rank(x) - b.rank(y) })
	if err := b.say(ctx, b.howMany(found)); err != nil {
		return leave, err
	}
	for _, m := range found {
		next, err := b.message(ctx, m)
		if err != nil || next != onward {
			return next, err
		}
	}
	if len(found) == 0 {
		return choose, nil
	}
	return choose, b.say(ctx, prompts.Phrase{prompts.NoMore})
}

func (b *box) rank(m voicemail.Message) int {
	if m.State == voicemail.StateNew {
		return 0
	}
	return 1
}

// howMany tells the numbers: "two new messages and one saved message".
func (b *box) howMany(all []voicemail.Message) prompts.Phrase {
	var counts voicemail.Counts
	for _, m := range all {
		switch {
		case b.deleted[m.ID]:
		case m.State == voicemail.StateNew:
			counts.New++
		default:
			counts.Saved++
		}
	}
	if counts == (voicemail.Counts{}) {
		return prompts.Phrase{prompts.NoMessages}
	}
	words := prompts.Phrase{prompts.YouHave}
	if counts.New > 0 {
		words = append(words, countOf(counts.New, prompts.NewMessage, prompts.NewMessages)...)
	}
	if counts.New > 0 && counts.Saved > 0 {
		words = append(words, prompts.And)
	}
	if counts.Saved > 0 {
		words = append(words, countOf(counts.Saved, prompts.SavedMessage, prompts.SavedMessages)...)
	}
	return append(words, prompts.Stop)
}

func countOf(n int, one, many prompts.Name) prompts.Phrase {
	if n == 1 {
		return append(prompts.Number(n), one)
	}
	return append(prompts.Number(n), many)
}

// message plays one message and does with it what the caller wants. It returns
// [onward] when the next one is to follow.
func (b *box) message(ctx context.Context, m voicemail.Message) (step, error) {
	sound, err := b.Messages.Sound(ctx, m.ID)
	switch {
	case errors.Is(err, voicemail.ErrNotFound): // another listener has deleted it
		return onward, b.say(ctx, prompts.Phrase{prompts.MessageGone})
	case errors.Is(err, voicemail.ErrNoSound):
		b.Log.ErrorContext(ctx, "a message cannot be played", slog.Any("error", err))
	case err != nil:
		return leave, err
	}
	p := &playing{box: b, message: m, sound: sound}
	key, err := p.play(ctx)
	for err == nil {
		switch key {
		case '2':
			return onward, p.save(ctx)
		case '3', '4':
			key, err = p.delete(ctx)
		case '0':
			return settings, nil
		case '*':
			return choose, nil
		case '5', '#', silent:
			return onward, nil
		default:
			p.move(key)
			key, err = p.play(ctx)
		}
	}
	return leave, err
}

// playing is one message while it is listened to.
type playing struct {
	*box

	message   voicemail.Message
	sound     []int16 // none: it cannot be played
	at        int     // samples heard
	announced bool
}

// play announces the message, plays the rest of it and the keys there are, and
// returns the key that was pressed, or [silent].
func (p *playing) play(ctx context.Context) (rune, error) {
	if !p.announced {
		p.announced = true
		words, name := p.envelope(ctx)
		if err := p.say(ctx, words, name...); err != nil {
			return 0, err
		}
	}
	if key, err := p.pressed(ctx); key != silent || err != nil {
		return key, err
	}
	if len(p.sound) == 0 {
		return p.choice(ctx, prompts.MessageBroken, prompts.MessageKeys)
	}
	// How long it takes is measured, not told the time of, so it goes by the
	// machine's clock.
	began := time.Now()
	if err := p.caller.Play(ctx, p.sound[p.at:]); err != nil {
		return 0, err
	}
	key, err := p.pressed(ctx)
	if err != nil {
		return 0, err
	}
	if key != silent {
		p.at = min(p.at+samplesOf(time.Since(began)), len(p.sound))
		return key, nil
	}
	p.at = len(p.sound)
	if err := p.heard(ctx); err != nil {
		return 0, err
	}
	return p.choice(ctx, prompts.MessageKeys)
}

// move goes to where a key wants to hear the message from. Other keys change
// nothing.
func (p *playing) move(key rune) {
	switch key {
	case '1':
		p.at, p.announced = 0, false
	case '7':
		p.at = max(p.at-samplesOf(skipBy), 0)
	case '9':
		p.at = min(p.at+samplesOf(skipBy), len(p.sound))
	}
}

// choice says something and returns the key that is pressed then.
func (p *playing) choice(ctx context.Context, words ...prompts.Name) (rune, error) {
	if err := p.say(ctx, words); err != nil {
		return 0, err
	}
	key, err := p.key(ctx, firstKey)
	if errors.Is(err, ErrSilence) {
		return silent, nil
	}
	return key, err
}

// heard makes a new message a saved one, at once: the lamps of all the person's
// phones show it. A caller who hangs up has heard it all the same.
func (p *playing) heard(ctx context.Context) error {
	return p.Messages.Mark(context.WithoutCancel(ctx), p.user.ID, voicemail.StateSaved, p.message.ID)
}

func (p *playing) save(ctx context.Context) error {
	p.deleted[p.message.ID] = false
	if err := p.heard(ctx); err != nil {
		return err
	}
	return p.say(ctx, prompts.Phrase{prompts.MessageSaved})
}

// delete marks the message as deleted, or takes that back.
func (p *playing) delete(ctx context.Context) (rune, error) {
	gone := !p.deleted[p.message.ID]
	p.deleted[p.message.ID] = gone
	if gone {
		return p.choice(ctx, prompts.MessageDeleted)
	}
	return p.choice(ctx, prompts.MessageBack)
}

// envelope says what kind of message it is, when it was left and by whom.
func (p *playing) envelope(ctx context.Context) (prompts.Phrase, []prompts.Clip) {
	kind := prompts.SavedMessage
	switch {
	case p.deleted[p.message.ID]:
		kind = prompts.DeletedMessage
	case p.message.State == voicemail.StateNew:
		kind = prompts.NewMessage
	}
	words := append(prompts.Phrase{kind, prompts.Comma}, p.when(p.message.LeftAt)...)
	words = append(words, prompts.Comma)
	from, name := p.fromWhom(ctx)
	return append(append(words, from...), prompts.Stop), name
}

// when speaks a day that has passed, and the time of it.
func (t *talk) when(at time.Time) prompts.Phrase {
	at = at.In(t.desk.Zone)
	return append(append(t.day(at), prompts.At), prompts.Clock(at)...)
}

// day speaks a day as people call it: within a week by its name.
func (t *talk) day(at time.Time) prompts.Phrase {
	switch days := daysBetween(at, t.Now().In(t.desk.Zone)); {
	case days <= 0:
		return prompts.Phrase{prompts.Today}
	case days == 1:
		return prompts.Phrase{prompts.Yesterday}
	case days < 7:
		return append(prompts.Phrase{prompts.On}, prompts.Weekday(at.Weekday())...)
	default:
		return append(prompts.Span(time.Duration(days)*24*time.Hour), prompts.Ago)
	}
}

// daysBetween counts the midnights between two times of one zone.
func daysBetween(from, to time.Time) int {
	date := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(date(to).Sub(date(from)) / (24 * time.Hour))
}

// fromWhom names the caller: by the name recorded, else by the number shown.
func (p *playing) fromWhom(ctx context.Context) (prompts.Phrase, []prompts.Clip) {
	from := p.message.From
	if caller, found := p.Directory.User(from.UserID); found {
		if name := p.recordedName(ctx, caller); len(name) > 0 {
			return prompts.Phrase{prompts.From, prompts.Recording}, name
		}
	}
	digits := prompts.Digits(from.Number)
	switch {
	case len(digits) == 0:
		return prompts.Phrase{prompts.FromUnknown}, nil
	case from.UserID != "":
		return append(prompts.Phrase{prompts.FromExtension}, digits...), nil
	default:
		return append(prompts.Phrase{prompts.From}, digits...), nil
	}
}
