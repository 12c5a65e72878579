/** Kept histories as text: JSON with one line per step and per history, so that a change of them can be read. */
import type { KeptHistories } from './histories.ts';

export function printKept({ machine, version, structureHash, offered, steps, histories }: KeptHistories): string {
  const lines = (items: readonly object[]): string => items.map((item) => `\n${JSON.stringify(item)}`).join(',');
  const named = Object.entries(offered).map(([name, event]) => `\n${JSON.stringify(name)}:${JSON.stringify(event)}`);
  return [
    `{"machine":${JSON.stringify(machine)},"version":${JSON.stringify(version)},"structureHash":${JSON.stringify(structureHash)},`,
    `"offered":{${named.join(',')}},`,
    `"steps":[${lines(steps)}],`,
    `"histories":[${lines(histories)}]}\n`,
  ].join('\n');
}

/** @throws for text that `printKept` did not write */
export function parseKept(text: string): KeptHistories {
  const kept = JSON.parse(text) as Partial<KeptHistories> | null;
  if (!isKept(kept) || printKept(kept) !== text) throw new Error('these are no kept histories');
  return kept;
}

function isKept(kept: Partial<KeptHistories> | null): kept is KeptHistories {
  return (
    typeof kept?.machine === 'string' &&
    typeof kept.version === 'string' &&
    typeof kept.structureHash === 'string' &&
    typeof kept.offered === 'object' &&
    Array.isArray(kept.steps) &&
    Array.isArray(kept.histories)
  );
}
