package ivr

import (
	"context"
	"errors"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
)

// login asks who is there, logs that person in, and returns the confirmation.
func (t *talk) login(ctx context.Context, extension string) (prompts.Phrase, error) {
	user, result, err := t.takeDesk(ctx, extension)
	t.watch.Decided(result.Session, err)
	if err != nil {
		return nil, err
	}
	if err := t.askRinging(ctx, &user, result); err != nil {
		return nil, err
	}
	return t.confirmation(user, result), nil
}

// takeDesk asks who is there and gives that person the desk.
func (t *talk) takeDesk(ctx context.Context, extension string) (directory.User, hotdesk.LoginResult, error) {
	var none hotdesk.LoginResult
	if err := t.Desks.CheckDesk(ctx, t.desk.DeviceID); err != nil {
		return directory.User{}, none, err
	}
	user, err := t.prove(ctx, extension, t.PINs.CheckPIN, t.refuseLogin)
	if err != nil {
		return user, none, err
	}
	req := hotdesk.LoginRequest{DeviceID: t.desk.DeviceID, UserID: user.ID, By: hotdesk.By{Actor: user.ID, Door: t.door}}
	// Who knows the way hangs up after the PIN, and is logged in all the same.
	result, err := t.Desks.Login(context.WithoutCancel(ctx), req)
	if taken, ok := errors.AsType[*hotdesk.TakenError](err); ok && taken.Offered {
		if err := t.offer(ctx, taken); err != nil {
			return user, none, err
		}
		req.TakeOver = true
		result, err = t.Desks.Login(context.WithoutCancel(ctx), req)
	}
	return user, result, err
}

// check proves an account number and PIN that were keyed in at a device; a
// method of [PINs] is one.
type check func(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error)

// prove asks for account number and PIN until they are right, three times at
// most. Each refusal is written down, also when the caller has hung up
// meanwhile: a guesser must not keep the log clean that way.
func (t *talk) prove(
	ctx context.Context, extension string, right check, record func(ctx context.Context, account, code string) error,
) (directory.User, error) {
	for try := 1; ; try++ {
		account, pin, err := t.credentials(ctx, extension)
		if err != nil {
			return directory.User{}, err
		}
		user, err := right(ctx, t.desk.DomainID, t.desk.DeviceID, account, pin)
		if code := refusalCode(err); code != "" {
			if err := record(context.WithoutCancel(ctx), account, code); err != nil {
				return directory.User{}, err
			}
		}
		if !errors.Is(err, login.ErrWrong) {
			return user, err
		}
		if try == maxTries {
			return directory.User{}, err
		}
		if err := t.tryAgain(ctx); err != nil {
			return directory.User{}, err
		}
	}
}

// refusalCode is a refusal by [PINs] as the audit log has it; "" for none.
func refusalCode(err error) string {
	switch {
	case errors.Is(err, login.ErrWrong):
		return "pin_wrong"
	case errors.As(err, new(*login.LockedError)):
		return "locked"
	default:
		return ""
	}
}

// refuseLogin writes a refused login to the audit log.
func (t *talk) refuseLogin(ctx context.Context, account, code string) error {
	return t.Desks.Refuse(ctx, hotdesk.Refused{DeviceID: t.desk.DeviceID, Account: account, Door: t.door, Code: code})
}

// credentials asks for what is not known yet.
func (t *talk) credentials(ctx context.Context, extension string) (account, pin string, err error) {
	account = extension
	if account == "" {
		t.watch.Asked(AskedAccount)
		if account, err = t.number(ctx, prompts.EnterAccount, longestAccount); err != nil {
			return "", "", err
		}
	}
	t.watch.Asked(AskedPIN)
	pin, err = t.number(ctx, prompts.EnterPIN, longestPIN)
	return account, pin, err
}

// tryAgain says that account number and PIN do not match. What was typed ahead
// belonged to the try that failed.
func (t *talk) tryAgain(ctx context.Context) error {
	if err := t.drain(ctx); err != nil {
		return err
	}
	return t.say(ctx, prompts.Phrase{prompts.Wrong})
}

