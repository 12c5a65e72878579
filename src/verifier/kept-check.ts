/** Judges the machines of this build by what was kept of them: a released version does not change. */
import type { ActorMachine } from '../actors/index.ts';
import { type HistoryDifference, type KeptHistories, replayHistories } from './histories.ts';
import type { Finding } from './verify.ts';

export interface KeptFinding extends Finding {
  readonly machine: string;
  readonly version: string;
  readonly property: keyof typeof promises;
}

export interface KeptVerdict {
  readonly findings: readonly KeptFinding[];
  /** Nothing is wrong with these, but somebody may want to know. */
  readonly hints: readonly string[];
  readonly histories: number;
  /** Steps replayed. */
  readonly steps: number;
}

const promises = {
  'histories-kept': 'what every listed version does is kept',
  'structure-kept': 'a version keeps its states, transitions, names and meta; a change of them is a new version',
  'behaviour-kept':
    'a version keeps its guards, assigns, delays, inputs and messages; a change of them is a new version',
} as const;

/** Differences told per version; the first ones mostly explain the others. */
const maxTold = 5;

/** @param machines all that are listed, old versions too */
export function checkKept(machines: readonly ActorMachine[], kept: readonly KeptHistories[]): KeptVerdict {
  const keptOf = ({ id, version }: ActorMachine): KeptHistories | undefined =>
    kept.find((it) => it.machine === id && it.version === version);
  const isListed = (it: KeptHistories): boolean => machines.some((machine) => keptOf(machine) === it);
  const listed = kept.filter(isListed);
  return {
    findings: machines.flatMap((machine) => findingsOf(machine, keptOf(machine))),
    hints: kept
      .filter((it) => !isListed(it))
      .map((it) => `${it.machine} v${it.version} is kept but not listed: delete its file once no actor is on it`),
    histories: listed.reduce((sum, { histories }) => sum + histories.length, 0),
    steps: listed.reduce(
      (sum, { histories }) => sum + histories.reduce((some, { steps }) => some + steps.length, 0),
      0,
    ),
  };
}

function findingsOf(machine: ActorMachine, kept: KeptHistories | undefined): readonly KeptFinding[] {
  const finding = (property: KeptFinding['property'], message: string, path: readonly string[] = []): KeptFinding => ({
    machine: machine.id,
    version: machine.version,
    property,
    promise: promises[property],
    message,
    path,
  });
  if (!kept) return [finding('histories-kept', 'nothing is kept of it: run `waybill machines keep`')];
  const { structureHash } = machine;
  return [
    ...(structureHash === kept.structureHash
      ? []
      : // The runtime compares the same hash: it would leave every actor of the version alone.
        [finding('structure-kept', `its structure was ${kept.structureHash} and is ${structureHash}`)]),
    ...differencesOf(machine, kept).map(({ message, path }) => finding('behaviour-kept', message, path)),
  ];
}

/** The same difference shows in many histories: told once, by the one that shows it first. */
function differencesOf(machine: ActorMachine, kept: KeptHistories): { message: string; path: readonly string[] }[] {
  const alike = new Map<string, HistoryDifference[]>();
  for (const difference of replayHistories(machine, kept)) {
    alike.set(difference.difference, [...(alike.get(difference.difference) ?? []), difference]);
  }
  const told = [...alike.values()].slice(0, maxTold).flatMap((group) => {
    const [first] = group.toSorted((a, b) => a.path.length - b.path.length);
    if (!first) return [];
    const also = group.length === 1 ? '' : `, as in ${group.length - 1} more`;
    return [
      { message: `history “${first.history}”, step ${first.step}${also}: ${first.difference}`, path: first.path },
    ];
  });
  const untold = alike.size - told.length;
  return untold === 0 ? told : [...told, { message: `${untold} more differences`, path: [] }];
}
