package voicemail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// The longest greeting and spoken name.
const (
	LongestGreeting = time.Minute
	LongestName     = 8 * time.Second
)

// Greeting reads a user's own greeting; nil when there is none.
func (s *Service) Greeting(ctx context.Context, userID string) ([]int16, error) {
	box, err := s.mailbox(ctx, userID)
	if err != nil {
		return nil, err
	}
	return s.spoken(userID, box.Greeting)
}

// Name reads the sound in which a user says the own name; nil when there is none.
func (s *Service) Name(ctx context.Context, userID string) ([]int16, error) {
	box, err := s.mailbox(ctx, userID)
	if err != nil {
		return nil, err
	}
	return s.spoken(userID, box.Name)
}

// SetGreeting stores a user's own greeting; without sound the standard
// greeting is back.
func (s *Service) SetGreeting(ctx context.Context, user directory.User, pcm []int16) error {
	return s.set(ctx, user, pcm, func(box *Mailbox) *string { return &box.Greeting })
}

// SetName stores the sound in which a user says the own name; without sound
// there is none any more.
func (s *Service) SetName(ctx context.Context, user directory.User, pcm []int16) error {
	return s.set(ctx, user, pcm, func(box *Mailbox) *string { return &box.Name })
}

// set stores a sound under a new name and makes it the one that a field of the
// mailbox names, so that a crash leaves either the old or the new one.
func (s *Service) set(ctx context.Context, user directory.User, pcm []int16, field func(*Mailbox) *string) error {
	id := ""
	if len(pcm) > 0 {
		id = directory.NewID()
		if err := s.write(soundName(user.ID, id), pcm); err != nil {
			return fmt.Errorf("store a greeting: %w", err)
		}
	}
	defer s.turns.lock(user.ID)()
	box, err := s.mailbox(ctx, user.ID)
	if err != nil {
		return err
	}
	box.UserID, box.DomainID = user.ID, user.DomainID
	old := *field(&box)
	*field(&box) = id
	if err := s.cfg.Store.PutMailbox(ctx, box); err != nil {
		return fmt.Errorf("store a mailbox: %w", err)
	}
	if old == "" {
		return nil
	}
	return s.cfg.Audio.Remove(soundName(user.ID, old))
}

func (s *Service) write(name string, pcm []int16) error {
	to, err := s.cfg.Audio.Create(name)
	if err != nil {
		return err
	}
	if err = to.Write(pcm); err == nil {
		err = to.Close(len(pcm))
	}
	if err != nil {
		return errors.Join(err, to.Close(0), s.cfg.Audio.Remove(name))
	}
	return nil
}

// Mailbox reads what a user has said for the callers.
func (s *Service) Mailbox(ctx context.Context, userID string) (Mailbox, error) {
	box, err := s.mailbox(ctx, userID)
	if err != nil {
		return Mailbox{}, fmt.Errorf("read a mailbox: %w", err)
	}
	return box, nil
}

// mailbox reads a mailbox, an empty one when nothing was stored yet.
func (s *Service) mailbox(ctx context.Context, userID string) (Mailbox, error) {
	found, err := s.cfg.Store.Mailboxes(ctx, userID)
	if err != nil || len(found) == 0 || userID == "" {
		return Mailbox{}, err
	}
	return found[0], nil
}

// spoken reads a sound of a mailbox; one that is missing counts as none.
func (s *Service) spoken(userID, id string) ([]int16, error) {
	if id == "" {
		return nil, nil
	}
	sound, err := s.cfg.Audio.Open(soundName(userID, id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	return wav.Read(sound)
}
