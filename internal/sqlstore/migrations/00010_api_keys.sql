-- +goose Up
create table api_keys (
  id text not null primary key,
  token_hash text not null,
  start text not null, -- the first characters of the key, to tell it from others
  name text not null,
  domain_id text references domains (id) on delete cascade, -- null: the whole server
  user_id text references users (id) on delete cascade, -- null: acts for nobody
  scope text not null,
  created_by text not null,
  created_at bigint not null,
  used_at bigint,
  expires_at bigint
);
create unique index api_keys_token_hash on api_keys (token_hash);
create index api_keys_by_domain on api_keys (domain_id);
create index api_keys_by_user on api_keys (user_id);

-- +goose Down
drop table api_keys;
