package switchboard_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// shows is who a call shows: display name and number of From and P-Asserted-Identity.
func shows(t *testing.T, l *leg, display, number string) {
	t.Helper()
	for _, name := range []string{"From", "P-Asserted-Identity"} {
		identity(t, l.tx.Request(), name, display, number)
	}
}

func identity(t *testing.T, m sip.Message, header, display, number string) {
	t.Helper()
	value := sip.Value(m, header)
	a, err := sip.ParseAddress(value)
	if err != nil || a.Display != display || a.URI.User != number || a.URI.Host != "acme.test" {
		t.Errorf("%s is %s, want %s, %s", header, value, display, number)
	}
}

func TestIdentityIsDecidedForEachCall(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, desk := o.peer("ben"), o.softphone("5401")
	ring := func(display, number string) *leg {
		t.Helper()
		caller := o.dial(desk, "1002")
		callee := ben.ring()
		shows(t, callee, display, number)
		callee.answer()
		if err := caller.Answered(o.soon()); err != nil {
			t.Fatal(err)
		}
		return callee
	}
	end := func(callee *leg, want string) callrecord.Record {
		t.Helper()
		callee.Bye()
		return o.endsAs(wantEnd{want, "1002/ben", callrecord.Answered, 0, "callee"})
	}

	free := ring("Window 1", "5401")
	session := o.logIn(desk, "1001", "4711") // during the call
	held := ring("Ana Ruiz", "1001")
	if r := end(free, "5401/5401"); r.Caller.SessionID != "" || r.Caller.Name != "Window 1" {
		t.Errorf("the call from before the login is %+v's", r.Caller)
	}
	o.logOut(desk) // during the other call
	released := ring("Window 1", "5401")
	if r := end(held, "1001/5401"); r.Caller.SessionID != session.ID || r.Caller.UserID != session.UserID || r.Caller.Name != "Ana Ruiz" {
		t.Errorf("the call from before the release is %+v's", r.Caller)
	}
	if r := end(released, "5401/5401"); r.Caller.SessionID != "" {
		t.Errorf("the call after the release is %+v's", r.Caller)
	}

	caller := ben.call("1001") // rings there no longer
	caller.failed(480)
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.NotReached, 480, "system"})
}

func TestHeldDeskRingsForItsHolderOnly(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, desk := o.peer("ben"), o.softphone("5401")
	session := o.logIn(desk, "1001", "4711")
	caller := ben.call("1001")
	callee := o.incoming(desk)
	if err := callee.Answer(); err != nil {
		t.Fatal(err)
	}
	answer := event[dialog.Answered](caller)
	identity(t, answer.Response, "P-Asserted-Identity", "Ana Ruiz", "1001")
	caller.Bye()
	if r := o.endsAs(wantEnd{"1002/ben", "1001/5401", callrecord.Answered, 0, "caller"}); r.Callee.SessionID != session.ID {
		t.Errorf("answered in the session of %+v", r.Callee)
	}
	ben.call("5401").failed(480)
	o.endsAs(wantEnd{"1002/ben", "5401/-", callrecord.NotReached, 480, "system"})
	o.logOut(desk)
	ben.call("5401")
	if err := o.incoming(desk).Reject(603, "Decline"); err != nil {
		t.Fatal(err)
	}
	o.endsAs(wantEnd{"1002/ben", "5401/-", callrecord.Declined, 603, "callee"})
}

func TestNamesThatNeedQuoting(t *testing.T) {
	t.Parallel()
	o := start(t)
	caro, ben := o.peer("caro"), o.peer("ben")
	caller := caro.call("1002", func(_ *leg, inv *dialog.Invite) {
		inv.From.Display = "Somebody Else" // what a phone says of itself counts for nothing
		inv.Headers = append(inv.Headers, sip.NewHeader("P-Asserted-Identity", "<sip:911@acme.test>"))
	})
	callee := ben.ring()
	shows(t, callee, `Caro "C" Müller`, "1003")
	if n := len(sip.Values(callee.tx.Request(), "P-Asserted-Identity")); n != 1 {
		t.Errorf("%d identities are asserted", n)
	}
	identity(t, callee.tx.Request(), "To", "Ben Okafor", "1002")
	callee.answer()
	caller.connected()
	hangUp(callee, caller)
	if r := o.ended(); r.Caller.Name != `Caro "C" Müller` {
		t.Errorf("the record has %q", r.Caller.Name)
	}
}

func TestDomainsNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	o := start(t)
	beta := o.Apply(t, strings.ReplaceAll(strings.ReplaceAll(acme, "acme.test", "beta.test"), "Ana Ruiz", "Beate Roth"))
	inBeta := func(device string) *peer {
		p := o.newPeer(device, sip.UDP)
		p.domain = "beta.test"
		p.register(p.contact())
		return p
	}
	ben, ana := o.peer("ben"), o.peer("ana-1")
	betaBen, betaAna := inBeta("ben"), inBeta("ana-1")
	for _, c := range []struct {
		from, to, not *peer
		domain, name  string
	}{
		{ben, ana, betaAna, o.domain.ID, "Ana Ruiz"},
		{betaBen, betaAna, ana, beta.ID, "Beate Roth"},
	} {
		caller := c.from.call("1001")
		callee := c.to.ring()
		callee.reject(486, "Busy Here")
		caller.failed(486)
		if r := o.ended(); r.DomainID != c.domain || r.Callee.Name != c.name {
			t.Errorf("record %+v", r)
		}
		if len(c.not.calls) > 0 {
			t.Error("a phone of the other domain rings")
		}
	}
	stranger := betaBen.call("1001", func(_ *leg, inv *dialog.Invite) { inv.Target.Host = "acme.test" })
	stranger.failed(404)
	if r := o.ended(); r.DomainID != beta.ID || len(ana.calls)+len(betaAna.calls) > 0 {
		t.Errorf("record %+v", r)
	}
}

func TestConversations(t *testing.T) {
	t.Parallel()
	o := start(t)
	desk, spare := o.peer("5401"), o.peer("spare")
	hearsWords := func(t *testing.T, l *leg) {
		t.Helper()
		if payload, _, ok := l.sound.next(patience); !ok || payload != 0 {
			t.Error("nothing is said")
		}
	}
	service := wantEnd{"5401/5401", "", callrecord.Service, 0, "caller"}
	t.Run("without an offer", func(t *testing.T) {
		l := desk.call("*88", offerless).connected()
		if err := l.Ack(l.sound.plain()); err != nil {
			t.Fatal(err)
		}
		hearsWords(t, l)
		l.Bye()
		o.endsService(service)
	})
	t.Run("on hold and back", func(t *testing.T) {
		l := desk.call("*88").connected()
		hearsWords(t, l)
		has(t, result(t, reinvite(l, l.sound.describe("0", "a=sendonly")), 200).Body(), "a=recvonly")
		has(t, result(t, reinvite(l, l.sound.describe("8")), 200).Body(), "a=sendrecv")
		for payload := uint8(0); payload != 8; {
			var ok bool
			if payload, _, ok = l.sound.next(patience); !ok {
				t.Fatal("nothing is said after the hold")
			}
		}
		l.Bye()
		o.endsService(service)
	})
	t.Run("with escaped digits", func(t *testing.T) {
		l := desk.call("%2A88").connected()
		hearsWords(t, l)
		l.Bye()
		if r := o.endsService(service); r.Dialled != "*88" {
			t.Errorf("dialled %q", r.Dialled)
		}
	})
	t.Run("a refusal is spoken, then sent", func(t *testing.T) {
		l := desk.call("*991001")
		early(l)
		hearsWords(t, l)
		l.failed(404)
		o.endsAs(wantEnd{"5401/5401", "", callrecord.NotFound, 404, "system"})
	})
	t.Run("a refusal that nobody waits for", func(*testing.T) {
		l := spare.call("1001")
		early(l)
		l.Cancel()
		l.failed(487)
		o.endsAs(wantEnd{"spare/spare", "", callrecord.Failed, 403, "caller"})
	})
	t.Run("a refusal that cannot be spoken", func(*testing.T) {
		spare.call("1001", offering("9")).failed(403)
		spare.call("1001", offerless).failed(403)
		for range 2 {
			o.endsAs(wantEnd{"spare/spare", "", callrecord.Failed, 403, "system"})
		}
	})
	t.Run("the reliable way", func(t *testing.T) {
		l := spare.call("1001", requires)
		if ev := early(l); sip.Value(ev.Response, "RSeq") == "" {
			t.Errorf("not reliable: %s", ev.Response)
		}
		hearsWords(t, l)
		l.Cancel()
		o.ended()
	})
}

// endsService is endsAs for a conversation, which is answered too.
func (o *office) endsService(want wantEnd) callrecord.Record {
	o.t.Helper()
	r := o.ended()
	if got := (wantEnd{o.party(r.Caller), o.party(r.Callee), r.Result, r.Cause, r.EndedBy}); got != want || r.AnsweredAt.IsZero() {
		o.t.Errorf("the call was %+v, want %+v", got, want)
	}
	return r
}
