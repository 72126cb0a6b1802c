package restapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hotdesk-pbx/hotdesk/e2e/rawphone"
	"github.com/hotdesk-pbx/hotdesk/internal/apptest"
	"github.com/hotdesk-pbx/hotdesk/internal/restapi/resource"
)

// Who told a phone to start anew, and what it said to that, is in the audit log.
func TestOrdersToPhonesAreWrittenDown(t *testing.T) {
	t.Parallel()
	n := startNetwork(t)
	key := n.keyFor(t, "office_manager")
	phone := rawphone.Listen(t, "127.0.0.1", rawphone.Account{User: "5401", Password: apptest.Password("5401"), Server: n.App.SIPAddr().String()})
	phone.Register(t)
	phone.Unasked(t, "200 OK") // of the messages
	const acme = "/api/v1/domains/acme.test"
	answered := make(chan answer, 1)
	go func() { answered <- n.send(t, key, "POST "+acme+"/devices/5401/reboot", "") }()
	phone.Unasked(t, "489 Bad Event")
	if got := <-answered; got.status != http.StatusOK || !strings.Contains(got.body, `"taken":false`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	entries := items[resource.AuditEntry](t, n.send(t, key, "GET "+acme+"/audit?action=phone.reboot", "")).Items
	if len(entries) != 1 || entries[0].Device != "5401" || entries[0].Actor == "" || !strings.Contains(entries[0].Detail, "refused (489 Bad Event)") {
		t.Errorf("written down: %+v", entries)
	}
	if got := n.send(t, key, "POST "+acme+"/devices/5402/resync", ""); got.status != http.StatusConflict {
		t.Errorf("a phone that is not there: %d %s", got.status, got.body)
	}
}
