-- Sites, the parts of a domain that a site manager manages, and who manages a
-- domain as a reseller.

-- +goose Up
alter table users add column site text not null default '';
alter table phones add column site text not null default '';
alter table domains add column reseller_id text not null default ''; -- no foreign key: of another domain, which may go

-- +goose Down
alter table domains drop column reseller_id;
alter table phones drop column site;
alter table users drop column site;
