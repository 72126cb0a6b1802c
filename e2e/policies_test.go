package e2e_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

func TestHeldDeskIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office(`when_taken = "refuse"`))
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	logIn(t, desk, "1002", "2580")
	hears(t, desk, prompts.InUse)
	atDesk(t, s, [2]string{"5401", "1001"})
}

func TestHeldDeskIsTakenOver(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office(`when_taken = "confirm"`))
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")

	desk.Dial(t, "*88")
	desk.Await(t, realphone.Established)
	desk.Press(t, "1002#2580#")
	listen(t, desk, prompts.PressTwo)
	desk.Press(t, "2")
	desk.Await(t, realphone.Idle)
	hears(t, desk, prompts.InUseBy, prompts.PressTwo, prompts.RingsHereUntil)
	atDesk(t, s, [2]string{"5401", "1002"})
}

func TestLoginElsewhere(t *testing.T) {
	t.Parallel()
	cases := []struct {
		policy string
		says   prompts.Name
		want   [][2]string
	}{
		{"move", prompts.Moved, [][2]string{{"5402", "1001"}}},
		{"allow", prompts.RingsHereUntil, [][2]string{{"5401", "1001"}, {"5402", "1001"}}},
		{"deny", prompts.Elsewhere, [][2]string{{"5401", "1001"}}},
	}
	for _, c := range cases {
		t.Run(c.policy, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.apply(t, office(`when_elsewhere = "`+c.policy+`"`))
			first, second := realphone.StartLinphone(t, s.account("5401")), realphone.StartBaresip(t, s.account("5402"))
			first.AwaitRegistered(t)
			second.AwaitRegistered(t)
			logIn(t, first, "1001", "4711")
			logIn(t, second, "1001", "4711")
			hears(t, second, c.says)
			atDesk(t, s, c.want...)
		})
	}
}
