package emergency_test

import (
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/events"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore"
	"github.com/hotdesk-pbx/hotdesk/internal/sqlstore/sqltest"
)

func TestEmergencyCall(t *testing.T) {
	t.Parallel()
	db, err := sqlstore.Open(t.Context(), "sqlite", sqltest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)
	var bus events.Bus
	facts := bus.Subscribe(4)
	defer facts.Close()
	service := emergency.New(db.EmergencyCalls(), &bus, func() time.Time { return now })
	call := emergency.Call{
		ID: "call-1", DomainID: "acme", DeviceID: "device-1", Desk: "5401", UserID: "ana", Dialled: "911",
		Number: "+14165550100", Place: "Floor 5", Line: "main",
	}
	if err := service.Begun(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	want := call
	want.At = now
	if got := <-facts.Facts(); got != (emergency.Placed{Call: want}) || got.Kind() != "call.emergency" {
		t.Errorf("the fact is %+v", got)
	}
	entries, err := db.Audit().Entries(t.Context(), audit.Query{Action: "call.emergency"})
	if err != nil || len(entries) != 1 || entries[0].Detail != "911 from 5401 at Floor 5" || entries[0].DeviceID != "device-1" || entries[0].Actor != "ana" {
		t.Errorf("the audit log has %+v, %v", entries, err)
	}

	for name, c := range map[string]struct {
		domain, number string
		after          time.Duration
		want           bool
	}{
		"at once":        {"acme", "+14165550100", 0, true},
		"within an hour": {"acme", "+14165550100", time.Hour, true},
		"later":          {"acme", "+14165550100", time.Hour + time.Minute, false},
		"another number": {"acme", "+14165550101", 0, false},
		"another domain": {"beta", "+14165550100", 0, false},
		"no number":      {"acme", "", 0, false},
	} {
		later := emergency.New(db.EmergencyCalls(), &bus, func() time.Time { return now.Add(c.after) })
		got, ok, err := later.PhoneFor(t.Context(), c.domain, c.number)
		if err != nil || ok != c.want || ok && got.DeviceID != "device-1" {
			t.Errorf("%s: %+v, %v, %v", name, got, ok, err)
		}
	}

	newer := call
	newer.ID, newer.DeviceID, newer.UserID, newer.Place = "call-2", "device-2", "", ""
	now = now.Add(time.Minute)
	if err := service.Begun(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	if got, _, err := service.PhoneFor(t.Context(), "acme", "+14165550100"); err != nil || got.DeviceID != "device-2" {
		t.Errorf("a call back rings %+v, %v", got, err)
	}
}

func TestPayloadTellsAll(t *testing.T) {
	t.Parallel()
	var payload map[string]any
	store := &memory{}
	service := emergency.New(store, &events.Bus{}, time.Now)
	call := emergency.Call{ID: "1", DomainID: "acme", DeviceID: "d", Desk: "5401", Dialled: "112", Number: "+14165550100", Place: `Floor "5" <A>`, Line: "main"}
	if err := service.Begun(t.Context(), call); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(store.fact.Payload, &payload); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"call_id": "1", "device_id": "d", "dialled": "112", "caller_id": "+14165550100", "place": `Floor "5" <A>`, "line": "main",
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Errorf("the payload differs:\n%s", diff)
	}
	if store.fact.Kind != outbox.KindEmergencyCall || store.entry.Actor != "system" {
		t.Errorf("told %+v, %+v", store.fact, store.entry)
	}
}

func TestPIDF(t *testing.T) {
	t.Parallel()
	place := `Floor 5, "window" side & <left>, ` + "\x00 Zürich"
	document := emergency.PIDF("pres:5401@acme.test", "CA", place, time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC))
	var read struct {
		XMLName xml.Name `xml:"urn:ietf:params:xml:ns:pidf presence"`
		Entity  string   `xml:"entity,attr"`
		Device  struct {
			Civic struct {
				Country string `xml:"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr country"`
				LOC     string `xml:"urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr LOC"`
			} `xml:"geopriv>location-info>civicAddress"`
			Timestamp string `xml:"timestamp"`
		} `xml:"urn:ietf:params:xml:ns:pidf:data-model device"`
	}
	if err := xml.Unmarshal(document, &read); err != nil {
		t.Fatalf("%v in\n%s", err, document)
	}
	if read.Entity != "pres:5401@acme.test" || read.Device.Civic.Country != "CA" || read.Device.Timestamp != "2026-11-25T09:30:00Z" {
		t.Errorf("read %+v", read)
	}
	if want := strings.ReplaceAll(place, "\x00", "\uFFFD"); read.Device.Civic.LOC != want {
		t.Errorf("the place is %q, want %q", read.Device.Civic.LOC, want)
	}
}
