/** What must hold of every commit: the rows that it wrote, against what they were. Letters as in `waybill audit`. */
import { type ActorRow, outcomeOfEvent, type PendingEffect } from '../../src/actors/index.ts';
import type { MemoryTx, Tables } from './memory-database.ts';
import { checkHeard } from './talk.ts';

export type Violated = (what: string) => void;

/** After this many claims without an outcome an effect is not called again: the call may be what kills the process. */
const maxClaims = 5;

export function checkCommit(tx: MemoryTx, violated: Violated): void {
  const { tables, nowMs } = tx;
  for (const [id, before] of tx.before(tables.actors)) {
    const after = tables.actors.get(id);
    if (!after) violated(`G1: ${id} is gone`);
    else checkActor(tables, { before: before ?? null, after, nowMs }, violated);
  }
  for (const id of tx.before(tables.wakes).keys()) checkWakeRow(tables, id, violated);
  for (const [id, before] of tx.before(tables.ledger)) {
    const answer = tables.ledger.get(id)?.answer;
    if (before?.answer && before.answer !== answer) violated(`A2: ${id} answered ${before.answer}, then ${answer}`);
  }
}

interface Change {
  readonly before: ActorRow | null;
  readonly after: ActorRow;
  readonly nowMs: number;
}

function checkActor(tables: Tables, change: Change, violated: Violated): void {
  checkLog(tables, change, violated);
  checkWakeRow(tables, change.after.id, violated);
  checkWakeTime(tables, change, violated);
  for (const effect of change.after.effects) checkClaim(effect, change, violated);
  if (change.after.machine === 'inbox') checkHeard(change.after, violated);
}

function checkLog(tables: Tables, { before, after }: Change, violated: Violated): void {
  const { id } = after;
  const log = tables.log.get(id) ?? [];
  const last = log.at(-1);
  const moved = after.revision - (before?.revision ?? 0);
  if (moved !== 0 && moved !== 1) violated(`G1: ${id} went from ${before?.revision} to ${after.revision}`);
  if (log.length !== after.revision || last?.revision !== after.revision)
    violated(`G1: ${id} at ${after.revision} has ${log.length} lines`);
  if (moved === 1 && last?.from !== (before?.path ?? null))
    violated(`G2: ${id} left ${before?.path} from ${last?.from}`);
  if (last?.to !== after.path) violated(`G2: ${id} is in ${after.path}, its log in ${last?.to}`);
  if (before?.snapshot.status === 'done') violated(`G4: ${id} moved after ${before.path}`);
  if (moved !== 1 || !last || !before) return;
  if (last.settled) {
    const { effectId, token } = last.settled;
    const claimed = before.effects.find((effect) => effect.id === effectId);
    if (claimed?.token !== token)
      violated(`G6: ${effectId} of ${id} was applied under ${token}, not ${claimed?.token}`);
  }
  const rearmed = last.armed.find(({ src }) => before.effects.some((pending) => pending.src === src));
  if (rearmed && outcomeOfEvent(last.event) === null)
    violated(`G6: ${last.event.type} armed ${rearmed.id} of ${id}, which was pending`);
}

function checkWakeRow({ actors, wakes }: Tables, id: string, violated: Violated): void {
  const actor = actors.get(id);
  if (!actor) return;
  const rests = actor.snapshot.status === 'done' || actor.parked !== null;
  if (rests === wakes.has(id)) violated(`O1: ${id} in ${actor.path} ${rests ? 'has a' : 'has no'} wake row`);
}

/** No commit may leave a wake row behind what its actor waits for: whoever goes on from here may die. */
function checkWakeTime({ wakes }: Tables, { after, nowMs }: Change, violated: Violated): void {
  const wake = wakes.get(after.id);
  const instants = [
    ...after.timers.map(({ dueAtMs }) => dueAtMs),
    ...after.effects.map(({ lease }) => Math.max(nowMs, lease?.untilMs ?? 0) + maxRedeliveryMs),
  ];
  const latest = Math.min(Infinity, ...instants);
  if (wake && wake.dueAtMs > Math.max(latest, nowMs))
    violated(`O1: ${after.id} in ${after.path} waits for ${latest}, its wake row for ${wake.dueAtMs}`);
}

/** An effect that nobody holds is looked at again no later than this. */
const maxRedeliveryMs = 30_000;

function checkClaim(effect: PendingEffect, { before, after, nowMs }: Change, violated: Violated): void {
  const was = before?.effects.find(({ id }) => id === effect.id);
  if (effect.claims <= (was?.claims ?? 0)) return;
  const what = `${effect.id} of ${after.id}`;
  if (was?.lease && was.lease.untilMs > nowMs) violated(`G6: ${what} was claimed under a live lease`);
  if (effect.token <= (was?.token ?? 0)) violated(`G6: ${what} was claimed under the token ${effect.token} again`);
  if (effect.claims > maxClaims) violated(`G6: ${what} was claimed ${effect.claims} times`);
}
