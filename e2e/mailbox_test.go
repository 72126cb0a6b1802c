package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
	"github.com/hotdesk-pbx/hotdesk/internal/ivr/prompts"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
)

// toneAt is the tone after which callers speak, in hertz.
const toneAt = 880

// recordings are the WAV files of messages, as the server has them now.
func (s *server) recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.data, "voicemail", "*", "*.wav"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// recorded waits until so much has been recorded, and gives the file.
func (s *server) recorded(t *testing.T, length time.Duration) string {
	t.Helper()
	want, name := int64(length.Seconds()*2*sound.Rate), ""
	eventually(t, "the message is recorded", func() bool {
		for _, file := range s.recordings(t) {
			if info, err := os.Stat(file); err == nil && info.Size() >= want {
				name = file
			}
		}
		return name != ""
	})
	return name
}

// readMessage reads a WAV file, whose header must tell of all of it.
func readMessage(t *testing.T, name string) []int16 {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	pcm, err := wav.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := f.Stat(); err != nil || info.Size() != wav.Size(int64(len(pcm))) {
		t.Errorf("a file of %d octets with %d samples, %v", info.Size(), len(pcm), err)
	}
	return pcm
}

// messages are the states of all messages in the tables.
func (s *server) messages(t *testing.T) []string {
	t.Helper()
	return column(t, s, "select state from messages order by id")
}

func (s *server) assertMessages(t *testing.T, want ...string) {
	t.Helper()
	if got := s.messages(t); !slices.Equal(got, want) {
		t.Errorf("messages %v, want %v", got, want)
	}
}

// begins calls the mailbox of 1001, skips the greeting and waits for the end of
// the tone.
func begins(t *testing.T, phone realphone.Phone) {
	t.Helper()
	phone.Dial(t, "1001")
	phone.Await(t, realphone.Established)
	phone.Press(t, "#")
	hearsTone(t, phone, toneAt, 350*time.Millisecond)
}

// heardBy waits until a phone has heard a sound well.
func heardBy(t *testing.T, phone realphone.Phone, what string, pcm []int16, well float64) {
	t.Helper()
	eventually(t, phone.Name()+" hears "+what, func() bool {
		score, _ := sound.Find(phone.Heard(t), pcm)
		return score >= well
	})
}

// words is some seconds of speech.
func words(t *testing.T) []int16 {
	t.Helper()
	return clip(t, prompts.NotAHotDesk)
}

func lengthOf(pcm []int16) time.Duration {
	return time.Duration(len(pcm)) * time.Second / sound.Rate
}

func TestMessageIsHeardAtTheHotDesk(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	ben, desk := realphone.StartBaresip(t, s.account("1002")), realphone.StartBaresip(t, s.account("5401"))
	ben.AwaitRegistered(t)
	desk.AwaitRegistered(t)
	said := words(t)

	begins(t, ben)
	ben.Speak(t, said)
	s.recorded(t, lengthOf(said)+time.Second)
	ben.Press(t, "#")
	heardBy(t, ben, "the question", clip(t, prompts.MessageChoice), 0.6)
	ben.Press(t, "1")
	ben.Await(t, realphone.Idle)
	hears(t, ben, prompts.MessageChoice, prompts.MessageSent)
	s.assertMessages(t, "new")
	files := s.recordings(t)
	if len(files) != 1 {
		t.Fatalf("files %v", files)
	}
	message := readMessage(t, files[0])
	if score, _ := sound.Find(message, said); score < 0.98 {
		t.Errorf("the recording is not what was said: score %.3f", score)
	}

	logIn(t, desk, "1001", "4711")
	desk.Dial(t, "*97")
	desk.Await(t, realphone.Established)
	desk.Press(t, "4711#")
	eventuallyBy(t, time.Now().Add(time.Minute), "the message is heard to its end", func() bool { return slices.Equal(s.messages(t), []string{"saved"}) })
	desk.Press(t, "3**") // delete, back to the menu, and out
	desk.Await(t, realphone.Idle)
	hears(t, desk, prompts.NewMessage, prompts.Goodbye)
	if score, _ := sound.FindPieces(desk.Heard(t), said); score < 0.7 {
		t.Errorf("the desk did not hear the message: score %.3f", score)
	}
	s.assertMessages(t)
	if files := s.recordings(t); len(files) > 0 {
		t.Errorf("files %v", files)
	}
}

