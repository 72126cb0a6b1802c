// Package demo is an office that runs at once with no configuration: the real
// server, simulated phones that play its main job aloud on the terminal, and
// then accounts to dial in with a phone of one's own. It knows no command line.
package demo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/client"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// Where the office listens unless it is told otherwise, or the port is taken.
const (
	defaultSIP  = "127.0.0.1:5060"
	defaultHTTP = "127.0.0.1:8080"
)

// goodbyeTime is how long the phones may take to unregister.
const goodbyeTime = 2 * time.Second

// Config says where the office runs and who watches.
type Config struct {
	Data string // folder of the server; a temporary one when empty, removed at the end
	SIP  string // address; 127.0.0.1:5060 when empty, or another port when that is taken
	HTTP string // address; 127.0.0.1:8080 when empty, or another port when that is taken
	Once bool   // end after the main job

	Out    io.Writer
	Screen *Screen // how Out looks; nil when it is no terminal

	Random io.Reader        // for the password; nil: crypto/rand
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // of the server; nil: silent
}

// demo is one running office.
type demo struct {
	Config

	folder   string
	password string // of all its phones
	excuse   string // why a port is not the usual one, or ""
	server   *app.App
	client   *client.Client
	screen   *screen
	picture  *picture
	told     *told
	cast     *cast
	prompts  *prompts.Library
}

// Run opens the office, plays the main job and, unless that is all, keeps the
// office open until ctx ends. The error tells which step failed.
func Run(ctx context.Context, cfg Config) (err error) {
	d := &demo{Config: cfg.withDefaults(), told: newTold()}
	d.screen = newScreen(d.Out, d.Screen)
	if d.prompts, err = prompts.New(nil, d.Log); err != nil {
		return fmt.Errorf("read the prompts: %w", err)
	}
	d.folder = cfg.Data
	if d.folder == "" {
		if d.folder, err = os.MkdirTemp("", "hotdesk-demo-"); err != nil {
			return fmt.Errorf("make a folder for the office: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.folder)) }()
	}
	if err := d.open(ctx); err != nil {
		return err
	}
	defer d.client.Close()
	return d.run(ctx)
}

func (c Config) withDefaults() Config {
	if c.Random == nil {
		c.Random = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// open starts the server with its office, and makes the phones.
func (d *demo) open(ctx context.Context) error {
	sipAddr, err := d.address(ctx, d.SIP, defaultSIP)
	if err != nil {
		return err
	}
	httpAddr, err := d.address(ctx, d.HTTP, defaultHTTP)
	if err != nil {
		return err
	}
	d.server, err = app.Start(ctx, app.Config{
		Data: d.folder, SIP: sipAddr, HTTP: httpAddr, RTPPorts: "0", Database: "sqlite", Digest: []string{"md5"},
		RingFor: time.Minute, Drain: time.Second, Now: d.Now,
	}, d.Log)
	if err != nil {
		return err
	}
	d.client = client.New(d.folder)
	if err := d.furnish(ctx); err != nil {
		return errors.Join(err, d.server.Close())
	}
	return nil
}

// address is where to listen: as told, else at the usual place, else on any
// port that is free.
func (d *demo) address(ctx context.Context, told, usual string) (string, error) {
	if told != "" {
		if _, err := netip.ParseAddrPort(told); err != nil {
			return "", fmt.Errorf("listen on %q: an IP address and a port are needed, as %s", told, usual)
		}
		return told, nil
	}
	var listening net.ListenConfig
	tcp, err := listening.Listen(ctx, "tcp", usual)
	if err == nil {
		defer func() { _ = tcp.Close() }()
		var udp net.PacketConn
		if udp, err = listening.ListenPacket(ctx, "udp", usual); err == nil {
			return usual, udp.Close()
		}
	}
	d.excuse += fmt.Sprintf("%s is taken by another program, so another port is used. ", usual)
	return "127.0.0.1:0", nil
}

// run serves while the story is played.
func (d *demo) run(ctx context.Context) error {
	facts := d.server.Events().Subscribe(factsAhead)
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	served := make(chan error, 1)
	go func() {
		err := d.server.Serve(serving)
		fail(fmt.Errorf("the server has stopped: %w", err))
		served <- err
	}()
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		d.watch(serving, facts)
	}()
	err := d.play(ctx)
	d.screen.freeze()
	d.cast.leave(context.WithoutCancel(ctx))
	stop()
	err = errors.Join(err, <-served)
	<-watched
	return err
}

// play is what one sees.
func (d *demo) play(ctx context.Context) error {
	d.greet()
	if err := d.mainJob(ctx); err != nil {
		if errors.Is(context.Cause(ctx), context.Canceled) && !d.Once {
			return nil // whoever watched has left
		}
		return err
	}
	if d.Once {
		return nil
	}
	d.told.forget()
	d.invite()
	d.cast.live(ctx)
	d.screen.say("", "The office is closed.")
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (d *demo) greet() {
	d.screen.title("Hotdesk: an office on this machine")
	d.screen.say("", fmt.Sprintf("%sSIP (UDP and TCP) on %s, data in %s.", d.excuse, d.server.SIPAddr(), d.folder))
	d.screen.draw(d.picture.rows())
}
