-- Products, what is on hand of them, what of it is promised to orders, and every movement that made it so.
-- Locks taken: none on existing tables; everything below is new.

create schema inventory;

-- Never updated: what changes is in inventory.stock, so a hot product's row here stays free of locks and versions.
create table inventory.product (
  id uuid primary key,
  name text not null check (char_length(name) between 1 and 200),
  sku text not null check (char_length(sku) between 1 and 100),
  price_cents int4 not null check (price_cents >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  created_at timestamptz not null
);

-- Two SKUs that differ only in case are one SKU mistyped. Under "C" lower() folds ASCII alone, whatever the locale.
create unique index product_sku_key on inventory.product (lower(sku collate "C"));

-- Half of each page stays free and no changing column is indexed: every change of a hot product is HOT.
create table inventory.stock (
  product_id uuid primary key references inventory.product (id),
  on_hand int4 not null,
  reserved int4 not null,
  constraint stock_never_promises_more_than_is_there check (reserved >= 0 and on_hand >= reserved)
) with (fillfactor = 50);

-- The answer to each stock adjustment's idempotency key. Kept for good: a forgotten key would adjust twice.
-- Quantities are what could still be promised (on hand - reserved), before and after.
create table inventory.adjustment (
  idempotency_key text primary key,
  id uuid not null unique,
  product_id uuid not null references inventory.product (id),
  quantity int4 not null check (quantity <> 0),
  reason text not null,
  reference_id text,
  notes text,
  previous_quantity int4 not null check (previous_quantity >= 0),
  new_quantity int4 not null check (new_quantity >= 0),
  created_at timestamptz not null,
  constraint adjustment_adds_up check (previous_quantity::int8 + quantity = new_quantity)
);

-- Why stock is what it is: on hand = the sum of a product's movements. Insert-only.
create table inventory.movement (
  id int8 generated always as identity primary key,
  product_id uuid not null references inventory.product (id),
  kind text not null check (kind in ('initial', 'adjustment', 'sale')),
  quantity int4 not null check (quantity <> 0),
  order_id uuid,
  adjustment_id uuid unique references inventory.adjustment (id),
  created_at timestamptz not null,
  constraint movement_names_its_cause check (
    case kind
      when 'initial' then order_id is null and adjustment_id is null and quantity > 0
      when 'adjustment' then order_id is null and adjustment_id is not null
      when 'sale' then order_id is not null and adjustment_id is null and quantity < 0
    end
  )
);

-- An order moves a product's stock once per kind, whatever is retried.
create unique index movement_order_key on inventory.movement (order_id, product_id, kind) where order_id is not null;
-- A product starts once.
create unique index movement_initial_key on inventory.movement (product_id) where kind = 'initial';

-- One row per order that ever asked, never deleted. `released` is also the tombstone of a release that came first: it
-- refuses the late reserve. `refused` remembers what was short.
create table inventory.reservation (
  order_id uuid primary key,
  status text not null check (status in ('held', 'refused', 'released', 'sold')),
  owned_by_saga boolean not null,
  -- Null for a saga's reservation: only its saga may end it.
  expires_at timestamptz,
  refusal jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  constraint reservation_lapses_unless_a_saga_owns_it
    check ((expires_at is not null) = (status = 'held' and not owned_by_saga)),
  constraint reservation_refused_says_why check ((refusal is not null) = (status = 'refused'))
) with (fillfactor = 80);

-- For the sweeper. The predicate names no column that a saga's reservation ever changes, so those stay HOT.
create index reservation_expiry on inventory.reservation (expires_at) where expires_at is not null;

-- What was asked for, summed per product; written once, with its reservation. A refused request may name a product that
-- does not exist, so there is no reference; a held one was checked under the lock of its stock rows.
create table inventory.reservation_item (
  order_id uuid not null references inventory.reservation (order_id),
  product_id uuid not null,
  quantity int4 not null check (quantity >= 1),
  primary key (order_id, product_id)
);
