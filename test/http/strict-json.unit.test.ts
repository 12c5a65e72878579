import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStorableText, maxJsonDepth, parseStrictJson, type StrictJson } from '../../src/http/strict-json.ts';

const parse = (text: string): StrictJson => parseStrictJson(new TextEncoder().encode(text));

describe('strict JSON accepts what has one reading', () => {
  test('equals JSON.parse for whatever JSON.stringify writes of storable values', () => {
    const reserved = ['__proto__', 'constructor'];
    const storable = fc.string({ unit: 'binary' }).filter((text) => isStorableText(text) && !reserved.includes(text));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, false),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        storable,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(storable, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(value, fc.constantFrom(undefined, 2), (given, indent) => {
        const text = JSON.stringify(given, null, indent);
        expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  test.each([
    ['the same key in different objects', '{"a":{"b":1},"c":{"b":2},"b":[{"b":1},{"b":2}]}'],
    ['a value that repeats its key', '{"a":"a","b":"a"}'],
    ['brackets, commas and quotes inside strings', '{"a":"{\\"a\\":1,[\\\\","b":"}]"}'],
    ['a surrogate pair spelled with escapes', '{"a":"\\ud83d\\ude00"}'],
    ['an escaped backslash before u0000', '{"a":"\\\\u0000"}'],
  ])('%s', (_what, text) => {
    expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
  });

  test('as many levels as allowed', () => {
    expect(parse('['.repeat(maxJsonDepth) + ']'.repeat(maxJsonDepth)).ok).toBe(true);
  });
});

describe('strict JSON refuses', () => {
  const duplicate = 'The body repeats a key within one object.';
  const unstorable = 'The body contains a NUL character or a lone surrogate.';
  test.each([
    ['a repeated key', '{"a":1,"a":1}', duplicate],
    ['a repeated key after nested values', '{"a":[{"x":1}],"b":{"a":1},"a":2}', duplicate],
    ['a repeated key in an inner object', '[{"o":{"k":1,"k":2}}]', duplicate],
    ['a key repeated by way of escapes', '{"a":1,"\\u0061":2}', duplicate],
    ['an empty key twice', '{"":1,"":2}', duplicate],
    ['NUL in a string', '{"a":"x\\u0000"}', unstorable],
    ['NUL in a key', '{"\\u0000":1}', unstorable],
    ['a lone high surrogate', '{"a":"\\ud83d"}', unstorable],
    ['a lone low surrogate in a list', '["\\udE00"]', unstorable],
    ['surrogates in the wrong order', '"\\ude00\\ud83d"', unstorable],
    ['__proto__', '{"__proto__":{"admin":true}}', 'The body uses a reserved key.'],
    ['__proto__ spelled with escapes', '{"\\u005f_proto__":1}', 'The body uses a reserved key.'],
    ['constructor', '{"a":{"constructor":{"prototype":{}}}}', 'The body uses a reserved key.'],
    ['a byte order mark', '\uFEFF{}', 'The body starts with a byte order mark.'],
    ['a trailing comma', '{"a":1,}', 'The body is not valid JSON.'],
    ['a comment', '{} // yes', 'The body is not valid JSON.'],
    ['a raw control character', '{"a":"\t"}', 'The body is not valid JSON.'],
    ['NaN', 'NaN', 'The body is not valid JSON.'],
    ['two values', '{}{}', 'The body is not valid JSON.'],
    ['one level too many', '['.repeat(33) + ']'.repeat(33), 'The body is nested deeper than 32 levels.'],
    [
      '64 KiB of opening brackets',
      '['.repeat(32 * 1024) + ']'.repeat(32 * 1024),
      'The body is nested deeper than 32 levels.',
    ],
  ])('%s', (_what, text, reason) => {
    expect(parse(text)).toEqual({ ok: false, reason });
  });

  test('bytes that are not UTF-8', () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0x22, 0xc0, 0x80, 0x22],
      [0x22, 0xed, 0xa0, 0x80, 0x22],
      [0x22, 0xe2, 0x82, 0x22],
    ]) {
      expect(parseStrictJson(new Uint8Array(bytes))).toEqual({ ok: false, reason: 'The body is not valid UTF-8.' });
    }
  });

  test('every object into which a key it has is inserted again', () => {
    const key = fc
      .string({ minLength: 1 })
      .filter((text) => isStorableText(text) && text !== '__proto__' && text !== 'constructor');
    fc.assert(
      fc.property(fc.dictionary(key, fc.json(), { minKeys: 1 }), fc.nat(), (object, pick) => {
        const fields = Object.keys(object).map((name) => `${JSON.stringify(name)}:1`);
        const text = `{${[...fields, fields[pick % fields.length]].join(',')}}`;
        expect(parse(text)).toEqual({ ok: false, reason: duplicate });
      }),
    );
  });
});
