package switchboard_test

import (
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
	"github.com/hotdesk-pbx/hotdesk/internal/switchboard"
)

// answering sets what becomes of the calls to a person.
func (o *office) answering(extension string, set func(*directory.Answering)) {
	o.t.Helper()
	_, err := o.App.Directory().Edit(o.t.Context(), directory.System(), o.domain.ID, func(office *directory.Office) error {
		for i := range office.Users {
			if office.Users[i].Extension == extension {
				set(&office.Users[i].Answering)
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// textOf is what a sentence says.
func textOf(t *testing.T, sentence ivr.Sentence) string {
	t.Helper()
	library, err := prompts.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return library.Clip("en", "", prompts.Name(sentence)).Text
}

func TestForwards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		set  func(*directory.Answering)
		ana  func(*leg) // what Ana's phone does; nil: it does not ring
		away bool       // Ana's phone is not registered
	}{
		"all":                           {set: func(a *directory.Answering) { a.ForwardAll = "1003" }},
		"all, while nothing shall ring": {set: func(a *directory.Answering) { a.ForwardAll, a.DoNotDisturb = "1003", true }},
		"when nothing shall ring":       {set: func(a *directory.Answering) { a.ForwardBusy, a.DoNotDisturb = "1003", true }},
		"busy":                          {set: func(a *directory.Answering) { a.ForwardBusy = "1003" }, ana: func(l *leg) { l.reject(486, "Busy Here") }},
		"declined":                      {set: func(a *directory.Answering) { a.ForwardBusy = "1003" }, ana: func(l *leg) { l.reject(603, "Decline") }},
		"no answer":                     {set: func(a *directory.Answering) { a.ForwardNoAnswer, a.RingSeconds = "1003", 5 }, ana: func(l *leg) { event[dialog.Canceled](l) }},
		"nobody registered":             {set: func(a *directory.Answering) { a.ForwardNoAnswer = "1003" }, away: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			o.answering("1001", c.set)
			ben, caro := o.peer("ben"), o.peer("caro")
			var ana *peer
			if !c.away {
				ana = o.peer("ana-1")
			}
			caller := ben.call("1001")
			if c.ana != nil {
				c.ana(ana.ring())
			}
			callee := caro.ring()
			shows(t, callee, "Ben Okafor", "1002")
			callee.answer()
			caller.connected()
			event[dialog.Acked](callee)
			callee.sound.hears(caller.sound, 0)
			caller.sound.hears(callee.sound, 0)
			if c.ana == nil && ana != nil && len(ana.calls) > 0 {
				t.Error("Ana's phone rings")
			}
			hangUp(caller, callee)
			r := o.endsAs(wantEnd{"1002/ben", "1003/caro", callrecord.Answered, 0, "caller"})
			if r.Via != callrecord.Forwarded || r.Diverted.Number != "1001" || r.Dialled != "1001" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestForwardsThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forwards map[string]string // by extension
		said     ivr.Sentence
		code     int
		callee   string
		result   callrecord.Result
	}{
		"in a circle": {map[string]string{"1001": "1002", "1002": "1003", "1003": "1001"}, ivr.ForwardCircle, 482, "1001/-", callrecord.Failed},
		"to nobody":   {map[string]string{"1001": "1999"}, ivr.NotInService, 404, "1001/-", callrecord.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t)
			for extension, number := range c.forwards {
				o.answering(extension, func(a *directory.Answering) { a.ForwardAll = number })
			}
			desk := o.peer("5401")
			caller := desk.call("1001")
			if said := fact[ivr.Said](o); said.Text != textOf(t, c.said) {
				t.Errorf("said %q", said.Text)
			}
			caller.failed(c.code)
			r := o.endsAs(wantEnd{"5401/5401", c.callee, c.result, c.code, "system"})
			if r.Via != callrecord.Forwarded || r.Diverted.Number != "1001" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

func TestDoNotDisturb(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	desk := o.peer("5401")
	o.answering("1001", func(a *directory.Answering) { a.DoNotDisturb = true })
	ben.call("1001").failed(486)
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.Busy, 486, "callee"})
	phone := o.softphone("spare")
	o.logIn(phone, "1001", "4711")
	ben.call("1001").failed(486)
	o.ended()
	if len(ana.calls)+len(desk.calls) > 0 {
		t.Error("a phone rings")
	}
}

func TestRingHereOnly(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	desk := o.softphone("5401")
	o.answering("1001", func(a *directory.Answering) { a.RingHereOnly = true })

	caller, callee := connect(ben, ana) // no desk is held
	hangUp(caller, callee)
	o.ended()

	o.logIn(desk, "1001", "4711")
	caller = ben.call("1001")
	if f := fact[switchboard.Ringing](o); f.Callee.Number != "1001" {
		t.Errorf("rings for %+v", f.Callee)
	}
	atDesk := o.incoming(desk)
	if err := atDesk.Answer(); err != nil {
		t.Fatal(err)
	}
	caller.connected()
	if len(ana.calls) > 0 {
		t.Error("the own phone rings")
	}
	caller.Bye()
	o.over(atDesk)
	o.endsAs(wantEnd{"1002/ben", "1001/5401", callrecord.Answered, 0, "caller"})

	o.logOut(desk)
	caller, callee = connect(ben, ana)
	hangUp(caller, callee)
	o.ended()
}

func TestRingSecondsAreTheUsers(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	o.answering("1001", func(a *directory.Answering) { a.RingSeconds = 5 })
	began := time.Now()
	caller := ben.call("1001")
	event[dialog.Canceled](ana.ring())
	caller.failed(480)
	if took := time.Since(began); took < 5*time.Second {
		t.Errorf("rang for %v", took)
	}
	o.endsAs(wantEnd{"1002/ben", "1001/-", callrecord.NoAnswer, 480, "system"})
}

func TestUnknownCodesAreSpoken(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben := o.peer("ben")
	for _, code := range []string{"*55", "*88*1001", "*72", "**", "*99x1001"} {
		caller := ben.call(code)
		if code == "*99x1001" { // no phone dials that
			caller.failed(484)
			o.ended()
			continue
		}
		if said := fact[ivr.Said](o); said.Text != textOf(t, ivr.UnknownCode) {
			t.Errorf("%s: said %q", code, said.Text)
		}
		caller.failed(484)
		o.ended()
	}
}

func TestPhoneThatSendsTheCallOn(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana, caro := o.peer("ben"), o.peer("ana-1"), o.peer("caro")
	moved := func(l *leg, to string) {
		t.Helper()
		if err := l.Reject(302, "Moved Temporarily", sip.NewHeader("Contact", to)); err != nil {
			t.Fatal(err)
		}
	}
	caller := ben.call("1001")
	moved(ana.ring(), "<sip:1003@acme.test>")
	callee := caro.ring().answer()
	caller.connected()
	talks(caller, callee)
	hangUp(caller, callee)
	r := o.endsAs(wantEnd{"1002/ben", "1003/caro", callrecord.Answered, 0, "caller"})
	if r.Via != callrecord.Forwarded || o.party(r.Diverted) != "1001/-" {
		t.Errorf("record %+v", r)
	}
	for to, code := range map[string]int{
		"<sip:1003@other.test>": 480, "<sip:192.0.2.7>": 480, "nonsense": 480, // not followed
		"<sip:1999@acme.test>": 404, "<sip:*88@acme.test>": 404, "<sip:1001@acme.test>": 482,
	} {
		caller := ben.call("1001", offerless)
		moved(ana.ring(), to)
		caller.failed(code)
		o.ended()
	}
}
