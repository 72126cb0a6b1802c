package ivr_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
)

const (
	endsInFive = "Your session at this desk ends in five minutes. To stay, press one."
	endsAsSaid = "Your session ends then. Goodbye."
)

func TestWarn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answers []string
		change  func(*office)
		heard   []string
		kept    bool
		err     error
	}{
		"one keeps the desk":       {answers: []string{"1"}, heard: []string{endsInFive, "You keep this desk, until two a.m."}, kept: true},
		"one on the second asking": {answers: []string{"~", "1"}, heard: []string{endsInFive, endsInFive, "You keep this desk, until two a.m."}, kept: true},
		"another key does not":     {answers: []string{"2"}, heard: []string{endsInFive, endsAsSaid}},
		"silence does not":         {heard: []string{endsInFive, endsInFive, endsAsSaid}},
		"hung up at once":          {answers: []string{"!"}, heard: []string{endsInFive}, err: ivr.ErrGone},
		"hung up after the key":    {answers: []string{"1!"}, heard: []string{endsInFive}, kept: true, err: ivr.ErrGone},
		"keys that nobody asked":   {answers: []string{"1999"}, heard: []string{endsInFive, "You keep this desk, until two a.m."}, kept: true},
		"there is no limit any more": {
			answers: []string{"1"}, change: func(o *office) { o.result.Session.EndsAt = time.Time{} }, heard: []string{endsInFive, "You keep this desk."}, kept: true,
		},
		"it has just ended": {
			answers: []string{"1"}, change: func(o *office) { o.keep = hotdesk.ErrNoSession },
			heard: []string{endsInFive, "Your session at this desk has just ended. Please dial again to log in."}, kept: true,
		},
		"the store fails": {
			answers: []string{"1"}, change: func(o *office) { o.keep = errDisk }, heard: []string{endsInFive, failed}, kept: true, err: errDisk,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, c := newOffice(t), &caller{answers: map[string][]string{endsInFive: tt.answers}}
				if tt.change != nil {
					tt.change(o)
				}
				warning := hotdesk.Warning{Session: hotdesk.Session{ID: "session-1"}, EndsAt: o.now.Add(4*time.Minute + 50*time.Second)}
				err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
					return conversations.Warn(t.Context(), c, desk, warning)
				})
				if !errors.Is(err, tt.err) {
					t.Errorf("Warn: %v, want %v", err, tt.err)
				}
				if diff := cmp.Diff(tt.heard, c.heard); diff != "" {
					t.Errorf("heard (-want +got):\n%s", diff)
				}
				if kept := len(o.kept) == 1 && o.kept[0] == "session-1"; kept != tt.kept {
					t.Errorf("kept %v", o.kept)
				}
			})
		})
	}
}

func TestWarnEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		o, c := newOffice(t), &caller{}
		err := talk(t, o, c, func(conversations *ivr.Conversations, desk ivr.Desk) error {
			return conversations.Warn(ctx, c, desk, hotdesk.Warning{EndsAt: o.now})
		})
		if !errors.Is(err, context.Canceled) || len(o.kept) > 0 {
			t.Errorf("Warn: %v, kept %v", err, o.kept)
		}
	})
}
