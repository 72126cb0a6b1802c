-- Which phone an emergency call was made from, so that a call back rings there.

-- +goose Up
create table emergency_calls (
  id text not null primary key, -- of the call
  domain_id text not null,
  device_id text not null,
  desk text not null,
  user_id text not null,
  dialled text not null,
  number text not null,
  place text not null,
  line text not null,
  at bigint not null
);
create index emergency_calls_by_number on emergency_calls (domain_id, number, at);

-- +goose Down
drop table emergency_calls;
