package callrecord_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

func TestView(t *testing.T) {
	t.Parallel()
	const (
		made, received = callrecord.Made, callrecord.Received
		whole, before  = 60 * time.Second, 20 * time.Second
	)
	type seen struct {
		direction callrecord.Direction
		outcome   callrecord.Outcome
		talk      time.Duration
		other     string
		missed    bool
	}
	start := time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	party := func(extension string) callrecord.Party {
		return callrecord.Party{UserID: "id-" + extension, Number: extension}
	}
	answered := func(r *callrecord.Record) {
		r.Result, r.AnsweredAt = callrecord.Answered, start.Add(10*time.Second)
		r.EndedAt = r.AnsweredAt.Add(whole)
	}
	handed := func(by string) func(r *callrecord.Record) {
		return func(r *callrecord.Record) {
			answered(r)
			r.Transferred, r.TransferredBy, r.TransferredAt = party("1004"), by, r.AnsweredAt.Add(before)
		}
	}
	ended := func(result callrecord.Result) func(r *callrecord.Record) {
		return func(r *callrecord.Record) { r.Result, r.EndedAt = result, start.Add(time.Minute) }
	}
	for _, c := range []struct {
		name                            string
		set                             func(r *callrecord.Record)
		caller, callee, first, receiver seen // as 1001, 1002, 1003 and 1004 see it
	}{
		{"ongoing", func(*callrecord.Record) {}, seen{made, "ongoing", 0, "1002", false}, seen{received, "ongoing", 0, "1001", false}, seen{received, "ongoing", 0, "1001", false}, seen{}},
		{"answered", answered, seen{made, "answered", whole, "1002", false}, seen{received, "answered", whole, "1001", false}, seen{received, "answered_elsewhere", 0, "1001", false}, seen{}},
		{"busy", ended(callrecord.Busy), seen{made, "busy", 0, "1002", false}, seen{received, "busy", 0, "1001", true}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"declined", ended(callrecord.Declined), seen{made, "declined", 0, "1002", false}, seen{received, "declined", 0, "1001", false}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"no answer", ended(callrecord.NoAnswer), seen{made, "no_answer", 0, "1002", false}, seen{received, "missed", 0, "1001", true}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"nobody registered", ended(callrecord.NotReached), seen{made, "no_answer", 0, "1002", false}, seen{received, "missed", 0, "1001", true}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"given up", ended(callrecord.Cancelled), seen{made, "cancelled", 0, "1002", false}, seen{received, "missed", 0, "1001", true}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"failed", ended(callrecord.Failed), seen{made, "failed", 0, "1002", false}, seen{received, "missed", 0, "1001", true}, seen{received, "missed", 0, "1001", true}, seen{}},
		{"mailbox", func(r *callrecord.Record) { answered(r); r.Result = callrecord.Voicemail }, seen{made, "voicemail", whole, "1002", false}, seen{received, "voicemail", 0, "1001", true}, seen{received, "answered_elsewhere", 0, "1001", false}, seen{}},
		{"interrupted", func(r *callrecord.Record) { answered(r); r.Result = callrecord.Interrupted }, seen{made, "interrupted", 0, "1002", false}, seen{received, "interrupted", 0, "1001", false}, seen{received, "interrupted", 0, "1001", false}, seen{}},
		{"transferred by the callee", handed("callee"), seen{made, "answered", whole, "1002", false}, seen{received, "transferred", before, "1001", false}, seen{received, "answered_elsewhere", 0, "1001", false}, seen{received, "answered", whole - before, "1001", false}},
		{"transferred by the caller", handed("caller"), seen{made, "transferred", before, "1002", false}, seen{received, "answered", whole, "1001", false}, seen{received, "answered_elsewhere", 0, "1001", false}, seen{received, "answered", whole - before, "1002", false}},
	} {
		r := callrecord.Record{Caller: party("1001"), Callee: party("1002"), Diverted: party("1003"), StartedAt: start}
		c.set(&r)
		for user, want := range map[string]seen{"1001": c.caller, "1002": c.callee, "1003": c.first, "1004": c.receiver} {
			e, ok := callrecord.View(&r, "id-"+user)
			got := seen{e.Direction, e.Outcome, e.Talk, e.Other.Number, e.Missed()}
			if got != want || ok != (want != seen{}) || ok && e.Own.Number != user {
				t.Errorf("%s, as %s sees it: %+v, %v, want %+v", c.name, user, e, ok, want)
			}
		}
	}
}

func TestViewOfNobodyAndOfOneself(t *testing.T) {
	t.Parallel()
	r := callrecord.Record{Caller: callrecord.Party{UserID: "ana"}, Dialled: "+14165550100"}
	for _, nobody := range []string{"", "ben"} {
		if e, ok := callrecord.View(&r, nobody); ok {
			t.Errorf("%q sees %+v", nobody, e)
		}
	}
	if e, _ := callrecord.View(&r, "ana"); e.Other.Number != "+14165550100" {
		t.Errorf("a call that reached nobody: %+v", e)
	}
	r.Callee = r.Caller
	if e, ok := callrecord.View(&r, "ana"); !ok || e.Direction != callrecord.Made {
		t.Errorf("a call to oneself: %+v", e)
	}
}

// TestViewOfACallTransferredTwice: 1001 calls 1002, who transfers to 1003, who
// transfers to 1004; then 1001 transfers 1004 to 1005.
func TestViewOfACallTransferredTwice(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time {
		return time.Date(2026, 11, 25, 9, 0, seconds, 0, time.UTC)
	}
	party := func(extension string) callrecord.Party {
		return callrecord.Party{UserID: "id-" + extension, Number: extension}
	}
	r := callrecord.Record{
		Caller: party("1001"), Callee: party("1002"), StartedAt: at(0), AnsweredAt: at(10), EndedAt: at(55), Result: callrecord.Answered,
	}
	r.HandOn(callrecord.Transfer{Transferred: party("1003"), TransferredAt: at(20), TransferredBy: "callee"})
	r.HandOn(callrecord.Transfer{Transferred: party("1004"), TransferredAt: at(32), TransferredBy: "callee"})
	r.HandOn(callrecord.Transfer{Transferred: party("1005"), TransferredAt: at(45), TransferredBy: "caller"})
	if len(r.Earlier) != 2 || r.Earlier[0].Transferred.Number != "1003" || r.Transferred.Number != "1005" {
		t.Fatalf("kept are %+v and %+v", r.Earlier, r.Transfer)
	}
	for user, want := range map[string]struct {
		outcome callrecord.Outcome
		seconds int
		other   string
	}{
		"1001": {callrecord.OutcomeTransferred, 35, "1002"},
		"1002": {callrecord.OutcomeTransferred, 10, "1001"},
		"1003": {callrecord.OutcomeTransferred, 12, "1001"},
		"1004": {callrecord.OutcomeAnswered, 23, "1001"},
		"1005": {callrecord.OutcomeAnswered, 10, "1004"},
	} {
		e, ok := callrecord.View(&r, "id-"+user)
		if !ok || e.Outcome != want.outcome || e.Talk != time.Duration(want.seconds)*time.Second || e.Other.Number != want.other || e.Own.Number != user {
			t.Errorf("%s sees %+v, want %+v", user, e, want)
		}
	}
}
