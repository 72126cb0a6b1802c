package ivr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// changeUser changes the account of a person, who has proven to be that person
// and may change these settings whatever scope the account has. Who hangs up now
// has changed them all the same.
func (t *talk) changeUser(ctx context.Context, user *directory.User, change func(*directory.User)) error {
	actor := directory.Actor{Name: user.ID, Scope: directory.ScopeSuperUser}
	_, err := t.Directory.Edit(context.WithoutCancel(ctx), actor, user.DomainID, func(o *directory.Office) error {
		account := o.User(user.ID)
		if account == nil {
			return directory.ErrNotFound
		}
		change(account)
		return nil
	})
	if err != nil {
		return fmt.Errorf("change the account: %w", err)
	}
	change(user)
	return nil
}

// askRinging lets a person choose where calls ring, where the domain wants it
// asked and there is a choice. Any answer but these two leaves it as it was.
// Keys typed ahead count: the question is the same each time.
func (t *talk) askRinging(ctx context.Context, user *directory.User, result hotdesk.LoginResult) error {
	if !result.Started || !t.asksRinging(user.ID) {
		return nil
	}
	if err := t.say(ctx, prompts.Phrase{prompts.AskRinging}); err != nil {
		return err
	}
	key, err := t.key(ctx, firstKey)
	switch {
	case errors.Is(err, ErrSilence):
		return nil
	case err != nil:
		return err
	case key != '1' && key != '2' || (key == '1') == user.Answering.RingHereOnly:
		return nil
	}
	// The desk is the person's already, whatever becomes of this.
	if err := t.changeUser(ctx, user, func(u *directory.User) { u.Answering.RingHereOnly = key == '1' }); err != nil {
		t.Log.ErrorContext(ctx, "where calls ring was not stored", slog.String("user_id", user.ID), slog.Any("error", err))
	}
	return nil
}

func (t *talk) asksRinging(userID string) bool {
	domain, found := t.Directory.Domain(t.desk.DomainID)
	return found && domain.HotDesking.AskRinging && len(t.Directory.DevicesOf(userID)) > 0
}
