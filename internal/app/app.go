package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audiofiles"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/history"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/idempotency"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/location"
	"github.com/hotdesk-pbx/hotdesk/internal/login"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/portal"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// promptsFolder is where an office keeps its own recordings, in the data folder.
const promptsFolder = "prompts"

// voicemailFolder is where greetings and messages are, in the data folder.
const voicemailFolder = "voicemail"

// App is the whole server, built but not yet serving.
type App struct {
	cfg Config
	log *slog.Logger
	db  *sqlstore.DB
	bus *events.Bus

	directory  *directory.Service
	sessions   *hotdesk.Service
	login      *login.Service
	signedIn   *login.Web
	keys       *login.Keys
	once       *idempotency.Keeper
	eventLog   *eventlog.Log
	firstStart *login.FirstStart
	resets     *login.Resets
	locations  *location.Service
	mailboxes  *voicemail.Service
	history    *history.Keeper
	mail       *notify.Service
	webhooks   *notify.Webhooks
	audio      *audiofiles.Folder
	busy       *switchboard.Busy
	emergency  *emergency.Service
	speech     *ivr.Conversations

	phones  *telephony
	web     *web
	copying sync.Mutex // held while a backup is made
}

// Run serves until the context ends, then lets calls end. When it is ready it
// writes one line to out: "ready sip=ADDR http=ADDR". Where nobody can manage
// the server yet, it writes to notes where the first super user is made.
func Run(ctx context.Context, cfg Config, out, notes io.Writer, log *slog.Logger) error {
	a, err := Start(ctx, cfg, log)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "ready sip=%s http=%s\n", a.SIPAddr(), a.HTTPAddr()); err != nil {
		return errors.Join(fmt.Errorf("say that it is ready: %w", err), a.Close())
	}
	if link := a.FirstStart(); link != "" {
		if _, err := fmt.Fprintf(notes, "Nobody can manage this server from the portal yet. Make its super user here; the link works once:\n  %s\n", link); err != nil {
			return errors.Join(fmt.Errorf("say where to begin: %w", err), a.Close())
		}
	}
	return a.Serve(ctx)
}

