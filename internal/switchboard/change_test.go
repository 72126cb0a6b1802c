package switchboard_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestHoldAndResume(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.softphone("ben"), o.softphone("ana-1")
	caller, callee := o.talk(ben, ana, "1001")
	for _, side := range [][2]*softphone.Call{{caller, callee}, {callee, caller}} {
		holds, held := side[0], side[1]
		if err := holds.Hold(o.soon()); err != nil {
			t.Fatal(err)
		}
		if err := held.Wait(o.soon(), held.Held); err != nil {
			t.Fatal(err)
		}
		if err := held.Wait(o.soon(), func() bool { return loud(held.Heard()) }); err != nil {
			t.Error("no music: ", err)
		}
		if err := holds.Resume(o.soon()); err != nil {
			t.Fatal(err)
		}
		if err := held.Wait(o.soon(), func() bool { return !held.Held() }); err != nil {
			t.Fatal(err)
		}
		heard := make(chan error, 1)
		go func() {
			heard <- held.Wait(o.soon(), func() bool { return softphone.HasTone(held.Heard(), 440) })
		}()
		if err := holds.Play(o.soon(), softphone.Tone(440, 400e6)); err != nil {
			t.Fatal(err)
		}
		if err := <-heard; err != nil {
			t.Error("no tone after the hold: ", err)
		}
	}
	callee.Hangup()
	o.over(caller)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "callee"})
}

// loud tells whether there is anything but silence.
func loud(pcm []int16) bool {
	return slices.ContainsFunc(pcm, func(sample int16) bool { return sample > 1000 })
}

// outcome is what an offer in a call came to.
type outcome struct {
	res *sip.Response
	err error
}

// reinvite offers by re-INVITE.
func reinvite(l *leg, offer []byte) <-chan outcome {
	done := make(chan outcome, 1)
	ctx := apptest.Soon(l.t)
	go func() {
		res, err := l.Reoffer(ctx, offer, nil)
		done <- outcome{res, err}
	}()
	return done
}

// update offers by UPDATE.
func update(l *leg, offer []byte) <-chan outcome {
	done := make(chan outcome, 1)
	ctx := apptest.Soon(l.t)
	go func() {
		res, err := l.Do(ctx, "UPDATE", "application/sdp", offer)
		done <- outcome{res, err}
	}()
	return done
}

// result waits for what an offer came to.
func result(t *testing.T, done <-chan outcome, code int) *sip.Response {
	t.Helper()
	got := <-done
	if got.err != nil {
		t.Fatal(got.err)
	}
	if got.res.StatusCode != code {
		t.Fatalf("the offer is answered %d %s, want %d", got.res.StatusCode, got.res.Reason, code)
	}
	return got.res
}

func has(t *testing.T, body []byte, line string) {
	t.Helper()
	if !slices.Contains(lines(body, line), line) {
		t.Errorf("no %q in %q", line, body)
	}
}

func TestChangesPassThrough(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	sides := map[string][2]*leg{"by the caller": {caller, callee}, "by the callee": {callee, caller}}
	for how, offer := range map[string]func(*leg, []byte) <-chan outcome{"re-INVITE": reinvite, "UPDATE": update} {
		for who, legs := range sides {
			t.Run(how+" "+who, func(t *testing.T) {
				from, to := legs[0], legs[1]
				done := offer(from, from.sound.describe("0", "a=sendonly"))
				asked := event[dialog.Reoffered](to)
				has(t, asked.Offer, "a=sendonly")
				if err := asked.Answer(to.sound.describe("0", "a=recvonly")); err != nil {
					t.Fatal(err)
				}
				has(t, result(t, done, 200).Body(), "a=recvonly")
				to.sound.hearsTune() // and nothing of the phone that holds

				done = offer(from, from.sound.describe("0 8", "a=sendrecv"))
				if err := event[dialog.Reoffered](to).Answer(to.sound.describe("8")); err != nil {
					t.Fatal(err)
				}
				result(t, done, 200)
				to.sound.hears(from.sound, 8)
				from.sound.hears(to.sound, 8)
			})
			t.Run(how+" "+who+" is refused", func(t *testing.T) {
				from, to := legs[0], legs[1]
				done := offer(from, from.sound.describe("9"))
				if err := event[dialog.Reoffered](to).Reject(488, "Not Acceptable Here"); err != nil {
					t.Fatal(err)
				}
				result(t, done, 488)
				to.sound.hears(from.sound, 8)
				from.sound.hears(to.sound, 8)
			})
			t.Run(how+" "+who+" that cannot be relayed", func(t *testing.T) {
				result(t, offer(legs[0], video(legs[0].sound)), 488)
				legs[1].sound.hears(legs[0].sound, 8)
			})
		}
	}
	t.Run("a phone that moves its sound", func(t *testing.T) {
		moved := newSound(t)
		moved.to = caller.sound.to
		done := reinvite(caller, moved.plain())
		if err := event[dialog.Reoffered](callee).Answer(callee.sound.plain()); err != nil {
			t.Fatal(err)
		}
		result(t, done, 200)
		moved.hears(callee.sound, 0)
		callee.sound.hears(moved, 0)
		caller.sound = moved
	})
	hangUp(caller, callee)
	o.ended()
}

// video is a description without audio.
func video(s *sound) []byte {
	return slices.Concat(s.describe("0")[:0], []byte("v=0\r\no=- 1 99 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 5000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"))
}

