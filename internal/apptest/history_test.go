package apptest_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
)

// A server that starts removes the calls that are older than their domain keeps them.
func TestOldCallsGo(t *testing.T) {
	t.Parallel()
	s := start(t, monday(t, 9, 0))
	_, err := s.App.Directory().Edit(t.Context(), directory.CLI(), s.domain.ID, func(o *directory.Office) error {
		o.Domain.KeepCalls = 30
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, age := range map[string]time.Duration{"old": 31 * 24 * time.Hour, "new": 29 * 24 * time.Hour} {
		at := monday(t, 9, 0).Add(-age)
		record := callrecord.Record{ID: id, DomainID: s.domain.ID, StartedAt: at, EndedAt: at, Result: callrecord.NoAnswer}
		if err := s.App.Records().Put(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	s.Stop(t)
	s.Run(t)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(apptest.Patience); ; <-tick.C {
		left, err := s.App.Records().Records(t.Context(), callrecord.Query{})
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 1 && left[0].ID == "new" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left: %+v", left)
		}
	}
}