// offer asks whether to take the desk over, and fails unless the caller wants it.
func (t *talk) offer(ctx context.Context, taken *hotdesk.TakenError) error {
	question, name := t.whoHolds(ctx, taken)
	for range maxAsks - 1 {
		// A key of the PIN must not answer a question that was not yet heard.
		if err := t.drain(ctx); err != nil {
			return err
		}
		t.watch.Asked(AskedTakeOver)
		if err := t.say(ctx, question, name...); err != nil {
			return err
		}
		key, err := t.key(ctx, firstKey)
		switch {
		case errors.Is(err, ErrSilence):
			continue
		case err != nil:
			return err
		case key == '2':
			return nil
		default:
			return ErrLeftAsItIs
		}
	}
	return ErrLeftAsItIs
}

// whoHolds says who holds the desk, since when and how long it was unused, and
// offers it. A person who has recorded the own name is named by it.
func (t *talk) whoHolds(ctx context.Context, taken *hotdesk.TakenError) (prompts.Phrase, []prompts.Clip) {
	now := t.Now()
	words := prompts.Phrase{prompts.InUseBy}
	holder, known := t.Directory.User(taken.UserID)
	name := t.recordedName(ctx, holder)
	switch {
	case len(name) > 0:
		words = prompts.Phrase{prompts.InUseByName, prompts.Recording}
	case known:
		words = append(words, prompts.Digits(holder.Extension)...)
	}
	words = append(words, prompts.Comma)
	words = append(words, t.since(taken.Since, now)...)
	if unused := now.Sub(taken.UsedAt); !taken.UsedAt.IsZero() && unused >= time.Minute {
		words = append(words, prompts.Comma, prompts.UnusedFor)
		words = append(words, prompts.Span(unused)...)
	}
	return append(words, prompts.Stop, prompts.PressTwo), name
}

// confirmation tells whose the desk is now, what ended for it, and until when
// it lasts.
func (t *talk) confirmation(user directory.User, result hotdesk.LoginResult) prompts.Phrase {
	words := append(prompts.Phrase{prompts.Extension}, prompts.Digits(user.Extension)...)
	words = append(words, prompts.Stop)
	if movedFrom(user, result) {
		words = append(words, prompts.Moved)
	}
	lasting, until := prompts.AlreadyYours, prompts.AlreadyYoursUntil
	switch {
	case result.Started && user.Answering.RingHereOnly:
		lasting, until = prompts.RingsOnlyHere, prompts.RingsOnlyHereUntil
	case result.Started:
		lasting, until = prompts.RingsHere, prompts.RingsHereUntil
	}
	if result.Session.EndsAt.IsZero() {
		return append(words, lasting)
	}
	words = append(append(words, until), t.until(result.Session.EndsAt, t.Now())...)
	return append(words, prompts.Stop)
}

// movedFrom reports whether the login ended a session of the same person at
// another desk.
func movedFrom(user directory.User, result hotdesk.LoginResult) bool {
	for _, s := range result.Ended {
		if s.UserID == user.ID {
			return true
		}
	}
	return false
}

// until speaks a time to come: with the day when it is not within the next 24
// hours.
func (t *talk) until(at, now time.Time) prompts.Phrase {
	at = at.In(t.desk.Zone)
	words := prompts.Clock(at)
	if at.Sub(now) > 24*time.Hour {
		words = append(append(words, prompts.On), prompts.Weekday(at.Weekday())...)
	}
	return words
}

// since speaks a time that has passed: as the clock shows it within the last
// 12 hours, with morning or evening within 24, else with the day too.
func (t *talk) since(at, now time.Time) prompts.Phrase {
	const halfDay = 12 * time.Hour
	at = at.In(t.desk.Zone)
	words := prompts.Phrase{prompts.Since}
	if now.Sub(at) < halfDay {
		return append(words, prompts.ClockFace(at)...)
	}
	words = append(words, prompts.Clock(at)...)
	if now.Sub(at) >= 2*halfDay {
		words = append(append(words, prompts.On), prompts.Weekday(at.Weekday())...)
	}
	return words
}
