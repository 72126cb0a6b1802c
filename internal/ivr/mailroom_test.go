package ivr_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audiofiles"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// The sentences of a mailbox.
const (
	notThere     = "Extension one zero zero one is not available at the moment. Please leave a message after the tone. When you have finished, press pound, or hang up."
	isBusy       = "Extension one zero zero one is busy at the moment. Please leave a message after the tone. When you have finished, press pound, or hang up."
	theChoice    = "To send your message, press one. To listen to it, press two. To record it again, press three."
	sent         = "Your message has been sent. Goodbye."
	noMessage    = "No message was recorded."
	noMessageBye = "No message was recorded. Goodbye."
	notSaved     = "Your message could not be saved. Please try again later. Goodbye."
	isFull       = "The mailbox of Extension one zero zero one is full, and takes no more messages. Please try again later. Goodbye."
	theKeys      = "To hear this message again, press one. To save it, press two. To delete it, press three. For the next message, press five."
	saved        = "Message saved."
	deleted      = "Message deleted. To take it back, press three again."
	back         = "The message is back."
	noMore       = "There are no more messages."
	none         = "You have no messages."
	theMenu      = "To listen to your messages, press one. For your greeting, your name and your PIN, press zero. To end, press star."
	goodbye      = "Goodbye."
)

// mailroom is the office with real mailboxes, those of Ana (1001) and Bob (1002).
type mailroom struct {
	*voicemail.Service
	*office

	t       *testing.T
	dir     string
	db      *sqlstore.DB
	people  *directory.Service
	ana     directory.User
	bob     directory.User
	broken  error // of what writes sound
	proving sync.Mutex
}

