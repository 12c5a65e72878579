/** States of each planted fault that the verifier finds it: by which properties, and where. */
import { describe, expect, it } from 'vitest';
import { type Theme, verdictWith } from './planted-faults.ts';

export function expectFound({ name, soil, faults }: Theme): void {
  describe(name, () => {
    it.each([...faults])('$found finds: $title', ({ plant, found, where, also }) => {
      const { findings, isProven } = verdictWith(plant, soil);
      const ends = new Map<string, string>();
      for (const { property, message, path } of findings)
        if (!ends.has(property)) ends.set(property, path.at(-1) ?? message);
      expect({ isProven, broken: [...ends.keys()].sort(), where: ends.get(found) }).toEqual({
        isProven: false,
        broken: [found, ...also].sort(),
        where,
      });
    });
  });
}
