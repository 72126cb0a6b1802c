package eventlog_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

// TestReaderThatLags is cut after as many events as it may lag behind, while
// another reads on, and finds the rest in the log.
func TestReaderThatLags(t *testing.T) {
	t.Parallel()
	db, err := sqlstore.Open(t.Context(), "sqlite", sqltest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // it is read no more
	log := eventlog.New(eventlog.Config{Store: db.EventLog(), Directory: office{}, Events: &events.Bus{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	running, stop := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- log.Run(running) }()
	open := func() *eventlog.Stream {
		t.Helper()
		stream, err := log.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	lagging, reading := open(), open()
	var happened []string
	follows := func(who string, got eventlog.Told, i int) {
		t.Helper()
		if got.ID != happened[i] {
			t.Fatalf("event %d of who %s is %s, want %s", i, who, got.ID, happened[i])
		}
	}
	for range 3 { // of which each by itself is not too much
		facts := make([]outbox.Fact, 500)
		for i := range facts {
			if facts[i], err = outbox.New("acme", outbox.KindRegistered, time.Now(), outbox.Binding{DeviceID: "north"}); err != nil {
				t.Fatal(err)
			}
			happened = append(happened, facts[i].ID)
		}
		if err := db.EventLog().Append(t.Context(), facts); err != nil {
			t.Fatal(err)
		}
		for i := range facts {
			follows("reads", <-reading.Events(), len(happened)-len(facts)+i)
		}
	}
	n := 0
	for told := range lagging.Events() {
		follows("lags", told, n)
		n++
	}
	if n == 0 || n == len(happened) {
		t.Fatalf("who lags was cut after %d events of %d", n, len(happened))
	}
	known, err := log.Since(t.Context(), happened[n-1], func(told eventlog.Told) error {
		follows("comes again", told, n)
		n++
		return nil
	})
	if !known || err != nil || n != len(happened) {
		t.Errorf("who comes again has %d events of %d: %v, %v", n, len(happened), known, err)
	}
	stop()
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if told, more := <-reading.Events(); more {
		t.Errorf("after the end comes %+v", told)
	}
	if _, err := log.Open(t.Context()); !errors.Is(err, eventlog.ErrClosed) {
		t.Errorf("a stream of a log that has ended: %v", err)
	}
}
