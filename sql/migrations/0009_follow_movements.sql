-- One more search: what moves at the gateway, of payments however old (docs/adr/0009).
-- Locks: reconciliation.search for an instant.

alter table reconciliation.search drop constraint search_name_check;
alter table reconciliation.search add constraint search_name_check check (name in ('recent', 'moved', 'whole', 'open'));

insert into reconciliation.search (name) values ('moved');
