package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"

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
		a.phones.server.Run, a.phones.board.Warn, a.phones.lamps.Run, a.sessions.Run, a.locations.Run, a.login.Run, a.signedIn.Run, a.once.Run, a.eventLog.Run, a.mailboxes.Run, a.history.Run, a.mail.Run, a.webhooks.Run,
		a.web.pages.Run, a.web.serve,
	}
	for _, part := range parts {
		group.Go(func() error { return ignoreCanceled(part(serving)) })
	}
	hangUp := a.keepTrunks(serving)
	select {
	case <-ctx.Done():
		a.drain()
	case <-serving.Done(): // a part has failed
	}
	hangUp()
	stop()
	err := group.Wait()
	a.phones.ports.Close()
	return errors.Join(err, a.closeStores())
}

// keepTrunks keeps the outside lines until the function it returns is called:
// the carriers are told that we go while they can still be spoken to.
func (a *App) keepTrunks(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var keeping sync.WaitGroup
	keeping.Go(func() {
		if err := ignoreCanceled(a.phones.trunks.Run(ctx)); err != nil {
			a.log.ErrorContext(ctx, "keep the outside lines", slog.Any("error", err))
		}
	})
	return func() { cancel(); keeping.Wait() }
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
