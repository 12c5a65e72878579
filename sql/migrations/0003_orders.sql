-- The orders service's own record of each order: what was ordered, and whether it stands.
-- An order is named by its ledger id, so that it can be cancelled before its creation was ever answered.
-- Locks taken: none on existing tables; everything below is new.

create schema orders;

-- A cancellation that comes before (or instead of) the creation leaves a tombstone: cancelled, with nothing ordered.
-- No indexed column ever changes, so a status change stays HOT in the page's free space.
create table orders.purchase_order (
  id uuid primary key,
  user_id uuid,
  currency text check (currency ~ '^[A-Z]{3}$'),
  total_cents int4 check (total_cents >= 0),
  status text not null check (status in ('created', 'confirmed', 'cancelled')),
  created_at timestamptz not null,
  confirmed_at timestamptz,
  cancelled_at timestamptz,
  constraint purchase_order_is_whole_or_a_tombstone check (
    num_nulls(user_id, currency, total_cents) = 0
    or (num_nonnulls(user_id, currency, total_cents) = 0 and status = 'cancelled')
  ),
  constraint purchase_order_confirmed_has_its_time check ((status = 'confirmed') = (confirmed_at is not null)),
  constraint purchase_order_cancelled_has_its_time check ((status = 'cancelled') = (cancelled_at is not null))
) with (fillfactor = 80);

-- The lines as they were ordered; written once, with their order. The products are inventory's: no reference to them.
create table orders.order_item (
  order_id uuid not null references orders.purchase_order (id),
  line int4 not null check (line >= 1),
  product_id uuid not null,
  quantity int4 not null check (quantity >= 1),
  unit_price_cents int4 not null check (unit_price_cents >= 0),
  primary key (order_id, line)
);
