-- One text for SQLite and PostgreSQL: ids are text, times are milliseconds
-- since 1970 in UTC, null where a time may be missing.
-- A unique index is named after its table and columns, because that is how
-- SQLite names a conflict.
-- History (sessions, call records, audit, outbox) names its subjects without
-- foreign keys: it outlives them.

-- +goose Up
create table domains (
  id text not null primary key,
  name text not null,
  time_zone text not null,
  country text not null,
  language text not null,
  is_default boolean not null,
  hot_desking boolean not null,
  activate_phone boolean not null,
  desk_first text not null,
  desk_last text not null,
  login_code text not null,
  release_code text not null,
  mailbox_code text not null,
  any_mailbox_code text not null,
  release_at integer, -- minutes after midnight; null: never
  max_hours integer not null,
  idle_minutes integer not null,
  when_taken text not null,
  take_over_idle integer not null,
  when_elsewhere text not null,
  version bigint not null
);
create unique index domains_name on domains (name);
create unique index domains_is_default on domains (is_default) where is_default;

create table users (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  extension text not null,
  name text not null,
  email text not null,
  scope text not null,
  place text not null,
  caller_id text not null,
  pin_hash text not null,
  password_hash text not null,
  disabled boolean not null,
  no_hot_desking boolean not null,
  created_at bigint not null
);
create unique index users_domain_id_extension on users (domain_id, extension);

create table devices (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  owner_id text references users (id),
  name text not null,
  ha1_md5 text not null,
  ha1_sha256 text not null,
  full_ha1_md5 text not null,
  full_ha1_sha256 text not null,
  disabled boolean not null,
  created_at bigint not null
);
create unique index devices_domain_id_name on devices (domain_id, name);
create index devices_by_owner on devices (owner_id);

create table phones (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  mac text not null,
  model text not null,
  name text not null,
  place text not null
);
create unique index phones_mac on phones (mac);
create index phones_by_domain on phones (domain_id);

create table phone_devices (
  phone_id text not null references phones (id) on delete cascade,
  line integer not null,
  device_name text not null,
  primary key (phone_id, line)
);

create table bindings (
  id text not null primary key,
  device_id text not null references devices (id) on delete cascade,
  contact text not null,
  path text not null, -- one URI a line, topmost first
  flow text not null,
  instance_id text not null,
  reg_id integer not null,
  call_id text not null,
  cseq bigint not null,
  q integer not null,
  user_agent text not null,
  nat boolean not null,
  registered_at bigint not null,
  expires_at bigint not null
);
create index bindings_by_device on bindings (device_id);

create table sessions (
  id text not null primary key,
  domain_id text not null,
  device_id text not null,
  owner_id text not null,
  user_id text not null,
  door text not null,
  started_at bigint not null,
  ends_at bigint,
  ends_as text not null,
  used_at bigint not null,
  ended_at bigint,
  ended text not null,
  ended_by text not null
);
-- The guard: one open session per device, also between servers.
create unique index sessions_device_id on sessions (device_id) where ended_at is null;
-- With the id: at two o'clock all are due at the same moment, and are read by the page.
create index sessions_due on sessions (ends_at, id) where ended_at is null and ends_at is not null;
create index sessions_by_domain on sessions (domain_id, started_at);
create index sessions_by_device on sessions (device_id, started_at);
create index sessions_by_user on sessions (user_id, started_at);
-- After those of all sessions: of two that fit SQLite takes the younger.
create index sessions_open_by_domain on sessions (domain_id, started_at) where ended_at is null;
create index sessions_open_by_user on sessions (user_id, started_at) where ended_at is null;

create table login_failures (
  subject text not null primary key,
  failures integer not null,
  rounds integer not null,
  last_at bigint not null,
  locked_to bigint
);

create table call_records (
  id text not null primary key,
  domain_id text not null,
  caller_user_id text not null,
  caller_device_id text not null,
  caller_session_id text not null,
  caller_number text not null,
  caller_name text not null,
  dialled text not null,
  callee_user_id text not null,
  callee_device_id text not null,
  callee_session_id text not null,
  callee_number text not null,
  callee_name text not null,
  started_at bigint not null,
  answered_at bigint,
  ended_at bigint,
  result text not null,
  cause integer not null,
  ended_by text not null
);
create index call_records_open on call_records (started_at) where ended_at is null;
create index call_records_by_domain on call_records (domain_id, started_at);
create index call_records_by_caller on call_records (caller_user_id, started_at);
create index call_records_by_callee on call_records (callee_user_id, started_at);

create table audit_entries (
  id text not null primary key,
  domain_id text not null,
  at bigint not null,
  actor text not null,
  action text not null,
  device_id text not null,
  user_id text not null,
  detail text not null
);
create index audit_entries_by_domain on audit_entries (domain_id, at);

-- Facts that wait to be told outside, in the order of their ids.
create table outbox (
  id text not null primary key,
  domain_id text not null,
  kind text not null,
  at bigint not null,
  payload text not null
);

-- +goose Down
drop table outbox;
drop table audit_entries;
drop table call_records;
drop table login_failures;
drop table sessions;
drop table bindings;
drop table phone_devices;
drop table phones;
drop table devices;
drop table users;
drop table domains;
