package switchboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/app"
	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

// place is what the body of an INVITE says of where the caller is, or "".
func place(t *testing.T, l *leg) string {
	t.Helper()
	req := l.tx.Request()
	geolocation := sip.Value(req, "Geolocation")
	if geolocation == "" {
		if strings.Contains(string(req.Body()), "presence") {
			t.Error("a place that no header tells of")
		}
		return ""
	}
	id := strings.TrimSuffix(strings.TrimPrefix(geolocation, "<cid:"), ">")
	body := string(req.Body())
	if !strings.HasPrefix(sip.Value(req, "Content-Type"), "multipart/mixed;boundary=") || !strings.Contains(body, "Content-ID: <"+id+">") ||
		!strings.Contains(body, "Content-Type: application/pidf+xml") || !strings.Contains(body, "Content-Type: application/sdp") {
		t.Errorf("no description and place in\n%s", body)
	}
	_, rest, _ := strings.Cut(body, "<ca:LOC>")
	where, _, _ := strings.Cut(rest, "</ca:LOC>")
	return where
}

func TestEmergencyCallShowsTheDesk(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	o.edit(func(of *directory.Office) {
		of.Phones = append(of.Phones, directory.Phone{MAC: "805ec0112233", Place: "Room 12 & more", Devices: []string{"ana-2"}})
	})
	main := o.carrier("main")
	desk := o.softphone("5401")
	phones := map[string]*peer{"ana-1": o.newPeer("ana-1", sip.UDP), "ana-2": o.newPeer("ana-2", sip.UDP), "spare": o.newPeer("spare", sip.UDP), "5401": o.newPeer("5401", sip.UDP)}
	session := o.logIn(desk, "1001", "4711")
	check := func(name, dialled, display, number, where, userID string) {
		t.Helper()
		from := phones[name]
		caller := from.call(dialled)
		callee := main.ring()
		showsOutside(t, callee, "From", display, number)
		showsOutside(t, callee, "P-Asserted-Identity", display, number)
		req := callee.tx.Request()
		if req.Recipient.User != "911" || sip.Value(req, "Priority") != "emergency" || sip.Value(req, "Privacy") != "" {
			t.Errorf("%s: not urgent:\n%s", name, req)
		}
		if got := place(t, callee); got != where {
			t.Errorf("%s: the place is %q, want %q", name, got, where)
		}
		callee.answer()
		caller.connected()
		placed := fact[emergency.Placed](o).Call
		if placed.UserID != userID || placed.Number != number || placed.Line != "main" || placed.Dialled != "911" {
			t.Errorf("%s: told %+v", name, placed)
		}
		hangUp(callee, caller)
		if r := o.ended(); r.Way != callrecord.Outward || r.Result != callrecord.Answered || r.Callee.Number != "911" {
			t.Errorf("%s: record %+v", name, r)
		}
	}
	check("5401", "911", "Window 1", "+14165550141", "Floor 5", session.UserID)
	o.logOut(desk)
	check("5401", "*67911", "Window 1", "+14165550141", "Floor 5", "")
	check("spare", "911", "spare", "+14165550100", "", "")
	check("ana-1", "911", "Ana Ruiz", "+14165550101", "", session.UserID)
	check("ana-2", "911", "Ana Ruiz", "+14165550101", "Room 12 &amp; more", session.UserID)
}

func TestEmergencyCallFindsALine(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(func(of *directory.Office) { of.Domain.Outside.MaxCalls = 2 })
	first := o.carrier("first", func(line *directory.Trunk) { line.MaxCalls = 1 })
	second := o.carrier("second")
	ana, ben, spare := o.peer("ana-1"), o.peer("ben"), o.newPeer("spare", sip.UDP)
	talk := func(from, line *peer, number string) (caller, callee *leg) {
		t.Helper()
		caller = from.call(number)
		callee = line.ring().answer()
		caller.connected()
		return caller, callee
	}
	older, olderFar := talk(ana, first, "4165550199")
	newer, newerFar := talk(ben, second, "4165550199")

	// The line is full, and so is the domain: the newest of the domain makes room.
	help, helper := talk(spare, first, "911")
	for _, cut := range []*leg{newer, newerFar} {
		event[dialog.Ended](cut)
	}
	if r := o.ended(); r.Result != callrecord.Interrupted || r.EndedBy != "system" || r.Caller.Number != "1002" {
		t.Errorf("record %+v", r)
	}
	// The first line fails: the next takes it, and no emergency call is cut off.
	again := ben.call("911")
	first.take().reject(503, "Service Unavailable")
	event[dialog.Ended](older)
	event[dialog.Ended](olderFar)
	o.ended()
	againFar := second.ring().answer()
	again.connected()
	hangUp(again, againFar)
	o.ended()
	hangUp(help, helper)
	o.ended()

	first.stop()
	caller, callee := talk(spare, second, "911") // the first is dead
	hangUp(caller, callee)
	o.ended()
}

