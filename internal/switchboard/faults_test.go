package switchboard_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

func TestMaxForwards(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	none := ben.newRawCall() // not even asked who it is
	target := sip.URI{Scheme: "sip", User: "1001", Host: "acme.test"}
	none.send(none.request(sip.INVITE, target, nil, sip.NewHeader("Max-Forwards", "0"), sip.NewHeader("To", "<sip:1001@acme.test>")))
	none.reply(483)
	ben.call("1001", func(_ *leg, inv *dialog.Invite) { inv.MaxForwards = 1 }).failed(483)
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.Failed, 483, "system"})
	if len(ana.calls) > 0 || len(o.records()) != 1 {
		t.Error("the phone rings")
	}
	for hops, left := range map[int]string{2: "1", 70: "69"} {
		caller := ben.call("1001", func(_ *leg, inv *dialog.Invite) { inv.MaxForwards = hops })
		callee := ana.ring()
		if got := sip.Value(callee.tx.Request(), "Max-Forwards"); got != left {
			t.Errorf("Max-Forwards %s of %d", got, hops)
		}
		callee.reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
	}
}

// restart stops the server and runs it again where it was, with its phones as
// they were.
func (o *office) restart() {
	o.t.Helper()
	o.facts.Close()
	o.Stop(o.t)
	o.Run(o.t)
	o.listen()
}

func TestPhonesThatAreTheServerItself(t *testing.T) {
	t.Parallel()
	o := start(t)
	direct, path := o.newPeer("ana-1", sip.TCP), o.newPeer("ana-2", sip.TCP)
	server := fmt.Sprintf("<sip:ana@%s;transport=tcp", o.App.SIPAddr())
	direct.register(server + ">")
	path.register(path.contact(), sip.NewHeader("Supported", "path"), sip.NewHeader("Path", server+";lr>"))
	o.restart() // so that the server has to find its way to them
	ben := o.peer("ben")
	ben.call("1001").failed(482)
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.Failed, 482, "system"})
	good := o.peer("ana-1")
	caller := ben.call("1001")
	callee := good.ring().answer()
	caller.connected()
	hangUp(caller, callee)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})
	if n := len(o.records()); n != 2 {
		t.Errorf("%d calls were made", n)
	}
}

func TestCallsAfterARestart(t *testing.T) {
	t.Parallel()
	o := start(t)
	udp, tcp, edge := o.peer("ana-1"), o.peerBy("ana-2", sip.TCP), o.newPeer("caro", sip.TCP)
	far := "<sip:caro@192.0.2.1:5060>" // behind the edge
	route := fmt.Sprintf("<sip:%s;transport=tcp;lr>", edge.engine.Addr())
	edge.register(far, sip.NewHeader("Supported", "path"), sip.NewHeader("Path", route))
	ben := o.peer("ben")
	rings := func(t *testing.T) {
		t.Helper()
		caller := ben.call("1001")
		udp.ring()
		tcp.ring().reject(603, "Decline")
		caller.failed(603)
		o.ended()
		caller = ben.call("1003")
		callee := edge.ring()
		if req := callee.tx.Request(); sip.Value(req, "Route") != route || "<"+req.Recipient.String()+">" != far {
			t.Errorf("came by %q to %s", sip.Value(req, "Route"), req.Recipient.String())
		}
		callee.reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
	}
	rings(t)
	o.restart()
	rings(t)
}

func TestEdgeWhoseConnectionIsGone(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, edge := o.peer("ben"), o.newPeer("caro", sip.TCP)
	way := o.newPeer("caro", sip.TCP)
	way.register("<sip:caro@192.0.2.1:5060>", sip.NewHeader("Supported", "path"),
		sip.NewHeader("Path", fmt.Sprintf("<sip:%s;transport=tcp;lr>", edge.engine.Addr())))
	caller := ben.call("1003")
	way.ring().reject(486, "Busy Here") // the way the REGISTER came, while it is open
	caller.failed(486)
	o.ended()
	way.stop()
	for range 10 { // the server may learn of it a moment later, and cannot send there then
		caller = ben.call("1003")
		select {
		case tx := <-edge.calls:
			_ = tx.Reply(486, "Busy Here")
			caller.failed(486)
			o.ended()
			return
		case ev := <-caller.log:
			if _, failed := ev.(dialog.Failed); !failed {
				t.Fatalf("%T", ev)
			}
			o.ended()
		}
	}
	t.Error("the server does not turn to the edge")
}

func TestPhonesThatVanish(t *testing.T) {
	t.Parallel()
	t.Run("on hold, over UDP", func(t *testing.T) {
		t.Parallel()
		o := start(t)
		ben, ana := o.peer("ben"), o.peer("ana-1")
		caller, _ := connect(ben, ana)
		ana.stop()
		reinvite(caller, caller.sound.describe("0", "a=sendonly"))
		if ev := event[dialog.Ended](caller); ev.By != dialog.ByPeer {
			t.Errorf("ended by %s", ev.By)
		}
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "system"})
	})
	for _, who := range []string{"caller", "callee"} {
		t.Run("the "+who+", over TCP", func(t *testing.T) {
			t.Parallel()
			o := start(t)
			ben, ana := o.peerBy("ben", sip.TCP), o.peerBy("ana-1", sip.TCP)
			caller, callee := connect(ben, ana)
			gone, left := ben, callee
			if who == "callee" {
				gone, left = ana, caller
			}
			gone.stop()
			if ev := event[dialog.Ended](left); ev.By != dialog.ByPeer {
				t.Errorf("ended by %s", ev.By)
			}
			o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "system"})
		})
	}
	t.Run("while ringing", func(t *testing.T) {
		t.Parallel()
		o := start(t)
		ben, silent, cut := o.peer("ben"), o.peer("ana-1"), o.peerBy("ana-2", sip.TCP)
		silent.stop()
		caller := ben.call("1001")
		cut.ring()
		event[dialog.Progressed](caller)
		cut.stop()
		caller.failed(480) // when the silent one is given up, too
		o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.NotReached, 480, "system"})
	})
	t.Run("instead of acknowledging", func(t *testing.T) {
		t.Parallel()
		o := start(t)
		ben, ana := o.peer("ben"), o.peer("ana-1")
		caller := ben.rawCall("1001", newSound(t).plain())
		callee := ana.ring().answer()
		caller.reply(200)
		if ev := event[dialog.Ended](callee); ev.By != dialog.ByPeer {
			t.Errorf("ended by %s", ev.By)
		}
		o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "system"})
	})
}

