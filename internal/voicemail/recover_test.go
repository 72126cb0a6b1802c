package voicemail_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	_ "github.com/jackc/pgx/v5/stdlib" // to look behind the store

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

func TestWhatWasSpokenBeforeACrashIsAMessage(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		said := speech(1, 2350*time.Millisecond) // not on a full second, at which the header is renewed
		r.say(r.begin(), said)
		r.say(r.begin(), speech(2, 900*time.Millisecond)) // too short
		r.begin()                                         // nothing said
		decided := r.leave(speech(3, time.Second))
		r.assertTold(voicemail.Counts{New: 1})
		if kept := r.restart(); kept != 1 {
			r.t.Fatalf("kept %d", kept)
		}
		r.assertTold(voicemail.Counts{New: 2})
		messages, err := r.Messages(r.t.Context(), r.ana.ID)
		if err != nil || len(messages) != 2 {
			r.t.Fatalf("%d messages, %v", len(messages), err)
		}
		cut := messages[0]
		if cut.ID == decided.ID {
			cut = messages[1]
		}
		if cut.Length != 2350*time.Millisecond || cut.From != bob || cut.State != voicemail.StateNew {
			r.t.Errorf("the message that was cut off: %+v", cut)
		}
		r.assertHolds(map[string][]int16{cut.ID: said, decided.ID: speech(3, time.Second)})
		if files := r.files(); len(files) != 2 {
			r.t.Errorf("files left: %v", files)
		}
		r.assertOutbox(decided.ID, cut.ID)
		if kept := r.restart(); kept != 0 {
			r.t.Errorf("kept %d at the second start", kept)
		}
		r.assertOutbox(decided.ID, cut.ID)
	})
}

func TestADeletionThatACrashInterruptedIsFinished(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		m := r.leave(speech(1, time.Second))
		if _, err := r.db.Mailboxes().Move(r.t.Context(), r.ana.ID, []string{m.ID}, voicemail.StateDeleted, voicemail.StateNew); err != nil {
			r.t.Fatal(err)
		}
		r.restart()
		if files := r.files(); len(files) > 0 {
			r.t.Errorf("files left: %v", files)
		}
		if n := r.number("select count(*) from messages"); n != 0 {
			r.t.Errorf("%d messages left", n)
		}
	})
}

func TestARecordingOfAnotherServerIsLeftToIt(t *testing.T) {
	t.Parallel()
	onBoth(t, func(r *rig) {
		m := voicemail.Message{ID: directory.NewID(), DomainID: r.ana.DomainID, UserID: r.ana.ID, LeftAt: noon, State: voicemail.StateRecording}
		if err := r.db.Mailboxes().Begin(r.t.Context(), m, 3); err != nil {
			r.t.Fatal(err)
		}
		r.restart()
		if n := r.number("select count(*) from messages"); n != 1 {
			r.t.Errorf("%d messages, want the other server's", n)
		}
		r.now = noon.Add(25 * time.Hour)
		r.restart()
		if n := r.number("select count(*) from messages"); n != 0 {
			r.t.Errorf("%d messages, want that without sound given up", n)
		}
	})
}

// run runs the service until the function it returns is called.
func (r *rig) run() (stop func()) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

func (r *rig) edit(change func(*directory.Office)) {
	r.t.Helper()
	_, err := r.people.Edit(r.t.Context(), directory.System(), r.ana.DomainID, func(o *directory.Office) error {
		change(o)
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) settings(change func(*directory.Domain)) {
	r.t.Helper()
	r.edit(func(o *directory.Office) { change(&o.Domain) })
}

// assertOutbox compares the messages that are told outside, by their IDs.
func (r *rig) assertOutbox(want ...string) {
	r.t.Helper()
	rows, err := r.raw().QueryContext(r.t.Context(), "select payload from outbox where kind = '"+outbox.KindMessageLeft+"' order by id")
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var text string
		var left outbox.MessageLeft
		if err := rows.Scan(&text); err != nil {
			r.t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(text), &left); err != nil {
			r.t.Fatal(err)
		}
		if left.UserID != r.ana.ID || left.CallerNumber != bob.Number || left.CallerName != bob.Name || left.Seconds < 1 {
			r.t.Errorf("told outside: %s", text)
		}
		got = append(got, left.MessageID)
	}
	if err := rows.Err(); err != nil {
		r.t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("outbox (-want +got):\n%s", diff)
	}
}

// raw opens the tables behind the store's back.
func (r *rig) raw() *sql.DB {
	r.t.Helper()
	driver, source := "pgx", r.url
	if r.url == "sqlite" {
		driver, source = "sqlite", filepath.Join(r.dir, "hotdesk.db")
	}
	raw, err := sql.Open(driver, source)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = raw.Close() })
	return raw
}

func (r *rig) number(query string) int {
	r.t.Helper()
	var n int
	if err := r.raw().QueryRowContext(r.t.Context(), query).Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}
