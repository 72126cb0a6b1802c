package switchboard_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/sip"
	"github.com/hotdesk-pbx/hotdesk/internal/sip/dialog"
)

func TestCallInRingsTheDeskToo(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, own, desk := o.carrier("main"), o.peer("ana-1"), o.softphone("5401")
	o.logIn(desk, "1001", "4711")
	caller := main.brings("+14165550101", "+442079460018")
	shows(t, own.ring(), "Far Away", "+442079460018")
	callee := o.incoming(desk)
	if err := callee.Answer(); err != nil {
		t.Fatal(err)
	}
	answer := event[dialog.Answered](caller)
	if got := sip.Value(answer.Response, "P-Asserted-Identity"); got != "" {
		t.Errorf("outside they learn of %s", got)
	}
	caller.Bye()
	r := o.endsAs(wantEnd{"+442079460018/-", "1001/5401", callrecord.Answered, 0, "caller"})
	if r.Way != callrecord.Inbound || r.TrunkID != o.line("main").ID || r.Dialled != "+14165550101" || r.Callee.SessionID == "" {
		t.Errorf("record %+v", r)
	}
}

// The number called may stand in several places, and in several forms.
func TestWhatIsCalled(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, ana := o.carrier("main"), o.peer("ana-1")
	for name, c := range map[string]struct {
		number string
		change func(*leg, *dialog.Invite)
		code   int // 0: rings
	}{
		"E.164":                     {"+14165550101", nil, 0},
		"without its plus":          {"14165550101", nil, 0},
		"as dialled in the country": {"4165550101", nil, 0},
		"by P-Called-Party-ID": {"trunk-of-acme", func(_ *leg, inv *dialog.Invite) {
			inv.Headers = append(inv.Headers, sip.NewHeader("P-Called-Party-ID", "<sip:+14165550101@carrier.test>"))
		}, 0},
		"by To": {"trunk-of-acme", func(_ *leg, inv *dialog.Invite) {
			inv.To = sip.Address{URI: sip.URI{Scheme: "sip", User: "+14165550101", Host: "carrier.test"}}
		}, 0},
		"a number that leads nowhere": {"+14165550100", nil, 404},
		"a number of nobody":          {"+14165550177", nil, 404},
		"an extension":                {"1001", nil, 404},
		"a star code":                 {"*88", nil, 404},
		"a number outside":            {"+442079460018", nil, 404},
		"an emergency number":         {"911", nil, 404},
		"32 digits":                   {strings.Repeat("4", 32), nil, 404},
		"nonsense":                    {"%00%ff", nil, 404},
	} {
		change := []func(*leg, *dialog.Invite){}
		if c.change != nil {
			change = append(change, c.change)
		}
		caller := main.brings(c.number, "+442079460018", change...)
		if c.code != 0 {
			caller.failed(c.code)
			if r := o.ended(); r.Way != callrecord.Inbound || r.Result != callrecord.NotFound {
				t.Errorf("%s: record %+v", name, r)
			}
			continue
		}
		ana.ring().reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
	}
}

func TestWhoCallsFromOutside(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	main, ana := o.carrier("main"), o.peer("ana-1")
	header := func(name, value string) func(*leg, *dialog.Invite) {
		return func(_ *leg, inv *dialog.Invite) { inv.Headers = append(inv.Headers, sip.NewHeader(name, value)) }
	}
	for name, c := range map[string]struct {
		from            string
		change          func(*leg, *dialog.Invite)
		display, number string
	}{
		"From":                     {"4165550177", header("Subject", "test"), "Far Away", "+14165550177"},
		"asserted":                 {"+15550000000", header("P-Asserted-Identity", `"Real" <sip:+442079460018@carrier.test>`), "Real", "+442079460018"},
		"asserted as tel":          {"+15550000000", header("P-Asserted-Identity", "<tel:+442079460018>"), "Far Away", "+442079460018"},
		"asserted nonsense":        {"4165550177", header("P-Asserted-Identity", "<<<>"), "Far Away", "+14165550177"},
		"hidden":                   {"4165550177", header("Privacy", "id;critical"), "Anonymous", "anonymous"},
		"anonymous":                {"anonymous", header("Subject", "test"), "Anonymous", "anonymous"},
		"no number":                {"%3Cscript%3E", header("Subject", "test"), "Anonymous", "anonymous"},
		"a short number of theirs": {"31000", header("Subject", "test"), "Far Away", "31000"},
		"a name that is too long": {"4165550177", func(_ *leg, inv *dialog.Invite) {
			inv.From.Display = strings.Repeat("é", 500)
		}, strings.Repeat("é", 60), "+14165550177"},
	} {
		caller := main.brings("+14165550101", c.from, c.change)
		callee := ana.ring()
		a, err := sip.ParseAddress(sip.Value(callee.tx.Request(), "From"))
		if err != nil || a.Display != c.display || a.URI.User != c.number {
			t.Errorf("%s: shows %v, want %s, %s", name, a, c.display, c.number)
		}
		callee.reject(486, "Busy Here")
		caller.failed(486)
		o.ended()
	}
}

