package switchboard_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

const elsewhere = `SIP;cause=200;text="Call completed elsewhere"`

func TestAllPhonesOfAPersonRingUntilOneAnswers(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben := o.peer("ben")
	one, two := o.peer("ana-1"), o.peerBy("ana-1", sip.TCP) // two phones on one account
	other := o.peer("ana-2")
	desk := o.softphone("5401")
	session := o.logIn(desk, "1001", "4711")

	caller := ben.call("1001")
	legs := []*leg{one.ring(), two.ring(), other.ring()}
	atDesk := o.incoming(desk)
	started := fact[switchboard.Started](o)
	for range 4 {
		if f := fact[switchboard.Ringing](o); f.CallID != started.CallID || f.Caller.Number != "1002" {
			t.Errorf("ringing: %+v", f)
		}
	}
	if err := atDesk.Answer(); err != nil {
		t.Fatal(err)
	}
	caller.connected()
	for _, l := range legs {
		if ev := event[dialog.Canceled](l); ev.Reason != elsewhere {
			t.Errorf("cancelled with %q", ev.Reason)
		}
	}
	if err := atDesk.Answered(o.soon()); err != nil {
		t.Fatal(err)
	}
	if f := fact[switchboard.Answered](o); f.CallID != started.CallID || f.Callee.SessionID != session.ID {
		t.Errorf("answered: %+v", f)
	}
	caller.Bye()
	o.over(atDesk)
	r := o.endsAs(wantEnd{"1002/ben", "1001/5401", callrecord.Answered, 0, "caller"})
	if r.ID != started.CallID || r.Callee.SessionID != session.ID || r.Caller.SessionID != "" || r.Dialled != "1001" {
		t.Errorf("record %+v", r)
	}
}

func TestAnswerThatCrossesTheCancelIsHungUp(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, quick, late := o.peer("ben"), o.peer("ana-1"), o.rawPeer("ana-2")
	caller := ben.call("1001")
	invite := late.next(sip.INVITE)
	late.respond(invite, 180, nil)
	sound := newSound(t)
	invite.OnCancel(func(cancel *sip.Request) {
		if got := sip.Value(cancel, "Reason"); got != elsewhere {
			t.Errorf("cancelled with %q", got)
		}
		late.respond(invite, 200, sound.plain())
	})
	callee := quick.ring().answer()
	caller.connected()
	late.acknowledged()
	bye := late.next(sip.BYE)
	late.respond(bye, 200, nil)
	callee.sound.hears(caller.sound, 0)
	hangUp(caller, callee)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
}

func TestPhonesThatAnswerAtTheSameMoment(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one, two := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2")
	for range 10 {
		caller := ben.call("1001")
		legs := []*leg{one.ring(), two.ring()}
		gate := make(chan struct{})
		for _, l := range legs {
			go func() {
				<-gate
				for range 50 { // so that the call has much to do when the answers come
					_ = l.Progress(180, "Ringing", nil)
				}
				_ = l.Accept(l.sound.plain()) // it may be cancelled before
			}()
		}
		close(gate)
		caller.connected()
		first, second := ends(legs[0]), ends(legs[1])
		select { // one of them, while the other talks
		case <-first:
		case <-second:
		case <-time.After(patience):
			t.Fatal("both phones stay in the call")
		}
		caller.Bye()
		<-first
		<-second
		if r := o.ended(); r.Result != callrecord.Answered {
			t.Errorf("record %+v", r)
		}
	}
}

// ends tells of the end of a call, whichever.
func ends(l *leg) <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ev := range l.log {
			switch ev.(type) {
			case dialog.Failed, dialog.Canceled, dialog.Ended:
				return
			}
		}
	}()
	return ended
}

// over waits for the end of a call.
func over(l *leg) {
	l.t.Helper()
	select {
	case <-ends(l):
	case <-time.After(patience):
		l.t.Fatal("the call goes on")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one, two := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2")
	const rings = 0
	for name, c := range map[string]struct {
		first, second int // what the phones say
		code          int // what the caller hears
		result        callrecord.Result
		by            string
	}{
		"both busy":                    {486, 486, 486, callrecord.Busy, "callee"},
		"busy, and gone":               {486, 408, 486, callrecord.Busy, "callee"},
		"busy everywhere":              {600, rings, 486, callrecord.Busy, "callee"},
		"declined at one":              {603, rings, 603, callrecord.Declined, "callee"},
		"busy, then declined":          {486, 603, 603, callrecord.Declined, "callee"},
		"silenced":                     {480, 480, 480, callrecord.NoAnswer, "system"},
		"no sound in common":           {488, 488, 488, callrecord.Failed, "system"},
		"one cannot, one is busy":      {488, 486, 486, callrecord.Busy, "callee"},
		"unknown at its own phones":    {404, 404, 480, callrecord.NotReached, "system"},
		"phones that ask for passes":   {401, 407, 480, callrecord.NotReached, "system"},
		"phones with faults":           {500, 503, 480, callrecord.NotReached, "system"},
		"a phone forwarded to another": {302, 302, 480, callrecord.NotReached, "system"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := ben.call("1001")
			a, b := one.ring(), two.ring()
			a.reject(c.first, "No")
			if c.second != rings {
				b.reject(c.second, "No")
			} else if ev := event[dialog.Canceled](b); ev.Reason != "" {
				t.Errorf("the other phone is told %q", ev.Reason)
			}
			caller.failed(c.code)
			o.endsAs(wantEnd{"1002/ben", "1001/-", c.result, c.code, c.by})
		})
	}
	t.Run("busy at one phone only", func(*testing.T) {
		caller := ben.call("1001")
		one.ring().reject(486, "Busy Here")
		callee := two.ring().answer()
		caller.connected()
		hangUp(callee, caller)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-2", callrecord.Answered, 0, "callee"})
	})
}

