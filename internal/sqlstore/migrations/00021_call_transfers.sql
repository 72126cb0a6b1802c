-- The transfers of a call before its last one, which is in call_records. Few
-- calls have any.

-- +goose Up
create table call_transfers (
  call_id text not null references call_records (id) on delete cascade,
  step bigint not null, -- from 0
  transferred_at bigint,
  transferred_by text not null,
  transferred_user_id text not null,
  transferred_device_id text not null,
  transferred_device_name text not null,
  transferred_session_id text not null,
  transferred_number text not null,
  transferred_name text not null,
  primary key (call_id, step)
);
create index call_transfers_by_user on call_transfers (transferred_user_id) where transferred_user_id <> '';
create index call_transfers_by_device on call_transfers (transferred_device_id) where transferred_device_id <> '';

-- +goose Down
drop table call_transfers;
