-- +goose Up
create table webhooks (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  url text not null,
  events text not null, -- one a line
  secret text not null, -- in clear: each request is signed with it
  anywhere boolean not null,
  disabled boolean not null,
  why text not null,
  created_by text not null,
  created_at bigint not null
);
create index webhooks_by_domain on webhooks (domain_id);

create table webhook_tries (
  id text not null primary key,
  webhook_id text not null references webhooks (id) on delete cascade,
  event_id text not null,
  type text not null,
  at bigint not null,
  number integer not null,
  status integer not null,
  took bigint not null, -- milliseconds
  answer text not null,
  failure text not null,
  body text not null
);
create index webhook_tries_by_webhook on webhook_tries (webhook_id, at);

-- +goose Down
drop table webhook_tries;
drop table webhooks;
