package switchboard_test

import (
	"fmt"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// early waits until a caller is told of sound before the answer.
func early(l *leg) dialog.Progressed {
	l.t.Helper()
	for {
		if ev := event[dialog.Progressed](l); ev.SDP != nil {
			l.sound.towards(ev.SDP)
			return ev
		}
	}
}

// rings waits until a caller is told that it rings.
func rings(l *leg) {
	l.t.Helper()
	for event[dialog.Progressed](l).Response.StatusCode != 180 {
	}
}

func TestEarlySoundIsHeardUntilAnotherPhoneAnswers(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one, two := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2")
	caller := ben.call("1001")
	first, second := one.take(), two.ring()
	first.progress(183, "Session Progress", first.sound.plain())
	if ev := early(caller); ev.Response.StatusCode != 183 {
		t.Errorf("early sound by %d", ev.Response.StatusCode)
	}
	caller.sound.hears(first.sound, 0)
	first.sound.hears(caller.sound, 0)

	second.progress(183, "Session Progress", second.sound.plain()) // comes too late to be heard
	caller.sound.deaf(second.sound, first.sound)
	second.answer()
	caller.connected()
	caller.sound.hears(second.sound, 0)
	second.sound.hears(caller.sound, 0)
	caller.sound.deaf(first.sound, second.sound)
	event[dialog.Canceled](first)
	hangUp(second, caller)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-2", callrecord.Answered, 0, "callee"})
}

func TestEarlySoundOfAPhoneThatRefuses(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one, two := o.peer("ben"), o.peer("ana-1"), o.peer("ana-2")
	caller := ben.call("1001")
	first, second := one.take(), two.ring()
	rings(caller)
	first.progress(183, "Session Progress", first.sound.plain())
	early(caller)
	first.reject(486, "Busy Here")
	rings(caller)
	second.progress(183, "Session Progress", second.sound.plain())
	early(caller)
	caller.sound.hears(second.sound, 0)
	second.answer()
	caller.connected()
	hangUp(caller, second)
	o.ended()
}

func TestCallWithoutAnOffer(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one := o.peer("ben"), o.peer("ana-1")
	answered := func(t *testing.T) (caller, callee *leg) {
		t.Helper()
		caller = ben.call("1001", offerless)
		callee = one.ring()
		invite := callee.tx.Request()
		if len(invite.Body()) > 0 || sip.HasOption(invite, "Supported", "100rel") {
			t.Errorf("the phone is invited by %s", invite)
		}
		callee.accept(callee.sound.plain())
		caller.connected()
		return caller, callee
	}
	t.Run("answered in the ACK", func(t *testing.T) {
		caller, callee := answered(t)
		if err := caller.Ack(caller.sound.plain()); err != nil {
			t.Fatal(err)
		}
		callee.sound.towards(event[dialog.Acked](callee).SDP)
		callee.sound.hears(caller.sound, 0)
		caller.sound.hears(callee.sound, 0)
		hangUp(caller, callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	})
	t.Run("never answered", func(t *testing.T) {
		caller, callee := answered(t)
		if err := caller.Ack(nil); err != nil {
			t.Fatal(err)
		}
		over(caller)
		over(callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "system"})
	})
	t.Run("hung up instead", func(t *testing.T) {
		caller := ben.rawCall("1001", nil)
		callee := one.ring()
		callee.accept(callee.sound.plain())
		if res := ben.do(caller.within(caller.reply(200), sip.BYE, nil)); res.StatusCode != 200 {
			t.Errorf("a BYE in place of the ACK is answered %d %s", res.StatusCode, res.Reason)
		}
		over(callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	})
	t.Run("a phone that offers nothing either", func(*testing.T) {
		caller := ben.call("1001", offerless)
		callee := one.ring()
		callee.accept(nil)
		caller.failed(488)
		over(callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Failed, 488, "system"})
	})
}

func TestCallerThatRequiresReliableResponses(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one := o.peer("ben"), o.peer("ana-1")
	reliable := func(t *testing.T, ev dialog.Progressed) {
		t.Helper()
		if sip.Value(ev.Response, "RSeq") == "" || !sip.HasOption(ev.Response, "Require", "100rel") {
			t.Errorf("not reliable: %s", ev.Response)
		}
	}
	t.Run("rings and is heard early", func(t *testing.T) {
		caller := ben.call("1001", requires)
		callee := one.ring()
		reliable(t, event[dialog.Progressed](caller))
		callee.progress(183, "Session Progress", callee.sound.plain())
		reliable(t, early(caller))
		caller.sound.hears(callee.sound, 0)
		callee.answer()
		event[dialog.Answered](caller)
		callee.sound.hears(caller.sound, 0)
		hangUp(caller, callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	})
	t.Run("without an offer", func(t *testing.T) {
		caller := ben.call("1001", requires, offerless)
		callee := one.ring()
		callee.accept(callee.sound.plain())
		answer, ok := event[dialog.Event](caller).(dialog.Answered)
		if !ok || answer.SDP == nil {
			t.Fatalf("the caller was told of progress without an offer first")
		}
		if err := caller.Ack(caller.sound.plain()); err != nil {
			t.Fatal(err)
		}
		callee.sound.towards(event[dialog.Acked](callee).SDP)
		caller.sound.towards(answer.SDP)
		callee.sound.hears(caller.sound, 0)
		hangUp(callee, caller)
		o.ended()
	})
	t.Run("early sound of one phone must not bind the others", func(t *testing.T) {
		two := o.peer("ana-2")
		caller := ben.call("1001", requires)
		callee, other := one.take(), two.ring()
		callee.progress(183, "Session Progress", callee.sound.plain())
		reliable(t, event[dialog.Progressed](caller))
		other.answer()
		caller.connected()
		caller.sound.hears(other.sound, 0)
		hangUp(caller, other)
		over(callee)
		o.ended()
	})
}

func TestOfferInThePrack(t *testing.T) {
	t.Parallel()
	for name, answeredFirst := range map[string]bool{"while it rings": false, "while the answer waits": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			ben, one := o.peer("ben"), o.peer("ana-1")
			sound := newSound(t)
			caller := ben.rawCall("1001", sound.plain(), sip.NewHeader("Require", "100rel"))
			callee := one.take()
			callee.progress(183, "Session Progress", callee.sound.plain())
			callee.progress(183, "Session Progress", callee.sound.plain()) // as it does when it is invited again
			progress := caller.reply(183)
			if answeredFirst {
				callee.answer()
				event[dialog.Acked](callee)
			}
			rack := sip.NewHeader("RAck", fmt.Sprintf("%s %d INVITE", sip.Value(progress, "RSeq"), caller.cseq))
			if res := ben.do(caller.within(progress, sip.PRACK, sound.describe("8"), rack)); res.StatusCode != 488 {
				t.Errorf("the offer is answered %d %s", res.StatusCode, res.Reason)
			}
			if !answeredFirst {
				callee.answer()
			}
			caller.cseq = 1 // the ACK has the number of the INVITE
			if err := ben.engine.Write(caller.within(caller.reply(200), sip.ACK, nil), ben.server); err != nil {
				t.Fatal(err)
			}
			sound.towards(progress.Body())
			callee.sound.hears(sound, 0)
			callee.Bye()
			o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "callee"})
		})
	}
}

func TestPhoneThatInsistsOnReliableResponses(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, one := o.peer("ben"), o.rawPeer("ana-1")
	sound := newSound(t)
	caller := ben.call("1001")
	invite := one.next(sip.INVITE)
	one.respond(invite, 183, sound.plain(), sip.NewHeader("Require", "100rel"), sip.NewHeader("RSeq", "7"))
	prack := one.next(sip.PRACK)
	if got, want := sip.Value(prack.Request(), "RAck"), fmt.Sprintf("7 %d INVITE", invite.Request().CSeq().Number); got != want {
		t.Errorf("RAck %q, want %q", got, want)
	}
	one.respond(prack, 200, nil)
	early(caller)
	sound.towards(invite.Request().Body())
	caller.sound.hears(sound, 0)
	one.respond(invite, 200, nil) // the answer stood in the 183
	caller.connected()
	one.acknowledged()
	sound.hears(caller.sound, 0)
	caller.Bye()
	one.respond(one.next(sip.BYE), 200, nil)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
}
