package voicemail

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

const (
	// lostAfter is when a recording without sound here is given up. Until then
	// it may be one of another server.
	lostAfter = 24 * time.Hour
	// factsBehind is how far the watch may lag behind the bus.
	factsBehind = 1024
	// retryAfter spaces the tries when the store fails.
	retryAfter = time.Second
)

// Recover settles, before anybody can call, what a crash has left: what was
// spoken until then becomes a message, what was being deleted goes, and so do
// the mailboxes of users who are gone. It returns how many messages it kept.
func (s *Service) Recover(ctx context.Context) (int, error) {
	left, err := s.cfg.Store.Messages(ctx, Query{States: []State{StateRecording, StateDeleted}})
	if err != nil {
		return 0, fmt.Errorf("read the messages that a crash has left: %w", err)
	}
	kept := 0
	for _, m := range left {
		if m.State == StateDeleted {
			err = s.purge(ctx, m.UserID, []string{m.ID})
		} else {
			err = s.settle(ctx, m, &kept)
		}
		if err != nil { // one broken message must not keep the server from starting
			s.cfg.Log.ErrorContext(ctx, "a message that a crash has left", slog.String("message", m.ID), slog.Any("error", err))
		}
	}
	return kept, s.reconcile(ctx)
}

// settle makes a message of a recording that a crash has cut off.
func (s *Service) settle(ctx context.Context, m Message, kept *int) error {
	length, err := s.cfg.Audio.Repair(nameOf(m))
	switch {
	case errors.Is(err, fs.ErrNotExist) && s.cfg.Now().Sub(m.LeftAt) < lostAfter:
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case length < Shortest:
		return s.forget(ctx, m)
	}
	m.State, m.Length = StateNew, length
	if err := s.keep(ctx, m); err != nil {
		return err
	}
	*kept++
	return nil
}

// Run removes the mailboxes of users who are removed, as soon as it is told,
// until the context ends.
func (s *Service) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		s.watch(ctx)
	}
	return ctx.Err()
}

// watch follows the directory. At its start, and when it lagged behind, it
// looks at everything.
func (s *Service) watch(ctx context.Context) {
	sub := s.cfg.Events.Subscribe(factsBehind, directory.Changed{})
	defer sub.Close()
	s.attempt(ctx, s.reconcile)
	for {
		select {
		case <-ctx.Done():
			return
		case fact, on := <-sub.Facts():
			if !on {
				return
			}
			if changed, is := fact.(directory.Changed); is {
				s.follow(ctx, changed)
			}
		}
	}
}

// follow looks at the users that a change of the directory has touched.
func (s *Service) follow(ctx context.Context, changed directory.Changed) {
	if changed.Dropped {
		s.attempt(ctx, s.reconcile)
		return
	}
	for _, id := range changed.Users {
		if _, found := s.cfg.Directory.User(id); found {
			continue
		}
		s.attempt(ctx, func(ctx context.Context) error {
			found, err := s.cfg.Store.Mailboxes(ctx, id)
			if err != nil || len(found) == 0 {
				return err
			}
			return s.drop(ctx, found[0])
		})
	}
}

// reconcile removes the mailboxes of all users who are gone.
func (s *Service) reconcile(ctx context.Context) error {
	all, err := s.cfg.Store.Mailboxes(ctx, "")
	if err != nil {
		return fmt.Errorf("read the mailboxes: %w", err)
	}
	for _, box := range all {
		if _, found := s.cfg.Directory.User(box.UserID); found {
			continue
		}
		if err := s.drop(ctx, box); err != nil {
			return err
		}
	}
	return nil
}

// drop removes a mailbox: the sound first, so that none is left behind that
// nobody knows of.
func (s *Service) drop(ctx context.Context, box Mailbox) error {
	defer s.turns.lock(box.UserID)()
	if err := s.cfg.Audio.RemoveAll(box.UserID); err != nil {
		return fmt.Errorf("remove the sound of a mailbox: %w", err)
	}
	entry := audit.Entry{
		ID: directory.NewID(), DomainID: box.DomainID, At: s.cfg.Now().UTC(),
		Actor: "system", Action: "mailbox.removed", UserID: box.UserID,
	}
	if err := s.cfg.Store.DropMailbox(ctx, box.UserID, entry); err != nil {
		return fmt.Errorf("remove a mailbox: %w", err)
	}
	s.cfg.Events.Publish(Changed{DomainID: box.DomainID, UserID: box.UserID})
	return nil
}

// attempt does a task until it succeeds or the context ends.
func (s *Service) attempt(ctx context.Context, task func(context.Context) error) {
	for {
		err := task(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.cfg.Log.ErrorContext(ctx, "a mailbox was not removed with its user", slog.Any("error", err))
		select {
		case <-ctx.Done():
			return
		case <-time.After(retryAfter):
		}
	}
}
