package switchboard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// inPlaceOf makes a call take part in another.
func inPlaceOf(value string) func(*leg, *dialog.Invite) {
	return func(_ *leg, inv *dialog.Invite) { inv.Headers = append(inv.Headers, sip.NewHeader("Replaces", value)) }
}

// theOther is the Replaces value for a dialog of the same phone.
func theOther(l *leg) string {
	id := l.ID()
	return fmt.Sprintf("%s;to-tag=%s;from-tag=%s", id.CallID, id.RemoteTag, id.LocalTag)
}

func TestPickup(t *testing.T) {
	t.Parallel()
	for name, pick := range map[string]func(o *office, caro *peer) *leg{
		"by the code": func(_ *office, caro *peer) *leg { return caro.call("**1001") },
		"by the lamp": func(o *office, caro *peer) *leg {
			id := fact[switchboard.Ringing](o).CallID
			return caro.call("1001", inPlaceOf(id+";to-tag=a;from-tag=b"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			ben, ana, other, caro := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2"), o.peer("caro")
			caller := ben.call("1001")
			rings := []*leg{ana.ring(), other.ring()}
			event[dialog.Progressed](caller)
			picker := pick(o, caro)
			answered := event[dialog.Answered](picker)
			identity(t, answered.Response, "P-Asserted-Identity", "Ben Okafor", "1002")
			for _, l := range rings {
				if ev := event[dialog.Canceled](l); ev.Reason != elsewhere {
					t.Errorf("cancelled with %q", ev.Reason)
				}
			}
			picker.retuned(picker.sound.plain())
			answer := event[dialog.Answered](caller)
			identity(t, answer.Response, "P-Asserted-Identity", `Caro "C" Müller`, "1003")
			caller.sound.towards(answer.SDP)
			talks(caller, picker)
			hangUp(picker, caller)
			r := o.endsAs(wantEnd{"1002/ben", "1003/caro", callrecord.Answered, 0, "callee"})
			if r.Via != callrecord.PickedUp || o.party(r.Diverted) != "1001/-" {
				t.Errorf("record %+v", r)
			}
			if n := len(o.records()); n != 1 {
				t.Errorf("%d records", n)
			}
		})
	}
}

func TestNothingToPickUp(t *testing.T) {
	t.Parallel()
	o := start(t, func(c *app.Config) { c.RingFor = time.Minute })
	caro := o.peer("caro")
	for _, dialled := range []string{"**1001", "**1999"} {
		caller := caro.call(dialled)
		if said := fact[ivr.Said](o); said.Text != textOf(t, ivr.NothingRings) {
			t.Errorf("said %q", said.Text)
		}
		caller.failed(404)
		o.ended()
	}
	spare := o.peer("spare") // acts for nobody
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller := ben.call("1001")
	ringing := ana.ring()
	event[dialog.Progressed](caller)
	spare.call("**1001").failed(403)
	o.ended()
	ringing.answer()
	caller.connected()
	hangUp(caller, ringing)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
}

func TestReplacesTakesThePlaceOfAPhoneOfTheSamePerson(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, other := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2")
	caller, callee := connect(ben, ana)
	next := other.call("x", inPlaceOf(theOther(callee)))
	caller.retuned(caller.sound.plain())
	next.connected()
	event[dialog.Ended](callee)
	talks(caller, next)
	hangUp(caller, next)
	r := o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	if o.party(r.Transferred) != "1001/ana-2" || r.TransferredBy != "callee" {
		t.Errorf("record %+v", r)
	}
}

func TestReplacesThatIsRefused(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, other, caro := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2"), o.peer("caro")
	caller, callee := connect(ben, ana)
	for _, c := range []struct {
		from  *peer
		value string
		code  int
	}{
		{other, "nonsense", 400},
		{other, "a;to-tag=b", 400},
		{other, "a;to-tag=b;from-tag=c", 481},
		{other, theOther(callee) + ";early-only", 486},
		{caro, theOther(callee), 403},
		{caro, theOther(caller), 403},
	} {
		c.from.call("x", inPlaceOf(c.value)).failed(c.code)
	}
	other.call("x", inPlaceOf(theOther(callee)), inPlaceOf(theOther(callee))).failed(400)
	other.call("x", inPlaceOf(theOther(callee)), offerless).failed(488)
	talks(caller, callee)
	hangUp(caller, callee)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	if n := len(o.records()); n != 1 {
		t.Errorf("%d records", n)
	}
}

// Whoever hangs up while a call is picked up, nobody is left behind.
func TestPickupWhileAllHangUp(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	for round := range 6 {
		caller := ben.call("1001")
		ringing := ana.ring()
		event[dialog.Progressed](caller)
		picker := caro.call("**1001")
		gone := []<-chan struct{}{obliging(picker), obliging(ringing)}
		switch round % 3 {
		case 0:
			caller.Bye()
		case 1:
			picker.Bye()
		default:
			_ = ringing.Accept(ringing.sound.plain()) // it may be cancelled by then
		}
		if round > 2 {
			caller.Bye()
		}
		caller.Bye()
		picker.Bye()
		ringing.Bye()
		for _, ended := range gone {
			<-ended
		}
		for _, p := range []*peer{ben, ana, caro} {
			p.silent()
		}
	}
}
