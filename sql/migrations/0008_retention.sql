-- When actors ended, so that those that ended long ago are found by an index and dropped (docs/adr/0010).
-- A table of its own, since an index on a changing column of actors.actor would end its HOT updates.
-- Locks: actors.actor against writes while its finished rows are read once (seconds per million); ledger.entry for an
-- instant.

-- One row per finished actor, written in the commit that ends it and deleted with it; never updated.
create table actors.ended (
  at timestamptz not null,
  actor_id text collate "C" not null,
  primary key (at, actor_id)
);

create function actors.note_end() returns trigger language plpgsql as $$
begin
  insert into actors.ended (at, actor_id) values (new.updated_at, new.id) on conflict do nothing;
  return null;
end
$$;

-- By triggers, so that actors which a process of an older build ends during a rolling upgrade are noted as well. The
-- conditions are looked at without a call: a transition that ends nothing costs next to nothing.
create trigger actor_begun_and_ended after insert on actors.actor
  for each row when (new.status = 'done') execute function actors.note_end();
create trigger actor_ended after update of status on actors.actor
  for each row when (old.status <> 'done' and new.status = 'done') execute function actors.note_end();

insert into actors.ended (at, actor_id) select updated_at, id from actors.actor where status = 'done';

-- A tenth of a large log is a long time to wait until its space can be used again.
alter table actors.transition set (autovacuum_vacuum_scale_factor = 0.02);
alter table actors.ended set (autovacuum_vacuum_scale_factor = 0.02);
alter table actors.actor set (autovacuum_vacuum_scale_factor = 0.05);

-- Since when nothing is left of the order's saga: the entry stays, its transitions and its notice are gone.
alter table ledger.entry add column history_dropped_at timestamptz;
-- Nothing unfinished is ever dropped.
alter table ledger.entry add constraint entry_drops_the_history_of_what_has_ended check (
  history_dropped_at is null or status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED')
) not valid;
alter table ledger.entry validate constraint entry_drops_the_history_of_what_has_ended;
