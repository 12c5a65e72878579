/** One process of an engine under test. Tells the bench of every saga that has ended, and submits what it is given. */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Order } from '../business/orders.ts';
import type { Engines, Submitter, Worker } from './engine.ts';
import {
  type Answer,
  type Command,
  type EngineStart,
  type FromEngine,
  monotonicMs,
  startVariable,
  type ToEngine,
} from './protocol.ts';

/** How often ended sagas are reported: their instants are taken when they end. */
const reportMs = 25;

const start = JSON.parse(process.env[startVariable] ?? '{}') as EngineStart;
const ended: [string, number][] = [];
const onDone = (orderId: string): void => void ended.push([orderId, monotonicMs()]);
const statements = countStatements();

const { engines } = (await import(start.module)) as { engines: Engines };
const { worker, submitter } = await open();
const reporting = setInterval(report, reportMs);
process.on('message', (message) => void handle(message as ToEngine));
// The bench is gone.
process.on('disconnect', () => process.exit(1));
process.on('unhandledRejection', (error) => process.stderr.write(`${start.engine} ${start.role}: ${String(error)}\n`));
tell({ type: 'ready' });

async function open(): Promise<{ worker: Worker | null; submitter: Submitter | null }> {
  const engine = engines[start.engine];
  if (!engine) throw new Error(`no engine is named ${start.engine}`);
  if (engine.processes === 'one') {
    const both = await engine.both(start.settings, onDone);
    return { worker: both, submitter: both };
  }
  return start.role === 'worker'
    ? { worker: await engine.worker(start.settings, onDone), submitter: null }
    : { worker: null, submitter: await engine.submitter(start.settings) };
}

async function handle({ id, command }: ToEngine): Promise<void> {
  try {
    const answer = await run(command);
    report();
    tell({ type: 'answer', id, answer }, command.type === 'stop' ? leave : undefined);
  } catch (error) {
    tell({ type: 'failed', id, message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

async function run(command: Command): Promise<Answer> {
  switch (command.type) {
    case 'burst':
      return burst(command.orders, command.inFlight);
    case 'paced':
      return paced(command.orders, command.perSecond);
    case 'stats':
      return { stats: { ...worker?.stats?.(), statements: statements() } };
    case 'stop':
      await submitter?.stop();
      if (worker !== submitter) await worker?.stop();
      return {};
  }
}

/** As clients with one request each under way. */
async function burst(orders: readonly Order[], inFlight: number): Promise<Answer> {
  const sent: [string, number][] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let order = orders[next++]; order; order = orders[next++]) {
      sent.push([order.orderId, monotonicMs()]);
      await submitter?.submit(order);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, client));
  return { sent, acceptedAtMs: monotonicMs() };
}

/** An open loop: a slow answer delays nobody, and its whole time counts. */
async function paced(orders: readonly Order[], perSecond: number): Promise<Answer> {
  const startedAtMs = monotonicMs();
  const sent: [string, number][] = [];
  const underWay: Promise<unknown>[] = [];
  for (const [i, order] of orders.entries()) {
    const waitMs = startedAtMs + (i * 1_000) / perSecond - monotonicMs();
    if (waitMs > 0) await sleep(waitMs);
    sent.push([order.orderId, monotonicMs()]);
    if (submitter) underWay.push(submitter.submit(order));
  }
  await Promise.all(underWay);
  return { sent, acceptedAtMs: monotonicMs() };
}

function report(): void {
  if (ended.length > 0) tell({ type: 'done', orders: ended.splice(0) });
}

function tell(message: FromEngine, then?: () => void): void {
  process.send?.(message, undefined, undefined, () => then?.());
}

/** By a clean exit, so that a profile is written. */
function leave(): void {
  clearInterval(reporting);
  process.exit(0);
}

/** @returns how many statements this process has sent so far through `pg`: ours, and the copy that the engine brings */
function countStatements(): () => number {
  let count = 0;
  const query = 'query';
  const { Client } = createRequire(start.module)('pg') as typeof pg;
  for (const { prototype } of new Set([pg.Client, Client])) {
    const original: unknown = Reflect.get(prototype, query);
    if (typeof original !== 'function') throw new Error('pg.Client has no query');
    Reflect.set(prototype, query, function counted(this: pg.Client, ...args: unknown[]): unknown {
      count += 1;
      const sent: unknown = Reflect.apply(original, this, args);
      return sent;
    });
  }
  return () => count;
}
