package notify_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestVoicemailByMail(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.Address, From: "Acme Phones <phones@acme.test>"})
	o.run()
	fact := o.message("acme", "ana")
	got := o.mail(server)
	if !strings.Contains(got.From, "<phones@acme.test>") || !strings.Contains(got.To, "<ana@acme.test>") {
		t.Errorf("from %s to %s", got.From, got.To)
	}
	header, parts := mailtest.Read(t, got)
	if text := mailtest.Subject(t, header); text != "Voicemail from Zoë  Bcc: evil@test (+14165550101), 1:04" {
		t.Errorf("the subject is %q", text)
	}
	for name, want := range map[string]string{
		"From": `"Acme Phones" <phones@acme.test>`, "To": "<ana@acme.test>", "Bcc": "", "Auto-Submitted": "auto-generated",
		"Message-Id": "<" + fact.ID + "@acme.test>", "Importance": "",
	} {
		if value := header.Get(name); value != want {
			t.Errorf("%s: %q, want %q", name, value, want)
		}
	}
	want := "From: Zoë  Bcc: evil@test (+14165550101)\nWhen: Monday, 15 June 2026, 13:05 EDT\nLength: 1:04\n\n" +
		"The message is attached, and waits in your mailbox: dial *97 to hear it there.\n"
	if parts["text/plain"] != want {
		t.Errorf("it says %q, want %q", parts["text/plain"], want)
	}
	if !strings.Contains(parts["text/html"], "<th align=\"left\">Length</th><td>1:04</td>") {
		t.Errorf("as HTML it says %s", parts["text/html"])
	}
	if parts["audio/wav"] != string(sound) || parts["name"] != "voicemail-2026-06-15-1305.wav" {
		t.Errorf("attached are %d bytes as %s", len(parts["audio/wav"]), parts["name"])
	}
	o.idle(server)
}

func TestMessageThatWasDeleted(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.gone = true
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	o.run()
	o.message("acme", "ana")
	_, parts := mailtest.Read(t, o.mail(server))
	if _, attached := parts["audio/wav"]; attached || !strings.Contains(parts["text/plain"], "has been deleted from your mailbox") {
		t.Errorf("it says %q", parts["text/plain"])
	}
}

func TestEmergencyByMail(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	for range 5 {
		o.message("acme", "ana")
	}
	fact := o.tell("acme", outbox.KindEmergencyCall, outbox.EmergencyCall{
		CallID: "call", DeviceID: "5401", UserID: "ana", Dialled: "911", CallerID: "+14165550199", Place: "Floor 5 & <roof>",
	})
	o.run()
	first, second := o.mail(server), o.mail(server) // before those that have waited longer
	to := []string{first.To, second.To}
	slices.Sort(to)
	if !strings.Contains(to[0], "guard@acme.test") || !strings.Contains(to[1], "help@acme.test") {
		t.Errorf("told are %v", to)
	}
	header, parts := mailtest.Read(t, first)
	if text := mailtest.Subject(t, header); text != "EMERGENCY CALL to 911 from Window <1>  Bcc: evil@test (5401)" {
		t.Errorf("the subject is %q", text)
	}
	if header.Get("Importance") != "high" || header.Get("Message-Id") != "<"+fact.ID+"@acme.test>" || header.Get("From") != `"Hotdesk" <hotdesk@acme.test>` {
		t.Errorf("the header is %v", header)
	}
	want := "Dialled: 911\nDesk: Window <1>  Bcc: evil@test (5401)\nPlace: Floor 5 & <roof>\nPerson: Ana Ruiz (1001)\n" +
		"When: Monday, 15 June 2026, 13:05 EDT\nNumber shown: +14165550199\nOutside line: there is none for the call\n\n" +
		"For one hour a call back to the number shown rings that phone.\n"
	if parts["text/plain"] != want {
		t.Errorf("it says %q, want %q", parts["text/plain"], want)
	}
	if !strings.Contains(parts["text/html"], "<td>Floor 5 &amp; &lt;roof&gt;</td>") {
		t.Errorf("as HTML it says %s", parts["text/html"])
	}
}

// Nobody is told of these, and they are done with at once.
func TestNobodyToTell(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	o.message("acme", "silent")
	o.message("acme", "left")
	o.message("acme", "unknown")
	o.message("berg", "ana") // a domain without a server
	o.message("gone", "ana")
	o.tell("acme", outbox.KindMessageLeft, "nonsense")
	o.run()
	o.idle(server)
	o.message("acme", "ana")
	o.mail(server)
}

