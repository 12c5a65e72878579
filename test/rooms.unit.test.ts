import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** What a room may import: other rooms (or single files of theirs), packages, Node's own modules. */
interface Rules {
  /** Rooms, or paths below src/ (`actors/ports`), as values and types. */
  readonly rooms: readonly string[];
  /** The same, as types only. */
  readonly types?: readonly string[];
  readonly packages: readonly string[] | 'any';
  readonly node: boolean | readonly string[];
}

const src = fileURLToPath(new URL('../src', import.meta.url));
/** Paths below src/. */
const sourceFiles: readonly string[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();

/** The one place that knows every room: `compose.ts`, and its parts beside it. */
const wiring: Rules = {
  rooms:
    'actors audit compose config console crash-points effects http inspector machines persistence process-ports queue reconciliation services telemetry version'.split(
      ' ',
    ),
  packages: 'any',
  node: true,
};

/** Top-level files of src/ are rooms of their own. The order is the one in which one order passes through them. */
const rooms: Readonly<Record<string, Rules>> = {
  'main.ts': { rooms: ['cli', 'compose', 'config'], packages: [], node: true },
  'config.ts': { rooms: ['crash-points'], packages: [], node: true },
  // Points around the ports of one process, where tests let it die.
  'crash-points': { rooms: [], types: ['actors'], packages: [], node: true },
  'version.ts': { rooms: [], packages: [], node: ['node:fs'] },
  'compose.ts': wiring,
  compose: wiring,
  // What a process has of its own (clock, timers, chance), as ports.
  'process-ports.ts': { rooms: [], types: ['actors'], packages: ['uuid'], node: true },
  cli: {
    rooms:
      'actors audit compose config console/kept-audit diagrams effects/likely-answers inspect-bridge machines persistence process-ports queue/reach reconciliation services telemetry verifier what-if'.split(
        ' ',
      ),
    packages: ['commander', 'cli-table3', 'listr2', 'pino'],
    node: true,
  },
  // Pure: actors come in through their face, events go out as a stream.
  inspector: { rooms: ['actors'], packages: [], node: false },
  // A server of a command's own, for Stately's hosted inspector.
  'inspect-bridge': { rooms: ['http'], types: ['inspector'], packages: ['fastify'], node: ['node:fs/promises'] },
  // Pure: what-ifs in the form in which the HTTP API and the commands tell them.
  'what-if': { rooms: ['actors', 'services/schemas'], packages: ['@sinclair/typebox'], node: false },
  // Pure, but for the layout of SVG, which is WebAssembly.
  diagrams: { rooms: [], types: ['actors'], packages: ['@viz-js/viz'], node: false },
  // Reads everybody's tables and replays logs, to judge them.
  audit: { rooms: ['actors', 'persistence'], packages: ['slonik', '@sinclair/typebox'], node: true },
  // Between the ledger's books and the gateway's, which it reads over HTTP alone.
  reconciliation: {
    rooms: ['actors', 'effects/transport', 'persistence', 'services/ledger/money'],
    packages: ['slonik', '@sinclair/typebox'],
    node: ['node:util'],
  },
  // Pure: no IO, hence nothing of Node.
  machines: { rooms: [], packages: ['xstate'], node: false },
  // Pure: judges machines by what they declare, whoever wrote them.
  verifier: { rooms: ['actors'], packages: [], node: false },
  // Node's modules that compute; whatever does IO or tells the time is a port.
  actors: { rooms: [], packages: ['xstate'], node: ['node:crypto', 'node:util'] },
  // TypeBox: what a remote participant answers is parsed where it arrives.
  effects: {
    rooms: ['machines', 'services'],
    types: ['actors'],
    packages: ['xstate', '@xstate/store', '@sinclair/typebox'],
    node: true,
  },
  services: {
    rooms: ['persistence'],
    // The ledger alone speaks to actors; see below.
    types: ['actors/ports', 'http'],
    packages: ['fastify', 'fastify-plugin', '@fastify/type-provider-typebox', '@sinclair/typebox', 'slonik', 'uuid'],
    node: true,
  },
  persistence: {
    rooms: ['actors'],
    packages: ['slonik', 'pg', '@sinclair/typebox', 'uuid'],
    node: true,
  },
  queue: { rooms: ['actors'], packages: ['bullmq', 'ioredis', 'pg'], node: true },
  http: {
    // Of persistence only the fault that becomes a 503.
    rooms: ['actors', 'diagrams', 'services', 'persistence/faults', 'version', 'what-if'],
    types: ['machines', 'inspector'],
    packages: 'any',
    node: true,
  },
  telemetry: {
    rooms: ['actors', 'version'],
    // What it wraps: it sees ports, never what is behind them.
    types: ['reconciliation', 'audit', 'effects', 'queue', 'persistence'],
    packages: 'any',
    node: true,
  },
  // Shows operators everything, so it reads everybody's tables; it writes its own alone.
  console: {
    rooms: [
      'actors',
      'effects/transport',
      'http',
      'persistence',
      'services',
      'version',
      'what-if',
      'machines',
      'verifier',
    ],
    types: ['audit'],
    packages: ['fastify', '@fastify/type-provider-typebox', '@sinclair/typebox', 'slonik'],
    node: true,
  },
};

/** Packages that belong to one room, whatever `any` says. */
const owners: Readonly<Record<string, readonly string[]>> = {
  bullmq: ['queue'],
  ioredis: ['queue'],
  slonik: ['persistence', 'services', 'audit', 'reconciliation', 'console'],
  pg: ['persistence', 'queue', 'telemetry'],
  fastify: ['http', 'services', 'console', 'inspect-bridge'],
  xstate: ['machines', 'actors', 'effects'],
};

interface Import {
  readonly file: string;
  /** A path below src/, or the name that a package or a module of Node was imported by. */
  readonly from: string;
  readonly isLocal: boolean;
  readonly typeOnly: boolean;
}

describe('rooms', () => {
  const imports = sourceFiles.flatMap(importsOf);

  it('finds the imports that it is to judge', () => {
    expect(
      importsIn("import a from 'a';\nimport type { B } from './b.ts';\nexport * from './c.ts';\nimport 'd';"),
    ).toEqual([
      { from: 'a', typeOnly: false },
      { from: './b.ts', typeOnly: true },
      { from: './c.ts', typeOnly: false },
      { from: 'd', typeOnly: false },
    ]);
    expect(importsIn("import { type A, type B } from './a.ts';\nawait import('./lazy.ts');")).toEqual([
      { from: './a.ts', typeOnly: true },
      { from: './lazy.ts', typeOnly: false },
    ]);
    expect(imports.length).toBeGreaterThan(0);
  });

  it('every top-level file or folder of src has its rules in the table', () => {
    expect([...new Set(sourceFiles.map(roomOf))].filter((room) => !(room in rooms))).toEqual([]);
  });

  it('import only what the table allows', () => {
    expect(imports.map(breach).filter((found) => found !== null)).toEqual([]);
  });

  it('XState’s encoding is known in actors/xstate alone: its keys are spelled, and actors import it, nowhere else', () => {
    const elsewhere = sourceFiles.filter((file) => !file.startsWith('actors/xstate/'));
    // Those with an @ before them are events of Stately's inspector.
    expect(elsewhere.filter((file) => /(?<!@)\bxstate\./.test(readFileSync(join(src, file), 'utf8')))).toEqual([]);
    const importers = imports.filter(({ file, from }) => from === 'xstate' && roomOf(file) === 'actors');
    expect(importers.map(({ file }) => file).filter((file) => elsewhere.includes(file))).toEqual([]);
  });

  it('services do not import each other, but for the shared files beside them', () => {
    const crossings = imports
      .filter(({ file, from }) => roomOf(file) === 'services' && from.startsWith('services/'))
      .filter(({ file, from }) => from.split('/').length > 2 && from.split('/')[1] !== file.split('/')[1])
      .map(({ file, from }) => `${file} → ${from}`);
    expect(crossings).toEqual([]);
  });
});

/** @returns what is wrong with an import, or null */
function breach({ file, from, isLocal, typeOnly }: Import): string | null {
  const room = roomOf(file);
  const rules = rooms[room];
  if (!rules) return null; // The test above names it.
  const said = `${file} → ${from}`;
  if (from.startsWith('node:')) {
    const allowed = typeof rules.node === 'boolean' ? rules.node : rules.node.includes(from);
    return allowed ? null : said;
  }
  if (from.startsWith('.')) return `${said} leaves src`;
  if (!isLocal) {
    const name = from.split('/', from.startsWith('@') ? 2 : 1).join('/');
    // A type costs nothing at run time, but still couples; only Slonik's and Fastify's reach further than their room.
    if (owners[name] && !owners[name].includes(room)) return said;
    return rules.packages === 'any' || rules.packages.includes(name) ? null : said;
  }
  const target = roomOf(from);
  if (target === room) return null;
  if (file.startsWith('services/ledger/') && target === 'actors') return null;
  const allowed = [...rules.rooms, ...(typeOnly ? (rules.types ?? []) : [])];
  return allowed.some((to) => to === target.replace(/\.ts$/, '') || from === `${to}.ts`) ? null : said;
}

function importsOf(file: string): Import[] {
  return importsIn(readFileSync(join(src, file), 'utf8')).map(({ from, typeOnly }) => ({
    file,
    from: from.startsWith('.') ? relative(src, resolve(src, dirname(file), from)) : from,
    isLocal: from.startsWith('.'),
    typeOnly,
  }));
}

/** Good enough for formatted code: a statement starts its line, and the formatter breaks it only between braces. */
function importsIn(source: string): { from: string; typeOnly: boolean }[] {
  const statement = /^(?:import|export)\s+(?:([^'";]*?)\s+from\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...source.matchAll(statement)].map(([, names, from, lazy]) => ({
    from: from ?? lazy ?? '',
    typeOnly: isTypeOnly(names ?? ''),
  }));
}

function isTypeOnly(names: string): boolean {
  if (/^type\s/.test(names)) return true;
  const inBraces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const parts =
    inBraces
      ?.split(',')
      .map((part) => part.trim())
      .filter(Boolean) ?? [];
  return parts.length > 0 && parts.every((part) => part.startsWith('type '));
}

function roomOf(file: string): string {
  return file.split('/')[0] ?? file;
}
