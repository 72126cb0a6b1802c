package app

import (
	"context"
	"errors"
	"log/slog"

	"golang.org/x/sync/errgroup"
)

// Serve answers phones and the API until the context ends. Then it takes no
// more calls, lets the live ones end for as long as Config.Drain says, and
// closes everything.
func (a *App) Serve(ctx context.Context) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, serving := errgroup.WithContext(serving)
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return a.phones.engine.Serve(ctx, a.phones.server) },
		a.phones.server.Run, a.phones.board.Warn, a.phones.lamps.Run, a.sessions.Run, a.locations.Run, a.login.Run, a.mailboxes.Run, a.history.Run, a.mail.Run,
		a.web.serve,
	}
	for _, part := range parts {
		group.Go(func() error { return ignoreCanceled(part(serving)) })
	}
	select {
	case <-ctx.Done():
		a.drain()
	case <-serving.Done(): // a part has failed
	}
	stop()
	err := group.Wait()
	a.phones.ports.Close()
	return errors.Join(err, a.closeStores())
}

func (a *App) drain() {
	a.log.Info("stopping", slog.Int("calls", a.phones.board.Len()))
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.Drain)
	defer cancel()
	a.phones.board.Drain(ctx)
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
