package switchboard_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/media/g711"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// tune is the music as it is sent in µ-law.
func tune(t *testing.T) []byte {
	t.Helper()
	library, err := prompts.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return g711.ULaw.Append(nil, library.Clip("en", "", prompts.HoldMusic).PCM)
}

// hearsTune waits for half a second of the music without anything else in it.
func (s *sound) hearsTune() {
	s.t.Helper()
	music := tune(s.t)
	deadline := time.Now().Add(patience)
	for in := 0; in < 25; {
		_, heard, ok := s.next(patience)
		switch {
		case time.Now().After(deadline) || !ok:
			s.t.Fatal("no music is heard")
		case len(heard) == 160 && bytes.Contains(music, []byte(heard)) && heard != strings.Repeat(heard[:1], 160):
			in++
		default:
			in = 0
		}
	}
}

// goesQuiet waits until nothing comes any more.
func (s *sound) goesQuiet() {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		if _, _, ok := s.next(300 * time.Millisecond); !ok {
			return
		}
	}
	s.t.Fatal("sound goes on")
}

// change makes an offer to the other phone, which is made what it should be and
// is answered so, and gives what the first one was told.
func (l *leg) change(to *leg, offer []byte, offered string, answer []byte) []byte {
	l.t.Helper()
	done := reinvite(l, offer)
	ev := event[dialog.Reoffered](to)
	directed(l.t, ev.Offer, offered)
	if err := ev.Answer(answer); err != nil {
		l.t.Fatal(err)
	}
	return result(l.t, done, 200).Body()
}

// directed checks the direction of a description.
func directed(t *testing.T, body []byte, want string) {
	t.Helper()
	got := "sendrecv"
	for _, direction := range []string{"sendrecv", "sendonly", "recvonly", "inactive"} {
		if len(lines(body, "a="+direction)) > 0 {
			got = direction
		}
	}
	if got != want || len(lines(body, "c=IN IP4 0.0.0.0")) > 0 {
		t.Errorf("described as %s, want %s: %q", got, want, body)
	}
}

func (s *sound) does(direction string) []byte { return s.describe("0", "a="+direction) }

func TestMusicOnHold(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		for name, c := range map[string]struct {
			offer func(*sound) []byte
			told  string // in answer
		}{
			"sendonly": {func(s *sound) []byte { return s.does("sendonly") }, "recvonly"},
			"inactive": {func(s *sound) []byte { return s.does("inactive") }, "inactive"},
			"0.0.0.0": {func(s *sound) []byte {
				return bytes.Replace(s.plain(), []byte("c=IN IP4 127.0.0.1"), []byte("c=IN IP4 0.0.0.0"), 1)
			}, "recvonly"},
		} {
			t.Run(place+" "+name, func(t *testing.T) {
				t.Parallel()
				o := start(t)
				holds, held := o.between(place)
				for range 2 {
					talks(holds, held)
					directed(t, holds.change(held, c.offer(holds.sound), "sendonly", held.sound.does("recvonly")), c.told)
					holds.sound.say(0, "music of the phone's own")
					held.sound.hearsTune()
					held.sound.say(0, "a phone that talks on")
					holds.sound.goesQuiet()
					directed(t, holds.change(held, holds.sound.plain(), "sendrecv", held.sound.plain()), "sendrecv")
				}
				talks(holds, held)
				hangUp(holds, held)
				o.transferred("", place, place)
			})
		}
	}
}

func TestBothHold(t *testing.T) {
	t.Parallel()
	o := start(t)
	one, two := connect(o.peer("ben"), o.peer("ana-1"))
	one.change(two, one.sound.does("inactive"), "sendonly", two.sound.does("recvonly"))
	two.sound.hearsTune()
	// To the first phone this is what it has been told before, which its dialog answers by itself.
	directed(t, result(t, reinvite(two, two.sound.does("inactive")), 200).Body(), "inactive")
	two.sound.goesQuiet()
	one.sound.goesQuiet()
	directed(t, one.change(two, one.sound.plain(), "sendrecv", two.sound.does("inactive")), "sendonly")
	one.sound.hearsTune()
	directed(t, two.change(one, two.sound.plain(), "sendrecv", one.sound.plain()), "sendrecv")
	talks(one, two)
	hangUp(two, one)
	o.transferred("", "caller", "callee")
}

func TestHoldThatIsRefused(t *testing.T) {
	t.Parallel()
	o := start(t)
	holds, held := connect(o.peer("ben"), o.peer("ana-1"))
	refused := func(offer []byte) {
		t.Helper()
		done := reinvite(holds, offer)
		if err := event[dialog.Reoffered](held).Reject(488, "Not Acceptable Here"); err != nil {
			t.Fatal(err)
		}
		result(t, done, 488)
	}
	refused(holds.sound.does("inactive"))
	talks(holds, held)
	holds.change(held, holds.sound.does("inactive"), "sendonly", held.sound.does("recvonly"))
	refused(holds.sound.plain())
	held.sound.hearsTune()
	holds.change(held, holds.sound.plain(), "sendrecv", held.sound.plain())
	talks(holds, held)
	hangUp(holds, held)
	o.transferred("", "caller", "caller")
}

