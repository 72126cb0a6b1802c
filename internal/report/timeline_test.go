package report_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
	"github.com/hotdesk-pbx/hotdesk/internal/report"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	at := func(minute int) time.Time { return time.Date(2026, 1, 14, 9, minute, 0, 0, time.UTC) }
	sessions := []hotdesk.Session{{StartedAt: at(5)}, {StartedAt: at(1)}}
	entries := []audit.Entry{{At: at(4)}, {At: at(3)}}
	calls := []callrecord.Record{{StartedAt: at(6)}, {StartedAt: at(3)}}
	for most, want := range map[int]struct {
		n    int
		more bool
	}{0: {6, false}, 1: {1, true}, 3: {3, true}, 4: {5, true}, 5: {5, true}, 6: {6, false}} {
		moments, more := report.Timeline(sessions, entries, calls, most)
		if len(moments) != want.n || more != want.more {
			t.Errorf("at most %d: %d moments, more %v; want %+v", most, len(moments), more, want)
		}
		for i := range moments[1:] {
			if moments[i].At.Before(moments[i+1].At) {
				t.Errorf("at most %d: not the newest first: %v", most, moments)
			}
		}
	}
	if moments, more := report.Timeline(nil, nil, nil, 10); moments != nil || more {
		t.Errorf("of nothing: %v, %v", moments, more)
	}
}
