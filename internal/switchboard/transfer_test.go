package switchboard_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// refer asks to transfer the other side, and gives the status.
func (l *leg) refer(to string, headers ...sip.Header) int {
	l.t.Helper()
	res, err := l.Do(apptest.Soon(l.t), "REFER", "", nil, append(headers, sip.NewHeader("Refer-To", to))...)
	if err != nil {
		l.t.Fatal(err)
	}
	return res.StatusCode
}

// notified waits for the NOTIFY that tells how a transfer has ended.
func (l *leg) notified(code int) {
	l.t.Helper()
	for {
		tx := event[dialog.Requested](l).Tx
		req := tx.Request()
		if req.Method != sip.NOTIFY {
			l.t.Fatalf("got %s", req.Method)
		}
		_ = tx.Reply(200, "OK")
		if kind := sip.Value(req, "Content-Type"); !strings.HasPrefix(kind, "message/sipfrag") || !strings.HasPrefix(sip.Value(req, "Event"), "refer") {
			l.t.Errorf("NOTIFY of %s as %s", sip.Value(req, "Event"), kind)
		}
		if strings.HasPrefix(sip.Value(req, "Subscription-State"), "active") {
			continue
		}
		if want := fmt.Sprintf("SIP/2.0 %d ", code); !strings.HasPrefix(string(req.Body()), want) {
			l.t.Errorf("told %q, want %s", req.Body(), want)
		}
		return
	}
}

// silent waits until a phone has no dialogs, so that its BYEs have come.
func (p *peer) silent() {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); p.layer.Len() > 0; <-tick.C {
		if time.Now().After(deadline) {
			p.t.Fatalf("%s has dialogs", p.device)
		}
	}
}

// retuned takes the other party's sound, as a phone does that another takes over.
func (l *leg) retuned(answer []byte) {
	l.t.Helper()
	ev := event[dialog.Reoffered](l)
	l.sound.towards(ev.Offer)
	if err := ev.Answer(answer); err != nil {
		l.t.Fatal(err)
	}
}

// talks checks that two phones hear each other.
func talks(a, b *leg) {
	a.t.Helper()
	a.sound.hears(b.sound, 0)
	b.sound.hears(a.sound, 0)
}

// places are both ways in which Ben may stand in a call with Ana.
func places() []string { return []string{"caller", "callee"} }

// between is a call of Ben with Ana in which he has a place.
func (o *office) between(place string) (by, kept *leg) {
	o.t.Helper()
	ben, ana := o.peer("ben"), o.peer("ana-1")
	if place == "caller" {
		return connect(ben, ana)
	}
	kept = ana.call("1002")
	by = ben.ring().answer()
	kept.connected()
	event[dialog.Acked](by)
	return by, kept
}

// other is the place of the other side.
func other(place string) string {
	if place == "caller" {
		return "callee"
	}
	return "caller"
}

func (o *office) transferred(to, place, endedBy string) {
	o.t.Helper()
	want := wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, endedBy}
	if place == "callee" {
		want.caller, want.callee = want.callee, want.caller
	}
	if r := o.endsAs(want); o.party(r.Transferred) != to {
		o.t.Errorf("transferred to %+v", r.Transferred)
	}
}

func TestBlindTransfer(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			if code := by.refer("<sip:1003@acme.test>"); code != 202 {
				t.Fatalf("answered %d", code)
			}
			target := caro.ring()
			shows(t, target, "Ana Ruiz", "1001")
			target.answer()
			kept.retuned(kept.sound.plain())
			by.notified(200)
			if ev := event[dialog.Ended](by); ev.By != dialog.ByPeer {
				t.Errorf("ended by %s", ev.By)
			}
			talks(kept, target)
			hangUp(target, kept)
			o.transferred("1003/caro", place, place)
		})
	}
}

