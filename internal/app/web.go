package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/net/netutil"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/floorplan"
	"github.com/hotdesk-pbx/hotdesk/internal/portal"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi"
	"github.com/hotdesk-pbx/hotdesk/internal/signon"
	"github.com/hotdesk-pbx/hotdesk/internal/usage"
)

// maxConnections from strangers are open at once; more wait. Telephony needs the
// files that they would use up.
const maxConnections = 1000

// web is the part of the server that speaks HTTP: on a TCP address for
// everybody, and on the socket in the data folder for the command line.
type web struct {
	public, socket net.Listener
	pages          *portal.Portal
	servers        [2]*http.Server
}

func (a *App) openWeb(ctx context.Context) error {
	used := usage.New(a.directory, a.sessions, a.db.Records(), a.db.Audit())
	floors := floorplan.New(a.db.Floors(), a.directory)
	api := restapi.New(restapi.Config{
		Directory: a.directory, Sessions: a.sessions, Calls: a.db.Records(), Lockouts: a.login, Keys: a.keys, Once: a.once, Events: a.eventLog, Webhooks: a.webhooks, Floors: floors, Mailboxes: a.mailboxes,
		Browsers: a.signedIn, Activations: a.phones.board,
		Trunks: a.phones.trunks, Phones: a.phones.orders, Locations: a.locations, Audit: a.db.Audit(),
		Usage: used, Backup: a.backup, Ready: a.ready, Version: Version(), Now: a.cfg.Now, Log: a.log,
	})
	pages, err := portal.New(portal.Config{
		Directory: a.directory, Passwords: a.login, Web: a.signedIn, FirstStart: a.firstStart, Resets: a.resets,
		SignOn: signon.New(func() string { return a.url() + portal.SignOnBack }, a.cfg.Now), Sessions: a.sessions,
		Calls: a.busy, Locations: a.locations, Telephony: a.phones.board, Phones: a.phones.orders, Trunks: a.phones.trunks,
		Mail: a.mail, Keys: a.keys, Webhooks: a.webhooks,
		Mailboxes: a.mailboxes, URL: strings.TrimSuffix(a.cfg.URL, "/"),
		Emergencies: a.emergency, Lockouts: a.login, Records: a.db.Records(), Floors: floors, Usage: used, Events: a.bus, Now: a.cfg.Now, Log: a.log, SIP: a.phonesReach,
	})
	if err != nil {
		return err
	}
	a.web = &web{pages: pages, servers: [2]*http.Server{a.httpServer(public(api.Public(), pages)), a.httpServer(profiled(api.Local()))}}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", a.cfg.HTTP)
	if err != nil {
		return fmt.Errorf("listen for HTTP on %s: %w", a.cfg.HTTP, err)
	}
	a.web.public = netutil.LimitListener(listener, maxConnections)
	a.web.socket, err = restapi.Listen(a.cfg.Data)
	return err
}

// public is what strangers on the network may ask: the API, and the pages.
func public(api, pages http.Handler) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/api/", "/healthz", "/readyz"} {
		mux.Handle(path, api)
	}
	mux.Handle("/", pages)
	return mux
}

// ready tells whether the server can do its work: the database answers.
func (a *App) ready(ctx context.Context) error {
	_, err := a.db.Records().Records(ctx, callrecord.Query{Limit: 1})
	return err
}

// Version is that of the program, as it was built; "(devel)" from a checkout.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return ""
}

func (a *App) httpServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug), // of clients that are out of order
	}
}

func (w *web) addr() string { return w.public.Addr().String() }

// serve answers until the context ends, and lets requests in hand finish.
func (w *web) serve(ctx context.Context) error {
	failed := make(chan error, len(w.servers))
	for i, listener := range []net.Listener{w.public, w.socket} {
		go func() { failed <- w.servers[i].Serve(listener) }()
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, server := range w.servers {
		err = errors.Join(err, server.Shutdown(stopping))
	}
	return err
}

func (w *web) close() error {
	var errs []error
	for _, listener := range []net.Listener{w.public, w.socket} {
		if listener != nil {
			errs = append(errs, listener.Close())
		}
	}
	return errors.Join(errs...)
}
