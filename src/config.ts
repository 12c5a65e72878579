/** The environment as one frozen value. A wrong value is refused at start with one line that names it. */
import { resolve } from 'node:path';
import { type CrashAt, crashLabels, parseCrashAt } from './crash-points/crash-points.ts';

/** What a process can be; `all` stands for every one of them. */
export const roles = ['edge', 'orders', 'inventory', 'payments', 'worker', 'relay', 'console'] as const;
export type Role = (typeof roles)[number];

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A variable with a value that cannot be meant. The message is one line, fit to be printed as it is. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export interface Config {
  /** PORT, default 3000: the original demo's. 0 takes a free one. */
  readonly port: number;
  /** HOST, default 127.0.0.1: there is no authentication yet, so nothing listens beyond this machine unasked. */
  readonly host: string;
  /** ROLE, a list with commas, default `all`. In the order of `roles`, without repeats. */
  readonly roles: readonly Role[];
  /** DATABASE_URL; `null`: the embedded PostgreSQL under `dataDir`. */
  readonly databaseUrl: string | null;
  /** REDIS_URL; `null`: the queue lives in Postgres. */
  readonly redisUrl: string | null;
  /** DATA_DIR, default `.waybill` where the process was started; absolute. Used by the embedded PostgreSQL alone. */
  readonly dataDir: string;
  /** LOG_LEVEL, default `info`. */
  readonly logLevel: LogLevel;
  /** PAYMENTS_URL; `null`: the plugin of this process. No slash at the end, like the two below. */
  readonly paymentsUrl: string | null;
  /** ORDERS_URL; `null`: the same-transaction form of its effects. */
  readonly ordersUrl: string | null;
  /** INVENTORY_URL; `null`: the same-transaction form of its effects. */
  readonly inventoryUrl: string | null;
  /** MOCK_LATENCY_MS, default 0: how long the fake gateway takes over each answer. */
  readonly mockLatencyMs: number;
  /** MOCK_FAILURE_RATE, 0–1, default 0.05: the share of gateway calls that fail for a moment, so that retries show. */
  readonly mockFailureRate: number;
  /**
   * LEASE_MARGIN_MS, default 2000: how much longer than the call it guards a lease lives. It covers the commit of the
   * outcome; too short, and a second worker calls again (harmless by its key, but work done twice).
   */
  readonly leaseMarginMs: number;
  /** REDELIVERY_MS, default 5000: how long a published wake-up may go unanswered before it is published again. */
  readonly redeliveryMs: number;
  /** EDGE_BUDGET_MS, default 3000: how long a POST /orders waits for the authorization before it answers 202 as it is. */
  readonly edgeBudgetMs: number;
  /**
   * RETENTION_DAYS, default 0: for ever. How long after its end an actor is kept, with its log and notice. At least a day,
   * so that whoever could still call on its behalf is long gone.
   */
  readonly retentionDays: number;
  /**
   * AUDIT_HOURS, default 0: never. How often a worker audits the books, and the logs of the last day, for its metrics. It
   * reads whole tables: one worker is enough.
   */
  readonly auditHours: number;
  /**
   * DRAIN_DELAY_MS, default 5000, and 0 on loopback, where nobody balances: how long a process that is to stop still
   * serves while `/readyz` fails, so that load balancers look elsewhere before it closes its port.
   */
  readonly drainDelayMs: number;
  /**
   * INSPECT_ORIGINS, a list with commas, default none: pages of these origins may open `/inspect`, besides those that this
   * server sends to this machine.
   */
  readonly inspectOrigins: readonly string[];
  /**
   * DEMO_CORNER, on or off; default: on with the embedded PostgreSQL, else off. The console then places orders of every
   * scenario, changes the fake gateway's weather, and kills a worker of its own.
   */
  readonly demoCorner: boolean;
  /** CRASH_AT, `label:n`, for tests alone: this process kills itself at the n-th passing of that point. `null`: never. */
  readonly crashAt: CrashAt | null;
  /** OTEL_EXPORTER_OTLP_ENDPOINT; `null`: no traces are made, and metrics are for `/metrics` alone. */
  readonly otlpEndpoint: string | null;
  /** OTEL_METRICS_EXPORTER: `none` leaves metrics to `/metrics`, where somebody scrapes it; default `otlp`, if there is an endpoint. */
  readonly pushesMetrics: boolean;
  /**
   * OTEL_TRACES_SAMPLER_ARG, 0–1, default 1: of the orders that end well and in time, how many are traced. All others are,
   * whatever it says.
   */
  readonly tracesShare: number;
  /** OTEL_SERVICE_NAME, default `waybill`. */
  readonly otelServiceName: string;
}

