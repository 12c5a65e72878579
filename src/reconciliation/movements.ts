/**
 * Follows what moves at the gateway, of payments however old: a charge-back comes weeks after its order, which the walk
 * through the newest payments does not reach any more.
 */
import { examineSingly, orderOf, type Walker } from './both-ways.ts';
import type { FollowedTo } from './searches.ts';

const pageSize = 500;
/** A payment moves by itself while its order is under way. Those that are younger are looked at all the time anyway. */
const minAgeMs = 60_000;
/** Lines are written a moment before they can be read, and not in the order of their numbers; and an order is compared once it rests. */
const overlapMs = 45_000;
/** At most so many pages in one turn; what is older is left to the search through everything. */
const maxPages = 200;
/** Where nothing has been followed yet. */
const firstLookBackMs = 600_000;

/**
 * Reads the gateway's ledger back to where the last turn began, and compares the orders that it names.
 * @returns where the next turn may end; unchanged if the gateway has no line at all
 * @throws GatewayFault; the next turn then goes back as far as this one was to
 */
export async function followMovements(
  walker: Walker,
  position: FollowedTo | null,
  signal: AbortSignal,
): Promise<FollowedTo | null> {
  const moved = new Set<string>();
  let newestMs: number | null = null;
  let after: string | null = null;
  for (let page = 0; page < maxPages; page += 1) {
    if (signal.aborted) return position;
    const { movements, next } = await walker.books.movements({ after, limit: pageSize });
    newestMs ??= movements[0]?.atMs ?? null;
    const untilMs = (position?.followedToMs ?? (newestMs ?? 0) - firstLookBackMs) - overlapMs;
    for (const { authorizeKey, atMs, authorizedAtMs } of movements) {
      const orderId = orderOf(authorizeKey);
      if (orderId !== null && atMs >= untilMs && atMs - authorizedAtMs > minAgeMs) moved.add(orderId);
    }
    if (next === null || (movements.at(-1)?.atMs ?? -Infinity) < untilMs) break;
    after = next;
  }
  await examineSingly(walker, [...moved]);
  return newestMs === null ? position : { followedToMs: newestMs };
}
