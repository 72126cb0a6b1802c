-- +goose Up
create table web_sessions (
  id text not null primary key,
  token_hash text not null,
  domain_id text not null,
  user_id text not null references users (id) on delete cascade,
  source text not null,
  agent text not null,
  created_at bigint not null,
  used_at bigint not null
);
create unique index web_sessions_token_hash on web_sessions (token_hash);
create index web_sessions_by_user on web_sessions (user_id, created_at);

-- +goose Down
drop table web_sessions;
