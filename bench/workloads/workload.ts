/** A workload measures what the options ask for and reports it; it throws when the books of a run do not agree. */
import type { QueueBackend } from '../engines/engine.ts';
import type { Options } from '../options.ts';
import type { Report } from '../report.ts';

export interface WorkloadPorts {
  readonly options: Options;
  readonly backend: QueueBackend;
  readonly report: Report;
  /** Where profiles go, if they are wanted. */
  readonly profileTo: string | null;
}

export type Workload = (ports: WorkloadPorts) => Promise<void>;
