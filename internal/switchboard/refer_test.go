package switchboard_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestBlindTransferToAnOutsideNumber(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t, carriers)
			o.edit(withNumbers)
			main := o.carrier("main")
			by, kept := o.between(place)
			for number, code := range map[string]int{"011442079460018": 403, "19005550123": 403, "5550100": 484} {
				if got := by.refer("<sip:" + number + "@acme.test>"); got != 202 {
					t.Fatalf("%s: answered %d", number, got)
				}
				by.notified(code)
			}
			if len(main.calls) > 0 {
				t.Error("a refused number reached the carrier")
			}
			talks(by, kept)
			by.refer("<sip:4165550199@acme.test>")
			target := main.ring()
			if got := target.tx.Request().Recipient.User; got != "+14165550199" {
				t.Errorf("called %s", got)
			}
			target.answer()
			kept.retuned(kept.sound.plain())
			by.notified(200)
			event[dialog.Ended](by)
			talks(kept, target)
			hangUp(target, kept)
			o.transferred("+14165550199/-", place, place)
		})
	}
}

func TestTransferWhileTheServerStops(t *testing.T) {
	t.Parallel()
	o := start(t, func(c *app.Config) { c.Drain = 500 * time.Millisecond })
	by, kept := o.between("caller")
	caro := o.peer("caro")
	by.refer("<sip:1003@acme.test>")
	target := caro.ring()
	o.restart()
	event[dialog.Canceled](target)
	for _, l := range []*leg{by, kept} {
		event[dialog.Ended](l)
	}
	records := o.records()
	if len(records) != 1 || records[0].Result != callrecord.Interrupted || records[0].EndedBy != "system" {
		t.Errorf("records %+v", records)
	}
}

// A transfer that had begun when the server was told to stop is carried out.
func TestTransferIsFinishedBeforeTheServerStops(t *testing.T) {
	t.Parallel()
	o := start(t, func(c *app.Config) { c.Drain = patience })
	by, kept := o.between("caller")
	caro, desk := o.peer("caro"), o.peer("5401")
	by.refer("<sip:1003@acme.test>")
	target := caro.ring()
	stopped := make(chan struct{})
	go func() { defer close(stopped); o.Stop(t) }()
	for code := 404; code != 503; {
		code = event[dialog.Failed](desk.call("1999")).Code
	}
	target.answer()
	kept.retuned(kept.sound.plain())
	by.notified(200)
	talks(kept, target)
	hangUp(kept, target)
	<-stopped
	o.Run(t)
	o.listen()
	if r := o.records()[0]; r.Result != callrecord.Answered || o.party(r.Transferred) != "1003/caro" || r.EndedBy != "callee" {
		t.Errorf("record %+v", r)
	}
}

// The kept phone is about to offer something itself when it gets its new partner.
func TestTransferAndAnOfferThatCross(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			by.refer("<sip:1003@acme.test>")
			target := caro.ring().answer()
			if err := event[dialog.Reoffered](kept).Reject(491, "Request Pending"); err != nil {
				t.Fatal(err)
			}
			kept.retuned(kept.sound.plain())
			by.notified(200)
			talks(kept, target)
			hangUp(target, kept)
			o.transferred("1003/caro", place, place)
		})
	}
}

func TestCallWaiting(t *testing.T) {
	t.Parallel()
	o := start(t)
	ana, ben, caro := o.peer("ana-1"), o.peer("ben"), o.peer("caro")
	first, here := connect(ben, ana)
	second := caro.call("1001")
	waiting := ana.ring()
	event[dialog.Progressed](second)
	talks(first, here)

	here.change(first, here.sound.does("sendonly"), "sendonly", first.sound.does("recvonly"))
	waiting.answer()
	second.connected()
	talks(second, waiting)
	first.sound.hearsTune()
	hangUp(waiting, second)
	o.endsAs(wantEnd{"1003/caro", "1001/ana-1", callrecord.Answered, 0, "callee"})

	here.change(first, here.sound.plain(), "sendrecv", first.sound.plain())
	talks(first, here)
	refused := caro.call("1001")
	ana.ring().reject(486, "Busy Here")
	refused.failed(486)
	o.endsAs(wantEnd{"1003/caro", "1001/-", callrecord.Busy, 486, "callee"})
	talks(first, here)
	hangUp(first, here)
	o.transferred("", "caller", "caller")
}
