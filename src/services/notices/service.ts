/** Notices to customers: a mailbox in the database, one letter per order. */
import { groupedWrites } from '../../persistence/grouped.ts';
import type { DatabasePool } from '../../persistence/pool.ts';
import { type Ending, type Letter, letterFor } from './letter.ts';
import { insertLetters } from './queries.ts';

export type { Ending } from './letter.ts';

export interface Notices {
  /**
   * Sends the letter about an order's end, once per order however often it is asked to.
   * @returns whether it was sent just now
   */
  send(ending: Ending, recipient: string): Promise<boolean>;
}

export interface NoticesOptions {
  readonly pool: DatabasePool;
  /** A statement for many letters failed; each is tried again alone. */
  readonly onSplit: (error: unknown) => void;
}

export function createNotices({ pool, onSplit }: NoticesOptions): Notices {
  const insert = groupedWrites({
    write: (letters: readonly Letter[]) => insertLetters(pool, letters),
    keysOf: ({ orderId }) => [orderId],
    onSplit,
  });
  return { send: (ending, recipient) => insert(letterFor(ending, recipient)) };
}