func TestNobodyToRing(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben := o.peer("ben")
	for _, c := range []struct {
		dialled, callee string
		code            int
		result          callrecord.Result
	}{
		{"1999", "", 404, callrecord.NotFound},
		{"ben", "", 484, callrecord.NotFound},
		{"1003", "1003/-", 480, callrecord.NotReached},
		{"1002", "1002/-", 480, callrecord.NotReached}, // only the calling phone itself
		{"5401", "5401/-", 480, callrecord.NotReached},
	} {
		ben.call(c.dialled).failed(c.code)
		if r := o.endsAs(wantEnd{"1002/ben", c.callee, c.result, c.code, "system"}); r.Dialled != c.dialled {
			t.Errorf("dialled %q, the record has %q", c.dialled, r.Dialled)
		}
	}
}

func TestNobodyAnswersInTime(t *testing.T) {
	t.Parallel()
	o := start(t, func(c *app.Config) { c.RingFor = 300 * time.Millisecond })
	ben, one := o.peer("ben"), o.peer("ana-1")
	caller := ben.call("1001")
	l := one.ring()
	if ev := event[dialog.Canceled](l); ev.Reason != "" { // it is a missed call
		t.Errorf("cancelled with %q", ev.Reason)
	}
	caller.failed(480)
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.NoAnswer, 480, "system"})
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one := o.peer("ben"), o.peer("ana-1")
	reason := sip.NewHeader("Reason", `SIP;cause=600;text="Busy Everywhere"`)
	gone := func(t *testing.T, caller *leg) {
		t.Helper()
		caller.Cancel(reason)
		caller.failed(487)
		o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.Cancelled, 487, "caller"})
	}
	cancelled := func(t *testing.T, l *leg) {
		t.Helper()
		if ev := event[dialog.Canceled](l); ev.Reason != reason.Value() {
			t.Errorf("cancelled with %q", ev.Reason)
		}
	}
	t.Run("while it rings", func(t *testing.T) {
		caller := ben.call("1001")
		l := one.ring()
		event[dialog.Progressed](caller)
		gone(t, caller)
		cancelled(t, l)
	})
	t.Run("during early sound", func(t *testing.T) {
		caller := ben.call("1001")
		l := one.take()
		l.progress(183, "Session Progress", l.sound.plain())
		event[dialog.Progressed](caller)
		gone(t, caller)
		cancelled(t, l)
	})
	t.Run("before the phone has said anything", func(t *testing.T) {
		caller := ben.call("1001", func(_ *leg, inv *dialog.Invite) { inv.Headers = []sip.Header{sip.NewHeader("Subject", "hurry")} })
		tx := one.invited()
		canceled := make(chan struct{})
		tx.OnCancel(func(*sip.Request) { close(canceled) })
		gone(t, caller)
		<-canceled // held back until the engine's 100 Trying
		_ = tx.Reply(487, "Request Terminated")
	})
	t.Run("by cutting its connection", func(*testing.T) {
		other := o.peerBy("caro", sip.TCP)
		other.call("1001")
		l := one.ring()
		other.stop()
		event[dialog.Canceled](l)
		o.endsAs(wantEnd{"1003/caro", "1001/-", callrecord.Cancelled, 487, "caller"})
	})
	t.Run("as the phone answers", func(t *testing.T) {
		for range 10 {
			caller := ben.call("1001")
			l := one.ring()
			event[dialog.Progressed](caller)
			go func() { _ = l.Accept(l.sound.plain()) }()
			caller.Bye()
			over(caller)
			over(l)
			switch r := o.ended(); {
			case r.Result == callrecord.Cancelled && r.AnsweredAt.IsZero() && r.Cause == 487 && r.EndedBy == "caller":
			case r.Result == callrecord.Answered && !r.AnsweredAt.IsZero() && r.Cause == 0 && r.EndedBy == "caller":
			default:
				t.Errorf("record %+v", r)
			}
		}
	})
}
