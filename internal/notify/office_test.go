package notify_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = time.Minute

// noon is when the facts are told of, and when the clock of an office starts.
var noon = time.Date(2026, 6, 15, 17, 5, 9, 0, time.UTC)

// office is what mail is sent for: the domains acme and berg, with Ana and the
// desk 5401 each, and one message, whose sound is sound.
type office struct {
	t       *testing.T
	db      *sqlstore.DB
	folder  string
	mu      sync.Mutex
	domains map[string]directory.Domain
	opened  time.Time
	ahead   time.Duration // of the clock
	gone    bool          // the message was deleted
	change  func(*notify.Config)
	log     chan string
}

var sound = bytes.Repeat([]byte("RIFF and so on \x00\xff"), 1000)

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, folder: sqltest.Folder(t), opened: time.Now(), domains: map[string]directory.Domain{}, log: make(chan string, 1000)}
	for _, id := range []string{"acme", "berg"} {
		domain := directory.Defaults(id + ".test")
		domain.ID, domain.TimeZone = id, "America/Toronto"
		domain.Emergency.NotifyEmail = "help@" + id + ".test, guard@" + id + ".test,, HELP@" + id + ".test"
		o.domains[id] = domain
	}
	o.open()
	return o
}

func (o *office) open() {
	o.t.Helper()
	db, err := sqlstore.Open(o.t.Context(), "sqlite", o.folder)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() { _ = db.Close() })
	o.db = db
	db.Outbox(notify.Consumer, notify.Kinds()...)
}

// mailTo makes a server a domain's mail server.
func (o *office) mailTo(id string, mail directory.MailServer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	domain := o.domains[id]
	domain.Mail = mail
	o.domains[id] = domain
}

func (o *office) Domain(id string) (directory.Domain, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	domain, found := o.domains[id]
	return domain, found
}

func (o *office) User(id string) (directory.User, bool) {
	switch id {
	case "ana":
		return directory.User{ID: id, Extension: "1001", Name: "Ana Ruiz", Email: "ana@acme.test"}, true
	case "ann":
		return directory.User{ID: id, Extension: "1001", Name: "Ann Lee", Email: "ann@berg.test"}, true
	case "silent":
		return directory.User{ID: id, Extension: "1002", Name: "Ben Okafor"}, true
	case "left":
		return directory.User{ID: id, Extension: "1003", Name: "Caro Lind", Email: "caro@acme.test", Disabled: true}, true
	case "window":
		return directory.User{ID: id, Extension: "5401", Name: "Window <1>\r\nBcc: evil@test"}, true
	default:
		return directory.User{}, false
	}
}

func (o *office) Device(id string) (directory.Device, bool) {
	return directory.Device{ID: id, Name: id, OwnerID: "window"}, id == "5401"
}

func (o *office) Open(_ context.Context, messageID string) (io.ReadCloser, voicemail.Message, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if messageID != "message" || o.gone {
		return nil, voicemail.Message{}, voicemail.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(sound)), voicemail.Message{ID: messageID}, nil
}

func (o *office) now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return noon.Add(time.Since(o.opened) + o.ahead)
}

func (o *office) pass(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ahead += d
}

// run has mail sent until the function it returns is called.
func (o *office) run() (stop func()) {
	cfg := notify.Config{
		Outbox: o.db.Outbox(notify.Consumer, notify.Kinds()...), Directory: o, Messages: o, Now: o.now,
		Log: slog.New(slog.NewTextHandler(o, nil)),
	}
	if o.change != nil {
		o.change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(o.t.Context()))
	done := make(chan error)
	go func() { done <- notify.New(cfg).Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			o.t.Error(err)
		}
	})
	o.t.Cleanup(stop)
	return stop
}

// Write takes a line of the log.
func (o *office) Write(line []byte) (int, error) {
	o.log <- string(line)
	return len(line), nil
}

// failed waits until a try has failed, and checks why.
func (o *office) failed(why string) {
	o.t.Helper()
	select {
	case line := <-o.log:
		if !strings.Contains(line, why) || strings.Contains(line, "secret") {
			o.t.Errorf("the log says %s, want %s", line, why)
		}
	case <-time.After(patience):
		o.t.Fatal("no try has failed")
	}
}

// tell stores a fact, as the services do.
func (o *office) tell(domainID, kind string, payload any) outbox.Fact {
	o.t.Helper()
	text, err := json.Marshal(payload)
	if err != nil {
		o.t.Fatal(err)
	}
	fact := outbox.Fact{ID: directory.NewID(), DomainID: domainID, Kind: kind, At: noon, Payload: text}
	if _, err := o.db.Sessions().Commit(o.t.Context(), hotdesk.Change{Facts: []outbox.Fact{fact}}); err != nil {
		o.t.Fatal(err)
	}
	return fact
}

func (o *office) message(domainID, userID string) outbox.Fact {
	o.t.Helper()
	return o.tell(domainID, outbox.KindMessageLeft, outbox.MessageLeft{
		MessageID: "message", UserID: userID, CallerNumber: "+14165550101", CallerName: "Zoë\r\nBcc: evil@test", Seconds: 64,
	})
}

// mail waits for a mail to arrive, while the clock runs fast.
func (o *office) mail(s *mailtest.Server) mailtest.Mail {
	o.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case m := <-s.Mails:
			return m
		case <-tick.C:
			o.pass(10 * time.Second)
		case <-deadline:
			o.t.Fatal("no mail arrived")
		}
	}
}

// until waits until a condition holds.
func (o *office) until(what string, holds func() bool) {
	o.t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			o.t.Fatalf("waited in vain: %s", what)
		}
	}
}

func (o *office) givenUpSoFar() []audit.Entry {
	o.t.Helper()
	found, err := o.db.Audit().Entries(o.t.Context(), audit.Query{Action: "mail.given_up"})
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// givenUp waits until it is written down that a mail was given up.
func (o *office) givenUp() audit.Entry {
	o.t.Helper()
	o.until("a mail is given up", func() bool { return len(o.givenUpSoFar()) > 0 })
	return o.givenUpSoFar()[0]
}

// idle waits until nothing is on its way, and fails when a mail arrives meanwhile.
func (o *office) idle(s *mailtest.Server) {
	o.t.Helper()
	store := o.db.Outbox(notify.Consumer)
	o.until("nothing is on its way", func() bool {
		waiting, err := store.Waiting(o.t.Context(), 1)
		due, dueErr := store.Due(o.t.Context(), o.now().Add(1000*time.Hour))
		if err != nil || dueErr != nil {
			o.t.Fatal(err, dueErr)
		}
		return len(waiting)+len(due) == 0
	})
	select {
	case m := <-s.Mails:
		o.t.Errorf("a mail too many arrived: %s", m.To)
	default:
	}
}

// forgets waits until a week has passed and the facts of before are gone.
func (o *office) forgets() {
	o.t.Helper()
	raw, err := sql.Open("sqlite", filepath.Join(o.folder, "hotdesk.db"))
	if err != nil {
		o.t.Fatal(err)
	}
	defer raw.Close()
	count := func() (n int) {
		if err := raw.QueryRowContext(o.t.Context(), "select count(*) from outbox").Scan(&n); err != nil {
			o.t.Fatal(err)
		}
		return n
	}
	if count() == 0 {
		o.t.Error("the facts are forgotten too early")
	}
	o.pass(8 * 24 * time.Hour)
	o.until("old facts are forgotten", func() bool { return count() == 0 })
}
