-- What a domain and a user say about calls, and the lines to the public
-- telephone network. The domains there are get what a new one starts with.

-- +goose Up
alter table domains add column ask_ringing boolean not null default false;
alter table domains add column warn_minutes integer not null default 5;
alter table domains add column pickup_code text not null default '**';
alter table domains add column park_code text not null default '*68';
alter table domains add column to_mailbox_code text not null default '*99';
alter table domains add column forward_all_code text not null default '*72';
alter table domains add column forward_all_off_code text not null default '*73';
alter table domains add column forward_busy_code text not null default '*90';
alter table domains add column forward_busy_off_code text not null default '*91';
alter table domains add column forward_no_answer_code text not null default '*92';
alter table domains add column forward_no_answer_off_code text not null default '*93';
alter table domains add column do_not_disturb_code text not null default '*78';
alter table domains add column disturb_again_code text not null default '*79';
alter table domains add column ring_here_code text not null default '*41';
alter table domains add column ring_everywhere_code text not null default '*40';
alter table domains add column withhold_code text not null default '*67';
alter table domains add column emergency_test_code text not null default '*933';
alter table domains add column main_number text not null default '';
alter table domains add column keep_calls integer not null default 0;
alter table domains add column mailboxes boolean not null default true;
alter table domains add column mailbox_messages integer not null default 100;
alter table domains add column mailbox_seconds integer not null default 300;
alter table domains add column class text not null default 'national';
alter table domains add column desk_class text not null default 'inside';
alter table domains add column premium boolean not null default false;
alter table domains add column max_calls integer not null default 0;
alter table domains add column user_calls integer not null default 4;
alter table domains add column emergency_extension text not null default '';
alter table domains add column emergency_email text not null default '';
alter table domains add column mail_address text not null default '';
alter table domains add column mail_from text not null default '';
alter table domains add column mail_user text not null default '';
alter table domains add column mail_password text not null default ''; -- in clear: the mail server asks for it

alter table users add column ring_seconds integer not null default 0;
alter table users add column do_not_disturb boolean not null default false;
alter table users add column forward_all text not null default '';
alter table users add column forward_busy text not null default '';
alter table users add column forward_no_answer text not null default '';
alter table users add column ring_here_only boolean not null default false;
alter table users add column no_mailbox boolean not null default false;
alter table users add column mailbox_without_pin boolean not null default false;
alter table users add column class text not null default '';

create table numbers (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  user_id text references users (id),
  number text not null
);
create unique index numbers_number on numbers (number);
create index numbers_by_domain on numbers (domain_id);
create index numbers_by_user on numbers (user_id);

create table trunks (
  id text not null primary key,
  domain_id text not null references domains (id) on delete cascade,
  name text not null,
  host text not null,
  transport text not null,
  registers boolean not null,
  user_name text not null,
  password text not null, -- in clear: a digest is made from it for each challenge
  priority integer not null,
  max_calls integer not null,
  disabled boolean not null
);
create unique index trunks_domain_id_name on trunks (domain_id, name);

-- +goose Down
drop table trunks;
drop table numbers;
alter table users drop column class;
alter table users drop column mailbox_without_pin;
alter table users drop column no_mailbox;
alter table users drop column ring_here_only;
alter table users drop column forward_no_answer;
alter table users drop column forward_busy;
alter table users drop column forward_all;
alter table users drop column do_not_disturb;
alter table users drop column ring_seconds;
alter table domains drop column mail_password;
alter table domains drop column mail_user;
alter table domains drop column mail_from;
alter table domains drop column mail_address;
alter table domains drop column emergency_email;
alter table domains drop column emergency_extension;
alter table domains drop column user_calls;
alter table domains drop column max_calls;
alter table domains drop column premium;
alter table domains drop column desk_class;
alter table domains drop column class;
alter table domains drop column mailbox_seconds;
alter table domains drop column mailbox_messages;
alter table domains drop column mailboxes;
alter table domains drop column keep_calls;
alter table domains drop column main_number;
alter table domains drop column emergency_test_code;
alter table domains drop column withhold_code;
alter table domains drop column ring_everywhere_code;
alter table domains drop column ring_here_code;
alter table domains drop column disturb_again_code;
alter table domains drop column do_not_disturb_code;
alter table domains drop column forward_no_answer_off_code;
alter table domains drop column forward_no_answer_code;
alter table domains drop column forward_busy_off_code;
alter table domains drop column forward_busy_code;
alter table domains drop column forward_all_off_code;
alter table domains drop column forward_all_code;
alter table domains drop column to_mailbox_code;
alter table domains drop column park_code;
alter table domains drop column pickup_code;
alter table domains drop column warn_minutes;
alter table domains drop column ask_ringing;
