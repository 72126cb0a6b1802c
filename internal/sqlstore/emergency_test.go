package sqlstore_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hotdesk-pbx/hotdesk/internal/audit"
	"github.com/hotdesk-pbx/hotdesk/internal/emergency"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

func TestEmergencyCallsComeBackWhole(t *testing.T) {
	t.Parallel()
	for kind, empty := range databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			db := empty(t)
			call := fill[emergency.Call](t, "a")
			put := func(call emergency.Call) error {
				entry := audit.Entry{ID: "audit of " + call.ID, DomainID: call.DomainID, At: call.At, Action: "call.emergency"}
				fact := outbox.Fact{ID: "fact of " + call.ID, DomainID: call.DomainID, Kind: outbox.KindEmergencyCall, At: call.At, Payload: []byte("{}")}
				return db.EmergencyCalls().Put(t.Context(), call, entry, fact)
			}
			if err := put(call); err != nil {
				t.Fatal(err)
			}
			if err := put(call); err == nil {
				t.Error("a call is there twice")
			}
			db = db.reopen(t)
			got, ok, err := db.EmergencyCalls().Last(t.Context(), call.DomainID, call.Number, call.At)
			if err != nil || !ok {
				t.Fatalf("the call is gone: %v, %v", ok, err)
			}
			if diff := cmp.Diff(call, got); diff != "" {
				t.Errorf("the call is another:\n%s", diff)
			}
			if _, ok, err := db.EmergencyCalls().Last(t.Context(), call.DomainID, call.Number, call.At.Add(time.Millisecond)); ok || err != nil {
				t.Errorf("an older call is found: %v, %v", ok, err)
			}
			for since, want := range map[time.Time]int{call.At: 1, call.At.Add(time.Millisecond): 0} {
				if found, err := db.EmergencyCalls().Since(t.Context(), call.DomainID, since); len(found) != want || err != nil {
					t.Errorf("since %s: %v, %v", since, found, err)
				}
			}
			if entries, err := db.Audit().Entries(t.Context(), audit.Query{Action: "call.emergency"}); err != nil || len(entries) != 1 {
				t.Errorf("the audit log has %+v, %v", entries, err)
			}
		})
	}
}