// inMailroom runs a test with mailboxes, in its own time.
func inMailroom(t *testing.T, test func(r *mailroom)) {
	t.Helper()
	dir := sqltest.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		r := &mailroom{t: t, office: newOffice(t), dir: dir}
		db, err := sqlstore.Open(t.Context(), "sqlite", r.dir)
		if err != nil {
			t.Fatal(err)
		}
		r.db = db
		files, err := audiofiles.Open(filepath.Join(r.dir, "voicemail"))
		if err != nil {
			t.Fatal(err)
		}
		var bus events.Bus
		clock := func() time.Time { return r.now }
		if r.people, err = directory.Open(t.Context(), db.Directory(), &bus, clock); err != nil {
			t.Fatal(err)
		}
		r.hire()
		r.Service = voicemail.New(voicemail.Config{
			Store: db.Mailboxes(), Audio: breakable{files, r}, Directory: r.people, Events: &bus,
			Now: clock, Log: slog.New(slog.DiscardHandler), Encode: json.Marshal,
		})
		test(r)
		for _, err := range []error{db.Close(), files.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// breakable is a disk that may be full.
type breakable struct {
	voicemail.Audio

	room *mailroom
}

func (b breakable) Create(name string) (voicemail.Recorder, error) {
	to, err := b.Audio.Create(name)
	return breaking{to, b.room}, err
}

type breaking struct {
	voicemail.Recorder

	room *mailroom
}

func (b breaking) Write(pcm []int16) error {
	if b.room.broken != nil && b.Samples()+len(pcm) > 1000 {
		return b.room.broken
	}
	return b.Recorder.Write(pcm)
}

func (r *mailroom) hire() {
	r.t.Helper()
	made, err := r.people.Create(r.t.Context(), directory.System(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("acme.test")
		o.Domain.ID, o.Domain.TimeZone, o.Domain.Country = "acme", "America/Toronto", "CA"
		o.Domain.Mailboxes.MaxMessages, o.Domain.Mailboxes.MaxSeconds = 5, 30
		for _, extension := range []string{"1001", "1002", "5401"} {
			o.Users = append(o.Users, directory.User{
				ID: "user-" + extension, Extension: extension, Name: "Name of " + extension, Scope: directory.ScopeBasicUser,
			})
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.ana, r.bob = made.After.Users[0], made.After.Users[1]
}

func (r *mailroom) edit(change func(*directory.Office)) {
	r.t.Helper()
	if _, err := r.people.Edit(r.t.Context(), directory.System(), "acme", func(o *directory.Office) error {
		change(o)
		return nil
	}); err != nil {
		r.t.Fatal(err)
	}
}

// prove is the office's check of PINs for the people of the mailroom.
type prove struct{ *mailroom }

func (p prove) CheckPIN(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	return p.office.CheckPIN(ctx, domainID, deviceID, extension, pin)
}

func (p prove) CheckMailbox(ctx context.Context, domainID, deviceID, extension, pin string) (directory.User, error) {
	p.proving.Lock()
	defer p.proving.Unlock()
	user, err := p.office.CheckPIN(ctx, domainID, deviceID, extension, pin)
	if err == nil {
		user, _ = p.people.User(user.ID)
	}
	return user, err
}

func (r *mailroom) conversations(c *caller) (*ivr.Conversations, ivr.Desk) {
	r.t.Helper()
	c.t = r.t
	log := slog.New(slog.DiscardHandler)
	library, err := prompts.New(nil, log)
	if err != nil {
		r.t.Fatal(err)
	}
	conversations := ivr.New(ivr.Config{
		PINs: prove{r}, Desks: r.office, Messages: r.Service, Greetings: r.Service, Directory: r.people,
		Prompts: library, Events: c, Log: log, Now: func() time.Time { return r.now },
	})
	return conversations, ivr.Desk{
		CallID: "call-1", DomainID: "acme", Domain: "acme.test", Language: "en",
		Zone: zone(r.t), LoginCode: "*88", DeviceID: "window-1",
	}
}

// heard compares what a caller has heard, and that the caller was hung up.
func (r *mailroom) heard(c *caller, want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, c.heard); diff != "" {
		r.t.Errorf("heard (-want +got):\n%s", diff)
	}
	if c.hungUp != 1 {
		r.t.Errorf("hung up %d times, want once", c.hungUp)
	}
}

// leave lets a caller leave a message for Ana, and returns its ID.
func (r *mailroom) leave(c *caller, visit ivr.Visit) (string, error) {
	r.t.Helper()
	conversations, desk := r.conversations(c)
	visit.Owner = r.ana
	if visit.From == (voicemail.Party{}) {
		visit.From = voicemail.Party{UserID: r.bob.ID, Number: r.bob.Extension, Name: r.bob.Name}
	}
	return conversations.LeaveMessage(r.t.Context(), c, desk, visit)
}

// left leaves a message that is fine, at a time.
func (r *mailroom) left(at time.Time, from voicemail.Party, pcm []int16) string {
	r.t.Helper()
	now := r.now
	r.now = at
	id, err := r.leave(&caller{speaks: []speech{{pcm, "#"}}}, ivr.Visit{From: from})
	r.now = now
	if err != nil || id == "" {
		r.t.Fatalf("left message %q: %v", id, err)
	}
	return id
}

// open opens the mailbox of Ana for who knows the PIN.
func (r *mailroom) open(c *caller) {
	r.t.Helper()
	conversations, desk := r.conversations(c)
	if err := conversations.OwnMailbox(r.t.Context(), c, desk, r.ana.ID); err != nil {
		r.t.Errorf("open the mailbox: %v", err)
	}
}

// assertHolds compares the messages of Ana: state and sound, the oldest first.
func (r *mailroom) assertHolds(want ...held) {
	r.t.Helper()
	messages, err := r.Messages(r.t.Context(), r.ana.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	var got []held
	for _, m := range messages {
		sound, err := r.Sound(r.t.Context(), m.ID)
		if err != nil {
			r.t.Error(err)
		}
		got = append(got, held{m.State, sound})
	}
	if len(got) != len(want) {
		r.t.Fatalf("the mailbox holds %d messages, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].state != want[i].state || !slices.Equal(got[i].sound, want[i].sound) {
			r.t.Errorf("message %d is %s and of %d samples, want %s and %d", i, got[i].state, len(got[i].sound), want[i].state, len(want[i].sound))
		}
	}
}

type held struct {
	state voicemail.State
	sound []int16
}

func (r *mailroom) files() []string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "voicemail", "*", "*"))
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}

// words is a sound like no other of another seed.
func words(seed int, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*prompts.Rate))
	for i := range pcm {
		pcm[i] = int16((i*(7919+seed))%20000 - 10000)
	}
	return pcm
}

// hum is a sound of one loudness.
func hum(level int16, length time.Duration) []int16 {
	pcm := hush(length)
	for i := range pcm {
		pcm[i] = level * int16(1-2*(i/8%2))
	}
	return pcm
}

func hush(length time.Duration) []int16 { return make([]int16, int(length.Seconds()*prompts.Rate)) }

// typed answers the question for the PIN, and sentences after it.
func typed(answers map[string][]string) map[string][]string {
	if answers == nil {
		answers = map[string][]string{}
	}
	answers[askPIN] = []string{"4711#"}
	return answers
}
