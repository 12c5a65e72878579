/** What must hold: at every commit, and in the end. Letters as in `waybill audit`. */
import { type ActorRow, type LiveState, type MachineStep, replay } from '../../src/actors/index.ts';
import { checkCompensation, undosOf } from '../../src/audit/compensation.ts';
import { isDeepStrictEqual } from 'node:util';
import { actorMachines, orderOf } from './books.ts';
import type { Gateway } from './gateway.ts';
import type { MemoryTx, Tables } from './memory-database.ts';

type Violated = (what: string) => void;

/** Every actor that a transaction wrote, against what it was before. */
export function checkCommit(tx: MemoryTx, violated: Violated): void {
  for (const [id, before] of tx.before(tx.tables.actors)) {
    const after = tx.tables.actors.get(id);
    if (!after) violated(`${id} is gone`);
    else checkActor(tx.tables, before ?? null, after, violated);
  }
}

function checkActor(tables: Tables, before: ActorRow | null, after: ActorRow, violated: Violated): void {
  const { id } = after;
  const log = tables.log.get(id) ?? [];
  const last = log.at(-1);
  const moved = after.revision - (before?.revision ?? 0);
  if (moved !== 0 && moved !== 1) violated(`G1: ${id} went from ${before?.revision} to ${after.revision}`);
  if (log.length !== after.revision || last?.revision !== after.revision)
    violated(`G1: ${id} at ${after.revision} has ${log.length} lines`);
  if (moved === 1 && last?.from !== (before?.path ?? null))
    violated(`G2: ${id} left ${before?.path} from ${last?.from}`);
  if (last?.to !== after.path) violated(`G2: ${id} is in ${after.path}, its log in ${last?.to}`);
  if (before?.snapshot.status === 'done') violated(`G4: ${id} moved after ${before.path}`);
  const rests = after.snapshot.status === 'done' || after.parked !== null;
  if (rests === tables.wakes.has(id)) violated(`O1: ${id} in ${after.path} ${rests ? 'has a' : 'has no'} wake row`);
  if (moved === 1 && last?.settled) {
    const { effectId, token } = last.settled;
    const claimed = before?.effects.find((effect) => effect.id === effectId);
    if (claimed?.token !== token)
      violated(`G6: ${effectId} of ${id} was applied under ${token}, not ${claimed?.token}`);
  }
}

/** The gateway against the saga: nothing is held for an order that is over, whatever comes late. */
export function checkMoney(tables: Tables, gateway: Gateway, violated: Violated): void {
  for (const [key, { payment, entries }] of gateway.accounts) {
    const order = tables.actors.get(key.split(':')[0] ?? '');
    if (!order || !payment) continue;
    const { authorizedCents, capturedCents, voidedCents, refundedCents, expiredCents } = payment;
    if (entries.filter(({ kind }) => kind === 'capture').length > 1) violated(`E1: ${order.id} was captured twice`);
    if (capturedCents > authorizedCents || refundedCents > capturedCents) violated(`M4: ${order.id}`);
    if (order.snapshot.status !== 'done') continue;
    const { totalCents } = orderOf(order.snapshot.context);
    const isWhole = capturedCents === totalCents && voidedCents + refundedCents === 0;
    if (order.path === 'completed' && !isWhole) violated(`M1: ${order.id} completed with ${capturedCents} captured`);
    const isHeld = authorizedCents !== capturedCents + voidedCents + expiredCents || capturedCents !== refundedCents;
    if (order.path !== 'completed' && isHeld) violated(`M2: money is held for ${order.id}, which ${order.path}`);
  }
}

/** Everything, once nothing moves any more. */
export function checkEnd(tables: Tables, gateway: Gateway, violated: Violated): void {
  checkMoney(tables, gateway, violated);
  for (const actor of tables.actors.values()) {
    checkReplay(tables, actor, violated);
    if (actor.machine !== 'order') continue;
    checkOwnRecord(actor, gateway, violated);
    checkStockOf(tables, actor, violated);
    if (actor.snapshot.status === 'done' && !tables.notices.has(actor.id))
      violated(`E2: nobody was told of ${actor.id}`);
  }
  checkStock(tables, violated);
}

function checkReplay(tables: Tables, actor: ActorRow, violated: Violated): void {
  const machine = actorMachines.find(({ id }) => id === actor.machine);
  if (!machine) return violated(`G3: ${actor.machine} is unknown`);
  const log = tables.log.get(actor.id) ?? [];
  let state: LiveState | null = null;
  let step: MachineStep | null = null;
  for (const { event } of log) {
    step = replay(machine, state, event);
    state = step.state;
  }
  if (!isDeepStrictEqual(step?.snapshot, actor.snapshot)) violated(`G3: ${actor.id} replays to ${step?.view.path}`);
  for (const problem of checkCompensation(log, undosOf(machine.config), step?.view ?? null))
    violated(`G5: ${actor.id} ${JSON.stringify(problem)}`);
}

/** M5: what the saga was told is what the gateway has. */
function checkOwnRecord({ id, snapshot, path }: ActorRow, gateway: Gateway, violated: Violated): void {
  if (snapshot.status !== 'done') return;
  const { payment: ours } = orderOf(snapshot.context);
  const theirs = gateway.accounts.get(`${id}:payments.authorize`)?.payment;
  const sums = (of: typeof theirs | typeof ours) =>
    [of?.authorizedCents, of?.capturedCents, of?.voidedCents, of?.refundedCents, of?.expiredCents].map((n) => n ?? 0);
  if (ours.settlement === null && sums(ours).join() !== sums(theirs).join())
    violated(`M5: ${id}, which ${path}, has ${sums(ours).join()}, the gateway ${sums(theirs).join()}`);
}

function checkStockOf(tables: Tables, { id, snapshot, path }: ActorRow, violated: Violated): void {
  if (snapshot.status !== 'done') return;
  const reservation = tables.reservations.get(id)?.status;
  const order = tables.orders.get(id)?.status;
  if (path === 'completed' && (reservation !== 'sold' || order !== 'confirmed'))
    violated(`S6: ${id} ${reservation} ${order}`);
  if (
    path !== 'completed' &&
    (reservation === 'held' || reservation === 'sold' || order === 'created' || order === 'confirmed')
  )
    violated(`S5: ${id} ${path}, ${reservation}, ${order}`);
}

function checkStock({ stock, reservations }: Tables, violated: Violated): void {
  for (const { productId, onHand, reserved } of stock.values()) {
    const held = [...reservations.values()].filter(({ status }) => status === 'held');
    const sum = held.flatMap(({ items }) => items).filter((item) => item.productId === productId);
    const live = sum.reduce((total, { quantity }) => total + quantity, 0);
    if (live !== reserved) violated(`S3: ${reserved} of ${productId} are reserved, ${live} by live reservations`);
    if (reserved < 0 || onHand < reserved) violated(`S2: ${productId} has ${onHand}, ${reserved} reserved`);
  }
}
