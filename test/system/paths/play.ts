/** One path as it is being played on the real system: how far the log has come, whose turn it is, whether it still fits. */
import { type ActorRow, type Observation, outcomeOfEvent, type TransitionRecord } from '../../../src/actors/index.ts';
import type { TransportRequest } from '../../../src/effects/transport.ts';
import type { MachinePath, PathStep } from '../../../src/verifier/paths.ts';
import { pathCalls } from './calls.ts';
import { type Crash, describeCrash, type Stall } from './crashes.ts';
import type { Committed } from './supervised-store.ts';

export interface Play {
  readonly actorId: string;
  readonly steps: readonly PathStep[];
  /** Seeded: which form a failure takes. */
  readonly random: () => number;
  /** Requests that reached a participant, or may do so late. */
  readonly calls: TransportRequest[];
  /** Whether this path says what becomes of the effect. */
  says(effect: string): boolean;
  /** The step that the log is to show next; undefined at the end. */
  next(): PathStep | undefined;
  /** Takes note of a commit of any process. */
  see(committed: Committed): void;
  observe(observation: Observation): void;
  /** Waits until the log shows this step. */
  reached(step: number): Promise<void>;
  /** From now on calls of this step are answered. */
  release(step: number): void;
  /** Has the call that hung answered, and waits until its outcome was dropped. */
  releaseStalled(): Promise<void>;
  /** Waits until so many calls of this step have arrived. */
  called(step: number, times: number): Promise<void>;
  /**
   * The step whose outcome a call of this effect is to have; resolves when it is that step's turn.
   * @param call what is the same for all requests of one call
   */
  turn(effect: string, call: AbortSignal): Promise<{ readonly index: number; readonly step: PathStep }>;
  /** A call of this step was answered. @returns whether the process dies of it */
  answered(step: number): boolean;
  hasDied(): boolean;
  /** Waits until the process has died. */
  dies(): Promise<void>;
  /** Waits, but not for ever; and no longer once anything is wrong. @throws what is wrong, and where on the path */
  patiently(work: Promise<void>, what: string): Promise<void>;
  fail(problem: string): void;
}

export interface PlayOptions {
  readonly path: MachinePath;
  readonly actorId: string;
  readonly effects: readonly string[];
  readonly crash: Crash;
  readonly stall: Stall | null;
  readonly seed: number;
  readonly random: () => number;
  /** Called in the commit, or with the answer, that the process does not survive. */
  readonly kill: () => void;
  /** Called with the actor as a transition has left it. */
  readonly onMoved: (row: ActorRow) => void;
}

