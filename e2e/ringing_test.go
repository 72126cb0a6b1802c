package e2e_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// A login asks where calls shall ring. The answer is remembered, also for the
// next time, until another is given.
func TestWhereCallsRing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office("ask_ringing = true"))
	desk, own, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartLinphone(t, s.account("ana-mobile")), realphone.StartBaresip(t, s.account("1002"))
	for _, phone := range []realphone.Phone{desk, own, ben} {
		phone.AwaitRegistered(t)
	}
	onlyTheDesk := func() {
		t.Helper()
		ben.Dial(t, "1001")
		desk.Await(t, realphone.Incoming)
		desk.Answer(t)
		ben.Await(t, realphone.Established)
		if own.Caller() != (realphone.Caller{}) {
			t.Errorf("the own phone was rung by %+v", own.Caller())
		}
		ben.Hangup(t)
		desk.Await(t, realphone.Idle)
	}
	logInAnd := func(keys string, says prompts.Name) {
		t.Helper()
		desk.Dial(t, "*88")
		desk.Await(t, realphone.Established)
		desk.Press(t, "1001#4711#")
		listen(t, desk, prompts.AskRinging)
		desk.Press(t, keys)
		desk.Await(t, realphone.Idle)
		hears(t, desk, prompts.AskRinging, says)
	}
	release := func() {
		t.Helper()
		desk.Dial(t, "*89")
		desk.Await(t, realphone.Established)
		desk.Await(t, realphone.Idle)
	}

	logInAnd("1", prompts.RingsOnlyHereUntil)
	onlyTheDesk()
	release()
	logInAnd("", prompts.RingsOnlyHereUntil)
	onlyTheDesk()
	release()
	logInAnd("2", prompts.RingsHereUntil)
	ben.Dial(t, "1001")
	desk.Await(t, realphone.Incoming)
	own.Await(t, realphone.Incoming)
	ben.Hangup(t)
	desk.Await(t, realphone.Idle)
	own.Await(t, realphone.Idle)
}
