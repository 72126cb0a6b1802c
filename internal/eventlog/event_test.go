package eventlog_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/directory"
	"github.com/hotdesk-pbx/hotdesk/internal/eventlog"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// office is a directory of one domain: Ana and Ben, a desk in the North, and one
// in no site.
type office struct{}

func (office) Domain(id string) (directory.Domain, bool) {
	return directory.Domain{ID: id, Name: "acme.test"}, id == "acme"
}

func (office) User(id string) (directory.User, bool) {
	user, found := map[string]directory.User{
		"ana": {ID: "ana", DomainID: "acme", Extension: "1001", Name: "Ana Ruiz", Site: "North"},
		"ben": {ID: "ben", DomainID: "acme", Extension: "1002", Name: "Ben Okafor"},
	}[id]
	return user, found
}

func (office) Device(id string) (directory.Device, bool) {
	device, found := map[string]directory.Device{"north": {ID: "north", Name: "5401"}, "hall": {ID: "hall", Name: "5402"}, "bens": {ID: "bens", Name: "1002", OwnerID: "ben"}}[id]
	return device, found
}

func (office) SiteOf(device directory.Device) string {
	return map[string]string{"north": "North"}[device.ID]
}

// readers are those of whom each may or may not be told.
func readers() map[string]directory.Actor {
	return map[string]directory.Actor{
		"super user":       {Scope: directory.ScopeSuperUser, DomainID: "other"},
		"manager":          {Scope: directory.ScopeOfficeManager, DomainID: "acme"},
		"supervisor":       {Scope: directory.ScopeSupervisor, DomainID: "acme"},
		"North":            {Scope: directory.ScopeSiteManager, DomainID: "acme", Site: "North"},
		"South":            {Scope: directory.ScopeSiteManager, DomainID: "acme", Site: "South"},
		"Ana":              {Scope: directory.ScopeBasicUser, DomainID: "acme", UserID: "ana"},
		"Ben":              {Scope: directory.ScopeBasicUser, DomainID: "acme", UserID: "ben"},
		"foreign Ana":      {Scope: directory.ScopeBasicUser, DomainID: "beta", UserID: "ana"},
		"foreign boss":     {Scope: directory.ScopeOfficeManager, DomainID: "beta"},
		"no portal":        {Scope: directory.ScopeNoPortal, DomainID: "acme", UserID: "cy"},
		"nobody at all":    {},
		"foreign reseller": {Scope: directory.ScopeReseller, UserID: "dan"},
	}
}

