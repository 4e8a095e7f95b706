import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readPairs } from '../../src/wire/pairs.ts';
import { percentEncode } from '../../src/wire/percent.ts';

const read = (text: string, limit = 100) => {
  const reading = readPairs(Buffer.from(text), limit);
  return reading.ok ? reading.pairs.map(({ name, value }) => [name.toString(), value.toString()]) : reading;
};

test('the first = ends the name, a pair without one has an empty value, empty pairs are left out', () => {
  assert.deepEqual(read('a=1&b=2'), [
    ['a', '1'],
    ['b', '2'],
  ]);
  assert.deepEqual(read('a=b=c'), [['a', 'b=c']]);
  assert.deepEqual(read('a=YWJj='), [['a', 'YWJj=']]);
  assert.deepEqual(read('&&flag&a=&&=v&'), [
    ['flag', ''],
    ['a', ''],
    ['', 'v'],
  ]);
  assert.deepEqual(read('a%3Db=c%26d'), [['a=b', 'c&d']]);
  assert.deepEqual(read(''), []);
});

test('a bad escape names its pair', () => {
  const reading = readPairs(Buffer.from('a=1&b=%zz&c=3'), 100);
  assert.ok(!reading.ok && reading.problem === 'bad-escape');
  assert.equal(reading.name.toString(), 'b');
});

test('more separators than the limit are refused, whether there is anything between them or not', () => {
  assert.deepEqual(read('a&b&c', 2), { ok: false, problem: 'too-many' });
  assert.deepEqual(read('&'.repeat(3), 2), { ok: false, problem: 'too-many' });
  assert.equal(Array.isArray(read('a&b', 2)), true);
});

test('what was encoded is read back in order, and owns its memory', () => {
  const text = fc.uint8Array({ maxLength: 20 });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { maxLength: 20 }), (pairs) => {
      const encoded = pairs
        .map(([name, value]) => `${percentEncode(name)}=${percentEncode(value)}`)
        .join('&');
      const bytes = Buffer.from(encoded);
      const reading = readPairs(bytes, 100);
      assert.ok(reading.ok);
      bytes.fill(0);
      const expected = pairs.map(([name, value]) => ({ name: Buffer.from(name), value: Buffer.from(value) }));
      assert.deepEqual(reading.pairs, expected);
    }),
  );
});
