package notify_test

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/notify"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestVoicemailByMail(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.address, From: "Acme Phones <phones@acme.test>"})
	o.run()
	fact := o.message("acme", "ana")
	got := o.mail(server)
	if !strings.Contains(got.from, "<phones@acme.test>") || !strings.Contains(got.to, "<ana@acme.test>") {
		t.Errorf("from %s to %s", got.from, got.to)
	}
	header, parts := read(t, got)
	if text := subject(t, header); text != "Voicemail from Zoë  Bcc: evil@test (+14165550101), 1:04" {
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
	o, server := newOffice(t), startMailServer(t, "")
	o.gone = true
	o.mailTo("acme", directory.MailServer{Address: server.address})
	o.run()
	o.message("acme", "ana")
	_, parts := read(t, o.mail(server))
	if _, attached := parts["audio/wav"]; attached || !strings.Contains(parts["text/plain"], "has been deleted from your mailbox") {
		t.Errorf("it says %q", parts["text/plain"])
	}
}

func TestEmergencyByMail(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.address})
	for range 5 {
		o.message("acme", "ana")
	}
	fact := o.tell("acme", outbox.KindEmergencyCall, outbox.EmergencyCall{
		CallID: "call", DeviceID: "5401", UserID: "ana", Dialled: "911", CallerID: "+14165550199", Place: "Floor 5 & <roof>",
	})
	o.run()
	first, second := o.mail(server), o.mail(server) // before those that have waited longer
	to := []string{first.to, second.to}
	slices.Sort(to)
	if !strings.Contains(to[0], "guard@acme.test") || !strings.Contains(to[1], "help@acme.test") {
		t.Errorf("told are %v", to)
	}
	header, parts := read(t, first)
	if text := subject(t, header); text != "EMERGENCY CALL to 911 from Window <1>  Bcc: evil@test (5401)" {
		t.Errorf("the subject is %q", text)
	}
	if header.Get("Importance") != "high" || header.Get("Message-Id") != "<"+fact.ID+"@acme.test>" || header.Get("From") != `"Hotdesk" <hotdesk@acme.test>` {
		t.Errorf("the header is %v", header)
	}
	want := "Dialled: 911\nDesk: Window <1>  Bcc: evil@test (5401)\nPlace: Floor 5 & <roof>\nPerson: Ana Ruiz (1001)\n" +
		"When: Monday, 15 June 2026, 13:05 EDT\nNumber shown: +14165550199\nOutside line: none took the call\n\n" +
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
	o, server := newOffice(t), startMailServer(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.address})
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
	for name, manners := range map[string][]manner{
		"greylisting":              {{rcpt: "450 later"}, {rcpt: "451 later"}, {}},
		"busy":                     {{mail: "421 too busy"}, {}},
		"no space":                 {{data: "452 no space"}, {done: "452 no space"}, {}},
		"a setting that was wrong": {{mail: "550 not from you"}, {mail: "530 log in first"}, {}},
		"closes in the middle":     {{closesInData: true}, {closesInData: true}, {}},
		"closes when it has it":    {{closesWhenDone: true}},
		"hangs":                    {{hangs: true}, {}},
		"offers TLS":               {{offersTLS: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), startMailServer(t, "", manners...)
			server.certify()
			o.change = func(c *notify.Config) { c.Patience = time.Second }
			o.mailTo("acme", directory.MailServer{Address: server.address})
			o.run()
			o.message("acme", "ana")
			got := o.mail(server)
			if got.encrypted != (name == "offers TLS") {
				t.Errorf("encrypted: %v", got.encrypted)
			}
			if _, parts := read(t, got); parts["audio/wav"] != string(sound) {
				t.Errorf("attached are %d bytes", len(parts["audio/wav"]))
			}
			o.idle(server)
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	o, away := newOffice(t), startMailServer(t, "")
	address := away.address
	away.stop()
	o.mailTo("acme", directory.MailServer{Address: address})
	o.run()
	o.message("acme", "ana")
	o.failed("refused")
	o.mail(startMailServer(t, address))
}

// A mail that is refused for good is given up at once, and the next is sent.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for name, manners := range map[string][]manner{
		"no such user":   {{rcpt: "550 5.1.1 no such user\x07"}, {}},
		"not that mail":  {{data: "554 no"}, {}},
		"not that sound": {{done: "552 5.3.4 too large"}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), startMailServer(t, "", manners...)
			o.mailTo("acme", directory.MailServer{Address: server.address})
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
	o, server := newOffice(t), startMailServer(t, "", manner{rcpt: "450 later"})
	o.mailTo("acme", directory.MailServer{Address: server.address})
	o.run()
	o.message("acme", "ana")
	o.failed(`450 \"later\"`)
	o.pass(71 * time.Hour)
	<-server.begun
	<-server.begun // tried again, and not given up
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
	o, server := newOffice(t), startMailServer(t, "")
	o.run()
	o.tell("acme", outbox.KindEmergencyCall, outbox.EmergencyCall{DeviceID: "5401", Dialled: "911"})
	if entry := o.givenUp(); entry.DeviceID != "5401" || !strings.Contains(entry.Detail, "the domain has no mail server") {
		t.Errorf("written down: %+v", entry)
	}
	o.idle(server)
	o.mailTo("berg", directory.MailServer{Address: server.address})
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
	o, hanging, quick := newOffice(t), startMailServer(t, "", manner{hangs: true}), startMailServer(t, "")
	o.change = func(c *notify.Config) { c.Patience = time.Minute }
	o.mailTo("acme", directory.MailServer{Address: hanging.address})
	o.mailTo("berg", directory.MailServer{Address: quick.address})
	for range 10 {
		o.message("acme", "ana")
	}
	stop := o.run()
	<-hanging.begun
	for range 5 {
		o.message("berg", "ann")
		if got := <-quick.mails; !strings.Contains(got.to, "ann@berg.test") {
			t.Errorf("to %s", got.to)
		}
	}
	stop() // which does not wait for the server that hangs either
	select {
	case <-hanging.begun:
		t.Error("a server that hangs was asked twice at once")
	default:
	}
}