// A phone on hold refreshes the call, presses keys and hangs up.
func TestOnHold(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			holds, held := o.between(place)
			holds.change(held, holds.sound.does("sendonly"), "sendonly", held.sound.does("recvonly"))
			directed(t, held.change(holds, held.sound.plain(), "sendrecv", holds.sound.does("inactive")), "sendonly")
			held.sound.hearsTune()
			for _, pair := range [][2]*leg{{holds, held}, {held, holds}} {
				done := make(chan outcome, 1)
				ctx := apptest.Soon(t)
				go func() {
					res, err := pair[0].Do(ctx, "INFO", "application/dtmf-relay", []byte("Signal=5\r\nDuration=160\r\n"))
					done <- outcome{res, err}
				}()
				tx := event[dialog.Requested](pair[1]).Tx
				if !strings.Contains(string(tx.Request().Body()), "Signal=5") {
					t.Errorf("the key comes as %q", tx.Request().Body())
				}
				if err := tx.Reply(200, "OK"); err != nil {
					t.Fatal(err)
				}
				result(t, done, 200)
			}
			held.sound.hearsTune()
			hangUp(held, holds)
			o.transferred("", place, other(place))
		})
	}
}

func TestHoldWithACodecThatIsNotPlayed(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	holds := ben.call("1001", offering("9"))
	held := ana.ring()
	held.accept(held.sound.describe("9"))
	holds.connected()
	event[dialog.Acked](held)
	body := holds.change(held, holds.sound.describe("9", "a=inactive"), "inactive", held.sound.describe("9", "a=inactive"))
	directed(t, body, "inactive")
	held.sound.goesQuiet()
	holds.change(held, holds.sound.describe("9"), "sendrecv", held.sound.describe("9"))
	held.sound.hears(holds.sound, 9)
	holds.sound.hears(held.sound, 9)
	hangUp(holds, held)
	o.transferred("", "caller", "caller")
}

// An announcement is no hold: who answers sendonly has something to say.
func TestAnswerThatOnlySendsIsHeard(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller := ben.call("1001")
	callee := ana.ring()
	callee.accept(callee.sound.does("sendonly"))
	caller.connected()
	event[dialog.Acked](callee)
	caller.sound.hears(callee.sound, 0)
	caller.change(callee, caller.sound.describe("0 8"), "sendrecv", callee.sound.does("sendonly"))
	caller.sound.hears(callee.sound, 0)
	hangUp(callee, caller)
	o.transferred("", "caller", "callee")
}

func TestHoldByAnOfferThatWasAskedFor(t *testing.T) {
	t.Parallel()
	o := start(t)
	holds, held := connect(o.peer("ben"), o.peer("ana-1"))
	asks := func(answer, told []byte, want string) {
		t.Helper()
		done := make(chan outcome, 1)
		ctx := apptest.Soon(t)
		go func() {
			res, err := holds.Reoffer(ctx, nil, func([]byte) []byte { return answer })
			done <- outcome{res, err}
		}()
		if err := event[dialog.Reoffered](held).Answer(told); err != nil {
			t.Fatal(err)
		}
		result(t, done, 200)
		directed(t, event[dialog.Acked](held).SDP, want)
	}
	asks(holds.sound.does("inactive"), held.sound.plain(), "sendonly")
	held.sound.hearsTune()
	asks(holds.sound.plain(), held.sound.plain(), "sendrecv")
	talks(holds, held)
	hangUp(holds, held)
	o.transferred("", "caller", "caller")
}

func TestHoldOutlastsATransferThatFails(t *testing.T) {
	t.Parallel()
	for _, place := range places() {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			by, kept := o.between(place)
			caro := o.peer("caro")
			by.change(kept, by.sound.does("sendonly"), "sendonly", kept.sound.does("recvonly"))
			by.refer("<sip:1003@acme.test>")
			target := caro.ring()
			kept.sound.hearsTune()
			target.reject(486, "Busy Here")
			by.notified(486)
			kept.sound.hearsTune()
			by.change(kept, by.sound.plain(), "sendrecv", kept.sound.plain())
			talks(by, kept)

			by.refer("<sip:1003@acme.test>")
			target = caro.ring().answer()
			kept.retuned(kept.sound.plain())
			by.notified(200)
			talks(kept, target)
			target.change(kept, target.sound.does("inactive"), "sendonly", kept.sound.does("recvonly"))
			kept.sound.hearsTune()
			target.change(kept, target.sound.plain(), "sendrecv", kept.sound.plain())
			talks(kept, target)
			kept.change(target, kept.sound.does("inactive"), "sendonly", target.sound.does("recvonly"))
			target.sound.hearsTune()
			hangUp(kept, target)
			o.transferred("1003/caro", place, other(place))
		})
	}
}

func TestHoldOnAnOutsideLine(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, ana := o.carrier("main"), o.peer("ana-1")
	outside := main.brings("+14165550101", "+16135550111")
	inside := ana.ring().answer()
	outside.connected()
	for _, pair := range [][2]*leg{{outside, inside}, {inside, outside}} {
		holds, held := pair[0], pair[1]
		holds.change(held, holds.sound.does("sendonly"), "sendonly", held.sound.does("recvonly"))
		held.sound.hearsTune()
		holds.change(held, holds.sound.plain(), "sendrecv", held.sound.plain())
		talks(holds, held)
	}
	hangUp(outside, inside)
	if r := o.ended(); r.Result != callrecord.Answered || r.EndedBy != "caller" {
		t.Errorf("record %+v", r)
	}
}
