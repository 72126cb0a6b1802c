package e2e_test

import (
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
)

func TestCallOutsideShowsTheHolder(t *testing.T) {
	t.Parallel()
	line := startCarrier(t, "carrier-answers.xml")
	s := start(t)
	s.apply(t, outside(line.trunk()))
	desk := realphone.StartBaresip(t, s.account("5401"))
	mobile := realphone.StartLinphone(t, s.account("ana-mobile"))
	desk.AwaitRegistered(t)
	mobile.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	for i, phone := range []realphone.Phone{desk, mobile} {
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Established)
		shows(t, line.invited(t, i), "INVITE sip:+14165550199@127.0.0.1", `From: "Ana Ruiz" <sip:+14165550101@`,
			`P-Asserted-Identity: "Ana Ruiz" <sip:+14165550101@`)
		phone.Hangup(t)
		phone.Await(t, realphone.Idle)
	}
	desk.Dial(t, "*89")
	desk.Await(t, realphone.Established)
	desk.Await(t, realphone.Idle)
	desk.Dial(t, "4165550199") // nobody holds it: calls outside are not possible
	desk.Await(t, realphone.Idle)
	if !strings.Contains(desk.LastEnd(), "403") {
		t.Errorf("ended with %q, want 403", desk.LastEnd())
	}
	mobile.Dial(t, "*674165550199")
	mobile.Await(t, realphone.Established)
	withheld := line.invited(t, 2)
	shows(t, withheld, `From: "Anonymous" <sip:anonymous@anonymous.invalid>`, "Privacy: id", `<sip:+14165550101@`)
	mobile.Hangup(t)
}

// What carriers do, and what becomes of the call.
func TestCarriersThatFail(t *testing.T) {
	t.Parallel()
	t.Run("503, and the next line takes it", func(t *testing.T) {
		t.Parallel()
		broken, works := startCarrier(t, "carrier-503.xml"), startCarrier(t, "carrier-answers.xml")
		phone := phoneOutside(t, broken.trunk(), works.trunk())
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Established)
		broken.invited(t, 0)
		works.invited(t, 0)
	})
	t.Run("no answer at all, and the next line takes it", func(t *testing.T) {
		t.Parallel()
		works := startCarrier(t, "carrier-answers.xml")
		phone := phoneOutside(t, silentCarrier(t), works.trunk())
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Established)
	})
	t.Run("no answer at all, and there is no other", func(t *testing.T) {
		t.Parallel()
		phone := phoneOutside(t, silentCarrier(t))
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Early) // it is spoken
		phone.Await(t, realphone.Idle)
		if !strings.Contains(phone.LastEnd(), "503") {
			t.Errorf("ended with %q, want 503", phone.LastEnd())
		}
	})
	t.Run("a second challenge", func(t *testing.T) {
		t.Parallel()
		asks := startCarrier(t, "carrier-asks-twice.xml")
		phone := phoneOutside(t, asks.trunk(`user = "acme"`, `password = "secret"`))
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Established)
	})
	t.Run("an announcement, then busy", func(t *testing.T) {
		t.Parallel()
		busy, other := startCarrier(t, "carrier-announces.xml"), startCarrier(t, "carrier-answers.xml")
		phone := phoneOutside(t, busy.trunk(), other.trunk())
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Early)
		phone.Await(t, realphone.Idle)
		if !strings.Contains(phone.LastEnd(), "486") || len(other.invites()) > 0 {
			t.Errorf("ended with %q after %d calls over the other line", phone.LastEnd(), len(other.invites()))
		}
	})
	t.Run("two answers", func(t *testing.T) {
		t.Parallel()
		forks := startCarrier(t, "carrier-forks.xml")
		phone := phoneOutside(t, forks.trunk())
		phone.Dial(t, "4165550199")
		phone.Await(t, realphone.Established)
		eventually(t, "the second answer gets its ACK and its BYE", func() bool {
			return strings.Count(forks.wire(), "\nBYE sip:") == 1 && strings.Count(forks.wire(), "\nACK sip:") == 2
		})
		phone.Hangup(t)
		eventually(t, "the first gets a BYE when the caller hangs up", func() bool { return strings.Count(forks.wire(), "\nBYE sip:") == 2 })
	})
}

// phoneOutside is Ben's phone in an office with trunks.
func phoneOutside(t *testing.T, trunks ...string) realphone.Phone {
	t.Helper()
	s := start(t)
	s.apply(t, outside(trunks...))
	phone := realphone.StartBaresip(t, s.account("1002"))
	phone.AwaitRegistered(t)
	return phone
}

func TestCallInRingsTheDeskAndTheOwnPhone(t *testing.T) {
	t.Parallel()
	line := startCarrier(t, "carrier-answers.xml")
	s := start(t)
	s.apply(t, outside(line.trunk()))
	desk := realphone.StartBaresip(t, s.account("5401"))
	mobile := realphone.StartLinphone(t, s.account("ana-mobile"))
	desk.AwaitRegistered(t)
	mobile.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	callIn(t, s, "+14165550101")
	for _, phone := range []realphone.Phone{desk, mobile} {
		phone.Await(t, realphone.Incoming)
		if got := phone.Caller(); got.Number != "+14165550911" || got.Display != "Public Safety" {
			t.Errorf("%s shows %+v", phone.Name(), got)
		}
	}
	mobile.Answer(t)
	mobile.Await(t, realphone.Established)
	desk.Await(t, realphone.Idle)
	mobile.Await(t, realphone.Idle)
}
