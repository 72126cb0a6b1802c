package main

import (
	"context"
	"log/slog"

	"github.com/alecthomas/kong"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
)

// serveCommand runs the server until it is told to stop.
type serveCommand struct {
	app.Config `embed:""`

	ConfigFile kong.ConfigFlag `name:"config" help:"TOML file with the same names as the flags." placeholder:"FILE"`
}

// Help is printed below the flags.
func (*serveCommand) Help() string {
	return `Prints one line when it is ready: "ready sip=ADDR http=ADDR".
The first start also prints a link on standard error, which makes the super user.
SIGTERM lets calls end and then stops; a second one stops at once.

Examples:
  hotdesk serve --data data
  hotdesk serve --data /var/lib/hotdesk --sip 192.0.2.10:5060 --http 192.0.2.10:8080
  hotdesk serve --data data --database postgres://hotdesk@db/hotdesk`
}

// Run serves until the context ends.
func (c *serveCommand) Run(ctx context.Context, con console) error {
	go tradeMemory(ctx)
	log := slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: c.LogLevel}))
	return app.Run(ctx, c.Config, con.out, con.err, log)
}
