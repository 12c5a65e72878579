/** The workloads by name. */
import type { WorkloadName } from '../options.ts';
import { cold } from './cold.ts';
import { audit, edge, hotProduct, idle, overloaded, pages } from './orders.ts';
import { recover } from './recover.ts';
import { decline, runtime } from './runtime.ts';
import { timers } from './timers.ts';
import { workers } from './workers.ts';
import type { Workload } from './workload.ts';

export const workloads: Readonly<Record<WorkloadName, Workload>> = {
  runtime,
  decline,
  timers,
  cold,
  recover,
  workers,
  edge,
  hot: hotProduct,
  overload: overloaded,
  idle,
  audit,
  pages,
};
