/** The checks under the row lock that decide whether an outcome still counts. */
import type { ActorRow, PendingEffect } from './ports.ts';

export type FenceVerdict =
  | { readonly type: 'current'; readonly effect: PendingEffect }
  /** (b) That request is no longer pending: its state was left, or its outcome applied already. */
  | { readonly type: 'stale' }
  /** (c) Somebody else has claimed it since. */
  | { readonly type: 'fenced' };

/**
 * Check (a), a moved revision, needs no code here: every step is computed from the row as locked, never from one
 * loaded before, so there is nothing to drop and nothing to apply twice.
 */
export function checkFence(row: ActorRow, effectId: string, token: number): FenceVerdict {
  const effect = row.effects.find(({ id }) => id === effectId);
  if (!effect) return { type: 'stale' };
  return effect.token === token ? { type: 'current', effect } : { type: 'fenced' };
}

/** After this many claims without an outcome `unknown` is delivered instead: the call may be what kills the process. */
export const maxClaims = 5;

export function isLeased(effect: PendingEffect, nowMs: number): boolean {
  return effect.lease !== null && effect.lease.untilMs > nowMs;
}

/** Takes the lease: one more claim, a new token. */
export function claim(
  effect: PendingEffect,
  options: { readonly nowMs: number; readonly marginMs: number; readonly commitId: string },
): PendingEffect {
  return {
    ...effect,
    claims: effect.claims + 1,
    token: effect.token + 1,
    // The lease outlives the call's timeout, or a second worker would call while the first still waits.
    lease: { untilMs: options.nowMs + effect.timeoutMs + options.marginMs, commitId: options.commitId },
  };
}

/** How long a handler may keep answering `notNow` before that counts as `failed`. */
export const maxNotNowMs = 30_000;

/** Gives the lease back: the call was not made, so no claim is burnt. Its old token is worth nothing any more. */
export function unclaim(effect: PendingEffect): PendingEffect {
  return { ...effect, claims: Math.max(0, effect.claims - 1), token: effect.token + 1, lease: null };
}

/** Gives the lease back for a while, as the handler asked. */
export function giveBack(effect: PendingEffect, nowMs: number, retryAfterMs: number, commitId: string): PendingEffect {
  // A handler that names no sensible time must not make its actor sleep for ever.
  const waitMs = Number.isNaN(retryAfterMs) ? 0 : Math.ceil(Math.min(maxNotNowMs, Math.max(0, retryAfterMs)));
  return {
    ...unclaim(effect),
    // A lease nobody holds: the next claim is due when it ends.
    lease: { untilMs: nowMs + waitMs, commitId },
    notNowSinceMs: effect.notNowSinceMs ?? nowMs,
  };
}

export function replaceEffect(row: ActorRow, effect: PendingEffect): ActorRow {
  return { ...row, effects: row.effects.map((other) => (other.id === effect.id ? effect : other)) };
}
