package e2e_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// Whoever dials nonsense hears what is wrong, and the phone shows it as refused;
// what no keypad can dial is refused without words.
func TestStarCodeNonsense(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	phone := realphone.StartBaresip(t, s.account("1002"))
	phone.AwaitRegistered(t)
	for _, c := range []struct {
		dialled, status string
		says            prompts.Name
	}{
		{"*7", "484", prompts.UnknownCode},
		{"*72", "484", prompts.UnknownCode},
		{"*72abc", "484", ""},
		{"*72*73", "484", prompts.UnknownCode},
		{"*7277777", "404", prompts.ForwardRefused},
		{"*99", "484", prompts.UnknownCode},
		{"*991777", "404", prompts.NoMailbox},
		{"*68", "404", prompts.NothingToPark},
		{"*6899", "404", prompts.NothingParked},
		{"**", "484", prompts.UnknownCode},
		{"**1777", "404", prompts.NothingRings},
		{"*67*72", "484", prompts.UnknownCode},
		{"*" + strings.Repeat("8", 40), "484", ""},
		{strings.Repeat("9", 40), "484", ""},
		{"nonsense", "484", ""},
	} {
		phone.Dial(t, c.dialled)
		phone.Await(t, realphone.Idle)
		if !strings.Contains(phone.LastEnd(), c.status) {
			t.Errorf("%s ended with %q, want %s", c.dialled, phone.LastEnd(), c.status)
		}
		if c.says != "" {
			hears(t, phone, c.says)
		}
	}
	s.livesOn(t)
}

// Two people who forward to each other, each by star code, are reached by nobody;
// the caller hears why, and no phone rings for ever.
func TestForwardsInACircle(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := realphone.StartBaresip(t, s.account("ana-mobile")), realphone.StartBaresip(t, s.account("1002"))
	caller := realphone.StartBaresip(t, s.account("5401"))
	for _, p := range []realphone.Phone{ana, ben, caller} {
		p.AwaitRegistered(t)
	}
	ana.Dial(t, "*721002")
	ana.Await(t, realphone.Idle)
	hears(t, ana, prompts.ForwardedTo)
	ben.Dial(t, "*721001")
	ben.Await(t, realphone.Idle)
	hears(t, ben, prompts.ForwardedTo)
	caller.Dial(t, "1001")
	caller.Await(t, realphone.Idle)
	if !strings.Contains(caller.LastEnd(), "482") {
		t.Errorf("ended with %q, want 482", caller.LastEnd())
	}
	hears(t, caller, prompts.ForwardCircle)
	ben.Dial(t, "*73")
	ben.Await(t, realphone.Idle)
	caller.Dial(t, "1001")
	ben.Await(t, realphone.Incoming)
	caller.Hangup(t)
}
