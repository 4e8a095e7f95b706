import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ContentBuffer } from '../../src/pdf/content-buffer.ts';
import { writePath } from '../../src/pdf/path-operators.ts';

function written(write: (buffer: ContentBuffer) => void): string {
  const buffer = new ContentBuffer();
  write(buffer);
  return Buffer.from(buffer.bytes()).toString('latin1');
}

test('numbers are short: no exponent, no idle zeros, three decimals', () => {
  const cases: readonly [number, string][] = [
    [0, '0 '],
    [-0, '0 '],
    [0.0004, '0 '],
    [-0.0004, '0 '],
    [0.0005, '.001 '],
    [-0.5, '-.5 '],
    [1, '1 '],
    [10, '10 '],
    [-12.3456, '-12.346 '],
    [1e-9, '0 '],
    [841.89, '841.89 '],
    [2147483.647, '2147483.647 '],
    [2147483.648, '2147483.648 '],
    [-98765432.1, '-98765432.100 '],
  ];
  for (const [value, text] of cases)
    assert.equal(
      written((buffer) => buffer.number(value)),
      text,
    );
});

test('any length is read back within half a thousandth, any factor within half a millionth', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e7, max: 1e7, noNaN: true }), (value) => {
      const length = written((buffer) => buffer.number(value));
      const factor = written((buffer) => buffer.factor(value));
      assert.match(length, /^-?(\d+|\d*\.\d{1,3}) $/);
      assert.match(factor, /^-?(\d+|\d*\.\d{1,6}) $/);
      assert.ok(Math.abs(Number(length) - value) <= 0.000501);
      assert.ok(Math.abs(Number(factor) - value) <= 0.000000501 + Math.abs(value) * 1e-15);
    }),
  );
});

test('what is no number is a bug and not a page', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1e300])
    assert.throws(() => written((buffer) => buffer.number(value)), RangeError);
});

test('whole numbers are written digit by digit', () => {
  fc.assert(
    fc.property(fc.nat(), (value) => {
      assert.equal(
        written((buffer) => buffer.integer(value)),
        `${value} `,
      );
    }),
  );
});

test('path data becomes path operators', () => {
  const data = 'M 1 2 L3,4 5.5-6 C 1 2 3 4 5 6Z';
  assert.equal(
    written((buffer) => writePath(buffer, data)),
    '1 2 m\n3 4 l\n5.5 -6 l\n1 2 3 4 5 6 c\nh\n',
  );
});

test('path data that cannot be drawn throws', () => {
  for (const data of ['M 1', 'Q 1 2 3 4', '1 2', 'M 1 2 l 3 4', 'M 1 2 #', 'C 1 2 3 4 5 Z', 'M 1 2 Z 3'])
    assert.throws(() => written((buffer) => writePath(buffer, data)), SyntaxError, data);
});
