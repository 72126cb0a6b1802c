-- Requests of the API that must be done once, with their sealed answers.

-- +goose Up
create table requests (
  id text not null primary key,
  digest text not null,
  begun_at bigint not null,
  answer text not null -- base64; empty: none yet
);
create index requests_begun_at on requests (begun_at);

-- +goose Down
drop table requests;
