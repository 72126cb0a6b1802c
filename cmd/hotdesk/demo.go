package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/hotdesk-pbx/hotdesk/internal/demo"
)

// demoCommand runs an office with simulated phones.
type demoCommand struct {
	Once bool   `help:"End after the main job: with status 0, or 1 and the step that failed."`
	Data string `env:"-" help:"Folder to keep the office in; otherwise a temporary one." placeholder:"DIR"`
	SIP  string `env:"-" name:"sip" help:"Address for SIP; otherwise 127.0.0.1:5060, or a free port. Other machines reach it when it is this machine's address in the network." placeholder:"ADDR"`
	HTTP string `env:"-" name:"http" help:"Address for the API; otherwise 127.0.0.1:8080, or a free port." placeholder:"ADDR"`
	Log  string `help:"Write the server's log to this file." placeholder:"FILE"`
}

// Help is printed below the flags.
func (*demoCommand) Help() string {
	return `The real server with simulated phones: one person logs in at a shared desk, is
called there, calls from there, moves, and leaves; each step is checked. Then the
office stays open, and says how to dial in with a phone of your own.

Examples:
  hotdesk demo
  hotdesk demo --once
  hotdesk demo --sip 192.0.2.10:5060 --data demo-office`
}

// Run plays the demonstration.
func (c *demoCommand) Run(ctx context.Context, con console) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP) // a closed window leaves no temporary folder behind
	defer stop()
	cfg := demo.Config{Data: c.Data, SIP: c.SIP, HTTP: c.HTTP, Once: c.Once, Out: con.out}
	if _, _, ok := terminalSize(con.out); ok && os.Getenv("TERM") != "dumb" {
		cfg.Screen = &demo.Screen{
			Size: func() (columns, rows int) {
				columns, rows, _ = terminalSize(con.out)
				return columns, rows
			},
			Colours: os.Getenv("NO_COLOR") == "",
		}
	}
	if c.Log != "" {
		file, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		cfg.Log = slog.New(slog.NewTextHandler(file, nil))
	}
	return demo.Run(ctx, cfg)
}
