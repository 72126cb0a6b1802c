package e2e_test

import (
	"net"
	"slices"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
)

// The bytes that people and a stranger say.
const (
	anaSays      = 0x11
	benSays      = 0x22
	strangerSays = 0x77
)

// talk makes a call between two phones made of bytes.
func (s *server) talk(t *testing.T) (ana, ben *rawphone.Call) {
	t.Helper()
	caller, callee := s.raw(t, "UDP", home, "ana-mobile"), s.raw(t, "UDP", home, "1002")
	caller.Register(t)
	callee.Register(t)
	answered := make(chan *rawphone.Call)
	go func() { answered <- callee.Answer(t) }()
	ana = caller.Call(t, "1002")
	return ana, <-answered
}

// says tells whether somebody heard a byte.
func says(heard [][]byte, sample byte) bool {
	return slices.ContainsFunc(heard, func(payload []byte) bool { return slices.Contains(payload, sample) })
}

// stranger is a socket elsewhere that aims at where somebody's sound goes.
func stranger(t *testing.T, at *net.UDPAddr) *rawphone.Sound {
	t.Helper()
	sound := rawphone.NewSound(t, "127.0.8.1")
	sound.Aim(at)
	return sound
}

// understand checks that two people hear each other, and none of them the
// stranger, who hears nothing.
func understand(t *testing.T, ana, ben *rawphone.Call, strangers ...*rawphone.Sound) {
	t.Helper()
	already := [2]int{len(ana.Sound.Heard()), len(ben.Sound.Heard())}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ben.Sound.Speak(t, benSays, 25)
	}()
	ana.Sound.Speak(t, anaSays, 25)
	<-done
	eventually(t, "Ana in Ben's ear", func() bool { return says(ben.Sound.Heard()[already[1]:], anaSays) })
	eventually(t, "Ben in Ana's ear", func() bool { return says(ana.Sound.Heard()[already[0]:], benSays) })
	for who, call := range map[string]*rawphone.Call{"Ana": ana, "Ben": ben} {
		if says(call.Sound.Heard(), strangerSays) {
			t.Errorf("%s heard the stranger", who)
		}
	}
	for _, sound := range strangers {
		if n := len(sound.Heard()); n > 0 {
			t.Errorf("a stranger heard %d packets", n)
		}
	}
}

func TestStrangerInACall(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := s.talk(t)
	understand(t, ana, ben)
	var strangers []*rawphone.Sound
	for _, call := range []*rawphone.Call{ana, ben} {
		blind, clever := stranger(t, call.Sound.Remote()), stranger(t, call.Sound.Remote())
		clever.Copy(call.Sound)
		strangers = append(strangers, blind, clever)
		for range 50 {
			blind.Packet(t, 0, []byte{strangerSays, strangerSays})
			clever.Packet(t, 0, []byte{strangerSays, strangerSays})
		}
		control := stranger(t, &net.UDPAddr{IP: call.Sound.Remote().IP, Port: call.Sound.Remote().Port + 1})
		control.Packet(t, 0x80|75, []byte{0, 0, 0, 0}) // RTCP BYE
	}
	understand(t, ana, ben, strangers...)
	ana.Bye(t)
	s.livesOn(t)
}

// A stranger who is there first must not keep the phone out whose address the
// call was made with.
func TestStrangerBeforeACall(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := s.talk(t)
	strangers := []*rawphone.Sound{stranger(t, ana.Sound.Remote()), stranger(t, ben.Sound.Remote())}
	for _, sound := range strangers {
		for range 50 {
			sound.Packet(t, 0, []byte{0xff, 0xff})
		}
	}
	ana.Sound.Speak(t, anaSays, 5)
	ben.Sound.Speak(t, benSays, 5)
	already := make([]int, len(strangers))
	for i, sound := range strangers {
		already[i] = len(sound.Heard())
		for range 50 {
			sound.Packet(t, 0, []byte{strangerSays, strangerSays})
		}
	}
	understand(t, ana, ben)
	for i, sound := range strangers {
		if n := len(sound.Heard()); n > already[i] {
			t.Errorf("the stranger hears on: %d packets", n-already[i])
		}
	}
	s.livesOn(t)
}

func TestStrangerKeysInDigits(t *testing.T) {
	t.Parallel()
	for first, nat := range map[string]string{"the phone": "", "the stranger": "", "the stranger, the phone behind NAT": "127.0.9.9:4000"} {
		t.Run("first speaks "+first, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			s.apply(t, office())
			desk := s.raw(t, "UDP", home, "5401")
			desk.Thinks = nat
			desk.Register(t)
			call := desk.Call(t, "*88")
			other := stranger(t, call.Sound.Remote())
			if first == "the phone" {
				call.Sound.Speak(t, 0xff, 5)
				other.Key(t, '9')
			} else {
				other.Speak(t, 0xff, 5)
				call.Sound.Speak(t, 0xff, 5)
			}
			for _, key := range "1001#4711#" {
				other.Key(t, '9')
				call.Sound.Key(t, key)
			}
			eventually(t, "the login", func() bool { return s.holds(t, "1001", "5401") })
			call.Bye(t)
			s.isWhole(t)
		})
	}
}

// Whoever has a phone's name and no password must not end its calls.
func TestStrangerEndsNoCall(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	ana, ben := s.talk(t)
	enemy := s.raw(t, "UDP", "127.0.8.2", "ana-mobile")
	for _, r := range []rawphone.Request{
		{Method: "BYE"}, {Method: "CANCEL"}, {Method: "INFO"}, {Method: "INVITE", Body: rawphone.Offer(enemy.Addr())}, {Method: "UPDATE", Body: rawphone.Offer(enemy.Addr())},
	} {
		r.Target, r.CallID, r.To = ana.Target, ana.ID, "<sip:1002@acme.test>;tag=guessed"
		if m, ok := enemy.Try(t, r); !ok || m.Code() < 400 {
			t.Errorf("%s with a guessed tag:\n%s", r.Method, m)
		}
	}
	if _, ended := ben.Phone.Within(300*time.Millisecond, func(m rawphone.Message) bool { return m.Method() == "BYE" && m.Code() == 0 }); ended {
		t.Error("the call ended")
	}
	understand(t, ana, ben)
	ana.Bye(t)
}
