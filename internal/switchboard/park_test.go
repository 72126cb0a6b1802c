package switchboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// slotOf is the parking place that is said.
func slotOf(t *testing.T, said ivr.Said) string {
	t.Helper()
	if !strings.Contains(said.Text, "parked") || !strings.Contains(said.Text, "seven") {
		t.Fatalf("said %q", said.Text)
	}
	return "701"
}

func TestParkByTransfer(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			if code := by.refer("<sip:*68@acme.test>"); code != 202 {
				t.Fatalf("answered %d", code)
			}
			by.retuned(by.sound.plain()) // to hear of the slot
			slot := slotOf(t, fact[ivr.Said](o))
			by.notified(200)
			event[dialog.Ended](by)
			if _, _, ok := kept.sound.next(patience); !ok {
				t.Error("who is parked hears nothing")
			}
			caro := o.peer("caro")
			fetcher := caro.call(slot)
			kept.retuned(kept.sound.plain())
			fetcher.connected()
			talks(kept, fetcher)
			hangUp(fetcher, kept)
			o.transferred("1003/caro", place, place)
			caro.call(slot).failed(404)
			o.ended()
		})
	}
}

// A phone may hang up as soon as it has transferred a call.
func TestParkerWhoHasHungUpIsCalledBack(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			ben, caro := o.peer("ben"), o.peer("caro")
			by.refer("<sip:*68@acme.test>")
			by.Bye()
			back := ben.ring()
			shows(t, back, "Parked call", "701")
			back.answer()
			slotOf(t, fact[ivr.Said](o))
			if _, _, ok := back.sound.next(patience); !ok {
				t.Error("the slot is not heard")
			}
			event[dialog.Ended](back)
			kept.sound.hearsTune()
			fetcher := caro.call("701")
			kept.retuned(kept.sound.plain())
			fetcher.connected()
			talks(kept, fetcher)
			hangUp(fetcher, kept)
			o.transferred("1003/caro", place, place)
			if len(ben.calls) > 0 {
				t.Error("called back twice")
			}
		})
	}
}

func TestParkerWhoIsCalledBackInVain(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	by, kept := connect(ben, ana)
	by.refer("<sip:*68@acme.test>")
	by.Bye()
	ben.ring().reject(603, "Decline")
	kept.sound.hearsTune()
	kept.Bye()
	o.transferred("", "caller", "callee")

	by, kept = connect(ben, ana)
	by.refer("<sip:*68@acme.test>")
	by.Bye()
	back := ben.ring()
	fetcher := caro.call("701")
	kept.retuned(kept.sound.plain())
	fetcher.connected()
	event[dialog.Canceled](back) // the slot is empty
	hangUp(kept, fetcher)
	o.transferred("1003/caro", "caller", "callee")
}

