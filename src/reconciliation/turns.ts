/** What is done in one turn of a search, and at which pace. */
import { examineSingly, newRound, step, type Walker } from './both-ways.ts';
import * as findings from './findings.ts';
import { followMovements } from './movements.ts';
import { endTurn, type Turn } from './searches.ts';

/** No further step is begun in a turn after this: the last one has the rest of it. */
const steppingMs = 8_000;
/** Open findings that are looked at again in one turn. */
export const maxReviewed = 100;

interface Pace {
  readonly stepsPerTurn: number;
  readonly pauseMs: number;
  /** A round ends once it has seen this many payments. */
  readonly maxPayments: number;
  /** From the beginning of one round to that of the next, at least. */
  readonly roundMs: number;
}

/** Forty thousand payments are eighty steps: five turns, with a pause and a tick between them some twenty seconds and the work. */
const paces: Readonly<Record<'recent' | 'whole', Pace>> = {
  recent: { stepsPerTurn: 16, pauseMs: 2_000, maxPayments: 40_000, roundMs: 15_000 },
  // Six thousand payments a minute, for as long as it takes.
  whole: { stepsPerTurn: 1, pauseMs: 5_000, maxPayments: Infinity, roundMs: 600_000 },
};
const reviewPauseMs = 5_000;
const followPauseMs = 10_000;

export interface Turning {
  readonly signal: AbortSignal;
  readonly monotonicMs: () => number;
}

/** A turn that fails, or is to end, hands on what it has come to: the next one need not wait until it is overdue. */
export async function searchOn(walker: Walker, turn: Turn, turning: Turning): Promise<void> {
  if (turn.name === 'open') {
    try {
      await review(walker, await walker.clock());
    } finally {
      await endTurn(walker.pool, turn, { position: null, inMs: reviewPauseMs });
    }
    return;
  }
  if (turn.name === 'moved') {
    let { position } = turn;
    try {
      position = await followMovements(walker, position, turning.signal);
    } finally {
      await endTurn(walker.pool, turn, { position, inMs: followPauseMs });
    }
    return;
  }
  const pace = paces[turn.name];
  let position = turn.position ?? newRound(await walker.clock());
  let next = { position: turn.position, inMs: pace.pauseMs };
  const until = turning.monotonicMs() + steppingMs;
  try {
    for (let steps = 0; steps < pace.stepsPerTurn; steps += 1) {
      if (turning.signal.aborted || turning.monotonicMs() > until) break;
      const reached = await step(walker, position);
      if (reached === null || (reached.isCaughtUp && reached.payments >= pace.maxPayments)) {
        const restMs = position.beganAtMs + pace.roundMs - (await walker.clock());
        next = { position: null, inMs: Math.max(pace.pauseMs, restMs) };
        break;
      }
      position = reached;
      next = { position, inMs: pace.pauseMs };
    }
  } finally {
    await endTurn(walker.pool, turn, next);
  }
}

/** Looks again at what has been open, unseen, for longest. @returns at how many findings */
export async function review(walker: Walker, sinceMs: number): Promise<number> {
  const open = await findings.unseenFindings(walker.pool, { sinceMs, limit: maxReviewed });
  // Before the gateway is asked: one that cannot be asked about must not stand in the way of the others for ever.
  await findings.touch(
    walker.pool,
    open.map(({ id }) => id),
  );
  await examineSingly(walker, [...new Set(open.map(({ orderId }) => orderId))]);
  return open.length;
}
