-- What was found to differ between our money record and the gateway's, and how far the search has come.
-- Why: docs/adr/0009. Locks taken: none on existing tables; everything below is new.

create schema reconciliation;

-- One row per difference and order, kept for good. Closed it is `healed` by a call of ours, `settled` by a person, or
-- `vanished` by itself. What was healed or settled is known from then on: the same books are no finding again.
create table reconciliation.finding (
  id int4 generated always as identity primary key,
  kind text not null check (kind in (
    'money_held', 'money_kept', 'money_returned', 'capture_differs', 'authorization_differs', 'currency_differs',
    'record_differs', 'payment_missing', 'order_missing', 'projection_differs'
  )),
  -- Not a foreign key: an order may be what is missing.
  order_id uuid not null,
  -- What was compared. `theirs` is null where the other side has nothing.
  ours jsonb,
  theirs jsonb,
  -- What sets it right; `person`: no call does, or the gateway refuses it.
  remedy text not null check (remedy in ('void', 'refund', 'person')),
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'healed', 'settled', 'vanished')),
  closed_at timestamptz,
  by text,
  why text,
  check ((state = 'open') = (closed_at is null)),
  check ((state = 'open') = (by is null)),
  check (state = 'open' or why is not null)
) with (fillfactor = 70);

-- However many processes see a difference, it is one finding.
create unique index finding_open on reconciliation.finding (order_id, kind) where state = 'open';
create index finding_order on reconciliation.finding (order_id);
-- Open ones are looked at again by turns, the longest unseen first.
create index finding_unseen on reconciliation.finding (last_seen_at) where state = 'open';

-- The searches, and how far each has come. A row is its own lease: whoever moves `next_at` on has the turn until then.
create table reconciliation.search (
  name text primary key check (name in ('recent', 'whole', 'open')),
  -- +1 at each turn; a turn that took too long finds another one here and leaves its result.
  token int4 not null default 0,
  next_at timestamptz not null default '-infinity',
  -- Where the round stands; null: at its beginning.
  position jsonb
) with (fillfactor = 50);

insert into reconciliation.search (name) values ('recent'), ('whole'), ('open');
