package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/notify/mailtest"
)

// mailed gives the user of the smallest scope an e-mail address, and the domain
// a mail server.
func mailed(t *testing.T, o *apptest.Office) *mailtest.Server {
	t.Helper()
	server := mailtest.Start(t, "")
	domain, _ := o.App.Directory().DomainByName("acme.test")
	_, err := o.App.Directory().Edit(t.Context(), directory.System(), domain.ID, func(office *directory.Office) error {
		office.Domain.Mail = directory.MailServer{Address: server.Address, From: "phone@acme.test"}
		extension, _, _ := strings.Cut(nameOf("basic_user"), "@")
		office.UserByExtension(extension).Email = "worker@acme.test"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	o := office(t)
	server := mailed(t, o)
	b, before := newBrowser(t, o), signedIn(t, o, "basic_user")
	var answers []string
	for _, name := range []string{nameOf("basic_user"), "1999@acme.test", nameOf("office_manager"), "nobody"} {
		p := b.ask(http.MethodPost, "/forgotten", url.Values{"name": {name}})
		answers = append(answers, strings.ReplaceAll(p.body, strings.ReplaceAll(name, "<", "&lt;"), "NAME"))
	}
	for _, answer := range answers[1:] {
		if answer != answers[0] {
			t.Errorf("the answer tells whether there is such an account: %s", answer)
		}
	}
	if p := b.ask(http.MethodPost, "/forgotten", url.Values{"name": {" "}}); p.status != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d", p.status)
	}
	mail := <-server.Mails
	header, parts := mailtest.Read(t, mail)
	if mail.To != "TO:<worker@acme.test>" || mailtest.Subject(t, header) != "A new password for Hotdesk" {
		t.Errorf("mailed to %s: %s", mail.To, header)
	}
	path := strings.TrimPrefix(regexp.MustCompile(`http://\S+`).FindString(parts["text/plain"]), b.base)
	if p := b.ask(http.MethodGet, path, nil); p.status != http.StatusOK || !strings.Contains(p.body, "New password") {
		t.Fatalf("the link %q: %d", path, p.status)
	}
	for field, form := range map[string]url.Values{
		"password": {"password": {"short"}, "repeated": {"short"}},
		"repeated": {"password": {"a newer password"}, "repeated": {"another password"}},
	} {
		if p := b.ask(http.MethodPost, path, form); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.body, `id="`+field+`-wrong"`) {
			t.Errorf("%s: %d", field, p.status)
		}
	}
	newer := url.Values{"password": {"a newer password"}, "repeated": {"a newer password"}}
	if p := b.ask(http.MethodPost, path, newer); p.location != "/" {
		t.Fatalf("a new password: %d %s", p.status, p.body)
	}
	if p := b.ask(http.MethodGet, "/phones", nil); p.status != http.StatusOK {
		t.Errorf("signed in with the new password: %d", p.status)
	}
	if p := before.ask(http.MethodGet, "/phones", nil); p.status != http.StatusSeeOther {
		t.Errorf("the browser from before is still signed in: %d", p.status)
	}
	if p := b.ask(http.MethodPost, path, newer); p.status != http.StatusGone {
		t.Errorf("the link works twice: %d", p.status)
	}
	if p := newBrowser(t, o).signIn(nameOf("basic_user"), password); p.status != http.StatusUnprocessableEntity {
		t.Errorf("the old password: %d", p.status)
	}
}