// The way to change desks in a call: park it, log in at the other desk, fetch it.
func TestParkAtOneDeskAndFetchAtAnother(t *testing.T) {
	t.Parallel()
	o := start(t)
	first, second, ben := o.softphone("5401"), o.softphone("spare"), o.peer("ben")
	o.logIn(first, "1001", "4711")
	kept := ben.call("1001")
	atDesk := o.incoming(first)
	if err := atDesk.Answer(); err != nil {
		t.Fatal(err)
	}
	kept.connected()
	done := make(chan error, 1)
	go func() { done <- atDesk.Hold(apptest.Soon(t)) }()
	if err := event[dialog.Reoffered](kept).Answer(kept.sound.describe("0", "a=recvonly")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	parking := o.dial(first, "*68")
	slot := slotOf(t, fact[ivr.Said](o))
	o.over(atDesk)
	o.over(parking)
	o.ended()
	session := o.logIn(second, "1001", "4711")
	fetched := o.dial(second, "*68"+slot)
	kept.retuned(kept.sound.plain())
	if err := fetched.Answered(o.soon()); err != nil {
		t.Fatal(err)
	}
	kept.Bye()
	o.over(fetched)
	r := o.endsAs(wantEnd{"1002/ben", "1001/5401", callrecord.Answered, 0, "caller"})
	if o.party(r.Transferred) != "1001/spare" || r.Transferred.SessionID != session.ID || r.Via != callrecord.Retrieved {
		t.Errorf("record %+v", r)
	}
}

func TestParkedCallComesBack(t *testing.T) {
	t.Parallel()
	o := start(t, func(c *app.Config) { c.ParkFor = time.Millisecond })
	ben, ana, desk := o.peer("ben"), o.peer("ana-1"), o.softphone("5401")
	by, kept := connect(ben, ana)
	o.logIn(desk, "1002", "2580")
	by.refer("<sip:*68@acme.test>")
	by.Bye()
	atDesk := o.incoming(desk)
	if got := atDesk.Party(); got.User != "1001" || got.Display != "Ana Ruiz" {
		t.Errorf("shows %+v", got)
	}
	if err := atDesk.Answer(); err != nil {
		t.Fatal(err)
	}
	kept.retuned(kept.sound.plain())
	kept.Bye()
	o.over(atDesk)
	o.transferred("1002/5401", "caller", "callee")
}

func TestParkedPartyHangsUp(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	by, kept := connect(ben, ana)
	by.refer("<sip:*68@acme.test>")
	by.Bye()
	kept.Bye()
	o.transferred("", "caller", "callee")
	caller := ben.call("*68701")
	if said := fact[ivr.Said](o); said.Text != textOf(t, ivr.NothingParked) {
		t.Errorf("said %q", said.Text)
	}
	caller.failed(404)
	o.ended()
	caller = ben.call("*68")
	if said := fact[ivr.Said](o); said.Text != textOf(t, ivr.NothingToPark) {
		t.Errorf("said %q", said.Text)
	}
	caller.failed(404)
	o.ended()
}

func TestTransferToAMailbox(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := withMailboxes(t)
			by, kept := o.between(place)
			by.refer("<sip:*991999@acme.test>")
			by.notified(404)
			talks(by, kept)
			if code := by.refer("<sip:*991003@acme.test>"); code != 202 {
				t.Fatalf("answered %d", code)
			}
			kept.retuned(kept.sound.plain())
			by.notified(200)
			event[dialog.Ended](by)
			if said := fact[ivr.Said](o); said.Text == "" {
				t.Error("nothing is said")
			}
			if _, _, ok := kept.sound.next(patience); !ok {
				t.Error("the mailbox is not heard")
			}
			kept.Bye()
			o.transferred("1003/-", place, other(place))
		})
	}
}

func TestEverySlotIsTaken(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	var all []*leg
	for range 20 {
		by, kept := connect(ben, ana)
		by.refer("<sip:*68@acme.test>")
		by.Bye()
		ben.ring().reject(486, "Busy Here") // it would be told the slot
		all = append(all, kept)
	}
	by, kept := connect(ben, ana)
	if code := by.refer("<sip:*68@acme.test>"); code != 202 {
		t.Fatalf("answered %d", code)
	}
	by.notified(486)
	talks(by, kept)
	by.change(kept, by.sound.does("sendonly"), "sendonly", kept.sound.does("recvonly"))
	parking := ben.call("*68")
	o.heard(textOf(t, ivr.LotFull))
	parking.failed(486)
	kept.sound.hearsTune()
	by.change(kept, by.sound.plain(), "sendrecv", kept.sound.plain())
	talks(by, kept)

	all[7].Bye()
	o.ended() // of the call to *68
	o.ended()
	by.refer("<sip:*68@acme.test>")
	by.Bye()
	back := ben.ring()
	shows(t, back, "Parked call", "708")
	back.reject(486, "Busy Here")
	for _, l := range append(all, kept) {
		l.Bye()
	}
}
