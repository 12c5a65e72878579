-- The mailbox of the notices that tell customers how their orders ended. No mail leaves this system: the row is the mail.
-- Locks taken: none on existing tables; everything below is new.

create schema notice;

-- One notice per order, however often it is sent: the first one stays.
create table notice.mailbox (
  order_id uuid primary key,
  recipient text not null,
  subject text not null,
  body text not null,
  outcome text not null check (outcome in ('completed', 'failed', 'cancelled', 'authorization_failed')),
  created_at timestamptz not null
);
