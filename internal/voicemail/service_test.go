package voicemail_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

func TestAMessageIsWhatWasSaid(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		said := speech(1, 2500*time.Millisecond)
		m := r.leave(said)
		want := voicemail.Message{
			ID: m.ID, DomainID: r.ana.DomainID, UserID: r.ana.ID, CallID: "call-1", From: bob,
			LeftAt: noon, Length: 2500 * time.Millisecond, State: voicemail.StateNew,
		}
		r.assertTold(voicemail.Counts{New: 1})
		r.restart()
		r.assertHolds(map[string][]int16{m.ID: said})
		sound, got, err := r.Open(r.t.Context(), m.ID)
		if err != nil {
			r.t.Fatal(err)
		}
		defer sound.Close()
		file, err := io.ReadAll(sound)
		if err != nil || len(file) != 44+2*len(said) {
			r.t.Errorf("a file of %d octets, %v", len(file), err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.t.Errorf("message (-want +got):\n%s", diff)
		}
		r.assertOutbox(m.ID)
	})
}

func TestListenedSavedAndDeletedMessagesAreTold(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		one, two := r.leave(speech(1, time.Second)), r.leave(speech(2, time.Second))
		r.assertTold(voicemail.Counts{New: 1}, voicemail.Counts{New: 2})
		do := func(err error) {
			r.t.Helper()
			if err != nil {
				r.t.Error(err)
			}
		}
		ctx := r.t.Context()
		do(r.Mark(ctx, r.ana.ID, voicemail.StateSaved, one.ID))
		do(r.Mark(ctx, r.ana.ID, voicemail.StateSaved, one.ID)) // again: nothing new to tell
		do(r.Mark(ctx, "somebody else", voicemail.StateSaved, two.ID))
		r.assertTold(voicemail.Counts{New: 1, Saved: 1})
		do(r.Mark(ctx, r.ana.ID, voicemail.StateNew, one.ID))
		do(r.Delete(ctx, r.ana.ID, one.ID))
		do(r.Delete(ctx, r.ana.ID, one.ID, "no such message"))
		do(r.Delete(ctx, "somebody else", two.ID))
		do(r.Mark(ctx, r.ana.ID, voicemail.StateSaved, one.ID)) // the other listener has just deleted it
		r.assertTold(voicemail.Counts{New: 2}, voicemail.Counts{New: 1})
		r.assertHolds(map[string][]int16{two.ID: speech(2, time.Second)})
		if files := r.files(); len(files) != 1 {
			r.t.Errorf("files left: %v", files)
		}
		for _, id := range []string{one.ID, ""} {
			if _, _, err := r.Open(ctx, id); !errors.Is(err, voicemail.ErrNotFound) {
				r.t.Errorf("open %q: %v", id, err)
			}
		}
	})
}

func TestWhatIsTooShortOrDiscardedLeavesNothing(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		if _, err := r.speak(speech(1, 999*time.Millisecond)).Keep(r.t.Context()); !errors.Is(err, voicemail.ErrTooShort) {
			r.t.Errorf("keep what is too short: %v", err)
		}
		silent := r.begin()
		r.say(silent, speech(1, 5*time.Second))
		if err := silent.Close(7999); err != nil { // the rest was silence
			r.t.Error(err)
		}
		if _, err := silent.Keep(r.t.Context()); !errors.Is(err, voicemail.ErrTooShort) {
			r.t.Errorf("keep silence: %v", err)
		}
		again := r.speak(speech(2, 2*time.Second))
		if heard, err := again.Sound(); err != nil || len(heard) != 16000 {
			r.t.Errorf("the sound of a take: %d, %v", len(heard), err)
		}
		if err := again.Discard(r.t.Context()); err != nil {
			r.t.Error(err)
		}
		r.assertTold()
		if kept := r.restart(); kept != 0 {
			r.t.Errorf("kept %d", kept)
		}
		r.assertHolds(map[string][]int16{})
		if files := r.files(); len(files) > 0 {
			r.t.Errorf("files left: %v", files)
		}
	})
}

func TestAFullMailboxTakesNoMore(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		r.settings(func(d *directory.Domain) { d.Mailboxes.MaxMessages = 3 })
		r.leave(speech(1, time.Second))
		r.leave(speech(2, time.Second))
		if full, err := r.Full(r.t.Context(), r.ana); full || err != nil {
			r.t.Error("full with two of three messages", err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		takes, refused := []*voicemail.Take{}, 0
		for range 5 { // callers at once
			wg.Go(func() {
				take, err := r.Begin(r.t.Context(), r.ana, "call", bob)
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, voicemail.ErrFull) {
					refused++
				} else if err == nil {
					takes = append(takes, take)
				}
			})
		}
		wg.Wait()
		if len(takes) != 1 || refused != 4 {
			r.t.Fatalf("%d callers speak, %d are told that it is full", len(takes), refused)
		}
		if full, err := r.Full(r.t.Context(), r.ana); !full || err != nil {
			r.t.Error("not full while the last message is spoken", err)
		}
		if err := takes[0].Discard(r.t.Context()); err != nil {
			r.t.Error(err)
		}
		r.leave(speech(3, time.Second))
	})
}

