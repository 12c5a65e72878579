import { Type } from '@sinclair/typebox';
import { describe, expect, test } from 'vitest';
import { canonicalizer, queryReader } from '../../src/http/canonical.ts';
import { Uuid } from '../../src/services/schemas.ts';

const upper = '550E8400-E29B-41D4-A716-446655440000';
const lower = upper.toLowerCase();

describe('canonicalizer', () => {
  test('lower-cases UUIDs wherever the schema has them, and only there', () => {
    const normalize = canonicalizer(
      Type.Object({
        id: Uuid,
        parent: Type.Optional(Type.Union([Uuid, Type.Null()])),
        items: Type.Array(Type.Object({ product_id: Uuid, label: Type.String() })),
        note: Type.String(),
      }),
    );
    const given = {
      id: upper,
      parent: upper,
      items: [{ product_id: upper, label: upper }],
      note: upper,
      unknown: upper,
    };
    expect(normalize(given)).toEqual({
      id: lower,
      parent: lower,
      items: [{ product_id: lower, label: upper }],
      note: upper,
      unknown: upper,
    });
  });

  test('leaves what does not fit to validation', () => {
    const normalize = canonicalizer(Type.Object({ id: Uuid, items: Type.Array(Uuid) }));
    for (const given of [null, undefined, 7, 'x', [], { id: 7, items: {} }, { id: null, items: 'x' }, {}]) {
      expect(normalize(structuredClone(given))).toEqual(given);
    }
  });

  test('never coerces', () => {
    const normalize = canonicalizer(
      Type.Object({ n: Type.Integer(), b: Type.Boolean(), list: Type.Array(Type.String()) }),
    );
    expect(normalize({ n: '1', b: 'true', list: 'a' })).toEqual({ n: '1', b: 'true', list: 'a' });
  });
});

describe('queryReader', () => {
  const read = queryReader(
    Type.Object({
      n: Type.Integer(),
      r: Type.Number(),
      b: Type.Boolean(),
      list: Type.Array(Type.Integer()),
      s: Type.String(),
    }),
  );

  test('reads plain decimals and booleans as the schema wants them', () => {
    expect(read({ n: '20', r: '-1.5', b: 'false', list: ['1', '2'], s: '1' })).toEqual({
      n: 20,
      r: -1.5,
      b: false,
      list: [1, 2],
      s: '1',
    });
    expect(read({ n: '-3', list: '7' })).toEqual({ n: -3, list: [7] });
  });

  test.each(['', ' 1', '1 ', '0x10', '1e3', '01', '+1', '1.0', 'NaN', 'Infinity', '99999999999999999999'])(
    'does not read %j as an integer',
    (text) => {
      expect(read({ n: text })).toEqual({ n: text });
    },
  );

  test.each(['', '1', 'TRUE', 'yes'])('does not read %j as a boolean', (text) => {
    expect(read({ b: text })).toEqual({ b: text });
  });
});
