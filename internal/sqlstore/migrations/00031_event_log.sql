-- +goose Up
create table event_log_followed (
  one bigint not null primary key, -- always 1
  since bigint not null,
  until bigint not null
);

-- +goose Down
drop table event_log_followed;
