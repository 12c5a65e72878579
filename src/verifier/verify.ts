/** Judges one machine: every property over everything that can happen to it. */
import type { ActorMachine } from '../actors/index.ts';
import { declarationsOf } from './declarations.ts';
import { explore, type ExploreOptions } from './explore.ts';
import type { Exploration, MachineEnvironment } from './exploration.ts';
import { properties } from './properties.ts';
import type { Property, Subject } from './property.ts';
import { undosArmed } from './undos-armed.ts';
import { wayFinder } from './way-to.ts';

export interface Finding {
  /** Name of the broken property. */
  readonly property: string;
  readonly promise: string;
  readonly message: string;
  /** A shortest way to where it is broken, one delivery a line, each with the state reached. Empty: the chart itself. */
  readonly path: readonly string[];
}

export interface Verdict {
  readonly machine: string;
  readonly version: string;
  /** States that the chart declares. */
  readonly states: number;
  /** Situations found, and deliveries between them. */
  readonly situations: number;
  readonly edges: number;
  readonly transitions: { readonly declared: number; readonly taken: number };
  readonly properties: readonly { readonly name: string; readonly promise: string; readonly holds: boolean }[];
  readonly findings: readonly Finding[];
  /** The search was cut off at this many situations. */
  readonly cappedAt: number | null;
  /** Everything was seen, and every property holds. */
  readonly isProven: boolean;
  readonly elapsedMs: number;
}

/** One property may be broken in as many ways as there are situations: these suffice to mend it. */
const maxFindingsEach = 5;

export function verify(machine: ActorMachine, environment: MachineEnvironment, options: ExploreOptions = {}): Verdict {
  return verdictOn(machine, environment, explore(machine, environment, options), options.clock);
}

/** The verdict on what was explored already. */
export function verdictOn(
  machine: ActorMachine,
  environment: MachineEnvironment,
  exploration: Exploration,
  clock: () => number = () => performance.now(),
): Verdict {
  const startedAt = clock();
  const { nodes, edges, cappedAt } = exploration;
  const rules = { declarations: declarationsOf(machine), environment };
  const leaving = byOrigin(exploration);
  const subject: Subject = { machine, rules, exploration, leaving, undosArmed: undosArmed(exploration, rules) };
  const isWhole = cappedAt === null && nodes.length > 0;
  const way = wayFinder(exploration);
  const judged = properties
    .filter(({ needsAll }) => !needsAll || isWhole)
    .map((property) => ({ property, findings: findingsOf(property, subject, way) }));
  const findings = judged.flatMap((each) => each.findings);
  return {
    machine: machine.id,
    version: machine.version,
    states: machine.states.length,
    situations: nodes.length,
    edges: edges.length,
    transitions: {
      declared: machine.transitions.length,
      taken: new Set(edges.flatMap(({ taken }) => taken)).size,
    },
    properties: judged.map((each) => ({
      name: each.property.name,
      promise: each.property.promise,
      holds: each.findings.length === 0,
    })),
    findings,
    cappedAt,
    isProven: findings.length === 0 && cappedAt === null,
    elapsedMs: exploration.elapsedMs + (clock() - startedAt),
  };
}

/** The first, hence shortest, of each message. */
function findingsOf(property: Property, subject: Subject, way: ReturnType<typeof wayFinder>): Finding[] {
  const { name, promise } = property;
  const found = new Map<string, Finding>();
  for (const { message, at } of property.find(subject)) {
    if (found.size >= maxFindingsEach) break;
    if (!found.has(message)) found.set(message, { property: name, promise, message, path: way(at) });
  }
  return [...found.values()];
}

function byOrigin({ nodes, edges }: Exploration): Subject['leaving'] {
  const leaving = nodes.map((): Exploration['edges'][number][] => []);
  for (const edge of edges) leaving[edge.from]?.push(edge);
  return leaving;
}
