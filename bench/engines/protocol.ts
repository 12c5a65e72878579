/** What the bench and the processes of an engine say to each other. */
import type { Order } from '../business/orders.ts';
import type { EngineSettings } from './engine.ts';

/** In the environment of an engine's process, as JSON. */
export const startVariable = 'WAYBILL_BENCH_ENGINE';

export interface EngineStart {
  /** URL of the module. */
  readonly module: string;
  readonly engine: string;
  readonly role: Role;
  readonly settings: EngineSettings;
}

export type Role = 'worker' | 'submitter' | 'both';

export type Command =
  /** All of them, `inFlight` at a time. */
  | { readonly type: 'burst'; readonly orders: readonly Order[]; readonly inFlight: number }
  /** Evenly, however long each takes. */
  | { readonly type: 'paced'; readonly orders: readonly Order[]; readonly perSecond: number }
  | { readonly type: 'stats' }
  | { readonly type: 'stop' };

/** When each order was sent, by the machine's monotonic clock. */
export type Sent = readonly (readonly [orderId: string, atMs: number])[];

export type Stats = Readonly<Record<string, number>>;

export interface Answer {
  readonly sent?: Sent;
  /** When the last submit was accepted. */
  readonly acceptedAtMs?: number;
  readonly stats?: Stats;
}

export type FromEngine =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly orders: Sent }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

export type ToEngine = { readonly id: number; readonly command: Command };

/** One clock for all processes of a machine. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
