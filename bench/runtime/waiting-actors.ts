/** Actors that have been waiting for long, and will for longer: copies of one, written past the library. */
import { withClient } from '../../src/persistence/with-client.ts';
import type { EngineSettings } from '../engines/engine.ts';
import { alarmMachine } from './alarm.ts';
import { openRuntime } from './open-runtime.ts';

const template = 'waiting';
const days = 30;
const dayMs = 86_400_000;

/** @returns the size of the database afterwards, as Postgres prints it */
export async function addWaitingActors(settings: EngineSettings, count: number): Promise<string> {
  const runtime = await openRuntime(settings);
  await runtime.system.start({ machine: alarmMachine.id, id: template, input: { afterMs: days * dayMs } });
  await runtime.close();
  return withClient(settings.databaseUrl, async (client) => {
    await client.query('set synchronous_commit = off');
    const id = `'${template}-' || n`;
    const copies = `generate_series(1, ${count - 1}) n`;
    await client.query(`
      insert into actors.actor (id, machine, version, structure_hash, revision, status, state, snapshot, timers, effects,
        created_at, updated_at)
      select ${id}, machine, version, structure_hash, revision, status, state, snapshot, timers, effects, created_at, updated_at
      from actors.actor, ${copies} where id = '${template}'`);
    await client.query(`
      insert into actors.transition (actor_id, revision, event, from_state, to_state, armed, commit_id, at)
      select ${id}, revision, event, from_state, to_state, armed, commit_id, at
      from actors.transition, ${copies} where actor_id = '${template}'`);
    await client.query(`
      insert into actors.wake (actor_id, due_at)
      select ${id}, due_at + n * interval '1 millisecond' from actors.wake, ${copies} where actor_id = '${template}'`);
    // As autovacuum would have left it.
    await client.query('vacuum analyze');
    await client.query('checkpoint');
    const { rows } = await client.query<{ size: string }>(
      'select pg_size_pretty(pg_database_size(current_database())) as size',
    );
    return rows[0]?.size ?? '';
  });
}

/** @throws unless all of them still wait */
export async function checkWaitingActors({ databaseUrl }: EngineSettings, count: number): Promise<void> {
  const waiting = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ n: number }>(
      `select count(*)::int as n from actors.actor join actors.wake on actor_id = id
       where machine = 'alarm' and status = 'active' and revision = 1`,
    );
    return rows[0]?.n;
  });
  if (waiting !== count) throw new Error(`${waiting} of ${count} actors still wait, so this run does not count`);
}
