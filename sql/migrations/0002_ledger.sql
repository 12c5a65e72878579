-- The order ledger: what the customer asked for, our one answer to it, and what has become of it since.
-- Locks taken: none on existing tables; everything below is new.

create schema ledger;

-- One row per accepted order, inserted in the transaction that starts its actor; the actor has the same id.
-- E-mail and payment token live here alone; neither ever enters a snapshot, a job, a log or a trace.
-- Every transition updates the row, so no index names a column that changes, and half of each page stays free: the
-- updates are HOT. That is why status has no index, not even a partial one (its predicate would count as much): a list
-- by status walks entry_created_at instead.
create table ledger.entry (
  id uuid primary key,
  -- One key, one order (A1).
  idempotency_key text collate "C" not null unique,
  -- SHA-256 of what was asked, in canonical form: the same key with another meaning is refused.
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  user_id uuid not null,
  email text not null,
  payment_method text not null check (payment_method in ('card')),
  -- Deleted by the transaction that leaves AWAITING_AUTHORIZATION.
  payment_token text,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  total_cents int4 not null check (total_cents >= 0),
  trace_id text check (trace_id ~ '^[0-9a-f]{32}$'),

  -- From here to the answer: derived from the saga's transitions, in their own commits.
  status text not null check (status in (
    'AWAITING_AUTHORIZATION', 'AUTHORIZED', 'AUTHORIZATION_FAILED', 'ORDER_CREATED', 'INVENTORY_RESERVED',
    'PAYMENT_CAPTURED', 'COMPLETED', 'COMPENSATING', 'FAILED', 'CANCELLED', 'NEEDS_ATTENTION'
  )),
  revision int4 not null check (revision > 0),
  -- Why the runtime itself has parked the saga (no transition says so); null otherwise. Such an order needs attention.
  park_reason text,
  failure_code text,
  failure_detail jsonb,
  order_state text not null default 'none' check (order_state in ('none', 'created', 'confirmed', 'cancelled')),
  reservation_state text not null default 'none'
    check (reservation_state in ('none', 'reserved', 'released', 'sold')),
  -- Our own payment record. What contradicts itself is for the audit to find, not for a constraint to hide.
  authorization_id text,
  decline_code text,
  authorized_cents int4 not null default 0 check (authorized_cents >= 0),
  captured_cents int4 not null default 0 check (captured_cents >= 0),
  voided_cents int4 not null default 0 check (voided_cents >= 0),
  refunded_cents int4 not null default 0 check (refunded_cents >= 0),
  expired_cents int4 not null default 0 check (expired_cents >= 0),
  -- What a person settled outside the gateway; never part of the sums above.
  settlement jsonb,

  -- The answer to the key, written once (`… where answer_kind is null`); the body byte for byte as it is sent.
  answer_kind text check (answer_kind in ('authorized', 'declined', 'awaiting')),
  answer_body text,
  answer_location text,
  answered_at timestamptz,

  created_at timestamptz not null,
  updated_at timestamptz not null,

  constraint entry_token_goes_with_the_authorization check (
    payment_token is null or status = 'AWAITING_AUTHORIZATION'
  ),
  constraint entry_is_answered_once_authorization_is_settled check (
    answer_kind is not null or status = 'AWAITING_AUTHORIZATION'
  ),
  constraint entry_answer_is_whole check (
    num_nulls(answer_kind, answer_body, answered_at) in (0, 3)
    and (answer_location is not null) = coalesce(answer_kind in ('authorized', 'awaiting'), false)
  ),
  constraint entry_failure_detail_has_its_code check (failure_detail is null or failure_code is not null)
) with (fillfactor = 50);

-- Lists, newest first: all of them, and one user's.
create index entry_created_at on ledger.entry (created_at, id);
create index entry_user on ledger.entry (user_id, created_at, id);

-- What was ordered, one line per product, at the price of that moment. Written once, with the entry.
create table ledger.item (
  order_id uuid not null references ledger.entry (id),
  product_id uuid not null,
  quantity int4 not null check (quantity > 0),
  unit_price_cents int4 not null check (unit_price_cents >= 0),
  primary key (order_id, product_id)
);

create index item_product on ledger.item (product_id, order_id);
