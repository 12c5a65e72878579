-- What the operator console looks things up by: how orders ended, which processes live, what the last audits found.
-- Why: docs/adr/0013. Locks: ledger.entry against writes while it is read once and an index is built (seconds per million).

-- One row per order that has ended, written in the commit that ends it; never updated. A table of its own, since an index
-- on the entry's status would end its HOT updates: a list by a final status walks this primary key instead of all orders.
create table ledger.ended (
  status text not null check (status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED')),
  -- The entry's, so that the list is in its order. No reference to it: entries are never deleted.
  created_at timestamptz not null,
  id uuid not null,
  ended_at timestamptz not null,
  primary key (status, created_at, id)
);
-- What ended lately lies together, so a few pages per summary find it.
create index ended_lately on ledger.ended using brin (ended_at) with (pages_per_range = 8, autosummarize = on);

create function ledger.note_end() returns trigger language plpgsql as $$
begin
  insert into ledger.ended (status, created_at, id, ended_at) values (new.status, new.created_at, new.id, new.updated_at)
  on conflict do nothing;
  return null;
end
$$;

-- By triggers, so that orders which a process of an older build ends during a rolling upgrade are noted as well.
create trigger entry_begun_and_ended after insert on ledger.entry
  for each row when (new.status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED'))
  execute function ledger.note_end();
create trigger entry_ended after update of status on ledger.entry
  for each row when (
    old.status is distinct from new.status
    and new.status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED')
  )
  execute function ledger.note_end();

insert into ledger.ended (status, created_at, id, ended_at)
  select status, created_at, id, updated_at from ledger.entry
  where status in ('COMPLETED', 'AUTHORIZATION_FAILED', 'FAILED', 'CANCELLED')
  -- As they would have come, for the BRIN index.
  order by updated_at;

-- The amount never changes, so this index ends no HOT update. Equal amounts lie together, newest last.
create index entry_total on ledger.entry (total_cents, created_at, id);

create schema console;

-- One row per living process, which says every few seconds that it lives. Worth nothing after a crash, hence unlogged.
create unlogged table console.process (
  id uuid primary key,
  roles text[] not null,
  version text not null,
  host text not null,
  pid int4 not null,
  -- Participants that its circuit breakers leave alone just now: name to state.
  breakers jsonb not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
) with (fillfactor = 50);

-- What the last runs of `waybill audit` found.
create table console.audit (
  id int4 generated always as identity primary key,
  at timestamptz not null,
  is_clean boolean not null,
  -- Whether what holds only while workers run was checked too.
  is_live boolean not null,
  actors int4 not null,
  transitions int8 not null,
  -- [{id, promise, findings}], one per invariant.
  checks jsonb not null
);
