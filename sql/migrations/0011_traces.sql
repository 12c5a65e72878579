-- When an actor came to the state that it is in: how long it stays there is measured, and shown to whoever looks for
-- what stands still (docs/adr/0012). No index, so that updates stay HOT.
-- Null: as long ago as the row was last written; a process of an older build leaves it as it is.
-- Locks: actors.actor for an instant.

alter table actors.actor add column entered_at timestamptz;
