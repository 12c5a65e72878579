/** The whole system as processes: edge ×2, workers ×3, relay ×2, payments, a Postgres of their own, and a queue. */
import type { CrashAt, CrashLabel } from '../../src/crash-points/crash-points.ts';
import { startEmbeddedPostgres } from '../../src/persistence/embedded-postgres.ts';
import { migrate } from '../../src/persistence/migrate.ts';
import { type PostgresProxy, postgresProxy } from '../support/postgres-proxy.ts';
import { startRedis } from '../support/redis.ts';
import { temporaryDataDir } from '../support/temporary-data-dir.ts';
import { type Chance, chance, deck } from './chance.ts';
import type { Counters } from './counters.ts';
import { type GatewayLine, gatewayLine } from './gateway-line.ts';
import { type Environment, type Member, startMember } from './member.ts';
import { type Backend, faults, killAt, type TrackName } from './profiles.ts';

interface Proxied {
  readonly proxy: PostgresProxy;
  /** Who is behind it. */
  members(): readonly Member[];
}

export interface System {
  /** Straight to Postgres, past the proxies. */
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly members: readonly Member[];
  readonly edges: readonly Member[];
  readonly payments: Member;
  /** What lies between the sagas and the gateway. */
  readonly line: GatewayLine;
  /** Postgres as each kind of process sees it. */
  readonly proxies: readonly Proxied[];
  /** What went wrong with a process, though nobody had done anything to it. */
  readonly strange: readonly string[];
  /** From now on no new incarnation is to die at a label. */
  spare(): void;
  /** Payments' weather from its next start on. */
  setWeather(weather: 'fair' | 'foul'): void;
  crashPostgres(): Promise<void>;
  /** Kills Redis, and starts an empty one in its place. */
  replaceRedis(): Promise<void>;
  stop(): Promise<void>;
}

const maxConnections = 300;
const hourMs = 3_600_000;
const clockOff = new URL('clock-off.ts', import.meta.url);
/** So that at any moment several calls are on their way. */
const fair: Environment = { MOCK_LATENCY_MS: '250', MOCK_FAILURE_RATE: '0.01' };
const foul: Environment = { MOCK_LATENCY_MS: '900', MOCK_FAILURE_RATE: '0.33' };
/** Leases and redeliveries are short, so that what a dead process leaves behind is soon taken up. */
const quick: Environment = { LEASE_MARGIN_MS: '1000', REDELIVERY_MS: '1000', LOG_LEVEL: 'info' };
/** A capture's timeout and the margin above: the longest lease. */
export const leaseMs = 5_000 + 1_000;

/** Where processes of a role are told to die. */
const points: Readonly<Record<'edge' | 'worker' | 'relay', readonly CrashLabel[]>> = {
  edge: [
    'start.before-commit',
    'start.after-commit',
    'answer.before-send',
    'advance.loaded',
    'call.sent',
    'call.answered',
    'commit.before-commit',
    'commit.after-commit',
  ],
  worker: [
    'advance.loaded',
    'call.sent',
    'call.answered',
    'commit.before-commit',
    'commit.after-commit',
    'job.before-end',
  ],
  relay: ['relay.claimed', 'relay.published'],
};
const maxPassing = { edge: 3, worker: 8, relay: 3 } as const;

export async function startSystem(
  backend: Backend,
  tracks: readonly TrackName[],
  seed: number,
  counters: Counters,
): Promise<System> {
  await using opened = new AsyncDisposableStack();
  const dataDir = await temporaryDataDir();
  // Its Postgres too.
  opened.defer(() => dataDir.remove());
  const settings = { dataDir: dataDir.path, fsync: true, maxConnections };
  let server = await startEmbeddedPostgres(settings);
  const { port, url: databaseUrl } = server;
  await migrate(databaseUrl);
  let redis = backend === 'redis' ? await startRedis() : null;
  if (backend === 'redis' && !redis) throw new Error('there is no redis-server here: --backend postgres needs none');
  opened.defer(async () => redis?.stop());
  const redisUrl = redis?.url ?? null;
  const crew = await startCrew({ databaseUrl, redisUrl }, tracks, chance(seed), counters, opened);
  await Promise.all(crew.members.map((member) => member.ready()));
  const closing = opened.move();
  return {
    ...crew,
    databaseUrl,
    redisUrl,
    async crashPostgres() {
      // SIGQUIT is Postgres's immediate shutdown: it recovers from its log, as after a crash.
      process.kill(server.pid, 'SIGQUIT');
      server = await startEmbeddedPostgres({ ...settings, port });
    },
    async replaceRedis() {
      await redis?.stop();
      redis = await startRedis(redis ? { port: redis.port } : {});
    },
    stop: () => closing.disposeAsync(),
  };
}

