package switchboard_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
)

func TestDigitsReachTheOtherSideOnce(t *testing.T) {
	t.Parallel()
	o := start(t)
	plain := func(c *softphone.Config) { c.NoEvents = true }
	ben, ana := o.softphone("ben"), o.softphone("ana-1")
	deafBen, deafAna := o.softphone("caro", plain), o.softphone("5401", plain)
	for _, c := range []struct {
		name           string
		method         softphone.DigitMethod
		caller, callee *softphone.Phone
		number         string
	}{
		{"RFC 4733", softphone.DigitsEvents, ben, ana, "1001"},
		{"INFO, dtmf-relay", softphone.DigitsInfo, ben, ana, "1001"},
		{"INFO, dtmf", softphone.DigitsInfoPlain, ben, ana, "1001"},
		{"tones", softphone.DigitsInBand, deafBen, deafAna, "5401"},
	} {
		const digits = "11#D*"
		caller, callee := o.talk(c.caller, c.callee, c.number)
		var pressing sync.WaitGroup
		for _, side := range [][2]*softphone.Call{{caller, callee}, {callee, caller}} {
			pressing.Go(func() {
				if err := side[0].PressBy(o.soon(), c.method, digits); err != nil {
					t.Errorf("%s: %v", c.name, err)
				}
				if err := side[1].Wait(o.soon(), func() bool { return len(side[1].Digits()) >= len(digits) }); err != nil {
					t.Errorf("%s: %v, heard %q", c.name, err, side[1].Digits())
				}
			})
		}
		pressing.Wait()
		caller.Hangup()
		o.over(callee)
		o.ended()
		for _, heard := range []string{caller.Digits(), callee.Digits()} {
			if heard != digits {
				t.Errorf("%s: heard %q", c.name, heard)
			}
		}
	}
}

func TestRequestsInACall(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	for who, legs := range map[string][2]*leg{"the caller": {caller, callee}, "the callee": {callee, caller}} {
		from, to := legs[0], legs[1]
		for _, c := range []struct {
			method, kind, body string
			code               int // the other phone says
		}{
			{"MESSAGE", "text/plain;charset=UTF-8", "Grüße\r\n", 200},
			{"MESSAGE", "text/html", "<b>no</b>", 415},
			{"INFO", "application/media_control+xml", "<media_control/>", 200},
			{"INFO", "", "", 200},
			{"INFO", "application/dtmf-relay", "Signal=1\r\nDuration=100\r\n", 481 + 1},
		} {
			t.Run(c.method+" "+c.kind+" of "+who, func(t *testing.T) {
				done := make(chan outcome, 1)
				ctx := apptest.Soon(t)
				go func() {
					res, err := from.Do(ctx, c.method, c.kind, []byte(c.body))
					done <- outcome{res, err}
				}()
				tx := event[dialog.Requested](to).Tx
				req := tx.Request()
				if string(req.Method) != c.method || sip.Value(req, "Content-Type") != c.kind || string(req.Body()) != c.body {
					t.Errorf("came as %s", req)
				}
				if err := tx.Reply(c.code, "So"); err != nil {
					t.Fatal(err)
				}
				if res := result(t, done, c.code); res.Reason != "So" {
					t.Errorf("reason %q", res.Reason)
				}
			})
		}
		for method, code := range map[string]int{"OPTIONS": 200, "NOTIFY": 501, "SUBSCRIBE": 501, "PUBLISH": 501, "FOO": 501} {
			t.Run(method+" of "+who, func(t *testing.T) {
				res, err := from.Do(apptest.Soon(t), method, "", nil, sip.NewHeader("Refer-To", "<sip:1003@acme.test>"), sip.NewHeader("Event", "refer"))
				if err != nil {
					t.Fatal(err)
				}
				if res.StatusCode != code {
					t.Errorf("answered %d %s, want %d", res.StatusCode, res.Reason, code)
				}
			})
		}
		to.sound.hears(from.sound, 0) // and the call lives
		from.sound.hears(to.sound, 0)
	}
	hangUp(caller, callee)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
}

func TestKeysInAHurryKeepTheirOrder(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	const keys = 60
	answered := make(chan int, keys)
	for n := range keys {
		caller.Ask("INFO", "text/plain", fmt.Append(nil, n), func(res *sip.Response, err error) {
			if err != nil {
				answered <- 0
				return
			}
			answered <- res.StatusCode
		})
	}
	for n := range keys {
		tx := event[dialog.Requested](callee).Tx
		if got := string(tx.Request().Body()); got != fmt.Sprint(n) {
			t.Fatalf("key %d came as number %s", n, got)
		}
		if err := tx.Reply(200, "OK"); err != nil {
			t.Fatal(err)
		}
	}
	for range keys {
		if code := <-answered; code != 200 {
			t.Errorf("answered %d", code)
		}
	}
	hangUp(caller, callee)
	o.ended()
}

func TestWhyAPhoneHangsUpIsPassedOn(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	reason := sip.NewHeader("Reason", `Q.850;cause=16;text="Terminated, by \"me\"", SIP;cause=200;text="x"`)
	for _, by := range []string{"caller", "callee"} {
		caller, callee := connect(ben, ana)
		from, to := caller, callee
		if by == "callee" {
			from, to = callee, caller
		}
		from.Bye(reason)
		if ev := event[dialog.Ended](to); ev.By != dialog.ByPeer || ev.Reason != reason.Value() {
			t.Errorf("the other phone hears %q by %s", ev.Reason, ev.By)
		}
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, by})
	}
}

func TestTwoCallsAtOnePhone(t *testing.T) {
	t.Parallel()
	o := start(t)
	ana := o.softphone("ana-1", func(c *softphone.Config) { c.MaxCalls = 2 })
	ben, caro, desk := o.softphone("ben"), o.softphone("caro"), o.softphone("5401")
	first, firstAtAna := o.talk(ben, ana, "1001")
	if err := firstAtAna.Hold(o.soon()); err != nil {
		t.Fatal(err)
	}
	second, secondAtAna := o.talk(caro, ana, "1001")
	if got := secondAtAna.Party(); got.User != "1003" || got.Asserted != "1003" {
		t.Errorf("the second call shows %+v", got)
	}
	third := o.dial(desk, "1001")
	if end := o.over(third); end.Code != 486 {
		t.Errorf("the third call ended with %+v", end)
	}
	o.endsAs(wantEnd{"5401/5401", "1001/-", callrecord.Busy, 486, "callee"})
	second.Hangup()
	o.over(secondAtAna)
	o.endsAs(wantEnd{"1003/caro", "1001/ana-1", callrecord.Answered, 0, "caller"})
	if err := firstAtAna.Resume(o.soon()); err != nil {
		t.Fatal(err)
	}
	firstAtAna.Hangup()
	o.over(first)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "callee"})
}