// Each of these servers takes the mail in the end, and only once.
func TestServersThatFail(t *testing.T) {
	t.Parallel()
	for name, manners := range map[string][]mailtest.Manner{
		"greylisting":              {{RCPT: "450 later"}, {RCPT: "451 later"}, {}},
		"busy":                     {{Mail: "421 too busy"}, {}},
		"no space":                 {{Data: "452 no space"}, {Done: "452 no space"}, {}},
		"a setting that was wrong": {{Mail: "550 not from you"}, {Mail: "530 log in first"}, {}},
		"closes in the middle":     {{ClosesInData: true}, {ClosesInData: true}, {}},
		"closes when it has it":    {{ClosesWhenDone: true}},
		"hangs":                    {{Hangs: true}, {}},
		"offers TLS":               {{OffersTLS: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), mailtest.Start(t, "", manners...)
			server.Certify()
			o.change = func(c *notify.Config) {
				if name == "hangs" {
					c.Patience = 2 * time.Second
				}
			}
			o.mailTo("acme", directory.MailServer{Address: server.Address})
			o.run()
			o.message("acme", "ana")
			got := o.mail(server)
			if got.Encrypted != (name == "offers TLS") {
				t.Errorf("encrypted: %v", got.Encrypted)
			}
			if _, parts := mailtest.Read(t, got); parts["audio/wav"] != string(sound) {
				t.Errorf("attached are %d bytes", len(parts["audio/wav"]))
			}
			o.idle(server)
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	o, away := newOffice(t), mailtest.Start(t, "")
	address := away.Address
	away.Stop()
	o.mailTo("acme", directory.MailServer{Address: address})
	o.run()
	o.message("acme", "ana")
	o.failed("refused")
	o.mail(mailtest.Start(t, address))
}

// A mail that is refused for good is given up at once, and the next is sent.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for name, manners := range map[string][]mailtest.Manner{
		"no such user":   {{RCPT: "550 5.1.1 no such user\x07"}, {}},
		"not that mail":  {{Data: "554 no"}, {}},
		"not that sound": {{Done: "552 5.3.4 too large"}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), mailtest.Start(t, "", manners...)
			o.mailTo("acme", directory.MailServer{Address: server.Address})
			o.message("acme", "ana")
			o.message("acme", "ana")
			o.run()
			entry := o.givenUp()
			if entry.DomainID != "acme" || entry.UserID != "ana" || entry.Actor != "system" ||
				!strings.HasPrefix(entry.Detail, "message.left to ana@acme.test: ") || !strings.Contains(entry.Detail, ": 55") {
				t.Errorf("written down: %+v", entry)
			}
			o.mail(server)
			o.idle(server)
		})
	}
}

func TestGivenUpAfterDays(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "", mailtest.Manner{RCPT: "450 later"})
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	o.run()
	o.message("acme", "ana")
	o.failed(`450 \"later\"`)
	o.pass(71 * time.Hour)
	o.failed(`450 \"later\"`) // tried again, and not given up
	if found := o.givenUpSoFar(); len(found) > 0 {
		t.Errorf("given up: %+v", found)
	}
	o.pass(2 * time.Hour)
	if entry := o.givenUp(); !strings.HasSuffix(entry.Detail, `450 "later"`) {
		t.Errorf("written down: %+v", entry)
	}
	o.idle(server)
}

func TestWhatCannotBeSentIsGivenUp(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.run()
	o.tell("acme", outbox.KindEmergencyCall, outbox.EmergencyCall{DeviceID: "5401", Dialled: "911"})
	if entry := o.givenUp(); entry.DeviceID != "5401" || !strings.Contains(entry.Detail, "the domain has no mail server") {
		t.Errorf("written down: %+v", entry)
	}
	o.idle(server)
	o.mailTo("berg", directory.MailServer{Address: server.Address})
	domain, _ := o.Domain("berg")
	domain.Emergency.NotifyEmail = "nobody\r\nRCPT TO:<evil@test>"
	o.mu.Lock()
	o.domains["berg"] = domain
	o.mu.Unlock()
	o.tell("berg", outbox.KindEmergencyCall, outbox.EmergencyCall{DeviceID: "5401", Dialled: "911"})
	o.idle(server)
	if found := o.givenUpSoFar(); len(found) != 3 || !strings.Contains(found[0].Detail, "the recipient is no e-mail address") {
		t.Errorf("written down: %+v", found)
	}
}

