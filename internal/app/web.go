package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// socketName is the Unix socket in the data folder over which the command line
// talks to the server. Who may open it is the super user.
const socketName = "hotdesk.sock"

// web is the part of the server that speaks HTTP: on a TCP address for
// everybody, and on the Unix socket for the command line.
type web struct {
	public, socket net.Listener
	servers        [2]*http.Server
}

func (a *App) openWeb(ctx context.Context) error {
	a.web = &web{}
	var listening net.ListenConfig
	var err error
	if a.web.public, err = listening.Listen(ctx, "tcp", a.cfg.HTTP); err != nil {
		return fmt.Errorf("listen for HTTP on %s: %w", a.cfg.HTTP, err)
	}
	name := filepath.Join(a.cfg.Data, socketName)
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove the socket of an earlier run: %w", err)
	}
	if a.web.socket, err = listening.Listen(ctx, "unix", name); err != nil {
		return fmt.Errorf("listen for the command line: %w", err)
	}
	if err := os.Chmod(name, 0o600); err != nil {
		return fmt.Errorf("protect the command line's socket: %w", err)
	}
	a.web.servers = [2]*http.Server{a.httpServer(http.NewServeMux()), a.httpServer(http.NewServeMux())}
	return nil
}

func (a *App) httpServer(handler http.Handler) *http.Server {
	return &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
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