// What a stopped server had begun, and what one that was killed had, is sent by
// the next.
func TestStoppedAndKilled(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "", manner{hangs: true}, manner{})
	o.change = func(c *notify.Config) { c.Patience = time.Minute }
	o.mailTo("acme", directory.MailServer{Address: server.address})
	stop := o.run()
	fact := o.message("acme", "ana")
	<-server.begun
	stop()
	o.run()
	header, _ := read(t, <-server.mails) // at once
	if header.Get("Message-Id") != "<"+fact.ID+"@acme.test>" {
		t.Errorf("the header is %v", header)
	}
	o.idle(server)
}

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.address})
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
		manner manner
		known  bool // its certificate
		login  string
		fails  string
	}{
		"encrypted":            {manner{offersTLS: true, asksLogin: true}, true, "phones secret", ""},
		"an unknown authority": {manner{offersTLS: true, asksLogin: true}, false, "", "certificate"},
		"in clear":             {manner{asksLogin: true}, true, "", "authentication mechanism"},
		"asks for none":        {manner{offersTLS: true}, true, "", "does not support SMTP AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o, server := newOffice(t), startMailServer(t, "", tt.manner)
			roots := server.certify()
			if !tt.known {
				roots = x509.NewCertPool()
			}
			o.change = func(c *notify.Config) { c.Roots = roots }
			o.mailTo("acme", directory.MailServer{Address: server.address, User: "phones", Password: "secret"})
			o.run()
			o.message("acme", "ana")
			if tt.fails != "" {
				o.failed(tt.fails)
				return
			}
			if got := o.mail(server); got.login != tt.login || !got.encrypted {
				t.Errorf("logged in as %q, encrypted: %v", got.login, got.encrypted)
			}
		})
	}
}

func TestWrongSettingsAreTriedAgain(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "")
	for settings, words := range map[directory.MailServer]string{
		{Address: "mail.test"}:                       "the mail server's address",
		{Address: "127.0.0.1:smtp"}:                  "the mail server's port",
		{Address: server.address, From: "no\r\none"}: "the sender's address",
	} {
		o.mailTo("acme", settings)
		stop := o.run()
		o.message("acme", "ana")
		o.failed(words)
		stop()
	}
	o.mailTo("acme", directory.MailServer{Address: server.address})
	o.run()
	for range 3 {
		o.mail(server)
	}
	o.idle(server)
}

func TestOldFactsAreForgotten(t *testing.T) {
	t.Parallel()
	o, server := newOffice(t), startMailServer(t, "")
	o.mailTo("acme", directory.MailServer{Address: server.address})
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
