package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/media/dtmf"
)

// clip is the sound of a sentence as the server has it.
func clip(t *testing.T, name prompts.Name) []int16 {
	t.Helper()
	library, err := prompts.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return library.Clip("en", "acme.test", name).PCM
}

// hears checks that sentences stand in what a phone heard, in this order.
func hears(t *testing.T, phone realphone.Phone, names ...prompts.Name) {
	t.Helper()
	heard := phone.Heard(t)
	last := time.Duration(-1)
	for _, name := range names {
		score, at := sound.FindPieces(heard, clip(t, name))
		if score < 0.6 {
			t.Errorf("%s did not hear %q (score %.2f) in %.1f s", phone.Name(), name, score, float64(len(heard))/sound.Rate)
		}
		if at < last {
			t.Errorf("%s heard %q at %v, before the one it follows", phone.Name(), name, at)
		}
		last = at
	}
}

// logIn logs a person in at a phone, typing ahead of the questions.
func logIn(t *testing.T, phone realphone.Phone, extension, pin string) {
	t.Helper()
	phone.Dial(t, "*88")
	phone.Await(t, realphone.Established)
	phone.Press(t, extension+"#"+pin+"#")
	phone.Await(t, realphone.Idle)
}

// atDesk checks who is logged in where, by the command line: pairs of desk and
// extension, and nothing else.
func atDesk(t *testing.T, s *server, want ...[2]string) {
	t.Helper()
	list := s.hotdesk(t, "session", "list")
	lines := strings.Split(strings.TrimSpace(list), "\n")[1:]
	if len(lines) != len(want) {
		t.Errorf("%d sessions, want %d:\n%s", len(lines), len(want), list)
		return
	}
	for _, pair := range want {
		found := false
		for _, line := range lines {
			fields := strings.Fields(line)
			found = found || strings.Contains(line, pair[1]) && len(fields) > 0 && strings.Contains(line, pair[0])
		}
		if !found {
			t.Errorf("%s is not at %s:\n%s", pair[1], pair[0], list)
		}
	}
}

func TestLoginByStarCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)

	desk.Dial(t, "*88")
	desk.Await(t, realphone.Established)
	listen(t, desk, prompts.EnterAccount)
	desk.Press(t, "1001#")
	listen(t, desk, prompts.EnterPIN)
	desk.Press(t, "4711#")
	desk.Await(t, realphone.Idle)
	hears(t, desk, prompts.EnterAccount, prompts.EnterPIN, prompts.Extension, prompts.RingsHereUntil)

	atDesk(t, s, [2]string{"5401", "1001"})
	if list := s.hotdesk(t, "session", "list"); !strings.Contains(list, "02:00") {
		t.Errorf("session list does not say until when:\n%s", list)
	}
}

// listen waits until a phone has heard a sentence to its end.
func listen(t *testing.T, phone realphone.Phone, name prompts.Name) {
	t.Helper()
	sentence := clip(t, name)
	eventually(t, "the sentence "+string(name), func() bool {
		heard := phone.Heard(t)
		score, at := sound.Find(heard, sentence)
		return score > 0.6 && len(heard) >= int(at.Seconds()*sound.Rate)+len(sentence)
	})
}

func TestLoginTypingAhead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk := realphone.StartLinphone(t, s.account("5401"))
	desk.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	atDesk(t, s, [2]string{"5401", "1001"})
}

func TestLoginByInfo(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk := realphone.StartLinphone(t, s.account("5401"))
	desk.AwaitRegistered(t)
	desk.Dial(t, "*88")
	desk.Await(t, realphone.Established)
	desk.PressInfo(t, "1001#4711#")
	desk.Await(t, realphone.Idle)
	atDesk(t, s, [2]string{"5401", "1001"})
}

func TestLoginByTonesInTheSound(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	account := s.account("5401")
	account.Microphone = make([]int16, 8000)
	desk := realphone.StartBaresip(t, account)
	desk.AwaitRegistered(t)
	desk.Dial(t, "*88")
	desk.Await(t, realphone.Established)
	var keys []int16
	for _, key := range "1001#4711#" {
		keys = append(append(keys, dtmf.Tone(key, 100*time.Millisecond)...), make([]int16, 1200)...)
	}
	desk.Speak(t, keys)
	desk.Await(t, realphone.Idle)
	atDesk(t, s, [2]string{"5401", "1001"})
}

func TestLoginWithTheExtensionDialled(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, office())
	desk := realphone.StartBaresip(t, s.account("spare"))
	desk.AwaitRegistered(t)
	desk.Dial(t, "*881001")
	desk.Await(t, realphone.Established)
	listen(t, desk, prompts.EnterPIN)
	desk.Press(t, "4711#")
	desk.Await(t, realphone.Idle)
	atDesk(t, s, [2]string{"spare", "1001"})
}
