package switchboard_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// A phone that sends its digits by INFO may speak to one that takes none so.
func TestDigitsByINFOReachAPhoneWithoutINFO(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, payloads string
		events         bool
	}{
		{"that takes events", "0 101", true},
		{"that takes no digits at all", "0", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			ben, ana := o.peer("ben"), o.peer("ana-1")
			const events = "a=rtpmap:101 telephone-event/8000"
			caller := ben.call("1001", offering("0 101", events))
			callee := ana.ring()
			callee.accept(callee.sound.describe(c.payloads, events))
			caller.connected()
			event[dialog.Acked](callee)
			callee.sound.hears(caller.sound, 0)

			done := make(chan outcome, 1)
			ctx := apptest.Soon(t)
			go func() {
				res, err := caller.Do(ctx, "INFO", "application/dtmf-relay", []byte("Signal=7\r\nDuration=100\r\n"))
				done <- outcome{res, err}
			}()
			if err := event[dialog.Requested](callee).Tx.Reply(415, "No Digits"); err != nil {
				t.Fatal(err)
			}
			if !c.events {
				result(t, done, 415)
				hangUp(caller, callee)
				o.ended()
				return
			}
			heard := 0
			for len(done) == 0 {
				caller.sound.say(0, "sound")
				if payload, body, ok := callee.sound.next(patience); ok && payload == 101 {
					heard++
					if body[0] != 7 {
						t.Errorf("heard event %d", body[0])
					}
				}
			}
			result(t, done, 200)
			if heard != 8 {
				t.Errorf("heard %d packets of the digit, want 8", heard)
			}
			hangUp(caller, callee)
			o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
		})
	}
}