// scarce gives an office the ports of two streams.
func scarce(c *app.Config) {
	first := 20000 + 4*rand.IntN(2500)
	c.RTPPorts = fmt.Sprintf("%d-%d", first, first+3)
}

func TestNoPortsAreLeft(t *testing.T) {
	t.Parallel()
	o := start(t, scarce)
	ben, ana, desk := o.peer("ben"), o.peer("ana-1"), o.peer("5401")
	caller, callee := connect(ben, ana)
	refused := func(number, callee string) {
		t.Helper()
		desk.call(number).failed(503)
		o.endsAs(wantEnd{"5401/5401", callee, callrecord.Failed, 503, "system"})
	}
	refused("1001", "1001/-")
	refused("*88", "")
	hangUp(caller, callee)
	o.ended()
}

func TestOnePortIsLeft(t *testing.T) {
	t.Parallel()
	o := start(t, scarce)
	desk, ben := o.peer("5401"), o.peer("ben")
	l := desk.call("*88").connected()
	desk.call("1002").failed(503)
	o.endsAs(wantEnd{"5401/5401", "1002/-", callrecord.Failed, 503, "system"})
	if len(ben.calls) > 0 {
		t.Error("a phone rings that could not be heard")
	}
	l.Bye()
	o.ended()
}

func TestStrangersAreNotRelayed(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller, callee := connect(ben, ana)
	callee.sound.hears(caller.sound, 0)
	caller.sound.hears(callee.sound, 0)
	for _, l := range []*leg{caller, callee} {
		stranger := newSound(t)
		stranger.to = l.sound.to
		other := map[*leg]*leg{caller: callee, callee: caller}[l]
		other.sound.deaf(stranger, l.sound)
	}
	hangUp(caller, callee)
	o.ended()
}

func TestStop(t *testing.T) {
	t.Parallel()
	for name, transport := range map[string]sip.Transport{"UDP": sip.UDP, "TCP": sip.TCP} {
		t.Run("calls are hung up, "+name, func(t *testing.T) {
			t.Parallel()
			o := start(t, func(c *app.Config) { c.Drain = 500 * time.Millisecond })
			ben, ana := o.peerBy("ben", transport), o.peerBy("ana-1", transport)
			caro, desk := o.peerBy("caro", transport), o.peerBy("5401", transport)
			caller, callee := connect(ben, ana)
			waiting := caro.call("5401")
			rings := desk.ring()
			talks := o.softphone("ana-2")
			service := o.dial(talks, "*88")
			if err := service.Answered(o.soon()); err != nil {
				t.Fatal(err)
			}
			o.restart()
			for _, l := range []*leg{caller, callee} {
				event[dialog.Ended](l)
			}
			waiting.failed(503)
			event[dialog.Canceled](rings)
			o.over(service)
			var results []callrecord.Result
			for _, r := range o.records() {
				results = append(results, r.Result)
			}
			if want := "[interrupted interrupted service]"; fmt.Sprint(results) != want {
				t.Errorf("the calls were %v, want %s", results, want)
			}
		})
	}
	t.Run("calls may end, no new ones begin", func(t *testing.T) {
		t.Parallel()
		o := start(t, func(c *app.Config) { c.Drain = patience })
		ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
		caller, callee := connect(ben, ana)
		stopped := make(chan struct{})
		go func() { defer close(stopped); o.Stop(t) }()
		for code := 404; code != 503; {
			code = event[dialog.Failed](caro.call("1999")).Code
		}
		callee.sound.hears(caller.sound, 0)
		hangUp(caller, callee)
		<-stopped
		o.Run(t)
		o.listen()
		for _, r := range o.records() {
			if r.Result != callrecord.Answered && r.Result != callrecord.NotFound {
				t.Errorf("record %+v", r)
			}
		}
	})
}

func TestFactsOfACallComeInOrder(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.softphone("ben"), o.softphone("ana-1", overTCP, answers)
	_ = ana
	caller := o.dial(ben, "1001")
	if err := caller.Answered(o.soon()); err != nil {
		t.Fatal(err)
	}
	caller.Hangup()
	o.over(caller)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var kinds []string
	for len(kinds) == 0 || kinds[len(kinds)-1] != (switchboard.Ended{}).Kind() {
		select {
		case f := <-o.facts.Facts():
			if kind := f.Kind(); kind[:5] == "call." {
				kinds = append(kinds, kind)
			}
		case <-ctx.Done():
			t.Fatal("no end")
		}
	}
	if want := "[call.started call.ringing call.answered call.ended]"; fmt.Sprint(kinds) != want {
		t.Errorf("facts %v, want %s", kinds, want)
	}
}
