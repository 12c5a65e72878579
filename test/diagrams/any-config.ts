/** Machine configs of any shape, with names that every format has to escape. */
import fc from 'fast-check';
import type { Json } from '../../src/actors/index.ts';

type State = { readonly [key: string]: Json };

const names = ['a', 'b.c', 'd\\e', 'f"\n', '--> g', 'state', 'x; # y', '<i>&amp;', 'a_start', '__proto__ '];

/** Two levels of states; each transition is one of every kind, to a sibling, a stranger or a state inside. */
export const anyConfig: fc.Arbitrary<Json> = fc
  .record({
    outer: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
    inner: fc.uniqueArray(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }),
    choices: fc.array(fc.nat(1_000), { minLength: 200, maxLength: 200 }),
  })
  .map(({ outer, inner, choices }) => {
    let next = 0;
    const pick = (list: readonly string[]): string => {
      next += 1;
      return list[(choices[next % choices.length] ?? 0) % list.length] ?? '#own';
    };
    const anywhere = [
      '#own',
      ...outer.map((name) => `#m.${escaped(name)}`),
      ...outer.flatMap((name) => inner.map((child) => `#m.${escaped(name)}.${escaped(child)}`)),
    ];
    const leaf = (siblings: readonly string[]): State => {
      const target = (): string => pick([...siblings.map(escaped), ...anywhere]);
      return {
        on: { GO: [{ guard: 'g "1"', target: target() }, { target: [target()] }], '*': { actions: 'x' } },
        after: { 10: target() },
        always: { guard: 'h', target: target() },
        invoke: { src: 's', onDone: [{ guard: 'done', target: target() }, target()], onError: target() },
      };
    };
    const nested = (index: number): State => ({
      ...leaf(outer),
      ...(index === 0 ? { id: 'own' } : {}),
      ...(index === 1 ? { type: 'parallel' } : { initial: inner[0] ?? '' }),
      onDone: pick(anywhere),
      states: Object.fromEntries(inner.map((name) => [name, leaf(inner)])),
    });
    return { id: 'm', initial: outer[0] ?? '', states: Object.fromEntries(outer.map((name, i) => [name, nested(i)])) };
  });

/** A key as targets write it. */
export const escaped = (key: string): string => key.replaceAll(/[\\.]/g, String.raw`\$&`);
