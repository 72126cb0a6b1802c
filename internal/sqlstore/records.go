package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/hotdesk-pbx/hotdesk/internal/callrecord"
)

// Records is the [callrecord.Store].
type Records struct{ db *DB }

// Records returns the store of call records.
func (db *DB) Records() *Records { return &Records{db} }

// Put implements [callrecord.Store]. Who called whom from where, and when, stays as it was
// first put: writing it again would renew its index entries for nothing.
func (st *Records) Put(ctx context.Context, r callrecord.Record) error {
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) error {
		return tx.do(ctx, `insert into call_records (id, domain_id,
			caller_user_id, caller_device_id, caller_session_id, caller_number, caller_name, dialled,
			callee_user_id, callee_device_id, callee_session_id, callee_number, callee_name,
			started_at, answered_at, ended_at, result, cause, ended_by)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
			on conflict (id) do update set callee_user_id = excluded.callee_user_id, callee_device_id = excluded.callee_device_id,
			callee_session_id = excluded.callee_session_id, callee_number = excluded.callee_number,
			callee_name = excluded.callee_name, answered_at = excluded.answered_at, ended_at = excluded.ended_at, result = excluded.result,
			cause = excluded.cause, ended_by = excluded.ended_by`,
			r.ID, r.DomainID,
			r.Caller.UserID, r.Caller.DeviceID, r.Caller.SessionID, r.Caller.Number, r.Caller.Name, r.Dialled,
			r.Callee.UserID, r.Callee.DeviceID, r.Callee.SessionID, r.Callee.Number, r.Callee.Name,
			millis(r.StartedAt), optional(r.AnsweredAt), optional(r.EndedAt), string(r.Result), r.Cause, r.EndedBy)
	})
	if err != nil {
		return fmt.Errorf("store a call record: %w", err)
	}
	return nil
}

// Records implements [callrecord.Store].
func (st *Records) Records(ctx context.Context, q callrecord.Query) ([]callrecord.Record, error) {
	var s selection
	s.where("domain_id = $", q.DomainID)
	s.where("(caller_user_id = $ or callee_user_id = $)", q.UserID)
	if q.Open {
		s.always("ended_at is null")
	}
	text := `select id, domain_id,
		caller_user_id, caller_device_id, caller_session_id, caller_number, caller_name, dialled,
		callee_user_id, callee_device_id, callee_session_id, callee_number, callee_name,
		started_at, answered_at, ended_at, result, cause, ended_by from call_records` +
		s.end("started_at desc, id desc", q.Limit)
	return collect(ctx, st.db.reader, recordFields, text, s.args...)
}

func recordFields(r *callrecord.Record) []any {
	return []any{
		&r.ID, &r.DomainID,
		&r.Caller.UserID, &r.Caller.DeviceID, &r.Caller.SessionID, &r.Caller.Number, &r.Caller.Name, &r.Dialled,
		&r.Callee.UserID, &r.Callee.DeviceID, &r.Callee.SessionID, &r.Callee.Number, &r.Callee.Name,
		instant{&r.StartedAt},
		instant{&r.AnsweredAt},
		instant{&r.EndedAt},
		&r.Result, &r.Cause, &r.EndedBy,
	}
}

// CloseOpen implements [callrecord.Store].
func (st *Records) CloseOpen(ctx context.Context, at time.Time) (int, error) {
	var closed int64
	err := st.db.write(ctx, func(ctx context.Context, tx *writeConn) (err error) {
		closed, err = tx.exec(ctx, "update call_records set ended_at = $1, result = $2, ended_by = $3 where ended_at is null",
			millis(at), string(callrecord.Interrupted), "system")
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("close open call records: %w", err)
	}
	return int(closed), nil
}