func TestReinviteWithoutAnOffer(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	for _, answer := range [][]byte{caller.sound.describe("8"), nil} {
		t.Run(fmt.Sprintf("answered with %d bytes", len(answer)), func(t *testing.T) {
			done := make(chan outcome, 1)
			ctx := apptest.Soon(t)
			go func() {
				res, err := caller.Reoffer(ctx, nil, func(offer []byte) []byte {
					has(t, offer, "a=rtpmap:97 x/8000")
					return answer
				})
				done <- outcome{res, err}
			}()
			asked := event[dialog.Reoffered](callee)
			if asked.Offer != nil {
				t.Errorf("offered %q", asked.Offer)
			}
			if err := asked.Answer(callee.sound.describe("0 8 97", "a=rtpmap:97 x/8000")); err != nil {
				t.Fatal(err)
			}
			result(t, done, 200)
			if acked := event[dialog.Acked](callee); len(lines(acked.SDP, "m=audio ")) != 1 {
				t.Errorf("the ACK holds %q", acked.SDP)
			}
			callee.sound.hears(caller.sound, 8)
			caller.sound.hears(callee.sound, 8)
		})
	}
	t.Run("refused", func(t *testing.T) {
		done := reinvite(caller, nil)
		if err := event[dialog.Reoffered](callee).Reject(488, "Not Acceptable Here"); err != nil {
			t.Fatal(err)
		}
		result(t, done, 488)
		callee.sound.hears(caller.sound, 8)
	})
	hangUp(callee, caller)
	o.ended()
}

func TestOffersThatCross(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for _, l := range []*leg{caller, callee} {
		go func() { // agrees to whatever comes
			for {
				select {
				case ev := <-l.log:
					if asked, ok := ev.(dialog.Reoffered); ok {
						_ = asked.Answer(l.sound.plain())
					}
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	both := []<-chan outcome{
		reinvite(caller, caller.sound.describe("0 8")),
		reinvite(callee, callee.sound.describe("0 8")),
	}
	for _, done := range both { // each tries again after 491
		result(t, done, 200)
	}
	stop()
	callee.sound.hears(caller.sound, 0)
	caller.Bye()
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
}

func TestCodecsNobodyHereKnows(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	opus := []string{"a=rtpmap:111 opus/48000/2", "a=fmtp:111 minptime=10;useinbandfec=1;x-what=\"a b\"", "a=rtcp-fb:111 transport-cc", "a=ptime:20", "a=x-ours:kept"}
	for _, c := range []struct {
		payload        uint8
		offer, answer  string
		offers, agreed []string
	}{
		{111, "111 9 0", "111", opus, opus[:2]},
		{9, "9 8", "9", []string{"a=rtpmap:9 G722/8000"}, nil},
		{96, "96", "96", []string{"a=rtpmap:96 speex/16000"}, []string{"a=rtpmap:96 speex/16000"}},
	} {
		caller := ben.call("1001", offering(c.offer, c.offers...))
		callee := ana.ring()
		for _, line := range c.offers {
			has(t, callee.tx.Request().Body(), line)
		}
		callee.accept(callee.sound.describe(c.answer, c.agreed...))
		answer := event[dialog.Answered](caller).SDP
		caller.sound.towards(answer)
		for _, line := range c.agreed {
			has(t, answer, line)
		}
		callee.sound.hears(caller.sound, c.payload)
		caller.sound.hears(callee.sound, c.payload)
		hangUp(caller, callee)
		o.ended()
	}
}

func TestSeveralStreams(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	const picture = "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
	for name, answers := range map[string]string{
		"refused by the phone":    "m=video 0 RTP/AVP 96\r\n",
		"forgotten by the phone":  "",
		"accepted, what we don't": picture,
	} {
		t.Run(name, func(t *testing.T) {
			caller := ben.call("1001", func(l *leg, inv *dialog.Invite) { inv.SDP = append(l.sound.plain(), picture...) })
			callee := ana.ring()
			has(t, callee.tx.Request().Body(), "m=video 0 RTP/AVP 96")
			callee.accept(append(callee.sound.plain(), answers...))
			answer := event[dialog.Answered](caller).SDP
			caller.sound.towards(answer)
			has(t, answer, "m=video 0 RTP/AVP 96")
			if n := len(lines(answer, "m=")); n != 2 {
				t.Errorf("%d streams are answered", n)
			}
			callee.sound.hears(caller.sound, 0)
			caller.sound.hears(callee.sound, 0)
			hangUp(caller, callee)
			o.ended()
		})
	}
}

func TestDescriptionsThatCannotBeServed(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	const head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
	for name, c := range map[string]struct {
		body string
		code int
	}{
		"encrypted only": {head + "m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n", 488},
		"no audio":       {head + "m=video 4000 RTP/AVP 96\r\n", 488},
		"audio refused":  {head + "m=audio 0 RTP/AVP 0\r\n", 488},
		"no description": {"hello", 400},
		"no address":     {"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n", 400},
	} {
		for _, number := range []string{"1001", "*88"} {
			ben.call(number, func(_ *leg, inv *dialog.Invite) { inv.SDP = []byte(c.body) }).failed(c.code)
			if r := o.ended(); r.Result != callrecord.Failed || r.Cause != c.code {
				t.Errorf("%s, %s: %+v", name, number, r)
			}
		}
	}
	if len(ana.calls) > 0 {
		t.Error("a phone rings for a call that it could not have sound with")
	}
	t.Run("of the phone that answers", func(*testing.T) {
		caller := ben.call("1001")
		callee := ana.ring()
		callee.accept([]byte(head + "m=audio 0 RTP/AVP 0\r\n"))
		caller.failed(488)
		over(callee)
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Failed, 488, "system"})
	})
}
