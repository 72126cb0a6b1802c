package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

// placed checks that an INVITE tells the place of a desk (RFC 6442).
func placed(t *testing.T, invite, where string) {
	t.Helper()
	shows(t, invite, "Priority: emergency", "Geolocation: <cid:", "Geolocation-Routing: yes", "multipart/mixed",
		"Content-Type: application/sdp", "Content-Type: application/pidf+xml", "<ca:country>CA</ca:country>", "<ca:LOC>"+where+"</ca:LOC>")
}

const window = "Floor 5, 100 King St W, Toronto"

func TestEmergencyCalls(t *testing.T) {
	t.Parallel()
	line := startCarrier(t, "carrier-answers.xml")
	s := start(t)
	text := strings.Replace(outside(silentCarrier(t), line.trunk("max_calls = 1")), "[domain.hot_desking]",
		"[domain.emergency]\nnotify_extension = \"1002\"\n[domain.hot_desking]", 1)
	s.apply(t, text)
	desk := realphone.StartBaresip(t, s.account("5401"))
	spare := realphone.StartBaresip(t, s.account("spare"))
	mobile := realphone.StartBaresip(t, s.account("ana-mobile"))
	guard := realphone.StartBaresip(t, s.account("1002"))
	for _, phone := range []realphone.Phone{desk, spare, mobile, guard} {
		phone.AwaitRegistered(t)
	}
	calls := 0
	call := func(t *testing.T, phone realphone.Phone, number string) string {
		t.Helper()
		phone.Dial(t, number)
		phone.Await(t, realphone.Established)
		calls++
		return line.invited(t, calls-1)
	}
	guarded := func(t *testing.T, who string) {
		t.Helper()
		guard.Await(t, realphone.Incoming)
		if got := guard.Caller(); got.Number != who {
			t.Errorf("the guard is told of %+v, want %s", got, who)
		}
	}
	end := func(t *testing.T, phones ...realphone.Phone) {
		t.Helper()
		for _, phone := range phones {
			phone.Hangup(t)
			phone.Await(t, realphone.Idle)
		}
	}

	t.Run("from a free desk, and the guard hears of it", func(t *testing.T) {
		invite := call(t, desk, "911")
		shows(t, invite, "INVITE sip:911@", `From: "Window 1" <sip:+14165550141@`, `P-Asserted-Identity: "Window 1" <sip:+14165550141@`)
		placed(t, invite, window)
		guarded(t, "5401")
		guard.Answer(t)
		guard.Await(t, realphone.Established)
		eventually(t, "something is said", func() bool { return loud(guard.Heard(t)) > 2*time.Second })
		end(t, guard, desk)
	})
	t.Run("from a held desk", func(t *testing.T) {
		logIn(t, desk, "1001", "4711")
		invite := call(t, desk, "112")
		shows(t, invite, "INVITE sip:112@", `From: "Window 1" <sip:+14165550141@`)
		placed(t, invite, window)
		guarded(t, "5401")
		end(t, desk, guard)
	})
	t.Run("from an unassigned phone", func(t *testing.T) {
		invite := call(t, spare, "911")
		shows(t, invite, `From: "spare" <sip:+14165550100@`)
		if strings.Contains(invite, "Geolocation") {
			t.Errorf("a place out of nothing:\n%s", invite)
		}
		guard.Await(t, realphone.Incoming)
		end(t, spare, guard)
	})
	t.Run("with all lines busy", func(t *testing.T) {
		call(t, mobile, "4165550199")
		shows(t, call(t, spare, "911"), `From: "spare"`)
		mobile.Await(t, realphone.Idle)
		guard.Await(t, realphone.Incoming)
		end(t, spare, guard)
	})
	t.Run("what an emergency call would show", func(t *testing.T) {
		desk.Dial(t, "*933")
		desk.Await(t, realphone.Established)
		desk.Await(t, realphone.Idle)
		if n := len(line.invites()); n != calls {
			t.Errorf("%d calls have reached the carrier, want %d", n, calls)
		}
	})
	log := s.hotdesk(t, "audit", "list", "--action", "call.emergency")
	for _, want := range []string{"911 from 5401 at " + window, "112 from 5401 at " + window, "911 from spare, no place is set"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the audit log:\n%s", want, log)
		}
	}
}

// loud is how long somebody was heard.
func loud(pcm []int16) time.Duration {
	n := 0
	for _, sample := range pcm {
		if sample > 500 || sample < -500 {
			n++
		}
	}
	return time.Duration(n) * time.Second / 2000 // speech crosses the middle again and again
}

func TestCallBackAfterAnEmergencyCall(t *testing.T) {
	t.Parallel()
	line := startCarrier(t, "carrier-answers.xml")
	s := start(t)
	s.apply(t, outside(line.trunk()))
	desk := realphone.StartBaresip(t, s.account("5401"))
	mobile := realphone.StartBaresip(t, s.account("ana-mobile"))
	desk.AwaitRegistered(t)
	mobile.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	desk.Dial(t, "911")
	desk.Await(t, realphone.Established)
	line.invited(t, 0)
	desk.Hangup(t)
	desk.Await(t, realphone.Idle)
	desk.Dial(t, "*89") // whoever sits there by now
	desk.Await(t, realphone.Established)
	desk.Await(t, realphone.Idle)
	eventually(t, "the emergency call is written down", func() bool {
		return strings.Contains(s.hotdesk(t, "audit", "list", "--action", "call.emergency"), "911 from 5401")
	})
	s.kill() // and whatever happens meanwhile
	s.run(t)
	callIn(t, s, "+14165550141")
	desk.Await(t, realphone.Incoming)
	if got := desk.Caller(); got.Number != "+14165550911" {
		t.Errorf("the desk shows %+v", got)
	}
	desk.Answer(t)
	desk.Await(t, realphone.Established)
}
