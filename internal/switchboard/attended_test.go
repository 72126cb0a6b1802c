package switchboard_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// A phone may hand the call on before whom it called has answered.
func TestAttendedTransferToAPhoneThatStillRings(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	by, kept := connect(ben, ana)
	second := ben.call("1003")
	event[dialog.Canceled](func() *leg {
		first := caro.ring()
		event[dialog.Progressed](second)
		by.refer(replacing(second))
		return first
	}())
	second.failed(487)
	o.endsAs(wantEnd{"1002/ben", "1003/-", callrecord.Cancelled, 487, "caller"})
	target := caro.ring()
	shows(t, target, "Ana Ruiz", "1001")
	target.answer()
	kept.retuned(kept.sound.plain())
	by.notified(200)
	talks(kept, target)
	hangUp(kept, target)
	o.transferred("1003/caro", "caller", "callee")
}

func TestNobodyTransfersToTheCallOfAnother(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro, desk := o.peer("ben"), o.peer("ana-1"), o.peer("caro"), o.peer("5401")
	by, kept := connect(ben, ana)
	caller := caro.call("5401")
	callee := desk.ring().answer()
	caller.connected()
	event[dialog.Acked](callee)
	for _, l := range []*leg{caller, callee} {
		if code := by.refer(replacing(l)); code != 202 {
			t.Fatalf("answered %d", code)
		}
		by.notified(403)
	}
	talks(by, kept)
	talks(caller, callee)
	hangUp(caller, callee)
	o.ended()
	hangUp(kept, by)
	o.transferred("", "caller", "callee")
}

// What happens at the same moment leaves nobody behind.
func TestAttendedTransferWhileAllHangUp(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	for round := range 8 {
		by, kept := connect(ben, ana)
		second := ben.call("1003")
		target := caro.ring().answer()
		second.connected()
		event[dialog.Acked](target)
		gone := []<-chan struct{}{obliging(kept), obliging(target)}
		all := []*leg{by, second, kept, target}
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			_, _ = by.Do(apptest.Soon(t), "REFER", "", nil, sip.NewHeader("Refer-To", replacing(second))) // the call may be over
		}()
		go all[round%4].Bye()
		if round > 3 {
			all[(round+2)%4].Bye()
		}
		<-asked
		by.Bye()
		second.Bye()
		kept.Bye()
		for _, ended := range gone {
			<-ended
		}
		o.ended()
		o.ended()
		for _, p := range []*peer{ben, ana, caro} {
			p.silent()
		}
	}
}

// obliging is a phone that takes what comes, until its call ends.
func obliging(l *leg) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for ev := range l.log {
			switch m := ev.(type) {
			case dialog.Reoffered:
				_ = m.Answer(l.sound.plain())
			case dialog.Requested:
				_ = m.Tx.Reply(200, "OK")
			case dialog.Failed, dialog.Canceled, dialog.Ended:
				return
			}
		}
	}()
	return gone
}
