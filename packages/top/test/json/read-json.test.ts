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
