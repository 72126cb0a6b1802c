package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
)

// trio is an office with Ana at a hot desk, Ben at his phone and a second desk.
// Each says a tone of its own.
type trio struct {
	*server
	ana, ben, third realphone.Phone
}

const (
	anaTone   = 440
	benTone   = 620
	thirdTone = 850
)

type program func(t *testing.T, a realphone.Account) realphone.Phone

func baresip(t *testing.T, a realphone.Account) realphone.Phone {
	t.Helper()
	return realphone.StartBaresip(t, a)
}

func linphone(t *testing.T, a realphone.Account) realphone.Phone {
	t.Helper()
	return realphone.StartLinphone(t, a)
}

func startTrio(t *testing.T, ana, ben, third program) *trio {
	t.Helper()
	s := start(t)
	s.apply(t, office())
	o := &trio{server: s}
	for _, p := range []struct {
		phone   *realphone.Phone
		program program
		account string
		hz      float64
	}{{&o.ana, ana, "5401", anaTone}, {&o.ben, ben, "1002", benTone}, {&o.third, third, "5402", thirdTone}} {
		account := s.account(p.account)
		account.Microphone = sound.Tone(p.hz, time.Second)
		*p.phone = p.program(t, account)
		(*p.phone).AwaitRegistered(t)
	}
	logIn(t, o.ana, "1001", "4711")
	return o
}

// connect puts a call through.
func connect(t *testing.T, from realphone.Phone, number string, to realphone.Phone) {
	t.Helper()
	from.Dial(t, number)
	to.Await(t, realphone.Incoming)
	to.Answer(t)
	from.Await(t, realphone.Established)
}

// idle waits until the calls of all have ended.
func (o *trio) idle(t *testing.T) {
	t.Helper()
	for _, p := range []realphone.Phone{o.ana, o.ben, o.third} {
		p.Await(t, realphone.Idle)
	}
}

// reaches checks that two phones are in a call with each other. Neither linphonec
// nor baresip tells of the sound of every call, but of keys they do.
func reaches(t *testing.T, from, to realphone.Phone) {
	t.Helper()
	eventually(t, to.Name()+" gets the keys of "+from.Name(), func() bool {
		from.Press(t, "5") // one that comes before the two are joined is lost
		return strings.Contains(to.Keys(), "5")
	})
}

func TestBlindTransferAtAHotDesk(t *testing.T) {
	t.Parallel()
	for name, programs := range map[string][2]program{"baresip": {baresip, linphone}, "linphone": {linphone, baresip}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := startTrio(t, programs[0], programs[1], baresip)
			t.Run("the desk transfers", func(t *testing.T) {
				connect(t, o.ben, "1001", o.ana)
				o.ana.Transfer(t, "5402")
				o.third.Await(t, realphone.Incoming)
				if got := o.third.Caller(); got.Number != "1002" {
					t.Errorf("shows %+v", got)
				}
				o.third.Answer(t)
				o.ana.Await(t, realphone.Idle)
				reaches(t, o.third, o.ben)
				o.third.Hangup(t)
				o.idle(t)
			})
			t.Run("the desk is transferred", func(t *testing.T) {
				connect(t, o.ana, "1002", o.ben)
				o.ben.Transfer(t, "5402")
				o.third.Await(t, realphone.Incoming)
				if got := o.third.Caller(); got.Number != "1001" || got.Display != "Ana Ruiz" {
					t.Errorf("shows %+v", got)
				}
				o.third.Answer(t)
				o.ben.Await(t, realphone.Idle)
				reaches(t, o.third, o.ana)
				if name == "baresip" { // linphonec sends no keys in a later call
					reaches(t, o.ana, o.third)
				}
				o.ana.Hangup(t)
				o.idle(t)
			})
			t.Run("somebody is transferred to the desk", func(t *testing.T) {
				connect(t, o.ben, "5402", o.third)
				o.ben.Transfer(t, "1001")
				o.ana.Await(t, realphone.Incoming)
				o.ana.Answer(t)
				o.ben.Await(t, realphone.Idle)
				reaches(t, o.third, o.ana)
				o.third.Hangup(t)
				o.idle(t)
			})
			t.Run("nobody is there, and the call comes back", func(t *testing.T) {
				connect(t, o.ben, "1001", o.ana)
				o.ana.Transfer(t, "1003")
				eventually(t, "the desk learns that it failed", func() bool {
					return strings.Contains(o.ana.Trace(), "480 ") || name == "linphone" && strings.Contains(o.ana.(*realphone.Linphone).Wire(), "SIP/2.0 480 ")
				})
				presses, hears := o.ben, o.ana
				if name == "baresip" { // hangs up by itself, and is called back
					o.ana.Await(t, realphone.Incoming)
					o.ana.Answer(t)
					presses, hears = o.ana, o.ben
				}
				reaches(t, presses, hears)
				o.ben.Hangup(t)
				o.idle(t)
			})
		})
	}
}

