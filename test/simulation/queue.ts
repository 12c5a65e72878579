/** The queue of wake-ups: loses, doubles and reorders them. */
import type { WakeUps } from '../../src/actors/index.ts';
import type { Faults } from './faults.ts';
import type { Owner, Scheduler } from './scheduler.ts';

export interface Queue {
  /** As one process publishes. */
  wakeUps(owner: Owner): WakeUps;
  /** The next job for this process; waits for one. */
  take(owner: Owner): Promise<string>;
  wipe(): void;
}

const handoverMs = 5;
/** So few that it is full now and then. */
const maxWaiting = 4;

export function createQueue(scheduler: Scheduler, faults: Faults): Queue {
  let jobs: string[] = [];
  const takers: { readonly owner: Owner; readonly give: (job: string) => void }[] = [];

  const hand = (): void => {
    while (jobs.length > 0 && takers.length > 0) {
      const [taker] = takers.splice(scheduler.below(takers.length), 1);
      if (!taker?.owner.isAlive) continue;
      const [job] = jobs.splice(faults.strikes('jobs reordered', 0.2) ? scheduler.below(jobs.length) : 0, 1);
      if (job === undefined) return;
      // Once taken it is its worker's, and dies with it.
      void scheduler
        .park(taker.owner, `takes the job of ${job}`, () => job, scheduler.below(handoverMs))
        .then(taker.give);
    }
  };
  const isFull = (): boolean => jobs.length >= maxWaiting;
  const add = (job: string): void => {
    if (faults.strikes('job lost', 0.1)) return;
    jobs.push(job);
    if (faults.strikes('job doubled', 0.1)) jobs.push(job);
  };
  return {
    wakeUps: (owner) => ({
      room: () => Promise.resolve(isFull() ? 0 : 1_000),
      isFull,
      publish: (actorIds) =>
        scheduler.park(owner, `publishes ${actorIds.join()}`, () => {
          if (isFull()) return false;
          for (const actorId of actorIds) add(actorId);
          hand();
          return true;
        }),
    }),
    take: (owner) =>
      new Promise((give) => {
        takers.push({ owner, give });
        hand();
      }),
    wipe() {
      jobs = [];
    },
  };
}