func TestTransferOfATransferredCall(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro, desk := o.peer("caro"), o.peer("5401")
			by.refer("<sip:1003@acme.test>")
			second := caro.ring().answer()
			kept.retuned(kept.sound.plain())
			by.notified(200)
			talks(kept, second)
			second.refer("<sip:5401@acme.test>")
			third := desk.ring().answer() // whose sound is described as the second's was: the kept phone has nothing to answer
			second.notified(200)
			talks(kept, third)
			hangUp(kept, third)
			r := o.ended()
			if len(r.Earlier) != 1 || o.party(r.Earlier[0].Transferred) != "1003/caro" || o.party(r.Transferred) != "5401/5401" {
				t.Fatalf("the call went on to %+v, in the end to %+v", r.Earlier, r.Transferred)
			}
			if first := r.Earlier[0]; first.TransferredBy != place || r.TransferredBy != place || first.TransferredAt.After(r.TransferredAt) {
				t.Errorf("transferred by %+v, %+v", first, r.Transfer)
			}
		})
	}
}

func TestBlindTransferByAPhoneThatHangsUpAtOnce(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			by.refer("<sip:1003@acme.test>", sip.NewHeader("Refer-Sub", "false"))
			by.Bye()
			target := caro.ring().answer()
			kept.retuned(kept.sound.plain())
			talks(kept, target)
			hangUp(kept, target)
			o.transferred("1003/caro", place, other(place))
		})
	}
}

func TestTransferThatFailsGivesTheCallBack(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			by.refer("<sip:1003@acme.test>")
			caro.ring().reject(486, "Busy Here")
			by.notified(486)
			talks(by, kept)
			for to, code := range map[string]int{"1999": 404, "5401": 480} {
				if got := by.refer("<sip:" + to + "@acme.test>"); got != 202 {
					t.Fatalf("answered %d", got)
				}
				by.notified(code)
			}
			talks(by, kept)
			hangUp(kept, by)
			o.transferred("", place, other(place))
		})
	}
}

func TestTransferThatFailsAfterTheTransferorHungUpRingsBack(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	by, kept := connect(ben, ana)
	by.refer("<sip:1003@acme.test>")
	by.Bye()
	ben.silent()
	caro.ring().reject(486, "Busy Here")
	back := ben.ring()
	shows(t, back, "Ana Ruiz", "1001")
	back.answer()
	kept.retuned(kept.sound.plain())
	talks(back, kept)
	hangUp(kept, back)
	o.transferred("1002/ben", "caller", "callee")

	by, kept = connect(ben, ana)
	by.refer("<sip:1003@acme.test>")
	by.Bye()
	ben.silent()
	caro.ring().reject(486, "Busy Here")
	ben.ring().reject(486, "Busy Here")
	event[dialog.Ended](kept)
	o.transferred("", "caller", "system")
}

func TestTransfersThatAreRefused(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	by, kept := connect(ben, ana)
	for to, code := range map[string]int{
		"":                                  400,
		"nonsense":                          400,
		"<mailto:ana@acme.test>":            400,
		"<sip:@acme.test>":                  400,
		"<sip:ana@acme.test>":               400,
		"<sip:1003@acme.test;method=BYE>":   400,
		"<sip:1003@acme.test?Replaces=x>":   400,
		"<sip:1003@other.test>":             403,
		"<sip:1003@192.0.2.9>":              403,
		"<sip:*88@acme.test>":               404,
		"<sip:*55@acme.test>":               404,
		"<sip:911@acme.test>":               404,
		"<sip:1003@acme.test>, <sip:1@x.y>": 400,
		"<sip:1003@acme.test?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>": 404,
	} {
		for _, l := range []*leg{by, kept} {
			if got := l.refer(to); got != code {
				t.Errorf("%s: answered %d, want %d", to, got, code)
			}
		}
	}
	talks(by, kept)
	hangUp(by, kept)
	o.transferred("", "caller", "caller")
}

