/** What is copied as JSON is what JSON's text would make of it. */
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { functionMark, plainJson } from '../../src/actors/plain-json.ts';

const throughText = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) =>
      typeof inner === 'function' ? functionMark + inner.name : inner,
    ) ?? 'null',
  );

function named(): void {}
const list = [1];
list.length = 3;
const deep = Array.from({ length: 300 }).reduce<unknown>((inner) => ({ inner }), null);

describe('a copy that is JSON', () => {
  it('is what the text would give, whatever it is made from', () => {
    const anything = fc.anything({ withDate: true, withMap: true, withSparseArray: true, withNullPrototype: true });
    const isTheSame = fc.property(anything, (value) => {
      expect(plainJson(value)).toEqual(throughText(value));
    });
    fc.assert(isTheSame);
  });

  it.each([
    ['a function', { named }],
    ['nothing', undefined],
    ['what JSON leaves out', { a: undefined, b: Symbol('b'), c: [undefined, named, Symbol('c')] }],
    ['numbers that it does not know', [Number.NaN, -0, Infinity]],
    ['a list with holes', list],
    ['a date', { at: new Date(0) }],
    ['one that says itself how it is written', { toJSON: () => 7 }],
    ['boxed values', [Object('x'), Object(1), Object(true)]],
    ['something deep', deep],
    ['a key that means something else', JSON.parse('{"__proto__": {"isAdmin": true}}')],
  ])('%s', (_, value) => {
    const copy = plainJson(value);
    expect(JSON.stringify(copy)).toBe(JSON.stringify(throughText(value)));
    expect(Object.is(copy, value) && typeof value === 'object').toBe(false);
  });

  it('is its own: what changes later in the original does not change it', () => {
    const original = { items: [{ quantity: 1 }] };
    const copy = plainJson(original);
    for (const item of original.items) item.quantity = 2;
    expect(copy).toEqual({ items: [{ quantity: 1 }] });
  });

  it('of a circle is refused', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => plainJson(circle)).toThrow(/circular/);
  });
});
