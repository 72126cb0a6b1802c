package voicemail

import (
	"context"
	"io"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Query selects messages; empty fields select all.
type Query struct {
	ID     string
	UserID string
	States []State
}

// Store keeps what is known of mailboxes and messages.
type Store interface {
	MessageStore
	MailboxStore
}

// MessageStore keeps messages.
type MessageStore interface {
	// Messages reads messages, oldest first.
	Messages(ctx context.Context, q Query) ([]Message, error)
	// Counts counts the messages of a user.
	Counts(ctx context.Context, userID string) (Counts, error)
	// Begin writes a message that is being recorded, and its mailbox when that
	// is not known yet. It fails with [ErrFull] when the mailbox holds most
	// messages already, those that are being recorded included.
	Begin(ctx context.Context, m Message, most int) error
	// Keep makes a message that was being recorded a new one of that length, and
	// writes the fact of it. It fails with [ErrNotFound] when it is no longer
	// being recorded.
	Keep(ctx context.Context, m Message, fact outbox.Fact) error
	// Move puts those of the user's messages that are in one of the states from into
	// another, and returns how many they were.
	Move(ctx context.Context, userID string, ids []string, to State, from ...State) (int, error)
	// Purge removes messages for good.
	Purge(ctx context.Context, userID string, ids []string) error
}

// MailboxStore keeps mailboxes.
type MailboxStore interface {
	// Mailboxes reads the mailbox of a user, or all when userID is "". Not every
	// user has one yet.
	Mailboxes(ctx context.Context, userID string) ([]Mailbox, error)
	PutMailbox(ctx context.Context, box Mailbox) error
	// DropMailbox removes a mailbox with all messages and writes the entry, once.
	DropMailbox(ctx context.Context, userID string, entry audit.Entry) error

	// Note writes an entry of the audit log that belongs to no change.
	Note(ctx context.Context, entry audit.Entry) error
}

// Audio keeps sound under names of two parts: "USER-ID/ID".
type Audio interface {
	// Create begins a sound. What was written can be had by Repair when the
	// process dies before the end.
	Create(name string) (Recorder, error)
	// Open reads a sound as a WAV file. It fails with [fs.ErrNotExist].
	Open(name string) (io.ReadCloser, error)
	// Remove removes a sound; one that is not there is no error.
	Remove(name string) error
	// RemoveAll removes all sounds of a user.
	RemoveAll(userID string) error
	// Repair makes a sound final whose writer has died, and returns its length.
	// It fails with [fs.ErrNotExist].
	Repair(name string) (time.Duration, error)
}

// Recorder writes one sound, 16-bit samples, 8000 a second.
type Recorder interface {
	Write(pcm []int16) error
	// Samples is how many have been written.
	Samples() int
	// Close ends the sound after so many samples. When it returns without an
	// error the sound is on disk. Closing again does nothing.
	Close(samples int) error
}
