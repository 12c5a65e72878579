/** Whose turn it is to search, and how far a search has come: one row per search, which is its own lease. */
import { Type } from '@sinclair/typebox';
import type { CommonQueryMethods } from 'slonik';
import { row, sql } from '../persistence/sql.ts';
import type { MoneyCursor } from '../services/ledger/money.ts';

/**
 * `recent`: the newest payments, over and over. `moved`: whatever has moved at the gateway since, of payments however old.
 * `whole`: all payments, slowly. `open`: what was found and is not closed.
 */
export type SearchName = 'recent' | 'moved' | 'whole' | 'open';

/** Where a round through both books stands. */
export interface Position {
  /** By the store's clock. */
  readonly beganAtMs: number;
  /** How many of the gateway's payments this round has seen. */
  readonly payments: number;
  /** The gateway's own cursor; null: at its newest payment. */
  readonly gatewayCursor: string | null;
  readonly isGatewayDone: boolean;
  /** Our orders are followed back to here: the instant of the last payment that was seen. */
  readonly sinceMs: number;
  readonly ours: MoneyCursor | null;
  /** All of our orders back to `sinceMs` have been looked at. */
  readonly isCaughtUp: boolean;
}

/** How far the gateway's movements have been followed. By the gateway's clock. */
export interface FollowedTo {
  readonly followedToMs: number;
}

interface TurnOf<Name extends SearchName, Stored> {
  readonly name: Name;
  readonly token: number;
  /** Null: a new round. */
  readonly position: Stored | null;
}

export type Turn = TurnOf<'recent' | 'whole', Position> | TurnOf<'moved', FollowedTo> | TurnOf<'open', null>;

const Cursor = Type.Object({ createdAtMs: Type.Number(), orderId: Type.String() });
const StoredPosition = Type.Object({
  beganAtMs: Type.Number(),
  payments: Type.Integer(),
  gatewayCursor: Type.Union([Type.String(), Type.Null()]),
  isGatewayDone: Type.Boolean(),
  sinceMs: Type.Number(),
  ours: Type.Union([Cursor, Type.Null()]),
  isCaughtUp: Type.Boolean(),
});
const StoredFollowedTo = Type.Object({ followedToMs: Type.Number() });
const token = Type.Integer();
const turnRow = row(
  Type.Union([
    Type.Object({
      name: Type.Union([Type.Literal('recent'), Type.Literal('whole')]),
      token,
      position: Type.Union([StoredPosition, Type.Null()]),
    }),
    Type.Object({ name: Type.Literal('moved'), token, position: Type.Union([StoredFollowedTo, Type.Null()]) }),
    Type.Object({ name: Type.Literal('open'), token, position: Type.Null() }),
  ]),
);

/**
 * Takes the turn of a search that is due, for at most `turnMs`. A process that is gone, or slow, loses it to the next one;
 * two that search at once do no harm. Locks the row; those that others are just taking are passed over.
 */
export function takeTurn(db: CommonQueryMethods, turnMs: number): Promise<Turn | null> {
  return db.maybeOne(sql.type(turnRow)`
    update reconciliation.search s
    set token = s.token + 1, next_at = actors.clock() + ${turnMs} * interval '1 millisecond'
    where s.name = (
      select name from reconciliation.search where next_at <= actors.clock()
      order by next_at, name limit 1 for no key update skip locked)
    returning s.name, s.token, s.position`);
}

/**
 * Says how far a turn has come, and when the next one is. Locks the row.
 * @returns false: it took so long that somebody else has the turn; nothing was written
 */
export async function endTurn(
  db: CommonQueryMethods,
  { name, token: taken }: Turn,
  next: { readonly position: Position | FollowedTo | null; readonly inMs: number },
): Promise<boolean> {
  const ended = await db.query(sql.typeAlias('void')`
    update reconciliation.search
    set position = ${next.position && JSON.stringify(next.position)}::jsonb,
      next_at = actors.clock() + ${next.inMs} * interval '1 millisecond'
    where name = ${name} and token = ${taken}`);
  return ended.rowCount === 1;
}
