/** The engines by name, and where each is found. The peers are a package of their own: they are loaded when they are asked for. */
import { existsSync } from 'node:fs';
import type { Engine, Engines, QueueBackend } from './engine.ts';

const here = (path: string): string => new URL(`../${path}`, import.meta.url).href;

const floors = here('floors/floors.ts');
const chained = here('floors/bullmq-chain.ts');

const modules: Readonly<Record<string, string>> = {
  waybill: here('runtime/engine.ts'),
  'floor-tx': floors,
  'floor-group': floors,
  'floor-batch50': floors,
  'floor-batch200': floors,
  'bullmq-chain': chained,
  'bullmq-chain-pg': chained,
  'dbos-start': here('peers/dbos.ts'),
  'dbos-enqueue': here('peers/dbos.ts'),
  restate: here('peers/restate.ts'),
  'restate-xstate': here('peers/restate.ts'),
  graphile: here('peers/graphile.ts'),
  pgboss: here('peers/pgboss.ts'),
};

export const engineNames: readonly string[] = Object.keys(modules);

/** What `--peers` stands for. */
export const peersOf = (backend: QueueBackend): readonly string[] => [
  'floor-tx',
  'floor-batch50',
  'dbos-start',
  'restate',
  'restate-xstate',
  'graphile',
  'pgboss',
  backend === 'redis' ? 'bullmq-chain' : 'bullmq-chain-pg',
];

export interface NamedEngine {
  readonly name: string;
  readonly module: string;
  readonly engine: Engine;
}

/** @throws when there is none of that name, or its package is not installed */
export async function loadEngine(name: string): Promise<NamedEngine> {
  const module = modules[name];
  if (module === undefined) throw new Error(`no engine is named ${name}; there are ${engineNames.join(', ')}`);
  if (module.includes('/peers/') && !existsSync(new URL('../peers/node_modules', import.meta.url)))
    throw new Error(`${name} is not installed: npm ci --prefix bench/peers`);
  const { engines } = (await import(module)) as { engines: Engines };
  const engine = engines[name];
  if (!engine) throw new Error(`${module} has no engine ${name}`);
  return { name, module, engine };
}
