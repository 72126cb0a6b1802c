package e2e_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/e2e/realphone"
	"github.com/hotdesk-pbx/hotdesk/e2e/sound"
	"github.com/hotdesk-pbx/hotdesk/internal/media/wav"
	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
)

// officeWithMail is the office with a mail server, and an address for Ana.
func officeWithMail(address string) string {
	text := officeWith(fmt.Sprintf("enabled = true\n[domain.mail]\naddress = %q\nfrom = \"phones@acme.test\"", address))
	return strings.Replace(text, `name = "Ana Ruiz"`, "name = \"Ana Ruiz\"\nemail = \"ana@acme.test\"", 1)
}

// saysToAna speaks into the mailbox of 1001 and sends it off.
func saysToAna(t *testing.T, s *server, phone *realphone.Baresip, said []int16) {
	t.Helper()
	begins(t, phone)
	phone.Speak(t, said)
	s.recorded(t, lengthOf(said)+time.Second)
	phone.Hangup(t)
	eventually(t, "the message is kept", func() bool { return slices.Equal(s.messages(t), []string{"new"}) })
}

// arrives waits for a mail, and checks that it brings what was said.
func arrives(t *testing.T, server *mailtest.Server, said []int16) {
	t.Helper()
	var mail mailtest.Mail
	select {
	case mail = <-server.Mails:
	case <-time.After(2 * patience):
		t.Fatal("no mail arrived")
	}
	header, parts := mailtest.Read(t, mail)
	if subject := mailtest.Subject(t, header); !strings.HasPrefix(subject, "Voicemail from Ben Okafor (1002), 0:") {
		t.Errorf("the subject is %q", subject)
	}
	if !strings.Contains(mail.To, "<ana@acme.test>") || header.Get("From") != `"Hotdesk" <phones@acme.test>` {
		t.Errorf("from %s to %s", header.Get("From"), mail.To)
	}
	heard, err := wav.Read(bytes.NewReader([]byte(parts["audio/wav"])))
	if err != nil {
		t.Fatal(err)
	}
	if score, _ := sound.Find(heard, said); score < 0.98 {
		t.Errorf("the sound is not what was said: score %.3f", score)
	}
}

func nothingLeft(t *testing.T, s *server, server *mailtest.Server) {
	t.Helper()
	eventually(t, "nothing is left to send", func() bool { return len(column(t, s, "select id from deliveries")) == 0 })
	select {
	case <-server.Mails:
		t.Error("the mail arrived twice")
	default:
	}
}

func TestMessageByMail(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, "")
	s := start(t)
	s.apply(t, officeWithMail(server.Address))
	ben := realphone.StartBaresip(t, s.account("1002"))
	ben.AwaitRegistered(t)
	said := words(t)
	saysToAna(t, s, ben, said)
	arrives(t, server, said)
	nothingLeft(t, s, server)
}

// The mail server is away while a message is left, and so is the server after
// that, as by a power cut. When both are back the mail arrives, once.
func TestMailAcrossAPowerCut(t *testing.T) {
	t.Parallel()
	away := mailtest.Start(t, "")
	away.Stop()
	s := start(t)
	s.apply(t, officeWithMail(away.Address))
	ben := realphone.StartBaresip(t, s.account("1002"))
	ben.AwaitRegistered(t)
	said := words(t)
	saysToAna(t, s, ben, said)
	eventually(t, "a try has failed", func() bool {
		return slices.Contains(column(t, s, "select tries from deliveries where failure <> ''"), "1")
	})
	s.kill()
	server := mailtest.Start(t, away.Address)
	s.run(t)
	arrives(t, server, said)
	nothingLeft(t, s, server)
}

// An emergency call is told by e-mail at once, also when no line takes it.
func TestEmergencyByMail(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, "")
	s := start(t)
	s.apply(t, officeWithMail(server.Address)+"[domain.emergency]\nnotify_email = \"guard@acme.test, help@acme.test\"\n")
	desk := realphone.StartBaresip(t, s.account("5401"))
	desk.AwaitRegistered(t)
	logIn(t, desk, "1001", "4711")
	desk.Dial(t, "911")
	to := []string{}
	for range 2 {
		select {
		case mail := <-server.Mails:
			to = append(to, mail.To)
			header, parts := mailtest.Read(t, mail)
			if subject := mailtest.Subject(t, header); subject != "EMERGENCY CALL to 911 from Window 1 (5401)" {
				t.Errorf("the subject is %q", subject)
			}
			for _, row := range []string{"Person: Ana Ruiz (1001)", "Place: Floor 5, 100 King St W, Toronto", "Outside line: there is none for the call"} {
				if !strings.Contains(parts["text/plain"], row+"\n") {
					t.Errorf("it does not say %q:\n%s", row, parts["text/plain"])
				}
			}
		case <-time.After(patience):
			t.Fatalf("told are only %v", to)
		}
	}
	slices.Sort(to)
	if !strings.Contains(to[0], "guard@acme.test") || !strings.Contains(to[1], "help@acme.test") {
		t.Errorf("told are %v", to)
	}
	desk.Await(t, realphone.Idle)
	nothingLeft(t, s, server)
}