type Crew = Pick<System, 'members' | 'edges' | 'payments' | 'line' | 'proxies' | 'strange' | 'spare' | 'setWeather'>;

interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
}

async function startCrew(
  stores: Stores,
  tracks: readonly TrackName[],
  luck: Chance,
  counters: Counters,
  opened: AsyncDisposableStack,
): Promise<Crew> {
  const strange: string[] = [];
  const members: Member[] = [];
  const proxies: Proxied[] = [];
  let isSpared = !tracks.includes('kills');
  let weather = fair;

  const proxyOf = async (kind: string): Promise<string> => {
    const started = await postgresProxy(stores.databaseUrl, { spares: 'waybill-queue' });
    opened.defer(() => started.close());
    proxies.push({ proxy: started, members: () => members.filter(({ name }) => name.startsWith(kind)) });
    return started.url;
  };
  const start = async (name: string, roles: string, more: () => Environment, next: () => CrashAt | null) => {
    const member = await startMember({
      name,
      roles,
      environment: () => ({ ...quick, REDIS_URL: stores.redisUrl ?? undefined, ...more() }),
      nextCrash: () => (isSpared ? null : next()),
      onCrashed: ({ label }) => counters.add(killAt(label)),
      onStrange: (what) => void strange.push(what),
    });
    opened.defer(() => member.stop());
    members.push(member);
    return member;
  };
  const deals = (role: keyof typeof points): (() => CrashAt) => {
    const next = deck(points[role], luck);
    return () => ({ label: next(), passing: luck.between(1, maxPassing[role]) });
  };
  const nowhere = (): null => null;

  const ofPayments = await proxyOf('payments');
  const payments = await start('payments', 'payments', () => ({ DATABASE_URL: ofPayments, ...weather }), nowhere);
  const line = await gatewayLine(payments.url);
  opened.defer(() => line.close());
  const [ofEdges, ofWorkers, ofRelays] = [await proxyOf('edge'), await proxyOf('worker'), await proxyOf('relay')];
  const calls = (url: string) => (): Environment => ({ DATABASE_URL: url, PAYMENTS_URL: line.url });
  const withClock = (url: string, offMs: number) => (): Environment => {
    if (!tracks.includes('clocks')) return calls(url)();
    counters.add(faults.clockOff);
    return { ...calls(url)(), NODE_OPTIONS: `--import=${clockOff.href}`, CLOCK_OFF_MS: String(offMs) };
  };
  const [toEdges, toWorkers, toRelays] = [deals('edge'), deals('worker'), deals('relay')];
  // One of each kind is never told to die, or nothing would go on.
  const edges = [
    await start('edge 1', 'edge,inventory', withClock(ofEdges, -hourMs), toEdges),
    await start('edge 2', 'edge,inventory', calls(ofEdges), nowhere),
  ];
  await start('worker 1', 'worker', calls(ofWorkers), toWorkers);
  await start('worker 2', 'worker', withClock(ofWorkers, hourMs), toWorkers);
  await start('worker 3', 'worker', calls(ofWorkers), nowhere);
  await start('relay 1', 'relay', withClock(ofRelays, hourMs), toRelays);
  await start('relay 2', 'relay', calls(ofRelays), nowhere);
  return {
    members,
    edges,
    payments,
    line,
    proxies,
    strange,
    spare: () => void (isSpared = true),
    setWeather: (to) => void (weather = to === 'fair' ? fair : foul),
  };
}
