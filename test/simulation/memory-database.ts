/** A database in memory: tables as maps, transactions one at a time, each of which can be taken back. */
import type { ActorRow, NewMessage, TransitionRecord } from '../../src/actors/index.ts';
import type { Reservation, Stock } from '../../src/services/inventory/decide.ts';
import type { Order } from '../../src/services/orders/decide.ts';

export interface WakeEntry {
  readonly dueAtMs: number;
  readonly redeliveries: number;
}

export interface StoredMessage extends NewMessage {
  readonly id: number;
  readonly redeliveries: number;
}

/** What the ledger keeps of an order here. */
export interface LedgerEntry {
  readonly id: string;
  readonly key: string;
  readonly token: string | null;
  readonly status: string;
  readonly revision: number;
  readonly totalCents: number;
  readonly answer: string | null;
}

export interface Tables {
  readonly actors: Map<string, ActorRow>;
  readonly log: Map<string, readonly TransitionRecord[]>;
  readonly wakes: Map<string, WakeEntry>;
  readonly messages: Map<number, StoredMessage>;
  /** The last message id given out: a sequence, which no rollback takes back. */
  readonly ids: { lastMessage: number };
  readonly ledger: Map<string, LedgerEntry>;
  readonly keys: Map<string, string>;
  readonly orders: Map<string, Order>;
  readonly reservations: Map<string, Reservation>;
  readonly stock: Map<string, Stock>;
  /** Notices sent, by order. */
  readonly notices: Map<string, string>;
}

export const emptyTables = (): Tables => ({
  actors: new Map(),
  log: new Map(),
  wakes: new Map(),
  messages: new Map(),
  ids: { lastMessage: 0 },
  ledger: new Map(),
  keys: new Map(),
  orders: new Map(),
  reservations: new Map(),
  stock: new Map(),
  notices: new Map(),
});

/** One transaction: writes at once, and remembers how it was before. */
export class MemoryTx {
  readonly tables: Tables;
  readonly nowMs: number;
  readonly #before = new Map<Map<unknown, unknown>, Map<unknown, unknown>>();

  constructor(tables: Tables, nowMs: number) {
    this.tables = tables;
    this.nowMs = nowMs;
  }

  put<Key, Value>(table: Map<Key, Value>, key: Key, value: Value): void {
    this.#remember(table, key);
    table.set(key, value);
  }

  delete<Key, Value>(table: Map<Key, Value>, key: Key): void {
    this.#remember(table, key);
    table.delete(key);
  }

  rollback(): void {
    for (const [table, rows] of this.#before)
      for (const [key, row] of rows) {
        if (row === undefined) table.delete(key);
        else table.set(key, row);
      }
  }

  /** The rows of a table that this transaction has written, as they were. */
  before<Key, Value>(table: Map<Key, Value>): ReadonlyMap<Key, Value | undefined> {
    return (this.#before.get(table) ?? new Map()) as ReadonlyMap<Key, Value | undefined>;
  }

  #remember<Key, Value>(table: Map<Key, Value>, key: Key): void {
    const rows = this.#before.get(table) ?? new Map<unknown, unknown>();
    this.#before.set(table, rows);
    if (!rows.has(key)) rows.set(key, table.get(key));
  }
}
