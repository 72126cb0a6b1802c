package e2e_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		phone  string // the device that dials
		policy string
		keys   string
		says   prompts.Name
		audit  string
	}{
		{"unknown account", "5401", "", "1777#4711#", prompts.WrongBye, "pin_wrong"},
		{"wrong PIN three times", "5401", "", "1001#9999#", prompts.WrongBye, "pin_wrong"},
		{"an account without leave", "5401", "", "1004#8362#", prompts.WrongBye, "pin_wrong"},
		{"a desk account", "5401", "", "5402#4711#", prompts.WrongBye, "pin_wrong"},
		{"a person's own phone", "1002", "", "", prompts.NotAHotDesk, "not_hot_desk"},
		{"hot desking switched off", "5401", "enabled = false", "", prompts.SwitchedOff, "switched_off"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.apply(t, office(c.policy))
			phone := realphone.StartBaresip(t, s.account(c.phone))
			phone.AwaitRegistered(t)
			if c.keys == "" {
				phone.Dial(t, "*88")
				phone.Await(t, realphone.Idle)
			} else {
				tryThrice(t, phone, c.keys)
			}
			hears(t, phone, c.says)
			atDesk(t, s)
			if got := audited(t, s, "session.refused"); len(got) == 0 || got[len(got)-1] != c.audit {
				t.Errorf("audit log of refusals: %q, want %q", got, c.audit)
			}
		})
	}
}

// tryThrice dials in and gives the same wrong account and PIN until the server
// hangs up.
func tryThrice(t *testing.T, phone realphone.Phone, keys string) {
	t.Helper()
	phone.Dial(t, "*88")
	phone.Await(t, realphone.Established)
	for range 2 {
		already := len(phone.Heard(t))
		phone.Press(t, keys)
		eventually(t, "the next try", func() bool { return len(phone.Heard(t)) > already+len(clip(t, prompts.Wrong)) })
	}
	phone.Press(t, keys)
	phone.Await(t, realphone.Idle)
}

func TestLockOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk, other := realphone.StartBaresip(t, s.account("5401")), realphone.StartBaresip(t, s.account("5402"))
	desk.AwaitRegistered(t)
	other.AwaitRegistered(t)
	for range 2 { // five wrong PINs lock the account and the desk
		tryThrice(t, desk, "1001#9999#")
	}
	logIn(t, other, "1001", "4711")
	hears(t, other, prompts.Locked)
	logIn(t, desk, "1002", "2580")
	hears(t, desk, prompts.LockedHere)
	atDesk(t, s)
	if got := audited(t, s, "session.refused"); len(got) == 0 || got[len(got)-1] != "locked" {
		t.Errorf("audit log of refusals: %q, want locked at the end", got)
	}
}

func TestUnassignedPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	spare, ben := realphone.StartBaresip(t, s.account("spare")), realphone.StartBaresip(t, s.account("1002"))
	spare.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	for dialled, want := range map[string]prompts.Name{"1002": prompts.LoginOnly, "4165550100": prompts.LoginOnly, "911": prompts.EmergencyFailed} {
		spare.Dial(t, dialled)
		spare.Await(t, realphone.Idle)
		hears(t, spare, want)
	}
	logIn(t, spare, "1001", "4711")
	atDesk(t, s, [2]string{"spare", "1001"})
	spare.Dial(t, "1002")
	ben.Await(t, realphone.Incoming)
	if got := ben.Caller(); got.Number != "1001" {
		t.Errorf("the borrowed phone shows %+v, want 1001", got)
	}
	spare.Hangup(t)
}
