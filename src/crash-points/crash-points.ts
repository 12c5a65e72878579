/**
 * Points at which a process can be told to die (CRASH_AT=label:n), wrapped around its ports: the rooms themselves know
 * nothing of them, and while CRASH_AT is unset nothing is wrapped.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ActorStore, ActorSystem, Outbox, RemoteEffect, WakeUps } from '../actors/index.ts';
import { storeWithPoints } from './store-with-points.ts';

/**
 * In the order of an order's life, each beside the step of the protocol's model (`test/protocol`) that it interrupts.
 * `start` is a commit that makes a new actor, `commit` one that moves actors that exist.
 */
export const crashLabels = [
  'start.before-commit', // edge: start
  'start.after-commit',
  'answer.before-send', // edge: answers
  'relay.claimed', // relay: claims what is due, and dies
  'relay.published', // the outbox is due, the relay publishes
  'advance.loaded', // worker: takes a job, and has locked and read its actors
  'call.sent', // gateway: the request is on its way
  'call.answered', // worker: reports, and has not yet
  'commit.before-commit', // worker: advance, reports
  'commit.after-commit',
  'job.before-end', // worker: takes a job, and has done what it asked for one of its actors
] as const;
export type CrashLabel = (typeof crashLabels)[number];

/** At the `passing`-th time (from 1) that this process comes by. */
export interface CrashAt {
  readonly label: CrashLabel;
  readonly passing: number;
}

/** Told of every point as it is passed. */
export type Pass = (label: CrashLabel) => void;

/** @returns null for what is not `label:n` */
export function parseCrashAt(text: string): CrashAt | null {
  const [, name, passing] = /^([a-z.-]+):([1-9]\d{0,8})$/.exec(text) ?? [];
  const label = crashLabels.find((known) => known === name);
  return label === undefined ? null : { label, passing: Number(passing) };
}

/** Calls `die` at the point, in the middle of whatever goes on there. */
export function dieAt({ label, passing }: CrashAt, die: () => void): Pass {
  let passed = 0;
  return (point) => {
    if (point !== label) return;
    passed += 1;
    if (passed === passing) die();
  };
}

/** Nobody can catch it, and nothing is flushed or closed. */
export const killThisProcess = (): void => void process.kill(process.pid, 'SIGKILL');

/** Ports in, the same ports out, with points around them or without. */
export interface CrashPoints {
  store<Tx>(store: ActorStore<Tx>): ActorStore<Tx>;
  effects(effects: readonly RemoteEffect[]): readonly RemoteEffect[];
  /** As the relay alone uses them. */
  outbox(outbox: Outbox): Outbox;
  wakeUps(wakeUps: WakeUps): WakeUps;
  /** As the worker alone uses it. */
  jobs(system: Pick<ActorSystem, 'advance'>): Pick<ActorSystem, 'advance'>;
  /** Called before the answer to an order is sent; null: there is nothing to call. */
  readonly beforeAnswer: (() => void) | null;
  close(): void;
}

const noCrashPoints: CrashPoints = {
  store: (store) => store,
  effects: (effects) => effects,
  outbox: (outbox) => outbox,
  wakeUps: (wakeUps) => wakeUps,
  jobs: (system) => system,
  beforeAnswer: null,
  close: () => {},
};

/** What `fetch` reports once it has handed all of a request to its connection. Requests to a plugin in this process have none. */
const sentChannel = 'undici:request:bodySent';

/** @param pass null: every port is handed back as it is */
export function crashPoints(pass: Pass | null): CrashPoints {
  if (pass === null) return noCrashPoints;
  const onSent = (): void => pass('call.sent');
  subscribe(sentChannel, onSent);
  return {
    store: (store) => storeWithPoints(store, pass),
    effects: (effects) =>
      effects.map((effect) => ({ ...effect, call: (request) => after(effect.call(request), pass, 'call.answered') })),
    outbox: (outbox) => ({
      async claimDue(options) {
        const claimed = await outbox.claimDue(options);
        if (claimed.actorIds.length > 0) pass('relay.claimed');
        return claimed;
      },
    }),
    wakeUps: (wakeUps) => ({
      room: () => wakeUps.room(),
      isFull: () => wakeUps.isFull(),
      publish: (actorIds) => after(wakeUps.publish(actorIds), pass, 'relay.published'),
    }),
    jobs: (system) => ({ advance: (id, options) => after(system.advance(id, options), pass, 'job.before-end') }),
    beforeAnswer: () => pass('answer.before-send'),
    close: () => void unsubscribe(sentChannel, onSent),
  };
}

async function after<T>(work: Promise<T>, pass: Pass, label: CrashLabel): Promise<T> {
  const result = await work;
  pass(label);
  return result;
}
