-- Floor plans, and the indexes for reports: the sessions that reach into a time,
-- the timeline of a desk or person.

-- +goose Up
create table floors (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  name text not null,
  picture_type text not null,
  picture text not null, -- base64
  width integer not null, -- of the picture, in pixels
  height integer not null,
  version bigint not null
);
create unique index floors_domain_id_name on floors (domain_id, name);

create table floor_desks (
  device_id text not null primary key references devices (id) on delete cascade,
  floor_id text not null references floors (id) on delete cascade,
  x integer not null, -- hundredths of a percent of the picture, from its left edge
  y integer not null -- from its upper edge
);
create index floor_desks_by_floor on floor_desks (floor_id);

create index sessions_by_end on sessions (domain_id, (coalesce(ended_at, 9223372036854775807)));
create index audit_entries_by_device on audit_entries (device_id, at) where device_id <> '';
create index audit_entries_by_user on audit_entries (user_id, at) where user_id <> '';

-- +goose Down
drop index audit_entries_by_user;
drop index audit_entries_by_device;
drop index sessions_by_end;
drop table floor_desks;
drop table floors;
