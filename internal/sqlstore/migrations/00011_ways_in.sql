-- +goose Up
create table server_secrets (
  name text not null primary key,
  secret text not null
);
alter table domains add column sign_on_issuer text not null default '';
alter table domains add column sign_on_client_id text not null default '';
alter table domains add column sign_on_client_secret text not null default ''; -- in clear: the provider asks for it

-- +goose Down
alter table domains drop column sign_on_client_secret;
alter table domains drop column sign_on_client_id;
alter table domains drop column sign_on_issuer;
drop table server_secrets;