func TestGreetingAndName(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		ctx := r.t.Context()
		sounds := func() [2][]int16 {
			r.t.Helper()
			greeting, err := r.Greeting(ctx, r.ana.ID)
			if err != nil {
				r.t.Error(err)
			}
			name, err := r.Name(ctx, r.ana.ID)
			if err != nil {
				r.t.Error(err)
			}
			return [2][]int16{greeting, name}
		}
		if got := sounds(); got[0] != nil || got[1] != nil {
			r.t.Error("sounds of an empty mailbox")
		}
		one, two, name := speech(1, time.Second), speech(2, time.Second), speech(3, time.Second)
		for _, err := range []error{r.SetGreeting(ctx, r.ana, one), r.SetName(ctx, r.ana, name), r.SetGreeting(ctx, r.ana, two)} {
			if err != nil {
				r.t.Error(err)
			}
		}
		r.restart()
		if diff := cmp.Diff([2][]int16{two, name}, sounds()); diff != "" || len(r.files()) != 2 {
			r.t.Error("other sounds than recorded, or files left", r.files())
		}
		if err := r.SetGreeting(ctx, r.ana, nil); err != nil {
			r.t.Error(err)
		}
		if diff := cmp.Diff([2][]int16{nil, name}, sounds()); diff != "" || len(r.files()) != 1 {
			r.t.Error("the standard greeting is not back, or files left", r.files())
		}
	})
}

func TestAMailboxGoesWithItsUser(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		r.leave(speech(1, time.Second))
		if err := r.SetName(r.t.Context(), r.ana, speech(2, time.Second)); err != nil {
			r.t.Fatal(err)
		}
		r.assertTold(voicemail.Counts{New: 1})
		stop := r.run()
		r.edit(func(o *directory.Office) { o.Users = nil })
		for fact := range r.told.Facts() {
			if changed, is := fact.(voicemail.Changed); is {
				if (changed.Counts != voicemail.Counts{}) {
					r.t.Errorf("told %+v", changed)
				}
				break
			}
		}
		stop()
		r.assertHolds(map[string][]int16{})
		if files := r.files(); len(files) > 0 {
			r.t.Errorf("files left: %v", files)
		}
		entries, err := r.db.Audit().Entries(r.t.Context(), audit.Query{Action: "mailbox.removed"})
		if err != nil || len(entries) != 1 || entries[0].UserID != r.ana.ID || entries[0].DomainID != r.ana.DomainID {
			r.t.Errorf("audit log: %+v, %v", entries, err)
		}
	})
}

func TestAMailboxGoesWithAUserRemovedWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		r.leave(speech(1, time.Second))
		r.edit(func(o *directory.Office) { o.Users = nil })
		r.restart()
		if files := r.files(); len(files) > 0 {
			r.t.Errorf("files left: %v", files)
		}
		boxes, err := r.db.Mailboxes().Mailboxes(r.t.Context(), "")
		if err != nil || len(boxes) > 0 {
			r.t.Errorf("mailboxes left: %v, %v", boxes, err)
		}
	})
}

func TestRefusalsAreWrittenDown(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		if err := r.Refuse(r.t.Context(), r.ana.DomainID, "desk-1", "1001", "pin_wrong"); err != nil {
			r.t.Fatal(err)
		}
		entries, err := r.db.Audit().Entries(r.t.Context(), audit.Query{Action: "mailbox.refused"})
		if err != nil || len(entries) != 1 || entries[0].Detail != "pin_wrong 1001" || entries[0].DeviceID != "desk-1" {
			r.t.Errorf("audit log: %+v, %v", entries, err)
		}
	})
}

func TestWhoHasAMailbox(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(d *directory.Domain, u *directory.User)
		want   bool
	}{
		"a person":             {func(*directory.Domain, *directory.User) {}, true},
		"a desk account":       {func(_ *directory.Domain, u *directory.User) { u.Extension = "5401" }, false},
		"a disabled person":    {func(_ *directory.Domain, u *directory.User) { u.Disabled = true }, false},
		"who wants none":       {func(_ *directory.Domain, u *directory.User) { u.Answering.NoMailbox = true }, false},
		"a domain without":     {func(d *directory.Domain, _ *directory.User) { d.Mailboxes.Enabled = false }, false},
		"of another domain":    {func(_ *directory.Domain, u *directory.User) { u.DomainID = "other" }, false},
		"who may not hot desk": {func(_ *directory.Domain, u *directory.User) { u.NoHotDesking = true }, true},
	} {
		domain := directory.Defaults("acme.test")
		domain.ID = "acme"
		user := directory.User{DomainID: "acme", Extension: "1001"}
		tt.change(&domain, &user)
		if got := voicemail.Has(domain, user); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