func TestMessageOutlivesAKilledServer(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	ben, ana := realphone.StartLinphone(t, withMicrophone(s.account("1002"), words(t))), realphone.StartBaresip(t, s.account("ana-mobile"))
	ben.AwaitRegistered(t)
	ana.AwaitRegistered(t)

	ben.Dial(t, "*991001")
	ben.Await(t, realphone.Established)
	ben.Press(t, "#")
	file := s.recorded(t, 4*time.Second)
	s.kill()
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	s.run(t)
	s.assertMessages(t, "new")
	message := readMessage(t, file)
	if got, want := int64(len(message)), (before.Size()-44)/2; got != want {
		t.Errorf("%d samples after the start, %d were written before", got, want)
	}
	// The phone says the same words again and again, and may have begun in their midst.
	if score, _ := sound.Find(append(words(t), words(t)...), message[:2*sound.Rate]); score < 0.9 {
		t.Errorf("the recording is not what was said: score %.3f", score)
	}

	ana.AwaitRegistered(t)
	ana.Dial(t, "*97")
	ana.Await(t, realphone.Established)
	ana.Press(t, "4711#")
	heardBy(t, ana, "the message", message, 0.9)
	ana.Hangup(t)
	s.kill()
	s.run(t)
	if files := s.recordings(t); len(files) != 1 {
		t.Errorf("files %v", files)
	}
}

// withMicrophone is an account of a phone that says something again and again.
func withMicrophone(a realphone.Account, pcm []int16) realphone.Account {
	a.Microphone = pcm
	return a
}

func TestFullMailbox(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true\nmax_messages = 1"))
	ben := realphone.StartBaresip(t, withMicrophone(s.account("1002"), sound.Tone(440, time.Second)))
	ben.AwaitRegistered(t)
	begins(t, ben)
	s.recorded(t, 2*time.Second)
	ben.Hangup(t)
	eventually(t, "the message is there", func() bool { return len(s.recordings(t)) == 1 })
	ben.Dial(t, "1001")
	ben.Await(t, realphone.Established)
	ben.Await(t, realphone.Idle)
	hears(t, ben, prompts.MailboxOf, prompts.IsFull)
	s.assertMessages(t, "new")
}

func TestFullDiskForMessages(t *testing.T) {
	t.Parallel()
	s := &server{data: t.TempDir(), sip: ownAddress(t), log: &logBuffer{}, disk: 48} // for three seconds
	if err := os.Mkdir(filepath.Join(s.data, "voicemail"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.begin(t)
	s.apply(t, officeWith("enabled = true"))
	ben := realphone.StartBaresip(t, withMicrophone(s.account("1002"), sound.Tone(440, time.Second)))
	ben.AwaitRegistered(t)
	for range 2 { // the second finds the place of the first again
		begins(t, ben)
		ben.Await(t, realphone.Idle)
		hears(t, ben, prompts.MessageFailed)
		s.assertMessages(t)
	}
	begins(t, ben)
	ben.Press(t, "#") // what little was said fits
	heardBy(t, ben, "that it lives", clip(t, prompts.NoMessage), 0.6)
	ben.Hangup(t)
}

func TestPINIsChangedByPhone(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.apply(t, officeWith("enabled = true"))
	mobile, desk := realphone.StartBaresip(t, s.account("ana-mobile")), realphone.StartLinphone(t, s.account("5401"))
	mobile.AwaitRegistered(t)
	desk.AwaitRegistered(t)
	mobile.Dial(t, "*97")
	mobile.Await(t, realphone.Established)
	mobile.Press(t, "4711#032749#2749#")
	heardBy(t, mobile, "that it is changed", clip(t, prompts.PINChanged), 0.6)
	mobile.Press(t, "**")
	mobile.Await(t, realphone.Idle)
	logIn(t, desk, "1001", "2749")
	atDesk(t, s, [2]string{"5401", "1001"})
	desk.Dial(t, "*98")
	desk.Await(t, realphone.Established)
	desk.Press(t, "1001#4711#")
	eventually(t, "the old PIN is refused", func() bool {
		return strings.Contains(s.hotdesk(t, "audit", "list"), "mailbox.refused")
	})
	desk.Hangup(t)
}
