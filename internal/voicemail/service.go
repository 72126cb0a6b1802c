package voicemail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// Directory is what a [Service] asks of the directory. It answers from memory.
type Directory interface {
	Domain(id string) (directory.Domain, bool)
	User(id string) (directory.User, bool)
}

// Config is what a [Service] needs; all of it.
type Config struct {
	Store     Store
	Audio     Audio
	Directory Directory
	Events    *events.Bus
	Now       func() time.Time
	Log       *slog.Logger
	// Encode makes the payload of an outbox fact: [encoding/json.Marshal].
	Encode func(payload any) ([]byte, error)
}

// Service is the one way to mailboxes, for every door. It is safe for
// concurrent use.
type Service struct {
	cfg Config
	// Changes of one mailbox are told in the order in which they are stored: a
	// lamp that is told the older count last would stay wrong.
	turns locks
}

// New makes a service.
func New(cfg Config) *Service { return &Service{cfg: cfg} }

// Counts counts the messages of a user, none for one who has no mailbox.
func (s *Service) Counts(ctx context.Context, userID string) (Counts, error) {
	counts, err := s.cfg.Store.Counts(ctx, userID)
	if err != nil {
		return Counts{}, fmt.Errorf("count messages: %w", err)
	}
	return counts, nil
}

// Messages reads the messages of a user, oldest first.
func (s *Service) Messages(ctx context.Context, userID string) ([]Message, error) {
	messages, err := s.cfg.Store.Messages(ctx, Query{UserID: userID, States: []State{StateNew, StateSaved}})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return messages, nil
}

// Open reads a message and its sound, a WAV file. It fails with [ErrNotFound],
// and with [ErrNoSound] when only the message is there.
func (s *Service) Open(ctx context.Context, messageID string) (io.ReadCloser, Message, error) {
	found, err := s.cfg.Store.Messages(ctx, Query{ID: messageID, States: []State{StateNew, StateSaved}})
	switch {
	case err != nil:
		return nil, Message{}, fmt.Errorf("read a message: %w", err)
	case len(found) == 0 || messageID == "":
		return nil, Message{}, fmt.Errorf("message %s: %w", messageID, ErrNotFound)
	}
	sound, err := s.cfg.Audio.Open(nameOf(found[0]))
	if err != nil {
		return nil, found[0], fmt.Errorf("message %s: %w: %w", messageID, ErrNoSound, err)
	}
	return sound, found[0], nil
}

// Sound reads the sound of a message; of one that was cut off, what is left of
// it. It fails as [Service.Open] does.
func (s *Service) Sound(ctx context.Context, messageID string) ([]int16, error) {
	sound, _, err := s.Open(ctx, messageID)
	if err != nil {
		return nil, err
	}
	defer sound.Close()
	pcm, err := wav.Read(sound)
	if err != nil {
		return nil, fmt.Errorf("message %s: %w: %w", messageID, ErrNoSound, err)
	}
	return pcm, nil
}

// Mark makes messages of a user new or saved. Those that are so already, or
// are gone, stay as they are.
func (s *Service) Mark(ctx context.Context, userID string, to State, messageIDs ...string) error {
	from := StateSaved
	if to == StateSaved {
		from = StateNew
	}
	return s.move(ctx, userID, messageIDs, to, from)
}

// Delete removes messages of a user with their sound. Those that are gone
// already are no error.
func (s *Service) Delete(ctx context.Context, userID string, messageIDs ...string) error {
	if len(messageIDs) == 0 {
		return nil
	}
	if err := s.move(ctx, userID, messageIDs, StateDeleted, StateNew, StateSaved); err != nil {
		return err
	}
	return s.purge(ctx, userID, messageIDs)
}

// move changes the state of messages and tells the new counts.
func (s *Service) move(ctx context.Context, userID string, ids []string, to State, from ...State) error {
	defer s.turns.lock(userID)()
	moved, err := s.cfg.Store.Move(ctx, userID, ids, to, from...)
	if err != nil {
		return fmt.Errorf("mark messages as %s: %w", to, err)
	}
	if moved > 0 {
		s.tell(ctx, userID)
	}
	return nil
}

// purge removes what is marked as deleted: the sound first, so that none is
// left behind that nobody knows of.
func (s *Service) purge(ctx context.Context, userID string, ids []string) error {
	var errs []error
	for _, id := range ids {
		errs = append(errs, s.cfg.Audio.Remove(soundName(userID, id)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("remove the sound of messages: %w", err)
	}
	if err := s.cfg.Store.Purge(ctx, userID, ids); err != nil {
		return fmt.Errorf("remove messages: %w", err)
	}
	return nil
}

// tell publishes the counts of a mailbox that has changed. The turn of the
// user is held.
func (s *Service) tell(ctx context.Context, userID string) {
	counts, err := s.cfg.Store.Counts(context.WithoutCancel(ctx), userID)
	if err != nil {
		s.cfg.Log.ErrorContext(ctx, "a changed mailbox is not told", slog.String("user_id", userID), slog.Any("error", err))
		return
	}
	user, _ := s.cfg.Directory.User(userID)
	s.cfg.Events.Publish(Changed{DomainID: user.DomainID, UserID: userID, Counts: counts})
}

// Refuse writes into the audit log that a caller was not let into the mailbox
// of an account: "pin_wrong" or "locked".
func (s *Service) Refuse(ctx context.Context, domainID, deviceID, account, code string) error {
	return s.cfg.Store.Note(ctx, audit.Entry{
		ID: directory.NewID(), DomainID: domainID, At: s.cfg.Now().UTC(), Actor: "caller", Action: "mailbox.refused",
		DeviceID: deviceID, Detail: code + " " + account,
	})
}

func nameOf(m Message) string { return soundName(m.UserID, m.ID) }

func soundName(userID, id string) string { return userID + "/" + id }

// locks makes changes of the same mailbox wait for one another. Different ones
// may share a lock; nobody takes two.
type locks [256]sync.Mutex

func (l *locks) lock(userID string) (unlock func()) {
	hash := uint32(2166136261) // FNV-1a
	for i := range len(userID) {
		hash = (hash ^ uint32(userID[i])) * 16777619
	}
	mu := &l[hash%uint32(len(l))]
	mu.Lock()
	return mu.Unlock
}
