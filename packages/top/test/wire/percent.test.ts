import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentDecode, percentEncode } from '../../src/wire/percent.ts';

const decode = (text: string) => percentDecode(Buffer.from(text, 'latin1'))?.toString('latin1');

test('escapes in either case, + as space, everything else as it is', () => {
  assert.equal(decode('a%2Bb%2bc+d%20e'), 'a+b+c d e');
  assert.equal(decode('%E4%BD%A0'), '\xe4\xbd\xa0');
  assert.equal(decode('100%2525'), '100%25');
  assert.equal(decode('\xc4\xe3~"&='), '\xc4\xe3~"&=');
  assert.equal(decode(''), '');
});

test('bad escapes are refused', () => {
  for (const text of ['%', 'a%', '%4', '%zz', '%4g', '%g4', '%%41', '% 41', '%+1', '%u4f60', '%\xb24']) {
    assert.equal(decode(text), undefined, text);
  }
});

test('a range is decoded without looking beyond its end', () => {
  const bytes = Buffer.from('a=%41%42');
  assert.equal(percentDecode(bytes, 2, 5)?.toString(), 'A');
  assert.equal(percentDecode(bytes, 2, 4), undefined);
  assert.equal(percentDecode(bytes.subarray(2), 0, 3)?.toString(), 'A');
});

test('the result never shares memory with the input', () => {
  for (const text of ['plain', 'a+b', '%41']) {
    const bytes = Buffer.from(text);
    const decoded = percentDecode(bytes);
    assert.ok(decoded !== undefined);
    const before = decoded.toString();
    bytes.fill(0x2a);
    assert.equal(decoded.toString(), before);
  }
});

test('encodes as java.net.URLEncoder does', () => {
  assert.equal(
    percentEncode(Buffer.from("aZ09.-*_ +%&=~!'()你")),
    'aZ09.-*_+%2B%25%26%3D%7E%21%27%28%29%E4%BD%A0',
  );
});

test('decoding undoes encoding, for all bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.deepEqual(percentDecode(Buffer.from(percentEncode(bytes))), Buffer.from(bytes));
    }),
    { numRuns: 1000 },
  );
});

test('agrees with URLSearchParams wherever that does not forgive', () => {
  const unit = fc.constantFrom('%', '+', '4', '1', 'a', 'F', 'g', ' ', '~');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 24 }), (text) => {
      const decoded = percentDecode(Buffer.from(text));
      const wellFormed = /^(?:[^%]|%[0-9a-fA-F]{2})*$/.test(text);
      assert.equal(decoded !== undefined, wellFormed);
      if (decoded === undefined) return;
      const expected = new URLSearchParams('x=' + text).get('x');
      assert.equal(new TextDecoder('utf-8', { ignoreBOM: true }).decode(decoded), expected);
    }),
    { numRuns: 5000 },
  );
});
