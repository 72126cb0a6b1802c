package report

import (
	"slices"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/hotdesk"
)

// Moment is one thing that happened at a desk or to a person; one of its
// pointers is set.
type Moment struct {
	At      time.Time
	Session *hotdesk.Session // began
	Entry   *audit.Entry     // a refusal, an emergency call
	Call    *callrecord.Record
}

// Timeline joins sessions, entries of the audit log and calls, the newest first:
// at most so many, 0 for all, and tells whether more are left. What happened in
// one instant is not torn apart, so that a page can go on before that instant.
func Timeline(sessions []hotdesk.Session, entries []audit.Entry, calls []callrecord.Record, most int) (moments []Moment, more bool) {
	for i := range sessions {
		moments = append(moments, Moment{At: sessions[i].StartedAt, Session: &sessions[i]})
	}
	for i := range entries {
		moments = append(moments, Moment{At: entries[i].At, Entry: &entries[i]})
	}
	for i := range calls {
		moments = append(moments, Moment{At: calls[i].StartedAt, Call: &calls[i]})
	}
	slices.SortStableFunc(moments, func(a, b Moment) int { return b.At.Compare(a.At) })
	if most == 0 || len(moments) <= most {
		return moments, false
	}
	end := most
	for end < len(moments) && moments[end].At.Equal(moments[end-1].At) {
		end++
	}
	return moments[:end], end < len(moments)
}
