package voicemail_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/audiofiles"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

var cluster sqltest.Cluster

func TestMain(m *testing.M) { goleak.VerifyTestMain(withCluster{m}) }

type withCluster struct{ tests *testing.M }

func (w withCluster) Run() int {
	code := w.tests.Run()
	if err := cluster.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// rig is a service over a real database and real files.
type rig struct {
	*voicemail.Service

	t      *testing.T
	db     *sqlstore.DB
	url    string
	dir    string
	audio  *audiofiles.Folder
	people *directory.Service
	bus    *events.Bus
	told   *events.Subscription
	ana    directory.User
	now    time.Time
}

// onBoth runs a test on each kind of database.
func onBoth(t *testing.T, test func(r *rig)) {
	t.Helper()
	for kind, empty := range map[string]func(*testing.T) (url, dir string){
		"sqlite":   func(t *testing.T) (url, dir string) { t.Helper(); return "sqlite", sqltest.Folder(t) },
		"postgres": func(t *testing.T) (url, dir string) { t.Helper(); return cluster.Database(t), t.TempDir() },
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url, dir := empty(t)
			r := &rig{t: t, url: url, dir: dir, bus: &events.Bus{}, now: noon}
			r.open()
			r.hire()
			test(r)
			r.close()
		})
	}
}

// open is what a server does when it starts.
func (r *rig) open() {
	r.t.Helper()
	var err error
	if r.db, err = sqlstore.Open(r.t.Context(), r.url, r.dir); err != nil {
		r.t.Fatal(err)
	}
	if r.audio, err = audiofiles.Open(filepath.Join(r.dir, "voicemail")); err != nil {
		r.t.Fatal(err)
	}
	clock := func() time.Time { return r.now }
	if r.people, err = directory.Open(r.t.Context(), r.db.Directory(), r.bus, clock); err != nil {
		r.t.Fatal(err)
	}
	r.Service = voicemail.New(voicemail.Config{
		Store: r.db.Mailboxes(), Audio: r.audio, Directory: r.people, Events: r.bus,
		Now: clock, Log: slog.New(slog.DiscardHandler), Encode: json.Marshal,
	})
	r.told = r.bus.Subscribe(100)
}

func (r *rig) close() {
	r.t.Helper()
	r.told.Close()
	for _, err := range []error{r.db.Close(), r.audio.Close()} {
		if err != nil {
			r.t.Error(err)
		}
	}
}

// restart is a server that was killed and starts again.
func (r *rig) restart() (kept int) {
	r.t.Helper()
	r.close()
	r.open()
	kept, err := r.Recover(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return kept
}

// hire makes a domain with room for three messages, and Ana.
func (r *rig) hire() {
	r.t.Helper()
	made, err := r.people.Create(r.t.Context(), directory.System(), func(o *directory.Office) error {
		o.Domain = directory.Defaults("acme.test")
		o.Domain.TimeZone, o.Domain.Country = "America/Toronto", "CA"
		o.Users = []directory.User{{Extension: "1001", Name: "Ana Ruiz", Scope: directory.ScopeBasicUser}}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.ana = made.After.Users[0]
}

// speech is a sound that is like no other of another seed, and no silence.
func speech(seed int, length time.Duration) []int16 {
	pcm := make([]int16, int(length.Seconds()*g711.Rate))
	for i := range pcm {
		pcm[i] = int16((i*(7919+seed))%20000 - 10000)
	}
	return pcm
}

var bob = voicemail.Party{UserID: "bob-id", Number: "1002", Name: "Bob"}

// speak records into a take, packet by packet, and closes it.
func (r *rig) speak(pcm []int16) *voicemail.Take {
	r.t.Helper()
	take := r.begin()
	r.say(take, pcm)
	if err := take.Close(take.Samples()); err != nil {
		r.t.Fatal(err)
	}
	return take
}

func (r *rig) begin() *voicemail.Take {
	r.t.Helper()
	take, err := r.Begin(r.t.Context(), r.ana, "call-1", bob)
	if err != nil {
		r.t.Fatal(err)
	}
	return take
}

func (r *rig) say(take *voicemail.Take, pcm []int16) {
	r.t.Helper()
	for len(pcm) > 0 {
		n := min(160, len(pcm))
		if err := take.Write(pcm[:n]); err != nil {
			r.t.Fatal(err)
		}
		pcm = pcm[n:]
	}
}

// leave leaves a message.
func (r *rig) leave(pcm []int16) voicemail.Message {
	r.t.Helper()
	m, err := r.speak(pcm).Keep(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// assertTold compares the counts that were told since it was last asked.
func (r *rig) assertTold(want ...voicemail.Counts) {
	r.t.Helper()
	var got []voicemail.Counts
	for len(r.told.Facts()) > 0 {
		if changed, is := (<-r.told.Facts()).(voicemail.Changed); is {
			if changed.UserID != r.ana.ID || changed.DomainID != r.ana.DomainID {
				r.t.Errorf("told of %+v", changed)
			}
			got = append(got, changed.Counts)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("told (-want +got):\n%s", diff)
	}
}

// assertHolds compares the messages of Ana and their sounds.
func (r *rig) assertHolds(want map[string][]int16) {
	r.t.Helper()
	messages, err := r.Messages(r.t.Context(), r.ana.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	got := map[string][]int16{}
	for _, m := range messages {
		if got[m.ID], err = r.Sound(r.t.Context(), m.ID); err != nil {
			r.t.Error(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("the mailbox holds other messages than expected: %d for %d", len(got), len(want))
	}
}

// files lists what is in the folder of sounds.
func (r *rig) files() []string {
	r.t.Helper()
	found, err := filepath.Glob(filepath.Join(r.dir, "voicemail", "*", "*"))
	if err != nil {
		r.t.Fatal(err)
	}
	return found
}
