package e2e_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// nextMinute is a time of day in Toronto that comes in at least 45 seconds,
// as a policy line and as an instant.
func nextMinute(t *testing.T) (policy string, at time.Time) {
	t.Helper()
	zone, err := time.LoadLocation("America/Toronto")
	if err != nil {
		t.Fatal(err)
	}
	at = time.Now().In(zone).Add(105 * time.Second).Truncate(time.Minute)
	return fmt.Sprintf("release_at = %q", at.Format("15:04")), at
}

func TestReleaseTimeInACall(t *testing.T) {
	t.Parallel()
	policy, at := nextMinute(t)
	s := start(t)
	s.apply(t, office(policy))
	desk, ben := realphone.StartBaresip(t, s.account("5401")), realphone.StartBaresip(t, s.account("1002"))
	desk.AwaitRegistered(t)
	ben.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	desk.Dial(t, "1002")
	ben.Await(t, realphone.Incoming)
	ben.Answer(t)
	desk.Await(t, realphone.Established)

	eventuallyBy(t, at.Add(patience), "the session ends", func() bool {
		return slices.Contains(column(t, s, "select ended from sessions"), "nightly")
	})
	atDesk(t, s)
	ben.Press(t, "7")
	eventually(t, "the call goes on", func() bool { return desk.Keys() == "7" })
	ben.Hangup(t)
	desk.Await(t, realphone.Idle)
	eventually(t, "the record is Ana's", func() bool {
		return slices.Equal(column(t, s, "select caller_number || ' ' || result from call_records where dialled = '1002'"), []string{"1001 answered"})
	})
}

func TestReleaseTimeWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	policy, at := nextMinute(t)
	s := start(t)
	s.apply(t, office(policy))
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	atDesk(t, s, [2]string{"5401", "1001"})
	s.stop(t)
	eventuallyBy(t, at.Add(10*time.Second), "the release time passes", func() bool { return time.Now().After(at) })
	s.run(t)
	atDesk(t, s)
	if got := column(t, s, "select ended from sessions"); !slices.Equal(got, []string{"nightly"}) {
		t.Errorf("the session ended as %q, want nightly", got)
	}
}
