-- The fake payment gateway's own record. It plays a third party: nothing but the payments plugin writes here, and
-- nothing here refers to another schema, so that it can live in a database of its own.
-- Locks taken: none on existing tables; everything below is new.

create schema payments;

-- One row per answered authorization, declined ones included. Amounts only grow; what is still held is
-- authorized - captured - voided - expired. No indexed column ever changes, so updates stay HOT.
create table payments.payment (
  authorization_id uuid primary key,
  authorize_key text not null unique,
  user_id uuid not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  status text not null check (status in ('declined', 'authorized', 'captured', 'refunded', 'voided', 'expired')),
  decline_code text,
  requested_cents int4 not null check (requested_cents >= 0),
  authorized_cents int4 not null check (authorized_cents between 0 and requested_cents),
  captured_cents int4 not null default 0 check (captured_cents between 0 and authorized_cents),
  voided_cents int4 not null default 0 check (voided_cents between 0 and authorized_cents),
  refunded_cents int4 not null default 0 check (refunded_cents between 0 and captured_cents),
  expired_cents int4 not null default 0 check (expired_cents between 0 and authorized_cents),
  -- The switches that the token chose. The token itself is never stored.
  on_capture text not null check (on_capture in ('succeed', 'time_out', 'decline', 'expire')),
  flaky_calls int4 not null default 0 check (flaky_calls >= 0),
  void_faults int4 not null default 0 check (void_faults >= 0),
  refund_faults int4 not null default 0 check (refund_faults >= 0),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint payment_never_gives_more_than_it_holds
    check (captured_cents::int8 + voided_cents + expired_cents <= authorized_cents),
  constraint payment_status_agrees_with_amounts check (
    case status
      when 'declined' then authorized_cents = 0
      when 'authorized' then captured_cents = 0 and voided_cents = 0 and expired_cents = 0
      -- A capture is the only one; it gives the rest of the authorization back.
      when 'captured' then captured_cents + voided_cents = authorized_cents and expired_cents = 0
      when 'refunded' then captured_cents + voided_cents = authorized_cents and refunded_cents = captured_cents
      when 'voided' then voided_cents = authorized_cents
      when 'expired' then expired_cents = authorized_cents
    end
  ),
  constraint payment_decline_has_a_code check ((status = 'declined') = (decline_code is not null))
) with (fillfactor = 80);

-- What was answered to an idempotency key, one key space per operation. Rows are never deleted: a key forgotten
-- before the caller's last retry would let an effect happen twice. Committed rows always carry an answer.
create table payments.request (
  operation text not null check (operation in ('authorize', 'capture', 'void', 'refund')),
  key text not null,
  -- SHA-256 of the question. Null: the answer was laid down before any question came (a void by key), fits them all.
  fingerprint text,
  -- json, not jsonb: it comes back as it was written.
  answer json,
  -- Trace of the call that was answered first; its problem details carry it, so repeats of them do too.
  trace_id text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (operation, key)
) with (fillfactor = 70);

-- The gateway's ledger: what really happened, once per (kind, key). Sums per authorization equal payments.payment:
-- authorized = authorize, captured = capture, voided = void + release, refunded = refund, expired = expire.
create table payments.entry (
  id int8 generated always as identity primary key,
  authorization_id uuid not null references payments.payment,
  kind text not null
    check (kind in ('authorize', 'decline', 'capture', 'release', 'void', 'refund', 'expire')),
  -- The idempotency key of the call that did it.
  key text not null,
  amount_cents int4 not null check (amount_cents >= 0),
  at timestamptz not null default clock_timestamp(),
  unique (kind, key)
);

create function payments.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'payments.entry is append-only';
end
$$;

create trigger entry_is_append_only before update or delete or truncate on payments.entry
  for each statement execute function payments.refuse_change();

-- How often a scenario (`flaky_N`, `void_fails_N`, …) has answered 503 instead of doing its work, per payment.
create table payments.fault (
  authorize_key text not null,
  operation text not null check (operation in ('authorize', 'capture', 'void', 'refund')),
  struck int4 not null check (struck > 0),
  primary key (authorize_key, operation)
) with (fillfactor = 70);
