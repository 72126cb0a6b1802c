-- +goose Up
alter table sessions add column warn_at bigint; -- null: the desk is not warned of ends_at
alter table sessions add column warned_at bigint;

-- Which consumers of the outbox have not yet taken a fact.
create table outbox_waiting (
  consumer text not null,
  fact_id text not null,
  primary key (consumer, fact_id)
);
create index outbox_waiting_by_fact on outbox_waiting (fact_id);

-- Facts on their way to one recipient each.
create table deliveries (
  id text not null primary key,
  consumer text not null,
  fact_id text not null,
  domain_id text not null,
  recipient text not null,
  urgent boolean not null,
  since bigint not null,
  due_at bigint not null,
  tries integer not null,
  failure text not null
);
create index deliveries_by_domain on deliveries (consumer, domain_id, due_at);
create index deliveries_by_fact on deliveries (fact_id);

-- +goose Down
drop table deliveries;
drop table outbox_waiting;
alter table sessions drop column warned_at;
alter table sessions drop column warn_at;
