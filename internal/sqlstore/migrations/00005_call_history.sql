-- What the call history shows of a call, and the indexes for its views: by
-- person, and by desk. The index columns are empty in most records.

-- +goose Up
alter table call_records add column caller_device_name text not null default '';
alter table call_records add column callee_device_name text not null default '';
alter table call_records add column way text not null default '';
alter table call_records add column trunk_id text not null default '';
alter table call_records add column via text not null default '';
alter table call_records add column diverted_user_id text not null default '';
alter table call_records add column diverted_device_id text not null default '';
alter table call_records add column diverted_device_name text not null default '';
alter table call_records add column diverted_session_id text not null default '';
alter table call_records add column diverted_number text not null default '';
alter table call_records add column diverted_name text not null default '';
alter table call_records add column transferred_user_id text not null default '';
alter table call_records add column transferred_device_id text not null default '';
alter table call_records add column transferred_device_name text not null default '';
alter table call_records add column transferred_session_id text not null default '';
alter table call_records add column transferred_number text not null default '';
alter table call_records add column transferred_name text not null default '';
alter table call_records add column message_id text not null default '';
alter table call_records add column transferred_at bigint;
alter table call_records add column transferred_by text not null default '';
create index call_records_by_caller_device on call_records (caller_device_id, started_at) where caller_device_id <> '';
create index call_records_by_callee_device on call_records (callee_device_id, started_at) where callee_device_id <> '';
create index call_records_by_diverted on call_records (diverted_user_id, started_at) where diverted_user_id <> '';
create index call_records_by_transferred on call_records (transferred_user_id, started_at) where transferred_user_id <> '';
create index call_records_by_transferred_device on call_records (transferred_device_id, started_at) where transferred_device_id <> '';

-- +goose Down
drop index call_records_by_transferred_device;
drop index call_records_by_transferred;
drop index call_records_by_diverted;
drop index call_records_by_callee_device;
drop index call_records_by_caller_device;
alter table call_records drop column transferred_by;
alter table call_records drop column transferred_at;
alter table call_records drop column message_id;
alter table call_records drop column transferred_name;
alter table call_records drop column transferred_number;
alter table call_records drop column transferred_session_id;
alter table call_records drop column transferred_device_name;
alter table call_records drop column transferred_device_id;
alter table call_records drop column transferred_user_id;
alter table call_records drop column diverted_name;
alter table call_records drop column diverted_number;
alter table call_records drop column diverted_session_id;
alter table call_records drop column diverted_device_name;
alter table call_records drop column diverted_device_id;
alter table call_records drop column diverted_user_id;
alter table call_records drop column via;
alter table call_records drop column trunk_id;
alter table call_records drop column way;
alter table call_records drop column callee_device_name;
alter table call_records drop column caller_device_name;
