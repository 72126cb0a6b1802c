package switchboard_test

import (
	"testing"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// TestWhenRecordsAreOnDisk looks at the records while calls go on.
func TestWhenRecordsAreOnDisk(t *testing.T) {
	t.Parallel()
	o := start(t)
	ben, ana := o.peer("ben"), o.peer("ana-1")
	caller := ben.call("1001")
	callee := ana.ring()
	if r := o.records(); len(r) != 0 {
		t.Errorf("while a phone rings: %+v", r)
	}
	callee.answer()
	caller.connected()
	r := o.records()
	if len(r) != 1 || r[0].AnsweredAt.IsZero() || !r[0].EndedAt.IsZero() || o.party(r[0].Callee) != "1001/ana-1" {
		t.Errorf("when the caller hears of the answer: %+v", r)
	}
	hangUp(caller, callee)
	o.endsAs(wantEnd{"1002/ben", "1001/ana-1", callrecord.Answered, 0, "caller"})

	emergency := ben.call("911")
	early(emergency)
	if r := o.records(); len(r) != 2 || r[1].Dialled != "911" || !r[1].EndedAt.IsZero() {
		t.Errorf("while somebody calls for help: %+v", r)
	}
	emergency.Cancel()
	o.ended()
}
