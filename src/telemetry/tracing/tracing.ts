/** What a process does for the traces, as wrappers around its ports: the rooms themselves know nothing of spans. */
import type { ActorSystem, Observer, RemoteEffect } from '../../actors/index.ts';
import type { Transport } from '../../effects/transport.ts';
import type { WakeUpTracing } from '../../queue/wake-ups.ts';

/** Ports in, the same ports out, with spans around them or without. */
export interface Tracing {
  observer(observer: Observer): Observer;
  effects(effects: readonly RemoteEffect[]): readonly RemoteEffect[];
  /** @param peer whom it reaches, e.g. `payments` */
  transport(peer: string, transport: Transport): Transport;
  /** As the worker alone uses it. */
  jobs(system: Pick<ActorSystem, 'advance'>): TracedJobs;
  /** For whoever publishes wake-ups; null: they carry no trace. */
  readonly wakeUps: WakeUpTracing | null;
  /** Sends what is still to be sent, for some seconds at most. */
  shutdown(): Promise<void>;
}

/** @param traceparent as the wake-up carried it */
export interface TracedJobs {
  advance(id: string, traceparent: string | null): Promise<unknown>;
}

/** Nothing is wrapped, so nothing costs anything. */
export const noTracing: Tracing = {
  observer: (observer) => observer,
  effects: (effects) => effects,
  transport: (_peer, transport) => transport,
  jobs: (system) => ({ advance: (id) => system.advance(id) }),
  wakeUps: null,
  shutdown: () => Promise.resolve(),
};
