package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/softphone"
	"github.com/hotdesk-pbx/hotdesk/internal/voicemail"
)

// user is the user of a scope.
func user(t *testing.T, o *apptest.Office, scope string) directory.User {
	t.Helper()
	domain, _ := o.App.Directory().DomainByName("acme.test")
	found, ok := o.App.Directory().UserByExtension(domain.ID, extensionOf(scope))
	if !ok {
		t.Fatalf("no user of scope %s", scope)
	}
	return found
}

// leave leaves a message of two seconds in somebody's mailbox.
func leave(t *testing.T, o *apptest.Office, scope, from string) {
	t.Helper()
	take, err := o.App.Mailboxes().Begin(t.Context(), user(t, o, scope), "call", voicemail.Party{Number: from, Name: "Caller <i>" + from})
	if err != nil {
		t.Fatal(err)
	}
	if err := take.Write(softphone.Tone(440, 2e9)); err != nil {
		t.Fatal(err)
	}
	if err := take.Close(take.Samples()); err != nil {
		t.Fatal(err)
	}
	if _, err := take.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestMessages(t *testing.T) {
	t.Parallel()
	o := office(t)
	b := signedIn(t, o, "basic_user")
	if p := b.ask(http.MethodGet, "/messages", nil); !strings.Contains(p.body, "No messages") || !strings.Contains(p.body, "The standard greeting") {
		t.Errorf("an empty mailbox: %s", p.body)
	}
	until := b.watch("/messages/live")
	until("an empty mailbox", "No messages")
	leave(t, o, "basic_user", "+14165550177")
	until("a message comes in", "Caller &lt;i&gt;+14165550177", "New", "0:02", "To call back, dial +14165550177")
	messages, err := o.App.Mailboxes().Messages(t.Context(), user(t, o, "basic_user").ID)
	if err != nil || len(messages) != 1 {
		t.Fatalf("messages: %v, %v", messages, err)
	}
	at := "/messages/" + messages[0].ID
	whole := b.ask(http.MethodGet, at+"/sound", nil)
	if whole.status != http.StatusOK || !strings.HasPrefix(whole.body, "RIFF") || len(whole.body) < 32000 {
		t.Errorf("the sound: %d, %d octets", whole.status, len(whole.body))
	}
	if part := b.ask(http.MethodGet, at+"/sound", nil, "Range", "bytes=100-199"); part.status != http.StatusPartialContent || part.body != whole.body[100:200] {
		t.Errorf("a part of the sound: %d, %d octets", part.status, len(part.body))
	}
	if part := b.ask(http.MethodGet, at+"/sound", nil, "Range", "bytes=999999-"); part.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("a part behind the end: %d", part.status)
	}
	heard := user(t, o, "basic_user").ID
	b.ask(http.MethodPost, at+"/saved", url.Values{})
	until("it is heard", "Mark as new")
	if counts, err := o.App.Mailboxes().Counts(t.Context(), heard); err != nil || counts != (voicemail.Counts{Saved: 1}) {
		t.Errorf("the lamp is told %+v, %v", counts, err)
	}
	b.ask(http.MethodPost, at+"/new", url.Values{})
	until("it is new again", "Mark as heard")

	other := signedIn(t, o, "call_center_agent")
	if p := other.ask(http.MethodGet, at+"/sound", nil); p.status != http.StatusNotFound {
		t.Errorf("somebody else's message: %d", p.status)
	}
	other.ask(http.MethodPost, at+"/delete", url.Values{})
	if p := b.ask(http.MethodGet, at+"/sound?download", nil); p.status != http.StatusOK {
		t.Errorf("after somebody else has deleted it: %d", p.status)
	}
	for range 2 { // a double click does no harm
		if p := b.ask(http.MethodPost, at+"/delete", url.Values{}); p.location != "/messages" {
			t.Errorf("deleting answers %d %q", p.status, p.location)
		}
	}
	until("it is gone", "No messages")
	if p := b.ask(http.MethodGet, at+"/sound", nil); p.status != http.StatusNotFound {
		t.Errorf("a deleted message: %d", p.status)
	}
}

func TestNoMailbox(t *testing.T) {
	t.Parallel()
	o := office(t)
	edit(t, o, func(of *directory.Office) { of.Domain.Mailboxes.Enabled = false })
	if p := signedIn(t, o, "basic_user").ask(http.MethodGet, "/messages", nil); !strings.Contains(p.body, "You have no mailbox") {
		t.Errorf("without a mailbox: %s", p.body)
	}
}
