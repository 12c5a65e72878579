/** How far the model is explored: what may go wrong, how often, beside which wishes of the client. */
import type { Bounds } from './world.ts';

const none: Bounds = { faults: 0, attempts: 2, claims: 2, requests: 1, stops: false };

export const bounds = {
  'no fault': none,
  'one fault': { ...none, faults: 1 },
  'two faults': { ...none, faults: 2 },
  /** The client asks again under its key. */
  replays: { ...none, faults: 1, requests: 2 },
  /** CANCEL, by the customer or told by another actor. */
  stops: { ...none, faults: 1, stops: true },
  'replays and stops': { ...none, faults: 1, requests: 2, stops: true },
} as const satisfies Readonly<Record<string, Bounds>>;

export type BoundsName = keyof typeof bounds;