// Start opens the data folder and the sockets, and settles what happened while
// the server was down: sessions whose time has come end, calls that were cut
// off are closed.
func Start(ctx context.Context, cfg Config, log *slog.Logger) (*App, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &App{cfg: cfg, log: log, bus: &events.Bus{}, busy: switchboard.NewBusy()}
	steps := []func(context.Context) error{a.openStore, a.openServices, a.openSpeech, a.catchUp, a.openTelephony, a.openWeb}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *App) openStore(ctx context.Context) error {
	if err := os.MkdirAll(a.cfg.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	db, err := sqlstore.Open(ctx, a.cfg.Database, a.cfg.Data)
	if err != nil {
		return err
	}
	a.db = db
	return nil
}

func (a *App) openServices(ctx context.Context) error {
	var err error
	if a.directory, err = directory.Open(ctx, a.db.Directory(), a.bus, a.cfg.Now); err != nil {
		return err
	}
	if a.locations, err = location.New(ctx, location.Config{Store: a.db.Bindings(), Events: a.bus, Now: a.cfg.Now, Log: a.log}); err != nil {
		return err
	}
	a.login = login.New(login.Config{Store: a.db.Failures(), Directory: a.directory, Now: a.cfg.Now, Log: a.log})
	a.signedIn = login.NewWeb(a.db.WebSessions(), a.directory, a.cfg.Now, a.log)
	a.keys = login.NewKeys(login.KeysConfig{Store: a.db.Keys(), Failures: a.db.Failures(), Users: a.directory, Now: a.cfg.Now, Log: a.log})
	if a.firstStart, err = login.NewFirstStart(a.managed); err != nil {
		return err
	}
	key, err := a.db.Secret(ctx, "password resets")
	if err != nil {
		return err
	}
	a.resets = login.NewResets(key, a.directory, a.cfg.Now)
	a.eventLog = eventlog.New(eventlog.Config{Store: a.db.EventLog(), Directory: a.directory, Events: a.bus, Now: a.cfg.Now, Log: a.log})
	a.once = idempotency.New(a.db.Requests(), a.cfg.Now, a.log)
	a.sessions = hotdesk.New(hotdesk.Config{
		Store: a.db.Sessions(), Directory: a.directory, Calls: a.busy, Events: a.bus,
		Now: a.cfg.Now, Log: a.log, Encode: json.Marshal,
	})
	a.emergency = emergency.New(a.db.EmergencyCalls(), a.bus, a.cfg.Now)
	a.history = history.New(history.Config{Store: a.db.Records(), Domains: a.directory.Domains, Now: a.cfg.Now, Log: a.log})
	return a.openMailboxes(ctx)
}

// managed tells whether somebody may manage the server from the portal.
func (a *App) managed() bool {
	for _, domain := range a.directory.Domains() {
		office, _ := a.directory.Office(domain.ID)
		if slices.ContainsFunc(office.Users, func(u directory.User) bool { return u.Scope == directory.ScopeSuperUser && !u.Disabled }) {
			return true
		}
	}
	return false
}

func (a *App) openMailboxes(ctx context.Context) error {
	var err error
	if a.audio, err = audiofiles.Open(filepath.Join(a.cfg.Data, voicemailFolder)); err != nil {
		return err
	}
	a.mailboxes = voicemail.New(voicemail.Config{
		Store: a.db.Mailboxes(), Audio: a.audio, Directory: a.directory, Events: a.bus,
		Now: a.cfg.Now, Log: a.log, Encode: json.Marshal,
	})
	a.mail = notify.New(notify.Config{
		Outbox: a.db.Outbox(notify.Consumer, notify.Kinds()...), Directory: a.directory, Messages: a.mailboxes,
		ResetLink: func(u directory.User) string { return a.url() + portal.NewPasswordPath + a.resets.Token(u) }, Now: a.cfg.Now, Log: a.log,
	})
	a.webhooks = notify.NewWebhooks(notify.WebhooksConfig{
		Outbox: a.db.Outbox(notify.WebhookConsumer), Store: a.db.Webhooks(), Directory: a.directory, Networks: prefixes(a.cfg.WebhookNetworks), Now: a.cfg.Now, Log: a.log,
	})
	return a.webhooks.Load(ctx)
}

func (a *App) openSpeech(context.Context) error {
	var folder fs.FS
	if root := filepath.Join(a.cfg.Data, promptsFolder); isFolder(root) {
		folder = os.DirFS(root)
	}
	library, err := prompts.New(folder, a.log)
	if err != nil {
		return fmt.Errorf("read the prompts: %w", err)
	}
	a.speech = ivr.New(ivr.Config{
		PINs: a.login, Desks: a.sessions, Messages: a.mailboxes, Greetings: a.mailboxes, Directory: a.directory, Prompts: library,
		Events: a.bus, Now: a.cfg.Now, Log: a.log,
	})
	return nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// catchUp settles what happened while the server was down, before anybody can call.
func (a *App) catchUp(ctx context.Context) error {
	now := a.cfg.Now()
	cut, err := a.db.Records().CloseOpen(ctx, now)
	if err != nil {
		return fmt.Errorf("close the calls that were cut off: %w", err)
	}
	due, err := a.sessions.ReleaseDue(ctx, now)
	if err != nil {
		return fmt.Errorf("end the sessions that are over: %w", err)
	}
	withdrawn, err := a.sessions.Reconcile(ctx, "")
	if err != nil {
		return fmt.Errorf("end the sessions that are no longer allowed: %w", err)
	}
	messages, err := a.mailboxes.Recover(ctx)
	if err != nil {
		return fmt.Errorf("settle the messages that were cut off: %w", err)
	}
	if cut+due+withdrawn+messages > 0 {
		a.log.InfoContext(ctx, "caught up", slog.Int("calls_cut", cut), slog.Int("sessions_over", due), slog.Int("sessions_withdrawn", withdrawn),
			slog.Int("messages_cut", messages))
	}
	return nil
}

// SIPAddr is where phones register.
func (a *App) SIPAddr() netip.AddrPort { return a.phones.engine.Addr() }

// phonesReach is where phones are told to register.
func (a *App) phonesReach() netip.AddrPort {
	if a.cfg.Advertise.IsValid() {
		return netip.AddrPortFrom(a.cfg.Advertise.Addr, a.SIPAddr().Port())
	}
	return a.SIPAddr()
}

// FirstStart is the link under which the first super user is made, once; ""
// where there is one.
func (a *App) FirstStart() string {
	token := a.firstStart.Token()
	if token == "" {
		return ""
	}
	return a.url() + "/first-start/" + token
}

// url is where browsers reach the portal.
func (a *App) url() string {
	if a.cfg.URL != "" {
		return strings.TrimSuffix(a.cfg.URL, "/")
	}
	return "http://" + a.HTTPAddr()
}

// HTTPAddr is where the API answers.
func (a *App) HTTPAddr() string { return a.web.addr() }

// Events is where the server's facts are published.
func (a *App) Events() *events.Bus { return a.bus }

// Streams is how many port pairs for sound are in use.
func (a *App) Streams() int { return a.phones.ports.InUse() }

// Records is where the calls are written down.
func (a *App) Records() callrecord.Store { return a.db.Records() }

// Directory is who and what there is.
func (a *App) Directory() *directory.Service { return a.directory }

// Locations is where devices answer now.
func (a *App) Locations() *location.Service { return a.locations }

// Switchboard is the live calls.
func (a *App) Switchboard() *switchboard.Switchboard { return a.phones.board }

// Mailboxes is the voicemail.
func (a *App) Mailboxes() *voicemail.Service { return a.mailboxes }

// Sessions is who may use which desk, and does.
func (a *App) Sessions() *hotdesk.Service { return a.sessions }

// Close frees what Start opened. It is for an App that does not serve.
func (a *App) Close() error {
	var errs []error
	if a.web != nil {
		errs = append(errs, a.web.close())
	}
	if a.phones != nil {
		errs = append(errs, a.phones.engine.Close())
	}
	errs = append(errs, a.closeStores())
	return errors.Join(errs...)
}

// closeStores closes what outlives everything that writes to it.
func (a *App) closeStores() error {
	var errs []error
	if a.audio != nil {
		errs = append(errs, a.audio.Close())
	}
	if a.db != nil {
		errs = append(errs, a.db.Close())
	}
	return errors.Join(errs...)
}
