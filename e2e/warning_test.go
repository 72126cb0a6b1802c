package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
)

// rings waits for the call that warns a desk, and checks what its display shows.
func rings(t *testing.T, desk realphone.Phone, by time.Time) {
	t.Helper()
	hasRung(t, desk, by)
	desk.Await(t, realphone.Incoming)
}

func hasRung(t *testing.T, desk realphone.Phone, by time.Time) {
	t.Helper()
	eventuallyBy(t, by, desk.Name()+" rings", func() bool { return desk.Caller() == realphone.Caller{Number: "*88", Display: "Hotdesk"} })
}

// A minute before the release time both desks ring. Who presses one stays; a
// desk that nobody answers stops ringing, and is released.
func TestDesksAreWarned(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().In(zone).Add(150 * time.Second).Truncate(time.Minute)
	s := start(t)
	s.apply(t, office(fmt.Sprintf("release_at = %q\nwarn_minutes = 1", at.Format("15:04"))))
	here, away := realphone.StartBaresip(t, s.account("5401")), realphone.StartLinphone(t, s.account("spare"))
	here.AwaitRegistered(t)
	away.AwaitRegistered(t)
	logIn(t, away, "1002", "2580")
	logIn(t, here, "1001", "4711") // rings at once if all this took long

	rings(t, here, at)
	here.Answer(t)
	listen(t, here, prompts.SessionEnds)
	listen(t, here, prompts.ToStay)
	here.Press(t, "1")
	here.Await(t, realphone.Idle)
	hears(t, here, prompts.SessionEnds, prompts.ToStay, prompts.KeptUntil)
	hasRung(t, away, at)
	away.Await(t, realphone.Idle)

	eventuallyBy(t, at.Add(patience), "the session that nobody kept ends", func() bool {
		return slices.Contains(column(t, s, "select ended from sessions"), "nightly")
	})
	atDesk(t, s, [2]string{"5401", "1001"})
	if got := column(t, s, "select detail from audit_entries where action = 'session.extended'"); !slices.Equal(got, []string{"warning"}) {
		t.Errorf("extended by %q, want by the warning", got)
	}
}

// With an idle limit of a minute a desk is warned after half of it. A key is a
// use, and so is a call, during which no desk is warned or released.
func TestIdleDesks(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office("idle_minutes = 1"))
	desk, busy, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartBaresip(t, s.account("spare")), realphone.StartLinphone(t, s.account("1002"))
	for _, phone := range []realphone.Phone{desk, busy, ben} {
		phone.AwaitRegistered(t)
	}
	logIn(t, busy, "1003", "9047")
	busy.Dial(t, "1002")
	ben.Await(t, realphone.Incoming)
	ben.Answer(t)
	busy.Await(t, realphone.Established)
	logIn(t, desk, "1001", "4711")

	began := time.Now()
	rings(t, desk, began.Add(patience))
	desk.Answer(t)
	listen(t, desk, prompts.ToStay)
	desk.Press(t, "1")
	desk.Await(t, realphone.Idle)
	eventuallyBy(t, began.Add(80*time.Second), "more than a minute passes", func() bool { return time.Since(began) > 70*time.Second })
	atDesk(t, s, [2]string{"5401", "1001"}, [2]string{"spare", "1003"})

	desk.Await(t, realphone.Incoming)
	desk.Await(t, realphone.Idle) // nobody answers
	eventuallyBy(t, began.Add(3*patience), "the idle session ends", func() bool {
		return slices.Contains(column(t, s, "select ended from sessions"), "idle_limit")
	})
	atDesk(t, s, [2]string{"spare", "1003"})
	if busy.Caller() != (realphone.Caller{}) {
		t.Errorf("a desk in a call was rung by %+v", busy.Caller())
	}
	ben.Hangup(t)
	busy.Await(t, realphone.Idle)
}
