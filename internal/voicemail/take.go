package voicemail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Full reports whether a mailbox takes no more messages.
func (s *Service) Full(ctx context.Context, user directory.User) (bool, error) {
	held, err := s.cfg.Store.Messages(ctx, Query{UserID: user.ID, States: []State{StateRecording, StateNew, StateSaved}})
	if err != nil {
		return false, fmt.Errorf("read messages: %w", err)
	}
	return len(held) >= s.policy(user).MaxMessages, nil
}

func (s *Service) policy(user directory.User) directory.Mailboxes {
	domain, _ := s.cfg.Directory.Domain(user.DomainID)
	return domain.Mailboxes
}

// Take is a message while it is recorded. It is not safe for concurrent use.
// What was written to it becomes a message also when the server dies, unless
// it is discarded before.
type Take struct {
	service *Service
	message Message
	to      Recorder
	Most    time.Duration // the domain's limit for one message
}

// Begin begins a message for a user. It fails with [ErrFull].
func (s *Service) Begin(ctx context.Context, user directory.User, callID string, from Party) (*Take, error) {
	policy := s.policy(user)
	t := &Take{service: s, Most: time.Duration(policy.MaxSeconds) * time.Second, message: Message{
		ID: directory.NewID(), DomainID: user.DomainID, UserID: user.ID, CallID: callID, From: from,
		LeftAt: s.cfg.Now().UTC(), State: StateRecording,
	}}
	defer s.turns.lock(user.ID)()
	if err := s.cfg.Store.Begin(ctx, t.message, policy.MaxMessages); err != nil {
		return nil, fmt.Errorf("begin a message: %w", err)
	}
	var err error
	if t.to, err = s.cfg.Audio.Create(nameOf(t.message)); err != nil {
		return nil, errors.Join(fmt.Errorf("begin a message: %w", err), s.forget(ctx, t.message))
	}
	return t, nil
}

// Write adds sound, 8000 samples a second.
func (t *Take) Write(pcm []int16) error { return t.to.Write(pcm) }

// Samples is how many have been written.
func (t *Take) Samples() int { return t.to.Samples() }

// Close ends the recording after so many samples. It is still to be kept or
// discarded.
func (t *Take) Close(samples int) error {
	t.message.Length = lengthOf(samples)
	if err := t.to.Close(samples); err != nil {
		return fmt.Errorf("store the sound of a message: %w", err)
	}
	return nil
}

// Sound reads what was recorded, after Close.
func (t *Take) Sound() ([]int16, error) {
	sound, err := t.service.cfg.Audio.Open(nameOf(t.message))
	if err != nil {
		return nil, fmt.Errorf("read the sound of a message: %w", err)
	}
	defer sound.Close()
	return wav.Read(sound)
}

// Keep makes what was recorded a message. When it returns without an error the
// message is on disk and told. It fails with [ErrTooShort], and then nothing
// is left of it.
func (t *Take) Keep(ctx context.Context) (Message, error) {
	if t.message.Length < Shortest {
		return Message{}, errors.Join(ErrTooShort, t.Discard(ctx))
	}
	t.message.State = StateNew
	if err := t.service.keep(ctx, t.message); err != nil {
		return Message{}, err
	}
	return t.message, nil
}

// Discard leaves nothing of what was recorded.
func (t *Take) Discard(ctx context.Context) error {
	return errors.Join(t.to.Close(0), t.service.forget(context.WithoutCancel(ctx), t.message))
}

// keep stores a message whose sound is on disk, and tells of it.
func (s *Service) keep(ctx context.Context, m Message) error {
	payload, err := s.cfg.Encode(outbox.MessageLeft{
		MessageID: m.ID, UserID: m.UserID, CallerNumber: m.From.Number, CallerName: m.From.Name,
		Seconds: int(m.Length.Round(time.Second).Seconds()),
	})
	if err != nil {
		return fmt.Errorf("encode the fact of a message: %w", err)
	}
	ctx = context.WithoutCancel(ctx) // who hangs up has left the message
	defer s.turns.lock(m.UserID)()
	fact := outbox.Fact{ID: directory.NewID(), DomainID: m.DomainID, Kind: outbox.KindMessageLeft, At: s.cfg.Now().UTC(), Payload: payload}
	if err := s.cfg.Store.Keep(ctx, m, fact); err != nil {
		return fmt.Errorf("keep a message: %w", err)
	}
	s.cfg.Log.InfoContext(ctx, "message left", slog.String("message", m.ID), slog.String("call", m.CallID), slog.Duration("length", m.Length))
	s.tell(ctx, m.UserID)
	return nil
}

// forget removes a message that nobody has seen; its sound also when the store
// fails, which may be because the disk is full.
func (s *Service) forget(ctx context.Context, m Message) error {
	moved, err := s.cfg.Store.Move(ctx, m.UserID, []string{m.ID}, StateDeleted, StateRecording)
	if err == nil && moved == 0 { // it is a message, or has gone with its mailbox
		return nil
	}
	return errors.Join(err, s.purge(ctx, m.UserID, []string{m.ID}))
}

func lengthOf(samples int) time.Duration {
	return time.Duration(samples) * time.Second / g711.Rate
}
