package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// speaksFor waits until a phone has heard a tone for a time.
func hearsTone(t *testing.T, phone realphone.Phone, hz float64, length time.Duration) {
	t.Helper()
	eventually(t, phone.Name()+" hears the tone", func() bool { return sound.ToneLength(phone.Heard(t), hz) >= length })
}

func TestCallToAPersonRingsTheDeskToo(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	deskAccount, benAccount := s.account("5401"), s.account("1002")
	deskAccount.Microphone, benAccount.Microphone = sound.Tone(440, time.Second), sound.Tone(620, time.Second)
	desk, ben := realphone.StartBaresip(t, deskAccount), realphone.StartBaresip(t, benAccount)
	mobile := realphone.StartLinphone(t, s.account("ana-mobile"))
	for _, phone := range []realphone.Phone{desk, ben, mobile} {
		phone.AwaitRegistered(t)
	}
	logIn(t, desk, "1001", "4711")

	ben.Dial(t, "1001")
	desk.Await(t, realphone.Incoming)
	mobile.Await(t, realphone.Incoming)
	for _, phone := range []realphone.Phone{desk, mobile} {
		if got := phone.Caller(); got.Number != "1002" || got.Display != "Ben Okafor" {
			t.Errorf("%s shows %+v, want Ben Okafor, 1002", phone.Name(), got)
		}
	}
	desk.Answer(t)
	ben.Await(t, realphone.Established)
	mobile.Await(t, realphone.Idle)
	eventually(t, "the mobile learns why it stopped ringing", func() bool {
		return strings.Contains(mobile.Wire(), `SIP;cause=200;text="Call completed elsewhere"`)
	})
	hearsTone(t, ben, 440, time.Second)
	hearsTone(t, desk, 620, time.Second)

	t.Run("hold and resume", func(t *testing.T) {
		desk.Hold(t)
		heardBy(t, ben, "the music", clip(t, prompts.HoldMusic)[:2*sound.Rate], 0.9)
		desk.Resume(t)
		already := sound.ToneLength(ben.Heard(t), 440)
		hearsTone(t, ben, 440, already+time.Second)
	})
	t.Run("the desk hangs up", func(t *testing.T) {
		desk.Hangup(t)
		ben.Await(t, realphone.Idle)
	})
	t.Run("the caller hangs up", func(t *testing.T) {
		ben.Dial(t, "1001")
		desk.Await(t, realphone.Incoming)
		desk.Answer(t)
		ben.Await(t, realphone.Established)
		ben.Press(t, "42#")
		eventually(t, "the keys reach the desk", func() bool { return desk.Keys() == "42#" })
		ben.Hangup(t)
		desk.Await(t, realphone.Idle)
	})
}

func TestIdentityFollowsTheHolder(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartLinphone(t, s.account("1002"))
	desk.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	shows := func(number, display string) {
		t.Helper()
		desk.Dial(t, "1002")
		ben.Await(t, realphone.Incoming)
		if got := ben.Caller(); got.Number != number || got.Display != display {
			t.Errorf("the call shows %+v, want %s, %s", got, display, number)
		}
		desk.Hangup(t)
		ben.Await(t, realphone.Idle)
	}

	logIn(t, desk, "1001", "4711")
	shows("1001", "Ana Ruiz")
	desk.Dial(t, "*89")
	desk.Await(t, realphone.Established)
	desk.Await(t, realphone.Idle)
	atDesk(t, s)
	shows("5401", "Window 1")

	ben.Dial(t, "1001")
	ben.Await(t, realphone.Idle)
	if desk.Caller().Number == "1002" {
		t.Error("a call to 1001 still rings at the released desk")
	}
}

func TestCallsThatNobodyAnswers(t *testing.T) {
	t.Parallel()
	s := start(t, "--ring-for", "3s")
	s.apply(t, office())
	desk, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartBaresip(t, s.account("1002"))
	desk.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	cases := []struct {
		name, dialled, want string
		then                func(t *testing.T)
	}{
		{"nobody has the number", "1999", "404", nil},
		{"nobody registered", "1003", "480", nil},
		{"no answer", "1002", "480", nil},
		{"busy", "1002", "486", func(t *testing.T) { t.Helper(); ben.Hangup(t) }},
		{"an outside number from a free desk", "4165550100", "403", nil},
		{"emergency without a line", "911", "503", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			desk.Dial(t, c.dialled)
			if c.then != nil {
				ben.Await(t, realphone.Incoming)
				c.then(t)
			}
			desk.Await(t, realphone.Idle)
			if !strings.Contains(desk.LastEnd(), c.want) {
				t.Errorf("ended with %q, want %s", desk.LastEnd(), c.want)
			}
			ben.Await(t, realphone.Idle)
		})
	}
	t.Run("the caller gives up", func(t *testing.T) {
		desk.Dial(t, "1002")
		ben.Await(t, realphone.Incoming)
		desk.Hangup(t)
		ben.Await(t, realphone.Idle)
	})
}
