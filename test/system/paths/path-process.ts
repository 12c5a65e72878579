/** One process of the system as far as paths need it: runtime, ledger, worker and relay over the lane's database. */
import { createActorSystem, type ActorSystem, type Participant, type RemoteEffect } from '../../../src/actors/index.ts';
import { inventoryParticipant, remoteInventory } from '../../../src/effects/inventory.ts';
import { noticeEffects } from '../../../src/effects/notices.ts';
import { ordersParticipant, remoteOrders } from '../../../src/effects/orders.ts';
import { paymentEffects } from '../../../src/effects/payments.ts';
import { actorStore } from '../../../src/persistence/actor-store.ts';
import { operationCompanion } from '../../../src/persistence/operations.ts';
import { outbox } from '../../../src/persistence/outbox.ts';
import type { Tx } from '../../../src/persistence/pool.ts';
import { processPorts } from '../../../src/process-ports.ts';
import { relay } from '../../../src/queue/relay.ts';
import { startWorker } from '../../../src/queue/worker.ts';
import { acceptCompanion } from '../../../src/services/ledger/accept.ts';
import { ledgerFace } from '../../../src/services/ledger/face.ts';
import { orderParkingProjection, orderProjection } from '../../../src/services/ledger/projection.ts';
import { createLedger, type Ledger } from '../../../src/services/ledger/service.ts';
import { type Lane, silentLog } from './lane.ts';
import { scriptedNotices, scriptedParticipant, scriptedTransport } from './scripted-participants.ts';
import { supervisedStore } from './supervised-store.ts';

export interface PathProcess {
  readonly system: ActorSystem;
  /** Places orders under the given id. */
  ledger(orderId: string): Ledger;
  /** From this very moment nothing of it reaches the store. */
  die(): void;
  isDead(): boolean;
  /** Takes what is left of a dead process away: its worker and its relay. */
  bury(): Promise<void>;
}

/** What the explorer puts on outcomes: the waits that follow are the same in its paths and here. */
export const fixedRandom = 0.5;
export const limits = { leaseMarginMs: 1_000, redeliveryMs: 2_000, maxBatch: 256, lanes: 1 };
const concurrency = 20;

/** @param options `works`: it has a worker and a relay; otherwise it only takes events */
export function startProcess(lane: Lane, { works }: { readonly works: boolean }): PathProcess {
  const death = new AbortController();
  const died = new Promise<void>((resolve) => death.signal.addEventListener('abort', () => resolve()));
  const system = systemOf(lane, { works, isDead: () => death.signal.aborted });
  const fail = (error: unknown): void => lane.playing?.fail(`a process failed: ${String(error)}`);
  const worker =
    works &&
    startWorker({
      target: lane.target,
      // A dead process hears nothing of its calls and commits; its jobs end with it.
      jobs: { advance: (id) => Promise.race([system.advance(id), died.then((): 'left' => 'left')]) },
      concurrency,
      giveBack: () => Promise.resolve(),
      onError: (error) => {
        if (!death.signal.aborted) fail(error);
      },
    });
  const relaying = works && relayOf(lane, death.signal, fail);
  return {
    system,
    ledger: (orderId) =>
      createLedger({
        pool: lane.pool,
        system,
        catalog: lane.services.inventory,
        newId: () => orderId,
        process: { monotonicMs: processPorts.monotonicMs, delay: processPorts.delay },
        edgeBudgetMs: 60_000,
        onAccepted: () => undefined,
      }),
    die: () => death.abort(),
    isDead: () => death.signal.aborted,
    async bury() {
      await relaying;
      if (worker) await worker.close();
    },
  };
}

/** A relay that does not sleep past a jump of the clock, nor past its own death. */
async function relayOf(lane: Lane, signal: AbortSignal, onError: (error: Error) => void): Promise<void> {
  let hasMoved = false;
  let wake = (): void => undefined;
  const onMove = (): void => {
    hasMoved = true;
    wake();
  };
  const delay = async (ms: number): Promise<void> => {
    const over = new AbortController();
    wake = () => over.abort();
    if (!hasMoved) await processPorts.delay(ms, over.signal);
    hasMoved = false;
  };
  lane.jumps.addEventListener('jump', onMove);
  signal.addEventListener('abort', onMove);
  const { redeliveryMs } = limits;
  await relay({ outbox: outbox(lane.pool), wakeUps: lane.wakeUps, redeliveryMs, delay, onError }).run(signal);
  lane.jumps.removeEventListener('jump', onMove);
}

function systemOf(lane: Lane, { works, isDead }: { works: boolean; isDead: () => boolean }): ActorSystem {
  const { pool, services } = lane;
  const playing = () => lane.playing;
  const transport = scriptedTransport(lane.participants, playing);
  const local: Participant<Tx>[] = [
    scriptedParticipant(ordersParticipant(services.orders), playing),
    scriptedParticipant(inventoryParticipant(services.inventory), playing),
  ];
  const face = ledgerFace(pool);
  const remote = lane.form === 'remote';
  const remoteEffects: RemoteEffect[] = [
    ...paymentEffects({ transport, tokenOf: (orderId) => face.paymentTokenOf(orderId) }),
    ...noticesOf(lane),
    ...(remote ? [...remoteOrders(transport), ...remoteInventory(transport)] : []),
  ];
  return createActorSystem<Tx>({
    machines: lane.machines,
    participants: remote ? [] : local,
    remoteEffects,
    companions: [acceptCompanion, operationCompanion],
    projections: { order: orderProjection },
    parkingProjections: { order: orderParkingProjection },
    store: supervisedStore(actorStore(pool), {
      ready: () => (works ? lane.gate.passed() : Promise.resolve()),
      isDead,
      committed: lane.committed,
    }),
    wakeUps: lane.wakeUps,
    feed: lane.feed,
    observer: { observe: lane.observe },
    process: {
      ...processPorts,
      // Its own clock stands still: no call times out by itself, and no lease is believed to be over.
      monotonicMs: () => 0,
      delay: (ms, signal) => (signal ? aborted(signal) : processPorts.delay(ms)),
      random: () => fixedRandom,
    },
    limits,
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function noticesOf(lane: Lane): RemoteEffect[] {
  const { notices } = lane.services;
  const emailOf = (orderId: string): Promise<string | null> => ledgerFace(lane.pool).emailOf(orderId);
  const away = (): Promise<never> => Promise.reject(new Error('the mailbox is away'));
  const formOf = (options: Partial<Parameters<typeof noticeEffects>[0]>): RemoteEffect[] =>
    noticeEffects({ notices, emailOf, log: silentLog, ...options });
  const [real] = formOf({});
  const [refusing] = formOf({ emailOf: () => Promise.resolve(null) });
  const [failing] = formOf({ notices: { send: away } });
  if (!real || !refusing || !failing) throw new Error('there is one notice effect');
  return [scriptedNotices({ real, refusing, failing }, () => lane.playing)];
}
