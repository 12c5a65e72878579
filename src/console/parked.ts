/** The parked: groups of them, their actors, and RETRY to many at once. */
import type { Static } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { type ActorSystem, operate, retryEvent } from '../actors/index.ts';
import { storeClock } from '../persistence/operations.ts';
import { countParked, parkedActors, parkedGroups, type ParkedPage, parkedTotals } from './parked-queries.ts';
import { parkedTitle } from './parked-title.ts';
import type { ParkedActor, ParkedGroups, Retried, RetryBody } from './schemas.ts';

export interface ParkedPorts {
  readonly pool: CommonQueryMethods;
  readonly system: Pick<ActorSystem, 'read' | 'send' | 'unpark' | 'machines'>;
}

export async function listGroups({ pool, system }: ParkedPorts): Promise<Static<typeof ParkedGroups>> {
  const [groups, totals] = await Promise.all([parkedGroups(pool), parkedTotals(pool)]);
  const bodies = await Promise.all(
    groups.map(async (group) => ({
      cause: group.cause,
      title: parkedTitle(system.machines, group),
      machine: group.machine,
      by: group.by,
      state: group.state,
      code: group.code,
      actors: group.actors,
      oldest_at: instant(group.oldest_at),
      newest_at: instant(group.newest_at),
      accepts: await accepted(system, group.oldest_id),
      totals: totals
        .filter(({ cause }) => cause === group.cause)
        .map(({ currency, total_cents }) => ({ currency, total_cents })),
    })),
  );
  return { groups: bodies, actors: groups.reduce((sum, { actors }) => sum + actors, 0) };
}

export async function listActors(
  { pool, system }: ParkedPorts,
  page: ParkedPage,
): Promise<readonly Static<typeof ParkedActor>[]> {
  const found = await parkedActors(pool, page);
  return Promise.all(
    found.map(async ({ currency, total_cents, captured_cents, ...actor }) => ({
      id: actor.id,
      machine: actor.machine,
      state: actor.state,
      cause: actor.cause,
      title: parkedTitle(system.machines, actor),
      by: actor.by,
      reason: actor.reason,
      code: actor.code,
      since: instant(actor.since),
      accepts: await accepted(system, actor.id),
      order:
        currency === null ? null : { currency, total_cents: total_cents ?? 0, captured_cents: captured_cents ?? 0 },
    })),
  );
}

const maxRetriedAtOnce = 500;
/** Events on their way at a time: they share commits. */
const retriesAtOnce = 100;

/** Sends RETRY to at most 500 actors, each recorded with who and why in the commit that applies it. */
export async function retryMany(
  { pool, system }: ParkedPorts,
  { cause, ids, by, why }: Static<typeof RetryBody>,
): Promise<Static<typeof Retried>> {
  const startedAtMs = await storeClock(pool);
  const chosen = ids ?? (await parkedActors(pool, { cause, limit: maxRetriedAtOnce })).map(({ id }) => id);
  const refused: Static<typeof Retried>['refused'] = [];
  let applied = 0;
  for (let from = 0; from < chosen.length; from += retriesAtOnce) {
    const some = chosen.slice(from, from + retriesAtOnce);
    const answers = await Promise.all(some.map((id) => operate(system, { id, event: retryEvent, by, why })));
    applied += answers.filter(({ type }) => type === 'applied').length;
    const turnedDown = some.filter((_id, i) => answers[i]?.type !== 'applied');
    refused.push(...(await Promise.all(turnedDown.map((id) => refusal(system, id)))));
  }
  const remaining = cause === undefined ? 0 : await countParked(pool, { cause, untilMs: startedAtMs });
  // Those that were just refused would be again.
  return { applied, refused, left: Math.max(0, remaining - refused.length) };
}

async function refusal(system: ParkedPorts['system'], id: string) {
  const actor = await system.read(id);
  return { id, state: actor?.path ?? null, accepts: [...(actor?.accepts ?? [])] };
}

/** What a person may send it; what the runtime parked takes RETRY, which is not its machine's. */
async function accepted(system: ParkedPorts['system'], id: string): Promise<string[]> {
  const actor = await system.read(id);
  if (!actor) return [];
  return actor.parked?.by === 'runtime' ? [retryEvent.type] : [...actor.accepts];
}

const instant = (ms: number): string => new Date(ms).toISOString();
