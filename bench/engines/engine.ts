/** What an engine has to offer to be measured. One file per engine exports them by name (`engines`). */
import type { Order } from '../business/orders.ts';

export type QueueBackend = 'redis' | 'postgres';

/** The same for all processes of one run. Plain JSON: it reaches them in their environment. */
export interface EngineSettings {
  readonly databaseUrl: string;
  /** Null where the engine wants none, or the queue is in Postgres. */
  readonly redisUrl: string | null;
  /** Of the run's own; gone after it. */
  readonly directory: string;
  /** Sagas, or jobs, in flight per worker; null: the engine's own default. */
  readonly concurrency: number | null;
  /** Steps per commit at most; null: the engine's own default. */
  readonly maxBatch: number | null;
}

/** Called when the last step of a saga is durable. */
export type OnDone = (orderId: string) => void;

export interface EngineServer {
  readonly name: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Submitter {
  /** Resolves once the saga is durably accepted. */
  submit(order: Order): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Worker {
  stop(): Promise<void>;
  /** What it has counted, for who wants to know more. */
  stats?(): Readonly<Record<string, number>>;
}

interface Common {
  readonly about: string;
  /** Redis as BullMQ recommends it (append only, a sync per second), only where BullMQ runs on it, or not at all. */
  readonly redis: 'always' | 'with-backend' | 'never';
  /** Sagas of a burst, as a share of what is asked for, so that each engine's takes about as long; default 1. */
  readonly share?: number;
  /** It has no way back: orders whose payment is declined are not for it. */
  readonly neverDeclines?: true;
  /** Servers beside Postgres and Redis; their processor time counts. */
  servers?(settings: EngineSettings): Promise<readonly EngineServer[]>;
  /** Its own tables. Those of the saga are there. */
  setup?(settings: EngineSettings): Promise<void>;
  /** After everything has stopped, on top of the saga's books. @throws when the run does not count */
  check?(settings: EngineSettings): Promise<void>;
  /** Once its worker listens. */
  register?(settings: EngineSettings): Promise<void>;
}

export type Engine = Common &
  (
    | {
        /** The worker is a process, who submits another. */
        readonly processes: 'two';
        worker(settings: EngineSettings, onDone: OnDone): Promise<Worker>;
        submitter(settings: EngineSettings): Promise<Submitter>;
      }
    | {
        /** Sagas are submitted in the very process that runs them. */
        readonly processes: 'one';
        both(settings: EngineSettings, onDone: OnDone): Promise<Submitter & Worker>;
      }
  );

export type Engines = Readonly<Record<string, Engine>>;