// TestEventsAndWhomTheyConcern makes an event of each kind of fact: what a
// program outside reads, and who may.
func TestEventsAndWhomTheyConcern(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	always := []string{"manager", "super user", "supervisor"}
	for _, c := range []struct {
		kind    string
		payload any
		as      string
		says    map[string]any // of the data
		also    []string
	}{
		{outbox.KindLogin, outbox.Session{DeviceID: "north", UserID: "ben"}, "login", map[string]any{"device": "5401", "user": "1002", "user_name": "Ben Okafor"}, []string{"Ben", "North"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "released", EndedBy: "ana"}, "released", map[string]any{"device": "5402", "user": "1001", "ended_by": "1001"}, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "ended_by_admin", EndedBy: "cli"}, "released", map[string]any{"ended_by": "cli"}, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "withdrawn"}, "released", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "moved"}, "moved", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "taken_over"}, "moved", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "nightly"}, "expired", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "hour_limit"}, "expired", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "hall", UserID: "ana", Reason: "idle_limit"}, "expired", nil, []string{"Ana"}},
		{outbox.KindEnded, outbox.Session{DeviceID: "gone", UserID: "gone too", Reason: "released"}, "released", map[string]any{"device": "gone", "user": "gone too"}, nil},
		{outbox.KindRefused, outbox.Refusal{DeviceID: "north", Account: "1001", Reason: "pin_wrong"}, "refused", map[string]any{"device": "5401", "account": "1001", "user": nil, "reason": "pin_wrong"}, []string{"North"}},
		{outbox.KindRefused, outbox.Refusal{DeviceID: "hall", UserID: "ben", Reason: "held"}, "refused", map[string]any{"user": "1002"}, []string{"Ben"}},
		{outbox.KindMessageLeft, outbox.MessageLeft{UserID: "ana", CallerNumber: "1002", Seconds: 7}, "message", map[string]any{"user": "1001", "caller_number": "1002", "seconds": 7.0}, []string{"Ana", "North"}},
		{outbox.KindMessageLeft, outbox.MessageLeft{UserID: "ben"}, "message", map[string]any{"user": "1002"}, []string{"Ben"}},
		{outbox.KindEmergencyCall, outbox.EmergencyCall{DeviceID: "north", Dialled: "911", Place: "Floor 5", Line: "carrier"}, "emergency", map[string]any{"device": "5401", "user": nil, "dialled": "911", "place": "Floor 5", "trunk": "carrier"}, []string{"North"}},
		{outbox.KindCallStarted, outbox.Call{Caller: outbox.Party{UserID: "ana", DeviceID: "north"}, Dialled: "1002"}, "call_started", map[string]any{"dialled": "1002"}, []string{"Ana", "North"}},
		{outbox.KindCallAnswered, outbox.Call{Caller: outbox.Party{UserID: "ana"}, Callee: outbox.Party{UserID: "ben", DeviceID: "bens"}}, "call_answered", nil, []string{"Ana", "Ben"}},
		{outbox.KindCallEnded, outbox.Call{Caller: outbox.Party{Number: "+14165550177"}, Callee: outbox.Party{UserID: "ben"}, Result: "answered"}, "call", map[string]any{"result": "answered"}, []string{"Ben"}},
		{outbox.KindRegistered, outbox.Binding{DeviceID: "bens", Flow: "udp:192.0.2.7:5060"}, "registered", map[string]any{"device": "1002", "user": "1002"}, []string{"Ben"}},
		{outbox.KindUnregistered, outbox.Binding{DeviceID: "north", Expired: true}, "unregistered", map[string]any{"device": "5401", "expired": true}, []string{"North"}},
	} {
		fact, err := outbox.New("acme", c.kind, at, c.payload)
		if err != nil {
			t.Fatal(err)
		}
		told, is, err := eventlog.Tell(office{}, fact)
		if err != nil || !is || told.Type != c.as || told.ID != fact.ID || told.Domain != "acme.test" || !told.Timestamp.Equal(at) {
			t.Errorf("%s %+v is told as %+v, %v, %v; want %s", c.kind, c.payload, told.Event, is, err, c.as)
			continue
		}
		text, err := json.Marshal(told.Data)
		if err != nil {
			t.Fatal(err)
		}
		var data map[string]any
		if err := json.Unmarshal(text, &data); err != nil {
			t.Fatal(err)
		}
		for field, want := range c.says {
			if data[field] != want {
				t.Errorf("%s %+v says %s, want %s %v", c.kind, c.payload, text, field, want)
			}
		}
		var may []string
		for who, actor := range readers() {
			if told.May(actor) {
				may = append(may, who)
			}
		}
		slices.Sort(may)
		if diff := cmp.Diff(slices.Sorted(slices.Values(append(slices.Clone(always), c.also...))), may); diff != "" {
			t.Errorf("%s %+v may be read by others (-want +got):\n%s", c.kind, c.payload, diff)
		}
	}
}

func TestFactsThatAreNotTold(t *testing.T) {
	t.Parallel()
	private, err := outbox.New("acme", outbox.KindPasswordForgotten, time.Time{}, outbox.PasswordForgotten{UserID: "ana"})
	if err != nil {
		t.Fatal(err)
	}
	for about, fact := range map[string]outbox.Fact{"what concerns the person alone": private, "what is not known here": {Kind: "weather.changed"}} {
		if told, is, err := eventlog.Tell(office{}, fact); is || err != nil {
			t.Errorf("%s is told as %+v, %v", about, told, err)
		}
	}
	for _, kind := range []string{outbox.KindLogin, outbox.KindRefused, outbox.KindMessageLeft, outbox.KindEmergencyCall, outbox.KindCallEnded, outbox.KindRegistered} {
		if told, is, err := eventlog.Tell(office{}, outbox.Fact{Kind: kind, Payload: []byte("{")}); is || err == nil {
			t.Errorf("%s that cannot be read is told as %+v, %v", kind, told, err)
		}
	}
}
