package sqlstore

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// transfersAtOnce is how many calls' transfers are read by one statement.
const transfersAtOnce = 500

func transferColumns(t *callrecord.Transfer) []column {
	return append(
		[]column{{"transferred_at", &t.TransferredAt}, {"transferred_by", &t.TransferredBy}},
		partyColumns("transferred", &t.Transferred)...,
	)
}

// putEarlier stores the transfers before the last one. What is there stays.
func putEarlier(ctx context.Context, tx *writeConn, r *callrecord.Record) error {
	for step := range r.Earlier {
		columns := transferColumns(&r.Earlier[step])
		args := []any{r.ID, step}
		for _, c := range columns {
			args = append(args, c.stored())
		}
		text := "insert into call_transfers (call_id, step, " + names(columns) + ") values " + places(1, len(args)) +
			" on conflict (call_id, step) do nothing"
		if err := tx.do(ctx, text, args...); err != nil {
			return err
		}
	}
	return nil
}

// readEarlier adds to records the transfers before their last.
func (st *Records) readEarlier(ctx context.Context, records []callrecord.Record) error {
	transferred := map[string]*callrecord.Record{}
	var ids []any
	for i := range records {
		if r := &records[i]; r.Transfer != (callrecord.Transfer{}) {
			transferred[r.ID] = r
			ids = append(ids, r.ID)
		}
	}
	type earlier struct {
		callID string
		callrecord.Transfer
	}
	fields := func(e *earlier) []any {
		fields := []any{&e.callID}
		for _, c := range transferColumns(&e.Transfer) {
			fields = append(fields, c.scanned())
		}
		return fields
	}
	for some := range slices.Chunk(ids, transfersAtOnce) {
		found, err := collect(ctx, st.db.reader, fields, "select call_id, "+names(transferColumns(&callrecord.Transfer{}))+
			" from call_transfers where call_id in "+places(1, len(some))+" order by call_id, step", some...)
		if err != nil {
			return err
		}
		for _, e := range found {
			r := transferred[e.callID]
			r.Earlier = append(r.Earlier, e.Transfer)
		}
	}
	return nil
}

// filterEarlier adds the conditions for a person or desk that came into a call
// by one of its earlier transfers.
func filterEarlier(s *selection, q callrecord.Query) {
	var of []string
	for _, by := range []struct{ column, value string }{{"transferred_user_id", q.UserID}, {"transferred_device_id", q.DeviceID}} {
		if by.value != "" {
			s.args = append(s.args, by.value)
			of = append(of, by.column+" = $"+strconv.Itoa(len(s.args)), by.column+" <> ''")
		}
	}
	s.always("id in (select call_id from call_transfers where " + strings.Join(of, " and ") + ")")
	if q.UserID != "" && q.Direction == callrecord.Received {
		s.where("caller_user_id <> $", q.UserID)
	}
}
