-- The actor runtime's own tables: actors, their transition log, and the outbox (wake rows and messages).
-- Why: docs/adr/0001 (commit protocol), 0003 (outbox). Locks: none that matter, all tables are new.

create schema actors;

-- The store's clock. Tests replace this function with one that reads a table; nothing else tells the time.
create function actors.clock() returns timestamptz
  language sql volatile
  return clock_timestamp();

create function actors.to_ms(instant timestamptz) returns double precision
  language sql immutable strict parallel safe
  return floor(extract(epoch from instant) * 1000)::double precision;

create function actors.from_ms(ms double precision) returns timestamptz
  language sql immutable strict parallel safe
  return to_timestamp(ms / 1000);

-- One row per actor. No indexed column of it changes at a transition, so updates stay HOT; hence the free space. An
-- index that merely contains a changing column, even a partial one that the row is not in, would end that.
create table actors.actor (
  id text collate "C" primary key,
  machine text not null,
  version text not null,
  structure_hash text not null,
  revision integer not null check (revision > 0),
  status text not null check (status in ('active', 'done')),
  -- Where the actor is, as text: for people and for counting.
  state text not null,
  snapshot jsonb not null,
  timers jsonb not null default '[]',
  effects jsonb not null default '[]',
  parked_by text check (parked_by in ('machine', 'runtime')),
  park_reason text,
  -- The only indexed column that ever changes, at parking and un-parking alone.
  parked_at timestamptz,
  traceparent text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  check (num_nulls(parked_by, park_reason, parked_at) in (0, 3)),
  -- Parked states wait for a person, never for a clock or a call. What the runtime parked keeps what it had.
  check (parked_by is distinct from 'machine' or (timers = '[]' and effects = '[]')),
  check (status = 'active' or (timers = '[]' and effects = '[]' and parked_by is null))
) with (fillfactor = 50);

create index actor_parked on actors.actor (parked_at, id) where parked_at is not null;

-- Append-only. Replaying an actor's events in revision order rebuilds its snapshot.
create table actors.transition (
  actor_id text collate "C" not null,
  revision integer not null check (revision > 0),
  event jsonb not null,
  from_state text,
  to_state text not null,
  armed jsonb not null,
  settled_effect text,
  settled_token integer,
  commit_id uuid not null,
  at timestamptz not null,
  traceparent text,
  primary key (actor_id, revision),
  check ((revision = 1) = (from_state is null)),
  check ((settled_effect is null) = (settled_token is null))
);

-- One per unfinished actor that is not parked: when it is next to be looked at.
create table actors.wake (
  actor_id text collate "C" primary key,
  due_at timestamptz not null,
  -- How often the relay has brought it since the actor's last commit: the interval doubles each time.
  redeliveries integer not null default 0
) with (fillfactor = 50);

create index wake_due on actors.wake (due_at);

-- Events on their way to an actor. Ids grow in the order sent, per sender, since a sender commits under its own lock.
create table actors.message (
  id bigint generated always as identity primary key,
  sender_id text collate "C" not null,
  target_id text collate "C" not null,
  target_machine text not null,
  event jsonb not null,
  -- When it may be applied; never changes.
  deliver_at timestamptz not null,
  -- When the relay is to look at it.
  due_at timestamptz not null,
  redeliveries integer not null default 0,
  traceparent text
);

create index message_target on actors.message (target_id, id);
create index message_due on actors.message (due_at);

-- Operator events, with who and why; written in the transaction of the transition they caused.
create table actors.operation (
  id bigint generated always as identity primary key,
  actor_id text collate "C" not null,
  event jsonb not null,
  by text not null,
  why text not null,
  at timestamptz not null
);

create index operation_actor on actors.operation (actor_id, id);