export function play({ path, actorId, effects, crash, stall, seed, random, kill, onMoved }: PlayOptions): Play {
  const { steps } = path;
  const calls = pathCalls(steps.length, stall);
  const arrivals = steps.map(() => Promise.withResolvers<void>());
  const death = Promise.withResolvers<void>();
  const dropped = Promise.withResolvers<void>();
  let applied = 0;
  let isDead = false;
  let isDropped = false;

  const where = (): string => {
    const hung = stall ? `; a call of step ${stall.step + 1} hangs and is ${stall.answers}` : '';
    return `${path.name}\n  (seed ${seed}; crash: ${describeCrash(crash)}${hung})\n  after step ${applied} of ${steps.length}`;
  };
  const { fail, patiently } = patience(where);
  const die = (): void => {
    if (isDead) return;
    isDead = true;
    kill();
    death.resolve();
  };
  const nextOutcome = (effect: string): number =>
    steps.findIndex(
      ({ delivery }, step) => step >= applied && delivery.type === 'outcome' && delivery.effect.src === effect,
    );
  const advance = (record: TransitionRecord): void => {
    const problem = differenceOf(steps, applied, record);
    if (problem !== null) return fail(problem);
    if (stall?.answers === 'overtaken' && stall.step === applied && !isDropped)
      return fail(`the outcome of a call whose effect was claimed anew counts: ${observedOf(record)}`);
    arrivals[applied]?.resolve();
    applied += 1;
    if (crash.when === 'committed' && crash.step === applied - 1) die();
  };

  return {
    actorId,
    steps,
    random,
    calls: [],
    says: (effect) => effects.includes(effect),
    next: () => steps[applied],
    see({ started, changes }) {
      const records = changes.transitions.filter((record) => record.actorId === actorId);
      for (const record of records) advance(record);
      const row = [...started, ...changes.updates].find(({ id }) => id === actorId);
      if (row && records.length > 0) onMoved(row);
      const claimed = row?.effects.find(({ lease }) => lease?.commitId === changes.commitId);
      if (claimed && crash.when === 'claimed' && nextOutcome(claimed.src) === crash.step) die();
    },
    observe(observation) {
      const expected = stall?.answers === 'overtaken' ? 'outcome-fenced' : 'outcome-stale';
      if (observation.type !== expected || observation.actorId !== actorId) return;
      isDropped = true;
      dropped.resolve();
    },
    reached: (step) => patiently(arrivals[step]?.promise ?? Promise.resolve(), expectation(steps, step)),
    release: calls.release,
    releaseStalled() {
      calls.releaseStalled();
      return patiently(dropped.promise, 'the outcome of the call that hung to be dropped');
    },
    called: (step, times) => patiently(calls.arrived(step, times), `call ${times} of ${expectation(steps, step)}`),
    async turn(effect, call) {
      const index = calls.stepOf(call) ?? nextOutcome(effect);
      const step = steps[index];
      if (!step) {
        fail(`${effect} is called, but the path has no outcome for it any more`);
        throw new Error('no outcome for this call');
      }
      await calls.turn(index, call);
      return { index, step };
    },
    answered(step) {
      if (crash.when !== 'answered' || crash.step !== step || isDead) return false;
      die();
      return true;
    },
    hasDied: () => isDead,
    dies: () => patiently(death.promise, 'the crash'),
    patiently,
    fail,
  };
}

/** Real time: the virtual clock stands still while something goes wrong. */
const patienceMs = 20_000;

/** What is wrong first ends every waiting. */
function patience(where: () => string): Pick<Play, 'fail' | 'patiently'> {
  const broken = Promise.withResolvers<never>();
  // Nobody may be waiting just then.
  broken.promise.catch(() => undefined);
  const fail = (problem: string): void => broken.reject(new Error(`${where()}: ${problem}`));
  return {
    fail,
    async patiently(work, what) {
      const timer = setTimeout(() => fail(`waited ${patienceMs} ms in vain for ${what}`), patienceMs);
      try {
        await Promise.race([broken.promise, work]);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function differenceOf(steps: readonly PathStep[], applied: number, record: TransitionRecord): string | null {
  const step = steps[applied];
  const observed = observedOf(record);
  if (!step) return `the path has ended, but the log goes on with\n    ${observed}`;
  if (observed === expectedOf(step)) return null;
  return `expected ${expectation(steps, applied)}\n  but the log has\n    ${observed}`;
}

const expectation = (steps: readonly PathStep[], index: number): string => {
  const step = steps[index];
  return `step ${index + 1}\n    ${step ? expectedOf(step) : 'none'}`;
};

/** What one line of a log shows of a step: event and outcome, from where, to where. */
const shown = (event: string, outcome: string | undefined, from: string | null, to: string): string =>
  `${from ?? 'nothing'} —[${event}${outcome === undefined ? '' : ` ${outcome}`}]→ ${to}`;

const expectedOf = ({ delivery, event, from, to }: PathStep): string =>
  shown(event.type, delivery.type === 'outcome' ? delivery.outcome : undefined, from, to);

export const observedOf = ({ event, from, to }: TransitionRecord): string =>
  shown(event.type, outcomeOfEvent(event)?.outcome, from, to);

/** The whole path, as its log must show it. */
export const expectedLog = (steps: readonly PathStep[]): readonly string[] => steps.map(expectedOf);