func TestWhoIsToldOfAnEmergencyCall(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	o.edit(func(of *directory.Office) { of.Domain.Emergency.NotifyExtension = "1002" })
	main, ben, desk := o.carrier("main"), o.peer("ben"), o.newPeer("5401", sip.UDP)
	caller := desk.call("911")
	callee := main.ring().answer()
	caller.connected()
	news := ben.ring()
	shows(t, news, "Emergency at 5401", "5401")
	news.answer()
	o.heard("Emergency call from desk five four zero one.")
	o.heard("Emergency call from desk five four zero one.")
	if payload, _, ok := news.sound.next(patience); !ok || payload != 0 {
		t.Error("nothing is said")
	}
	news.Bye()
	hangUp(callee, caller)
	o.endsAs(wantEnd{"5401/5401", "911/-", callrecord.Answered, 0, "callee"})
}

func TestCallBackRingsThatVeryPhone(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, spare, ana := o.carrier("main"), o.peer("spare"), o.peer("ana-1")
	caller := spare.call("112")
	callee := main.ring().answer()
	caller.connected()
	hangUp(callee, caller)
	o.ended()

	back := main.brings("+14165550100", "+14165550999") // a number that leads nowhere
	news := spare.ring().answer()
	back.connected()
	hangUp(back, news)
	o.endsAs(wantEnd{"+14165550999/-", "spare/spare", callrecord.Answered, 0, "caller"})

	// The desk of a number of its own, held by somebody else by then.
	desk := o.softphone("5401", answers)
	c := o.dial(desk, "911")
	callee = main.ring().answer()
	if err := c.Answered(o.soon()); err != nil {
		t.Fatal(err)
	}
	callee.Bye()
	o.ended()
	o.logIn(desk, "1002", "2580")
	back = main.brings("+14165550141", "+14165550999").connected()
	back.Bye()
	o.endsAs(wantEnd{"+14165550999/-", "5401/5401", callrecord.Answered, 0, "caller"})

	o.Clock.Set(o.Clock.Now().Add(61 * time.Minute))
	main.brings("+14165550100", "+14165550999").failed(404)
	o.ended()
	if len(ana.calls)+len(spare.calls) > 0 {
		t.Error("a phone rings that should not")
	}
}

func TestEmergencyTestCode(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, spare, desk := o.carrier("main"), o.newPeer("spare", sip.UDP), o.newPeer("5401", sip.UDP)
	for from, says := range map[*peer]string{
		desk: "An emergency call from this phone shows the number one four one six five five five zero one four one." + //nolint:dupword // digits
			" It comes from desk five four zero one. Its place is known.",
		spare: "An emergency call from this phone shows the number one four one six five five five zero one zero zero." + //nolint:dupword // digits
			" Nobody has said where this phone stands. Please tell your office manager.",
	} {
		l := from.call("*933").connected()
		o.heard(says)
		l.Bye()
		o.ended()
	}
	if len(main.calls) > 0 {
		t.Error("the test calls somebody")
	}
}

func TestCarrierThatStumblesOverThePlace(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	main, desk := o.carrier("main"), o.newPeer("5401", sip.UDP)
	caller := desk.call("911")
	with := main.take()
	if place(t, with) != "Floor 5" {
		t.Error("no place is sent")
	}
	with.reject(415, "Unsupported Media Type")
	without := main.ring()
	if place(t, without) != "" {
		t.Error("the place is sent again")
	}
	without.answer()
	caller.connected()
	hangUp(without, caller)
	o.outwardAs(wantEnd{"5401/5401", "911/-", callrecord.Answered, 0, "callee"}, "main")
}

func TestNoLimitHoldsAnEmergencyCall(t *testing.T) {
	t.Parallel()
	o := start(t, carriers, func(c *app.Config) { c.RingFor = patience }) // the first rings until the last is there
	main, ana, ben := o.carrier("main"), o.newPeer("ana-1", sip.UDP), o.peer("ben")
	var calls []*leg
	for range 32 { // as many as one device may make
		calls = append(calls, ana.call("1002"))
		ben.ring()
	}
	ana.call("1002").failed(486)
	caller := ana.call("911")
	callee := main.ring().answer()
	caller.connected()
	hangUp(callee, caller)
	for _, l := range calls {
		l.Cancel()
		l.failed(487)
	}
}
