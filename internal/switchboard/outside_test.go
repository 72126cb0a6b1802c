package switchboard_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

const (
	noLine     = "No outside line is available. Please try again later, or ask your office manager."
	notAllowed = "Calls outside are not possible from this desk. Please log in first."
	barred     = "Your account may not call that number. Please ask your office manager."
	premium    = "Premium rate numbers cannot be called from this office. Please ask your office manager."
	noService  = "That number is not in service. Please check the number, and dial again."
	allBusy    = "All outside lines are in use. Please try again in a few minutes."
	tooMany    = "You have too many calls outside at the same time. Please end one of them, and dial again."
)

func TestCallOutsideShowsTheHolder(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main := o.carrier("main")
	desk, ana, ben := o.softphone("5401"), o.peer("ana-1"), o.peer("ben")
	o.logIn(desk, "1001", "4711")

	caller := o.dial(desk, "4165550199")
	callee := main.ring()
	req := callee.tx.Request()
	if got := req.Recipient.User + "@" + req.Recipient.Host; got != "+14165550199@127.0.0.1" {
		t.Errorf("called %s", got)
	}
	showsOutside(t, callee, "From", "Ana Ruiz", "+14165550101")
	showsOutside(t, callee, "P-Asserted-Identity", "Ana Ruiz", "+14165550101")
	if got := sip.Value(req, "Privacy"); got != "" {
		t.Errorf("Privacy is %q", got)
	}
	callee.answer()
	if err := caller.Answered(o.soon()); err != nil {
		t.Fatal(err)
	}
	callee.Bye()
	r := o.outwardAs(wantEnd{"1001/5401", "+14165550199/-", callrecord.Answered, 0, "callee"}, "main")
	if r.Dialled != "4165550199" || r.Caller.SessionID == "" {
		t.Errorf("record %+v", r)
	}

	o.logOut(desk)
	refused := o.dial(desk, "4165550199")
	o.heard(notAllowed)
	if end := o.over(refused); end.Code != 403 {
		t.Errorf("refused with %d", end.Code)
	}
	o.endsAs(wantEnd{"5401/5401", "", callrecord.Failed, 403, "system"})

	for name, c := range map[string]struct {
		from    *peer
		dialled string
		change  func(*leg, *dialog.Invite)
		display string // of From
		number  string // of P-Asserted-Identity
	}{
		"no number of one's own": {ben, "4165550199", func(*leg, *dialog.Invite) {}, "Ben Okafor", "+14165550100"},
		"withheld by a code":     {ana, "*674165550199", func(*leg, *dialog.Invite) {}, "Anonymous", "+14165550101"},
		"withheld by the phone": {ana, "4165550199", func(_ *leg, inv *dialog.Invite) {
			inv.Headers = append(inv.Headers, sip.NewHeader("Privacy", "id"))
		}, "Anonymous", "+14165550101"},
		"withheld by the person": {ana, "4165550199", func(*leg, *dialog.Invite) {
			o.edit(func(of *directory.Office) { of.UserByExtension("1001").CallerID = directory.Withheld })
		}, "Anonymous", "+14165550101"},
	} {
		caller := c.from.call(c.dialled, c.change)
		callee := main.ring()
		showsOutside(t, callee, "From", c.display, map[bool]string{true: "anonymous", false: c.number}[c.display == "Anonymous"])
		if a, err := sip.ParseAddress(sip.Value(callee.tx.Request(), "P-Asserted-Identity")); err != nil || a.URI.User != c.number {
			t.Errorf("%s: asserted %v", name, a)
		}
		if hidden := sip.Value(callee.tx.Request(), "Privacy") == "id"; hidden != (c.display == "Anonymous") {
			t.Errorf("%s: hidden %v", name, hidden)
		}
		callee.reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
		o.edit(func(of *directory.Office) { of.UserByExtension("1001").CallerID = "" })
	}
}

