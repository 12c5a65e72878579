/** Breadth-first over all interleavings of the model: safety in every state, then liveness from every state. */
import { brokenIn, isAtRest } from './invariants.ts';
import type { Mistake } from './mistakes.ts';
import { steps } from './model.ts';
import { type Bounds, initial, isFinal, type Process, type Step, type World } from './world.ts';

export interface Verdict {
  readonly states: number;
  readonly transitions: number;
  /** Null: everything holds. The trace is a shortest one. */
  readonly broken: { readonly what: string; readonly trace: readonly string[] } | null;
}

/** @throws when the bounds give more states than `maxStates`: nothing would be proven */
export function explore(bounds: Bounds, mistake: Mistake | null = null, maxStates = 4_000_000): Verdict {
  const start = initial(bounds);
  const ids = new Map([[keyOf(start), 0]]);
  const from: { readonly parent: number; readonly name: string }[] = [{ parent: -1, name: '' }];
  // What happens without faults and without anybody's choice, with time passing only when nobody has work.
  const onwards: number[][] = [];
  const resting: boolean[] = [];
  let transitions = 0;
  let front: World[] = [start];
  let first = 0;
  const traceTo = (id: number): string[] => {
    const names: string[] = [];
    for (let at = id; at > 0; at = from[at]?.parent ?? 0) names.unshift(from[at]?.name ?? '');
    return names;
  };
  while (front.length > 0) {
    const next: World[] = [];
    for (const [i, world] of front.entries()) {
      const id = first + i;
      resting[id] = isAtRest(world);
      const found = steps(world, bounds, mistake);
      const progress = progressOf(found);
      onwards[id] = [];
      for (const step of found) {
        transitions += 1;
        const key = keyOf(step.world);
        let to = ids.get(key);
        if (to === undefined) {
          to = ids.size;
          if (to >= maxStates) throw new Error(`more than ${maxStates} states: lower the bounds`);
          ids.set(key, to);
          from.push({ parent: id, name: step.name });
          next.push(step.world);
          const what = brokenIn(step.world) ?? afterTheEnd(world, step.world);
          if (what !== null) return { states: ids.size, transitions, broken: { what, trace: traceTo(to) } };
        }
        if (progress.includes(step)) onwards[id]?.push(to);
      }
    }
    first += front.length;
    front = next;
  }
  const stuck = firstStuck(onwards, resting);
  const broken =
    stuck === null ? null : { what: 'L2: without further faults this never comes to rest', trace: traceTo(stuck) };
  return { states: ids.size, transitions, broken };
}

function afterTheEnd(before: World, after: World): string | null {
  const moved = before.actor && isFinal(before.actor.at) && after.actor?.at !== before.actor.at;
  return moved ? `G4: ${before.actor?.at} was left` : null;
}

function progressOf(found: readonly Step[]): readonly Step[] {
  const work = found.filter(({ kind }) => kind === 'work');
  return work.length > 0 ? work : found.filter(({ kind }) => kind === 'time');
}

/** @returns a state from which no resting state is reached, or null */
function firstStuck(onwards: readonly (readonly number[])[], resting: readonly boolean[]): number | null {
  const before: number[][] = onwards.map(() => []);
  for (const [id, followers] of onwards.entries()) for (const to of followers) before[to]?.push(id);
  const ends = [...resting];
  const open = ends.flatMap((rests, id) => (rests ? [id] : []));
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const earlier of before[id] ?? [])
      if (!ends[earlier]) {
        ends[earlier] = true;
        open.push(earlier);
      }
  const stuck = ends.indexOf(false);
  return stuck < 0 ? null : stuck;
}

/** The two workers are alike: which of them does what makes no difference. */
function keyOf(world: World): string {
  const one = encode(world, [0, 1, 2]);
  const other = encode(world, [0, 2, 1]);
  return one < other ? one : other;
}

/** Effects are numbered anew, as only their order and sameness matter. */
function encode(world: World, order: readonly number[]): string {
  const { actor, client, gateway } = world;
  const numbers: number[] = [];
  const number = (id: number): number => {
    if (!numbers.includes(id)) numbers.push(id);
    return numbers.indexOf(id);
  };
  const encodeProcess = (process: Process): string => {
    if (!process) return '-';
    switch (process.does) {
      case 'look':
        return `?${process.committed}${process.moved}(${encodeProcess(process.next)})(${encodeProcess(process.redo)})`;
      case 'await':
        return `${process.call}${number(process.id)}/${process.token}/${process.attempt}${process.late ?? ''}`;
      case 'report':
        return `${process.outcome}${number(process.id)}/${process.token}${process.late ?? ''}`;
      default:
        return process.does;
    }
  };
  const effect = actor?.effect;
  return [
    actor && [actor.at, actor.attempts, actor.stop, actor.timer].join(),
    effect && [number(effect.id), effect.token, effect.claims, effect.lease].join(),
    order.map((i) => encodeProcess(world.processes[i] ?? null)).join(),
    world.sent
      .map(({ call, to, attempt }) => `${call}${to === null ? '' : order.indexOf(to)}/${attempt}`)
      .sort()
      .join(),
    [world.wake, world.message, world.answer, world.hasJob, world.faults].join(),
    [gateway.authorized, gateway.captures, gateway.captureDeclined, gateway.voided, gateway.refunded].join(),
    [client.asked, client.open, client.got, client.stops, client.retried, world.broken].join(),
  ].join('|');
}
