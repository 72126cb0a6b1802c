package sqlstore

import (
	"context"
	"slices"
	"strings"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// Records implements [callrecord.Store].
func (st *Records) Records(ctx context.Context, q callrecord.Query) ([]callrecord.Record, error) {
	text, args := recordQuery(q)
	records, err := collect(ctx, st.db.reader, recordFields, text, args...)
	if err != nil {
		return nil, err
	}
	return records, st.readEarlier(ctx, records)
}

func recordFields(r *callrecord.Record) []any {
	var fields []any
	for _, c := range append(firstColumns(r), laterColumns(r)...) {
		fields = append(fields, c.scanned())
	}
	return fields
}

// Orphans implements [callrecord.Store]. It goes from one domain to the next by
// the index, whatever the number of records between.
func (st *Records) Orphans(ctx context.Context) ([]string, error) {
	return collect(ctx, st.db.reader, func(id *string) []any { return []any{id} }, `with recursive d (id) as (
		select min(domain_id) from call_records
		union all select (select min(domain_id) from call_records where domain_id > d.id) from d where d.id is not null)
		select id from d where id is not null and id not in (select id from domains)`)
}

// part is an end of a call that a person may have been at.
type part struct {
	end       string // of the columns' names
	direction callrecord.Direction
	missed    []callrecord.Result // those that mean to the person that the call was missed
}

// parts are all ends, with the results that are missed to each as
// [callrecord.View] has it.
func parts() []part {
	nobody := []callrecord.Result{
		callrecord.NoAnswer, callrecord.NotReached, callrecord.Cancelled, callrecord.Busy, callrecord.NotFound, callrecord.Failed,
	}
	return []part{
		{"caller", callrecord.Made, nil},
		{"callee", callrecord.Received, append(slices.Clip(nobody), callrecord.Voicemail)},
		{"diverted", callrecord.Received, append(slices.Clip(nobody), callrecord.Declined)},
		{"transferred", callrecord.Received, nil},
		{"earlier", callrecord.Received, nil},
	}
}

// recordQuery is the statement of a query. The calls of a person or desk are
// those at each end, found by an index of its own, so that the newest few need
// no look at all the others.
func recordQuery(q callrecord.Query) (text string, args []any) {
	var s selection
	filter(&s, q)
	common := slices.Clip(s.conditions)
	const order = "started_at desc, id desc"
	r := &callrecord.Record{}
	from := "select " + names(firstColumns(r)) + ", " + names(laterColumns(r)) + " from call_records"
	if q.UserID == "" && q.DeviceID == "" {
		return from + s.end(order, q.Limit), s.args
	}
	var found []string
	for _, p := range parts() {
		if s.conditions = common; p.wanted(q) {
			p.filter(&s, q)
			found = append(found, "select * from ("+from+s.end(order, q.Limit)+") as "+p.end)
		}
	}
	s.conditions = nil
	return strings.Join(found, " union ") + s.end(order, q.Limit), s.args
}

// wanted reports whether calls at this end are wanted at all.
func (p part) wanted(q callrecord.Query) bool {
	if q.DeviceID != "" && p.end == "diverted" { // who was called first took nothing
		return false
	}
	if q.UserID != "" && q.Direction == callrecord.Missed {
		return p.missed != nil
	}
	return q.UserID == "" || q.Direction == "" || q.Direction == p.direction
}

// filter adds the conditions for a person or desk at this end. That it is not
// empty is what its index says.
func (p part) filter(s *selection, q callrecord.Query) {
	if p.end == "earlier" {
		filterEarlier(s, q)
		return
	}
	if q.DeviceID != "" {
		s.where(p.end+"_device_id = $", q.DeviceID)
		s.always(p.end + "_device_id <> ''")
	}
	if q.UserID == "" {
		return
	}
	s.where(p.end+"_user_id = $", q.UserID)
	s.always(p.end + "_user_id <> ''")
	if q.Direction == callrecord.Received || q.Direction == callrecord.Missed {
		s.where("caller_user_id <> $", q.UserID)
	}
	if q.Direction == callrecord.Missed {
		s.always("result in (" + quoted(p.missed) + ")")
	}
	if q.Direction == callrecord.Missed && p.end == "diverted" {
		s.where("callee_user_id <> $", q.UserID)
	}
}

func quoted(results []callrecord.Result) string {
	texts := make([]string, len(results))
	for i, r := range results {
		texts[i] = "'" + string(r) + "'"
	}
	return strings.Join(texts, ", ")
}

// filter adds the conditions that hold for every end.
func filter(s *selection, q callrecord.Query) {
	s.where("domain_id = $", q.DomainID)
	s.where("started_at >= $", optional(q.From))
	s.where("started_at < $", optional(q.To))
	s.where("result = $", string(q.Result))
	if q.Way == callrecord.Inside {
		s.always("way in ('', 'inside')")
	} else {
		s.where("way = $", string(q.Way))
	}
	if q.Open {
		s.always("ended_at is null")
	}
	if q.Text != "" {
		// The database lowers both, because SQLite knows no letters but those of ASCII.
		s.where(`(lower(caller_number || ' / ' || caller_name || ' / ' || dialled || ' / ' || callee_number || ' / ' || callee_name
			|| ' / ' || diverted_number || ' / ' || diverted_name || ' / ' || transferred_number || ' / ' || transferred_name)
			like lower($) escape '\' or id in (select call_id from call_transfers
			where lower(transferred_number || ' / ' || transferred_name) like lower($) escape '\'))`, "%"+strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(q.Text)+"%")
	}
	s.after("started_at", q.After.StartedAt, q.After.ID)
}
