/** Which process sent a span or a metric. */
import { randomUUID } from 'node:crypto';
import { version } from '../version.ts';

/** Resource attributes, by OpenTelemetry's semantic conventions. */
export interface ProcessIdentity {
  readonly 'service.name': string;
  readonly 'service.version': string;
  /** Another one at every start. */
  readonly 'service.instance.id': string;
  readonly 'process.pid': number;
  readonly 'waybill.role': string;
  readonly [name: string]: string | number;
}

const instance = randomUUID();

export function processIdentity(service: { readonly name: string; readonly role: string }): ProcessIdentity {
  return {
    'service.name': service.name,
    'service.version': version,
    'service.instance.id': instance,
    'process.pid': process.pid,
    'waybill.role': service.role,
  };
}