const switches = ['on', 'off'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

const maxMs = 3_600_000;
/** The rest of the drain has to end before an orchestrator's 30 s are over. */
const maxDrainDelayMs = 10_000;

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.');

/**
 * @param environment as `process.env`; an empty value counts as absent
 * @throws ConfigError for the first wrong value
 */
export function readConfig(environment: Environment): Config {
  const from = reader(environment);
  const host = from.host('HOST', '127.0.0.1');
  const databaseUrl = from.url('DATABASE_URL', ['postgres:', 'postgresql:']);
  return Object.freeze<Config>({
    port: from.integer('PORT', 3_000, { min: 0, max: 65_535 }),
    host,
    roles: parseRoles(from.text('ROLE') ?? 'all', 'ROLE'),
    databaseUrl,
    redisUrl: from.url('REDIS_URL', ['redis:', 'rediss:']),
    dataDir: resolve(from.text('DATA_DIR') ?? '.waybill'),
    logLevel: from.oneOf('LOG_LEVEL', logLevels, 'info'),
    paymentsUrl: from.baseUrl('PAYMENTS_URL'),
    ordersUrl: from.baseUrl('ORDERS_URL'),
    inventoryUrl: from.baseUrl('INVENTORY_URL'),
    mockLatencyMs: from.integer('MOCK_LATENCY_MS', 0, { min: 0, max: maxMs }),
    mockFailureRate: from.share('MOCK_FAILURE_RATE', 0.05),
    leaseMarginMs: from.integer('LEASE_MARGIN_MS', 2_000, { min: 100, max: maxMs }),
    redeliveryMs: from.integer('REDELIVERY_MS', 5_000, { min: 100, max: maxMs }),
    edgeBudgetMs: from.integer('EDGE_BUDGET_MS', 3_000, { min: 100, max: 60_000 }),
    retentionDays: from.integer('RETENTION_DAYS', 0, { min: 0, max: 36_500 }),
    auditHours: from.integer('AUDIT_HOURS', 0, { min: 0, max: 168 }),
    drainDelayMs: from.integer('DRAIN_DELAY_MS', isLoopback(host) ? 0 : 5_000, { min: 0, max: maxDrainDelayMs }),
    inspectOrigins: parseOrigins(from.text('INSPECT_ORIGINS') ?? ''),
    demoCorner: from.oneOf('DEMO_CORNER', switches, databaseUrl === null ? 'on' : 'off') === 'on',
    crashAt: readCrashAt(from.text('CRASH_AT')),
    otlpEndpoint: from.baseUrl('OTEL_EXPORTER_OTLP_ENDPOINT'),
    pushesMetrics: from.oneOf('OTEL_METRICS_EXPORTER', ['otlp', 'none'], 'otlp') === 'otlp',
    tracesShare: from.share('OTEL_TRACES_SAMPLER_ARG', 1),
    otelServiceName: from.text('OTEL_SERVICE_NAME') ?? 'waybill',
  });
}

/**
 * @param source what the message blames: `ROLE` or `--role`
 * @throws ConfigError
 */
export function parseRoles(list: string, source: string): readonly Role[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => name !== 'all' && !roles.some((role) => role === name));
  if (unknown !== undefined) refuse(source, list, `a list of all, ${roles.join(', ')}`);
  return Object.freeze(roles.filter((role) => names.includes('all') || names.includes(role)));
}

function parseOrigins(list: string): readonly string[] {
  const origins = list.split(',').flatMap((origin) => origin.trim() || []);
  for (const origin of origins)
    if (!/^https?:/.test(origin) || URL.parse(origin)?.origin !== origin)
      refuse('INSPECT_ORIGINS', list, 'a list of origins such as https://tools.example.com');
  return Object.freeze(origins);
}

function readCrashAt(text: string | null): CrashAt | null {
  if (text === null) return null;
  return parseCrashAt(text) ?? refuse('CRASH_AT', text, `label:n with one of ${crashLabels.join(', ')}`);
}

function refuse(name: string, value: string, expected: string): never {
  throw new ConfigError(`${name} is ${JSON.stringify(value)}, expected ${expected}`);
}

function reader(environment: Environment) {
  const text = (name: string): string | null => environment[name]?.trim() || null;

  const number = (
    name: string,
    fallback: number,
    range: { min: number; max: number },
    pattern: RegExp,
    kind: string,
  ) => {
    const value = text(name);
    if (value === null) return fallback;
    const parsed = pattern.test(value) ? Number(value) : Number.NaN;
    if (parsed >= range.min && parsed <= range.max) return parsed;
    return refuse(name, value, `${kind} from ${range.min} to ${range.max}`);
  };

  const url = (name: string, protocols: readonly string[]): string | null => {
    const value = text(name);
    if (value === null || protocols.includes(URL.parse(value)?.protocol ?? '')) return value;
    // Not the value itself: it may hold a password, and the line goes to a log.
    throw new ConfigError(`${name} is not a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`);
  };

  return {
    text,
    url,
    baseUrl: (name: string) => url(name, ['http:', 'https:'])?.replace(/\/+$/, '') ?? null,
    integer: (name: string, fallback: number, range: { min: number; max: number }) =>
      number(name, fallback, range, /^\d+$/, 'a whole number'),
    share: (name: string, fallback: number) => number(name, fallback, { min: 0, max: 1 }, /^\d*\.?\d+$/, 'a number'),
    host: (name: string, fallback: string): string => {
      const value = text(name) ?? fallback;
      return /^[\w.:-]+$/.test(value) ? value : refuse(name, value, 'a host name or address');
    },
    oneOf: <const T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
      const value = text(name);
      if (value === null) return fallback;
      return allowed.find((one) => one === value) ?? refuse(name, value, `one of ${allowed.join(', ')}`);
    },
  };
}