// A server that hangs delays nobody else's mail.
func TestDomainsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	o, hanging, quick := newOffice(t), mailtest.Start(t, "", mailtest.Manner{Hangs: true}), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: hanging.Address})
	o.mailTo("berg", directory.MailServer{Address: quick.Address})
	for range 10 {
		o.message("acme", "ana")
	}
	stop := o.run()
	<-hanging.Begun
	for range 5 {
		o.message("berg", "ann")
		if got := <-quick.Mails; !strings.Contains(got.To, "ann@berg.test") {
			t.Errorf("to %s", got.To)
		}
	}
	stop() // which does not wait for the server that hangs either
	select {
	case <-hanging.Begun:
		t.Error("a server that hangs was asked twice at once")
	default:
	}
}

// What a stopped server had begun, and what one that was killed had, is sent by
// the next.
func TestStoppedAndKilled(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "", mailtest.Manner{Hangs: true}, mailtest.Manner{})
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	stop := o.run()
	fact := o.message("acme", "ana")
	<-server.Begun
	stop()
	o.run()
	header, _ := mailtest.Read(t, <-server.Mails) // at once
	if header.Get("Message-Id") != "<"+fact.ID+"@acme.test>" {
		t.Errorf("the header is %v", header)
	}
	o.idle(server)
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	fact := o.message("acme", "ana")
	store := o.db.Outbox(notify.Consumer)
	delivery := outbox.Delivery{ID: directory.NewID(), Fact: fact, Recipient: "ana@acme.test", Since: o.now(), DueAt: o.now()}
	if err := store.Take(t.Context(), []outbox.Fact{fact}, []outbox.Delivery{delivery}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Claim(t.Context(), "acme", o.now(), o.now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	o.run() // the one that claimed it is no more
	o.mail(server)
	o.idle(server)
}

func TestPasswordGoesToTheRightServerOnly(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		manner mailtest.Manner
		known  bool // its certificate
		login  string
		fails  string
	}{
		"encrypted":            {mailtest.Manner{OffersTLS: true, AsksLogin: true}, true, "phones secret", ""},
		"an unknown authority": {mailtest.Manner{OffersTLS: true, AsksLogin: true}, false, "", "certificate"},
		"in clear":             {mailtest.Manner{AsksLogin: true}, true, "", "authentication mechanism"},
		"asks for none":        {mailtest.Manner{OffersTLS: true}, true, "", "does not support SMTP AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), mailtest.Start(t, "", tt.manner)
			roots := server.Certify()
			if !tt.known {
				roots = x509.NewCertPool()
			}
			o.change = func(c *notify.Config) { c.Roots = roots }
			o.mailTo("acme", directory.MailServer{Address: server.Address, User: "phones", Password: "secret"})
			o.run()
			o.message("acme", "ana")
			if tt.fails != "" {
				o.failed(tt.fails)
				return
			}
			if got := o.mail(server); got.Login != tt.login || !got.Encrypted {
				t.Errorf("logged in as %q, encrypted: %v", got.Login, got.Encrypted)
			}
		})
	}
}

func TestWrongSettingsAreTriedAgain(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	for settings, words := range map[directory.MailServer]string{
		{Address: "mail.test"}:                       "the mail server's address",
		{Address: "127.0.0.1:smtp"}:                  "the mail server's port",
		{Address: server.Address, From: "no\r\none"}: "the sender's address",
	} {
		o.mailTo("acme", settings)
		stop := o.run()
		o.message("acme", "ana")
		o.failed(words)
		stop()
	}
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	o.run()
	for range 3 {
		o.mail(server)
	}
	o.idle(server)
}

func TestOldFactsAreForgotten(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), mailtest.Start(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.Address})
	o.run()
	o.tell("acme", "session.login", "of long ago")
	o.message("acme", "ana")
	o.mail(server)
	o.idle(server)
	o.forgets()
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		tries       int
		wait, haste time.Duration
	}{
		{1, 15 * time.Second, 15 * time.Second},
		{2, 30 * time.Second, 30 * time.Second},
		{4, 2 * time.Minute, 2 * time.Minute},
		{5, 4 * time.Minute, 2 * time.Minute},
		{8, 32 * time.Minute, 2 * time.Minute},
		{9, time.Hour, 2 * time.Minute},
		{1000, time.Hour, 2 * time.Minute},
		{0, 15 * time.Second, 15 * time.Second},
	} {
		if got := notify.Backoff(tt.tries, false); got != tt.wait {
			t.Errorf("after %d tries it waits %v, want %v", tt.tries, got, tt.wait)
		}
		if got := notify.Backoff(tt.tries, true); got != tt.haste {
			t.Errorf("urgent, after %d tries it waits %v, want %v", tt.tries, got, tt.haste)
		}
	}
}