func TestAttendedTransferAtAHotDesk(t *testing.T) {
	t.Parallel()
	o := startTrio(t, linphone, baresip, baresip)
	desk := o.ana.(*realphone.Linphone)
	connect(t, o.ben, "1001", o.ana)
	desk.Consult(t, "5402")
	o.third.Await(t, realphone.Incoming)
	o.third.Answer(t)
	desk.Await(t, realphone.Established)
	hearsTone(t, o.third, anaTone, 500*time.Millisecond)
	desk.TransferToConsulted(t)
	hearsTone(t, o.third, benTone, time.Second)
	hearsTone(t, o.ben, thirdTone, time.Second)
	o.ana.Await(t, realphone.Idle)
	o.ben.Hangup(t)
	o.idle(t)
}

func TestAttendedTransferOfAHotDeskAndToIt(t *testing.T) {
	t.Parallel()
	o := startTrio(t, baresip, linphone, baresip)
	ben := o.ben.(*realphone.Linphone)
	for name, c := range map[string]struct {
		first, second  string
		kept, consults realphone.Phone
		keptHz, newHz  float64
	}{
		"of it": {"1001", "5402", o.ana, o.third, anaTone, thirdTone},
		"to it": {"5402", "1001", o.third, o.ana, thirdTone, anaTone},
	} {
		t.Run(name, func(t *testing.T) {
			connect(t, o.ben, c.first, c.kept)
			ben.Consult(t, c.second)
			c.consults.Await(t, realphone.Incoming)
			c.consults.Answer(t)
			ben.Await(t, realphone.Established)
			ben.TransferToConsulted(t)
			hearsTone(t, c.consults, c.keptHz, time.Second)
			hearsTone(t, c.kept, c.newHz, time.Second)
			ben.Await(t, realphone.Idle)
			c.kept.Hangup(t)
			o.idle(t)
		})
	}
}

func TestParkAtOneDeskAndFetchAtAnother(t *testing.T) {
	t.Parallel()
	o := startTrio(t, baresip, linphone, baresip)
	connect(t, o.ben, "1001", o.ana)
	o.ana.Transfer(t, "*68")
	o.ana.Await(t, realphone.Idle)
	logIn(t, o.third, "1001", "4711")
	o.third.Dial(t, "*68701")
	o.third.Await(t, realphone.Established)
	hearsTone(t, o.third, benTone, time.Second)
	o.third.Hangup(t)
	o.idle(t)
}

func TestPickupForwardAndDoNotDisturb(t *testing.T) {
	t.Parallel()
	o := startTrio(t, baresip, linphone, baresip)
	o.ben.Dial(t, "1001")
	o.ana.Await(t, realphone.Incoming)
	o.third.Dial(t, "**1001")
	o.third.Await(t, realphone.Established)
	o.ana.Await(t, realphone.Idle)
	hearsTone(t, o.third, benTone, time.Second)
	o.third.Hangup(t)
	o.idle(t)

	code := func(dialled string) {
		t.Helper()
		o.ana.Dial(t, dialled)
		o.ana.Await(t, realphone.Established)
		o.ana.Await(t, realphone.Idle)
	}
	code("*725402")
	o.ben.Dial(t, "1001")
	o.third.Await(t, realphone.Incoming)
	if got := o.third.Caller(); got.Number != "1002" {
		t.Errorf("shows %+v", got)
	}
	o.third.Hangup(t)
	o.idle(t)
	code("*73")
	code("*78")
	o.third.Dial(t, "1001")
	o.third.Await(t, realphone.Idle)
	if end := o.third.LastEnd(); end[:3] != "486" {
		t.Errorf("ended with %q", end)
	}
	code("*79")
	connect(t, o.third, "1001", o.ana)
	o.third.Hangup(t)
	o.idle(t)
}
