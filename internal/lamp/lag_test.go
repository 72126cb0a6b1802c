package lamp_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/lamp"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// counter is mailboxes of which each holds the same.
type counter struct{ messages atomic.Int64 }

func (c *counter) Counts(context.Context, string) (voicemail.Counts, error) {
	return voicemail.Counts{New: int(c.messages.Load())}, nil
}

// ana takes every SUBSCRIBE for one of Ana's phone.
type ana struct {
	*office
	lamps *lamp.Service
}

func (a ana) ServeSIP(tx *sip.ServerTx)     { a.lamps.Subscribe(tx, a.device("ana-1"), a.domain) }
func (ana) ServeACK(*sip.Request, sip.Flow) {}
func (ana) FlowClosed(sip.Flow)             {}

// Facts that were missed leave no lamp wrong: it is looked at afresh.
func TestLampsThatLagBehind(t *testing.T) {
	t.Parallel()
	o := start(t)
	engine, err := sip.Listen(sip.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	var bus events.Bus
	var mailboxes counter
	a := ana{office: o, lamps: lamp.New(lamp.Config{
		Engine: engine, Directory: o.App.Directory(), Sessions: o.App.Sessions(), Locations: o.App.Locations(), Calls: o.App.Switchboard(),
		Mailboxes: &mailboxes, Events: &bus, Now: time.Now, Log: slog.New(slog.DiscardHandler), Backlog: 1,
	})}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = engine.Serve(ctx, a) })
	running.Go(func() { _ = a.lamps.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	account := o.account("ana-1")
	account.Server = engine.Addr().String()
	w := rawphone.Listen(t, "127.0.0.1", account).Subscribe(t, "message-summary", "sip:ana-1@acme.test")
	if got := shows(w.Next(t)); got != "0/0 (0/0)" {
		t.Errorf("shows %q", got)
	}
	mailboxes.messages.Store(7)
	for range 10_000 {
		bus.Publish(switchboard.CallsChanged{}) // is about nobody, and too much at once
	}
	if got := shows(w.Next(t)); got != "7/0 (0/0)" {
		t.Errorf("after facts were lost it shows %q", got)
	}
}
