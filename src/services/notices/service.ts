/** Notices to customers: a mailbox in the database, one letter per order. */
import type { DatabasePool } from '../../persistence/pool.ts';
import { type Ending, letterFor } from './letter.ts';
import { insertLetter } from './queries.ts';

export type { Ending } from './letter.ts';

export interface Notices {
  /**
   * Sends the letter about an order's end, once per order however often it is asked to.
   * @returns whether it was sent just now
   */
  send(ending: Ending, recipient: string): Promise<boolean>;
}

export function createNotices({ pool }: { readonly pool: DatabasePool }): Notices {
  return { send: (ending, recipient) => insertLetter(pool, letterFor(ending, recipient)) };
}