func TestStrangersAreAskedForAPassword(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	ana, stranger := o.peer("ana-1"), o.newPeer("stranger", sip.UDP)
	stranger.brings("+14165550101", "+442079460018").failed(401)
	o.carrier("main") // behind whose address the stranger is, too
	for _, number := range []string{"1001", "+14165550177", "911", "*88"} {
		stranger.brings(number, "+442079460018").failed(401)
	}
	if len(ana.calls) > 0 {
		t.Error("a stranger's call rings")
	}
}

func TestForwardOfACallFromOutside(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	o.edit(func(of *directory.Office) { of.UserByExtension("1001").Answering.ForwardAll = "4165550199" })
	main := o.carrier("main")
	caller := main.brings("+14165550101", "+442079460018")
	callee := main.ring()
	showsOutside(t, callee, "P-Asserted-Identity", "Ana Ruiz", "+14165550101")
	callee.answer()
	caller.connected()
	hangUp(caller, callee)
	if r := o.ended(); r.Way != callrecord.Inbound || r.Diverted.Number != "1001" || r.Callee.Number != "+14165550199" {
		t.Errorf("record %+v", r)
	}

	for _, dialled := range []string{"18765550123", "19005550123"} { // toll fraud by a forward
		o.edit(func(of *directory.Office) { of.UserByExtension("1001").Answering.ForwardAll = dialled })
		main.brings("+14165550101", "+442079460018", offerless).failed(403)
		o.ended()
	}
	o.edit(func(of *directory.Office) { of.UserByExtension("1001").Answering.ForwardAll = "+14165550101" }) // to oneself
	main.brings("+14165550101", "+442079460018", offerless).failed(482)
	o.ended()
	if len(main.calls) > 0 {
		t.Error("a forward got out")
	}
}

func TestLimitsOfTheLines(t *testing.T) {
	t.Parallel()
	o := start(t, carriers)
	o.edit(withNumbers)
	first := o.carrier("first", func(line *directory.Trunk) { line.MaxCalls = 1 })
	ana, ben := o.peer("ana-1"), o.peer("ben")
	talk := func(from, line *peer) func() {
		t.Helper()
		caller := from.call("4165550199")
		callee := line.ring().answer()
		caller.connected()
		return func() { t.Helper(); hangUp(caller, callee); o.ended() }
	}
	refused := func(from *peer, code int, says string) {
		t.Helper()
		from.call("4165550199", offerless).failed(code)
		o.ended()
		caller := from.call("4165550199")
		o.heard(says)
		caller.Cancel()
		o.ended()
	}
	one := talk(ana, first)
	refused(ben, 503, allBusy)
	first.brings("+14165550101", "+442079460018").failed(486)
	o.ended()
	second := o.carrier("second")
	two := talk(ben, second) // the full line is passed over
	o.edit(func(of *directory.Office) { of.Domain.Outside.MaxCalls = 2 })
	refused(ben, 503, allBusy)
	o.edit(func(of *directory.Office) { of.Domain.Outside.MaxCalls, of.Domain.Outside.UserCalls = 0, 1 })
	refused(ben, 486, tooMany)
	one()
	two()
	talk(ben, first)()
}
