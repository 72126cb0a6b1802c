-- +goose Up
-- A mailbox outlives its user until its sound is removed too, so nothing here
-- refers to users.
create table mailboxes (
  user_id text not null primary key,
  domain_id text not null,
  greeting text not null, -- the name of its sound; empty: none
  spoken_name text not null
);

create table messages (
  id text not null primary key,
  domain_id text not null,
  user_id text not null,
  call_id text not null,
  caller_user_id text not null,
  caller_number text not null,
  caller_name text not null,
  left_at bigint not null,
  length bigint not null, -- milliseconds
  state text not null
);
create index messages_by_user on messages (user_id, state);

-- +goose Down
drop table messages;
drop table mailboxes;