func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	main := o.carrier("main")
	ana, spare := o.peer("ana-1"), o.peer("spare")
	for _, c := range []struct {
		from    *peer
		dialled string
		says    string
		code    int
	}{
		{ana, "19005550123", premium, 403},
		{ana, "011442079460018", barred, 403},
		{ana, "18765550123", barred, 403},
		{ana, "5550100", noService, 484},
		{ana, "44444444444444444444444444444444", noService, 484},
		{spare, "4165550199", "This phone can only log in and make emergency calls. To log in, please dial star eight eight.", 403},
	} {
		c.from.call(c.dialled, offerless).failed(c.code) // who cannot hear is only refused
		o.ended()
		caller := c.from.call(c.dialled)
		o.heard(c.says)
		caller.Cancel()
		o.ended()
	}
	o.edit(func(of *directory.Office) {
		of.UserByExtension("1001").Class = directory.ClassAll
		of.Domain.Outside.Premium = true
	})
	for _, dialled := range []string{"19005550123", "011442079460018", "+18765550123"} {
		caller := ana.call(dialled)
		main.ring().reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
	}
	o.edit(func(of *directory.Office) { of.UserByExtension("1001").Class = directory.ClassInside })
	ana.call("4165550199", offerless).failed(403)
	o.ended()
	if len(main.calls) > 0 {
		t.Error("a refused call reached the carrier")
	}
}

// What carriers do to a call, and over which line it goes in the end.
func TestCarriersThatFail(t *testing.T) {
	t.Parallel()
	refuse := func(code int) func(*leg) {
		return func(l *leg) { l.reject(code, "As The Test Says") }
	}
	for name, c := range map[string]struct {
		first func(*leg) // what the first line does
		next  bool       // the second line is tried
		code  int        // for the caller, unless it is
	}{
		"503":                    {refuse(503), true, 0},
		"500":                    {refuse(500), true, 0},
		"its own time-out":       {refuse(408), true, 0},
		"a redirection":          {refuse(302), true, 0},
		"a password we have not": {refuse(407), true, 0},
		"busy":                   {refuse(486), false, 486},
		"no such number":         {refuse(404), false, 404},
		"declined":               {refuse(603), false, 603},
		"forbidden":              {refuse(403), false, 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := start(t, carriers)
			first, second := o.carrier("first"), o.carrier("second")
			ana := o.peer("ana-1")
			caller := ana.call("4165550199")
			c.first(first.take())
			if !c.next {
				caller.failed(c.code)
				if r := o.ended(); r.Cause != c.code || r.TrunkID != o.line("first").ID || len(second.calls) > 0 {
					t.Errorf("the record is %+v", r)
				}
				return
			}
			callee := second.ring().answer()
			caller.connected()
			hangUp(callee, caller)
			o.outwardAs(wantEnd{"1001/ana-1", "+14165550199/-", callrecord.Answered, 0, "callee"}, "second")
		})
	}
}

func TestAnnouncementOfTheFarEndIsHeard(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	main, ana := o.carrier("main"), o.peer("ana-1")
	caller := ana.call("4165550199")
	callee := main.take()
	callee.progress(183, "Session Progress", callee.sound.plain())
	caller.sound.towards(early(caller).SDP)
	caller.sound.hears(callee.sound, 0)
	callee.reject(486, "Busy Here")
	caller.failed(486)
	o.outwardAs(wantEnd{"1001/ana-1", "+14165550199/-", callrecord.Busy, 486, "callee"}, "main")
}

func TestNoLineWorks(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	ana := o.peer("ana-1")
	caller := ana.call("4165550199")
	o.heard(noLine)
	caller.failed(503)
	o.ended()
	first, second := o.carrier("first"), o.carrier("second")
	caller = ana.call("4165550199")
	for _, line := range []*peer{first, second} {
		callee := line.take()
		callee.progress(183, "Session Progress", callee.sound.plain())
		callee.reject(503, "Service Unavailable")
	}
	o.heard(noLine)
	caller.failed(503)
	o.ended()
}

func TestLineThatSaysNothing(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	first, second := o.muteCarrier("first"), o.carrier("second")
	ana := o.peer("ana-1")
	caller := ana.call("4165550199")
	callee := second.ring()
	if first.invites.Load() == 0 {
		t.Error("the first line was not tried")
	}
	callee.answer()
	caller.connected()
	hangUp(callee, caller)
	o.outwardAs(wantEnd{"1001/ana-1", "+14165550199/-", callrecord.Answered, 0, "callee"}, "second")
}
