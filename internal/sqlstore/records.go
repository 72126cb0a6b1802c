package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
	"github.com/hotdesk-pbx/hotdesk/internal/outbox"
)

// Records is the [callrecord.Store].
type Records struct {
	db    *DB
	whole string // the statement of Put
	plain string // of Put for a call that nobody else had a part in, as nearly all are
}

// Records returns the store of call records.
func (db *DB) Records() *Records {
	r := &callrecord.Record{}
	first, later := firstColumns(r), laterColumns(r)
	assignments := make([]string, len(later))
	for i, c := range later {
		assignments[i] = c.name + " = excluded." + c.name
	}
	insert := func(columns []column) string {
		return "insert into call_records (" + names(columns) + ") values " + places(1, len(columns)) +
			" on conflict (id) do update set " + strings.Join(assignments, ", ")
	}
	all := append(first, later...)
	return &Records{db: db, whole: insert(all), plain: insert(all[:len(all)-len(otherColumns(r))])}
}

// firstColumns are those that stay as they were first put: writing them again
// would renew their index entries for nothing.
func firstColumns(r *callrecord.Record) []column {
	return append(
		[]column{{"id", &r.ID}, {"domain_id", &r.DomainID}, {"dialled", &r.Dialled}, {"started_at", &r.StartedAt}},
		partyColumns("caller", &r.Caller)...,
	)
}

// laterColumns are those that become known as the call goes on, the ends that few
// calls have last.
func laterColumns(r *callrecord.Record) []column {
	columns := append(
		[]column{
			{"answered_at", &r.AnsweredAt},
			{"ended_at", &r.EndedAt},
			{"result", (*string)(&r.Result)},
			{"cause", &r.Cause},
			{"ended_by", &r.EndedBy},
			{"way", (*string)(&r.Way)},
			{"trunk_id", &r.TrunkID},
			{"via", (*string)(&r.Via)},
			{"message_id", &r.MessageID},
		},
		partyColumns("callee", &r.Callee)...,
	)
	return append(columns, otherColumns(r)...)
}

// otherColumns are the ends that are neither caller nor callee.
func otherColumns(r *callrecord.Record) []column {
	return append(partyColumns("diverted", &r.Diverted), transferColumns(&r.Transfer)...)
}

func partyColumns(end string, p *callrecord.Party) []column {
	return []column{
		{end + "_user_id", &p.UserID},
		{end + "_device_id", &p.DeviceID},
		{end + "_device_name", &p.DeviceName},
		{end + "_session_id", &p.SessionID},
		{end + "_number", &p.Number},
		{end + "_name", &p.Name},
	}
}

// Put implements [callrecord.Store].
func (st *Records) Put(ctx context.Context, r callrecord.Record) error {
	facts, err := st.endings(r)
	if err == nil {
		err = st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
			if err := st.put(ctx, tx, &r); err != nil {
				return err
			}
			return insertFacts(ctx, tx, facts)
		})
	}
	if err != nil {
		return fmt.Errorf("store a call record: %w", err)
	}
	return nil
}

func (st *Records) put(ctx context.Context, tx *writeConn, r *callrecord.Record) error {
	text, values := st.insert(r)
	if err := tx.do(ctx, text, values...); err != nil {
		return err
	}
	return putEarlier(ctx, tx, r)
}

// insert is the statement for a record, and its values in the order of the
// columns: each answered call comes here.
func (st *Records) insert(r *callrecord.Record) (text string, values []any) {
	values = make([]any, 0, 39)
	values = append(values, r.ID, r.DomainID, r.Dialled, millis(r.StartedAt))
	values = appendParty(values, &r.Caller)
	values = append(values, optional(r.AnsweredAt), optional(r.EndedAt), string(r.Result), r.Cause, r.EndedBy, string(r.Way),
		r.TrunkID, string(r.Via), r.MessageID)
	values = appendParty(values, &r.Callee)
	if r.Diverted == (callrecord.Party{}) && r.Transfer == (callrecord.Transfer{}) {
		return st.plain, values
	}
	for _, c := range otherColumns(r) {
		values = append(values, c.stored())
	}
	return st.whole, values
}

func appendParty(values []any, p *callrecord.Party) []any {
	return append(values, p.UserID, p.DeviceID, p.DeviceName, p.SessionID, p.Number, p.Name)
}

// End implements [callrecord.Store]. It leaves all indexes alone but that of
// open records.
func (st *Records) End(ctx context.Context, r callrecord.Record) error {
	facts, err := st.endings(r)
	if err == nil {
		err = st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
			changed, err := tx.exec(ctx, "update call_records set ended_at = $1, result = $2, cause = $3, ended_by = $4 where id = $5",
				millis(r.EndedAt), string(r.Result), r.Cause, r.EndedBy, r.ID)
			if err == nil && changed == 0 {
				err = st.put(ctx, tx, &r)
			}
			if err != nil {
				return err
			}
			return insertFacts(ctx, tx, facts)
		})
	}
	if err != nil {
		return fmt.Errorf("end a call record: %w", err)
	}
	return nil
}

// CloseOpen implements [callrecord.Store].
func (st *Records) CloseOpen(ctx context.Context, at time.Time) (int, error) {
	open, err := st.Records(ctx, callrecord.Query{Open: true})
	if err != nil {
		return 0, fmt.Errorf("read open call records: %w", err)
	}
	for i := range open {
		open[i].EndedAt, open[i].Result, open[i].EndedBy = at, callrecord.Interrupted, "system"
	}
	facts, err := st.endings(open...)
	if err != nil {
		return 0, err
	}
	err = st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		err := tx.do(ctx, "update call_records set ended_at = $1, result = $2, ended_by = $3 where ended_at is null",
			millis(at), string(callrecord.Interrupted), "system")
		if err != nil {
			return err
		}
		return insertFacts(ctx, tx, facts)
	})
	if err != nil {
		return 0, fmt.Errorf("close open call records: %w", err)
	}
	return len(open), nil
}

// endings are the facts that calls are over, where somebody wants to know; none
// of those that go on.
func (st *Records) endings(records ...callrecord.Record) ([]outbox.Fact, error) {
	if !st.db.wants(outbox.KindCallEnded) {
		return nil, nil
	}
	var facts []outbox.Fact
	for _, r := range records {
		if r.EndedAt.IsZero() {
			continue
		}
		fact, err := outbox.OfCall(r)
		if err != nil {
			return nil, err
		}
		facts = append(facts, fact)
	}
	return facts, nil
}

// Forget implements [callrecord.Store].
func (st *Records) Forget(ctx context.Context, domainID string, before time.Time, most int) (int, error) {
	gone, err := st.change(ctx, `delete from call_records where id in (select id from call_records
		where domain_id = $1 and started_at < $2 and ended_at is not null order by started_at limit $3)`,
		domainID, millis(before), most)
	if err != nil {
		return 0, fmt.Errorf("forget old call records: %w", err)
	}
	return gone, nil
}

// change runs one statement and returns the number of rows it changed.
func (st *Records) change(ctx context.Context, text string, args ...any) (int, error) {
	var changed int64
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) (err error) {
		changed, err = tx.exec(ctx, text, args...)
		return err
	})
	return int(changed), err
}
