/** Two talkers and one inbox: every message is applied once, and those of one sender in the order sent (E2). */
import type { ActorRow, ActorSystem } from '../../src/actors/index.ts';
import type { Violated } from './check-commit.ts';
import type { Tables } from './memory-database.ts';
import type { Scheduler } from './scheduler.ts';

const inboxId = '00000000-0000-7000-8000-00000000b000';
/** What each adds to its numbers, so that they can be told apart. */
const talkers = [
  { id: '00000000-0000-7000-8000-00000000b001', base: 1_000 },
  { id: '00000000-0000-7000-8000-00000000b002', base: 2_000 },
] as const;
const times = 2;
const spanMs = 30_000;

export const isTalking = ({ machine }: ActorRow): boolean => machine === 'talker' || machine === 'inbox';

/** Makes them speak now and then, three messages at a time. Never throws. */
export async function talk(
  scheduler: Scheduler,
  sleep: (ms: number) => Promise<void>,
  any: () => ActorSystem,
): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    await sleep(scheduler.below(spanMs / times));
    const event = (base: number) => ({ type: 'SAY', to: inboxId, n: base });
    for (const { id, base } of talkers)
      // One that dies with its process never answers.
      await Promise.race([any().start({ machine: 'talker', id, input: null }), sleep(1_000)])
        .then(() => Promise.race([any().send(id, event(base)), sleep(1_000)]))
        .catch(() => {});
  }
}

/** While the talk goes on: nothing twice, nothing before what was sent earlier. */
export function checkHeard(inbox: ActorRow, violated: Violated): void {
  const got = numbers(inbox, 'got');
  const last = got.at(-1);
  const before = got.slice(0, -1).findLast((n) => baseOf(n) === baseOf(last ?? 0)) ?? baseOf(last ?? 0);
  if (last !== undefined && last !== before + 1) violated(`E2: after ${before} came ${last}`);
}

const baseOf = (n: number): number => Math.floor(n / 1_000) * 1_000;

export function checkTalk({ actors }: Tables, violated: Violated): void {
  const got = numbers(actors.get(inboxId), 'got');
  for (const { id, base } of talkers) {
    const [said = 0] = numbers(actors.get(id), 'said');
    const heard = got.filter((n) => baseOf(n) === base).map((n) => n - base);
    const sent = Array.from({ length: said }, (_, i) => i + 1);
    if (heard.join() !== sent.join()) violated(`E2: of ${sent.join()} sent by ${id} came ${heard.join()}`);
  }
}

function numbers(actor: ActorRow | undefined, field: 'got' | 'said'): readonly number[] {
  const context = actor?.snapshot.context;
  const value = typeof context === 'object' && context !== null && field in context ? Object(context)[field] : [];
  return [value].flat().map(Number);
}
