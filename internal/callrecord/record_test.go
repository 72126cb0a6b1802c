package callrecord_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

func TestIsEndOf(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	begun := callrecord.Record{ID: "1", StartedAt: noon, AnsweredAt: noon, Callee: callrecord.Party{UserID: "ana"}}
	for name, c := range map[string]struct {
		change func(begun, ended *callrecord.Record)
		want   bool
	}{
		"it ended":                {func(_, _ *callrecord.Record) {}, true},
		"it goes on":              {func(_, r *callrecord.Record) { r.EndedAt = time.Time{} }, false},
		"it had ended":            {func(b, _ *callrecord.Record) { b.EndedAt = noon }, false},
		"it was put nowhere":      {func(b, _ *callrecord.Record) { *b = callrecord.Record{} }, false},
		"it was not answered":     {func(_, r *callrecord.Record) { r.AnsweredAt = time.Time{} }, false},
		"it went on to another":   {func(_, r *callrecord.Record) { r.Transferred.UserID = "ben" }, false},
		"it went on once more":    {func(_, r *callrecord.Record) { r.Earlier = make([]callrecord.Transfer, 1) }, false},
		"somebody else was there": {func(_, r *callrecord.Record) { r.Callee.UserID = "ben" }, false},
	} {
		b, r := begun, begun
		r.EndedAt, r.Result, r.Cause, r.EndedBy = noon.Add(time.Minute), callrecord.Answered, 200, "caller"
		c.change(&b, &r)
		if got := r.IsEndOf(&b); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
