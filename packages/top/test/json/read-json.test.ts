import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonNumber, type JsonValue, readJson } from '../../src/json/read-json.ts';

function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.source);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, member]) => [key, plain(member)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test('reads what JSON.parse reads, in any spacing', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ maxDepth: 6 }),
      fc.constantFrom(undefined, 1, '\t', '\r\n '),
      (value, space) => {
        const text = JSON.stringify(value, null, space);
        if (!text.isWellFormed() || /\\ud[89a-f]/i.test(text)) return;
        const reading = readJson(text);
        assert.ok(reading.ok);
        assert.deepEqual(plain(reading.value), JSON.parse(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

test('refuses what JSON.parse refuses, and never throws', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0123456789eE+-.truefalsn \t\n') }),
      (text) => {
        const reading = readJson(text);
        if (!reading.ok) return;
        JSON.parse(text);
      },
    ),
    { numRuns: 20_000 },
  );
});

test('keeps integers beyond 2^53 as written', () => {
  const reading = readJson('[9007199254740992,9007199254740993]');
  assert.ok(reading.ok && Array.isArray(reading.value));
  assert.deepEqual(
    reading.value.map((entry) => (entry as JsonNumber).source),
    ['9007199254740992', '9007199254740993'],
  );
});

for (const [name, text] of [
  ['equal keys', '{"a":1,"a":1}'],
  ['equal keys in two spellings', '{"a":1,"\\u0061":1}'],
  ['deep nesting', '['.repeat(100_000)],
  ['text after the end', '{} {}'],
  ['a lone surrogate', '"\\ud800"'],
  ['a byte order mark', '\ufeff{}'],
  ['a leading zero', '01'],
  ['NaN', 'NaN'],
  ['a single quote', "{'a':1}"],
  ['a trailing comma', '[1,]'],
  ['nothing', ''],
] as const) {
  test(`refuses ${name}`, () => assert.equal(readJson(text).ok, false));
}

test('__proto__ is a key like any other', () => {
  const reading = readJson('{"__proto__":{"polluted":true}}');
  assert.ok(reading.ok && reading.value instanceof Map && reading.value.has('__proto__'));
  assert.equal('polluted' in {}, false);
});

test('texts within texts, escaped as a gateway may, are read as JSON.parse reads them', () => {
  const escaped = (text: string, every: number): string =>
    [...text]
      .map((unit, n) =>
        n % every === 0 && unit.length === 1 ? unicodeEscape(unit) : JSON.stringify(unit).slice(1, -1),
      )
      .join('');
  const unicodeEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 5 }), (texts, every) => {
      const json = `[${texts.map((text) => `"${escaped(JSON.stringify({ text }), every)}"`).join(',')}]`;
      const reading = readJson(json);
      assert.ok(reading.ok);
      assert.deepEqual(reading.value, JSON.parse(json));
    }),
    { numRuns: 2_000 },
  );
});

test('a long text of escapes that never ends is refused in linear time', () => {
  for (const piece of ['\\"', '\\\\\\"', 'a\\n']) {
    const text = `"${piece.repeat(1_000_000)}`;
    const startMs = performance.now();
    assert.equal(readJson(text).ok, false);
    assert.ok(performance.now() - startMs < 2_000);
  }
});

test('what is wrong in a text is named with its place', () => {
  for (const [text, offset, problem] of [
    ['"a\\x"', 2, 'a bad escape'],
    ['"\\u12g4"', 1, 'a bad \\u escape'],
    ['"\\n\u0001"', 3, 'a control character in a text'],
    ['"\\ud800"', 7, 'half a surrogate pair in a text'],
    ['"\\n', 3, 'a text without its end'],
  ] as const)
    assert.deepEqual(readJson(text), { ok: false, offset, problem });
});