func TestKeptPartyHangsUpDuringATransfer(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			by.refer("<sip:1003@acme.test>")
			target := caro.ring()
			if code := by.refer("<sip:1003@acme.test>"); code != 491 {
				t.Errorf("a second transfer is answered %d", code)
			}
			kept.Bye()
			event[dialog.Canceled](target)
			by.notified(487)
			event[dialog.Ended](by)
			o.transferred("", place, other(place))
		})
	}
}

func TestPhoneThatRefusesItsNewPartner(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	by, kept := connect(ben, ana)
	by.refer("<sip:1003@acme.test>")
	target := caro.ring().answer()
	if err := event[dialog.Reoffered](kept).Reject(488, "Not Acceptable Here"); err != nil {
		t.Fatal(err)
	}
	event[dialog.Ended](target)
	by.notified(488)
	talks(by, kept)
	hangUp(kept, by)
	o.transferred("", "caller", "callee")
}

func TestTransferFromOneCodecToAnother(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	kept := ana.call("1002", offering("0 8 96", "a=rtpmap:96 opus/48000/2"))
	by := ben.ring().answer() // µ-law
	kept.connected()
	event[dialog.Acked](by)
	by.refer("<sip:1003@acme.test>")
	target := caro.ring()
	if got := lines(target.tx.Request().Body(), "m=audio"); len(got) != 1 || !strings.HasSuffix(got[0], " 0 8 96") {
		t.Errorf("offered %q", got)
	}
	target.accept(target.sound.describe("96", "a=rtpmap:96 opus/48000/2"))
	kept.retuned(kept.sound.describe("96", "a=rtpmap:96 opus/48000/2"))
	kept.sound.hears(target.sound, 96)
	target.sound.hears(kept.sound, 96)
	by.notified(200)
	hangUp(kept, target)
	o.transferred("1003/caro", "callee", "caller")
}

// replacing is a Refer-To that names another dialog of the same phone.
func replacing(l *leg) string {
	id := l.ID()
	return fmt.Sprintf("<sip:x@acme.test?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>", id.CallID, id.RemoteTag, id.LocalTag)
}

func TestAttendedTransfer(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro, ben := o.peer("caro"), o.peer("ben")
			second := ben.call("1003")
			target := caro.ring().answer()
			second.connected()
			event[dialog.Acked](target)
			talks(second, target)

			if code := by.refer(replacing(second)); code != 202 {
				t.Fatalf("answered %d", code)
			}
			target.retuned(target.sound.plain())
			kept.retuned(kept.sound.plain())
			event[dialog.Ended](second)
			by.notified(200)
			event[dialog.Ended](by)
			talks(kept, target)
			if r := o.endsAs(wantEnd{"1002/ben", "1003/caro", callrecord.Answered, 0, "caller"}); o.party(r.Transferred) != "" {
				t.Errorf("the second call was transferred to %+v", r.Transferred)
			}
			hangUp(target, kept)
			o.transferred("1003/caro", place, place)
		})
	}
}

func TestTransferOfAHeldCall(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			done := make(chan outcome, 1)
			go func() {
				res, err := by.Reoffer(apptest.Soon(t), by.sound.describe("0", "a=sendonly"), nil)
				done <- outcome{res, err}
			}()
			if ev := event[dialog.Reoffered](kept); ev.Answer(kept.sound.describe("0", "a=recvonly")) != nil {
				t.Fatal("cannot be held")
			}
			result(t, done, 200)
			by.refer("<sip:1003@acme.test>")
			target := caro.ring()
			if got := lines(target.tx.Request().Body(), "a="); len(got) != 1 || got[0] != "a=sendrecv" {
				t.Errorf("offered %q", got)
			}
			target.answer()
			ev := event[dialog.Reoffered](kept)
			if got := lines(ev.Offer, "a=sendrecv"); len(got) != 1 {
				t.Errorf("offered %s", ev.Offer)
			}
			kept.sound.towards(ev.Offer)
			if err := ev.Answer(kept.sound.plain()); err != nil {
				t.Fatal(err)
			}
			by.notified(200)
			talks(kept, target)
			hangUp(kept, target)
			o.ended()
		})
	}
}
