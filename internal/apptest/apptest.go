// Package apptest runs a whole office on loopback for tests: the real server
// with a clock that the test moves, and real softphones.
package apptest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/officefile"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

// Office is a running server with what it writes to its log.
type Office struct {
	App    *app.App
	Config app.Config
	Clock  *Clock

	stop    context.CancelFunc
	stopped chan error
}

// Clock is a clock that runs on from wherever a test has set it.
type Clock struct {
	mu     sync.Mutex
	offset time.Duration
}

// Now is the time it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// Set makes it show a time.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset = time.Until(now)
}

// SetClock makes the server's clock show a time, at which it does what is due.
func (o *Office) SetClock(now time.Time) {
	o.Clock.Set(now)
	o.App.Sessions().Wake()
}

// Start runs a server in a folder of its own until the test ends.
func Start(t *testing.T, change ...func(*app.Config)) *Office {
	t.Helper()
	clock := &Clock{}
	o := &Office{Clock: clock, Config: app.Config{
		Data: sqltest.Folder(t), SIP: ownAddress, HTTP: "127.0.0.1:0", RTPPorts: "0", Database: "sqlite", Digest: []string{"md5"},
		RingFor: 10 * time.Second, Drain: time.Second, Now: clock.Now,
	}}
	for _, f := range change {
		f(&o.Config)
	}
	o.Run(t)
	t.Cleanup(func() {
		o.Stop(t)
		o.App = nil // package testing keeps until its end what a parallel test's cleanups hold
	})
	return o
}

// Run starts the server, also again after Stop, where it listened before.
func (o *Office) Run(t *testing.T) {
	t.Helper()
	a, err := o.start(t)
	if err != nil {
		t.Fatal(err)
	}
	o.App = a
	o.Config.SIP = a.SIPAddr().String()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	o.stop, o.stopped = cancel, make(chan error, 1)
	go func() { o.stopped <- a.Serve(ctx) }()
}

// ownAddress stands for an address that nobody else takes while the test runs,
// not even while the server is stopped.
const ownAddress = ""

func (o *Office) start(t *testing.T) (*app.App, error) {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
	if o.Config.SIP != ownAddress {
		return app.Start(t.Context(), o.Config, log)
	}
	for tries := 1; ; tries++ {
		config := o.Config
		config.SIP = fmt.Sprintf("127.0.0.1:%d", reservePort(t))
		a, err := app.Start(t.Context(), config, log)
		if !errors.Is(err, syscall.EADDRINUSE) || tries == 10 {
			return a, err
		}
	}
}

// reservePort finds a port below those that systems pick. That it is taken shows
// at another loopback address, where nothing else listens.
func reservePort(t *testing.T) int {
	t.Helper()
	for {
		port := 20000 + rand.IntN(12000) //nolint:gosec // no secret
		held, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp4", fmt.Sprintf("127.0.0.2:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = held.Close() })
		return port
	}
}

// Stop stops the server as a service manager would. It may be called again.
func (o *Office) Stop(t *testing.T) {
	t.Helper()
	if o.stop == nil {
		return
	}
	o.stop()
	o.stop = nil
	if err := <-o.stopped; err != nil {
		t.Errorf("the server stopped badly: %v", err)
	}
}

// Apply gives the server an office file.
func (o *Office) Apply(t *testing.T, text string) directory.Domain {
	t.Helper()
	plan, problems := officefile.Read(strings.NewReader(text))
	if len(problems) > 0 {
		t.Fatalf("office file: %v", problems)
	}
	if _, err := officefile.Apply(t.Context(), o.App.Directory(), directory.System(), plan); err != nil {
		t.Fatal(err)
	}
	domain, ok := o.App.Directory().DomainByName(plan.Domain.Name)
	if !ok {
		t.Fatal(errors.New("the domain is not there after apply"))
	}
	return domain
}
