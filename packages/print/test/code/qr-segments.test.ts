import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { BitWriter } from '../../src/code/qr-bits.ts';
import { createQrText } from '../../src/code/qr-segments.ts';

function written(text: string, group: 0 | 1 | 2, how: 'writeBytes' | 'writeSegments'): string {
  const writer: BitWriter = { bytes: new Uint8Array(4000), bitCount: 0 };
  const qrText = createQrText();
  qrText.take(text);
  qrText[how](writer, group);
  const bits = [...writer.bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.slice(0, writer.bitCount);
}

test('the worked examples of the standard', () => {
  const numeric = '0001 0000001000 0000001100 0101011001 1000011';
  assert.equal(written('01234567', 0, 'writeSegments'), numeric.replaceAll(' ', ''), '7.4.3, example 1');
  const alphanumeric = '0010 000000101 00111001110 11100111001 000010';
  assert.equal(written('AC-42', 0, 'writeSegments'), alphanumeric.replaceAll(' ', ''), '7.4.4');
});

test('a text beyond ASCII begins with ECI 26', () => {
  assert.equal(written('é', 0, 'writeBytes'), '0111000110100100000000101100001110101001');
});

/** The fewest bits by trying every way to cut a text. */
function fewestBits(text: string, counts: readonly [number, number, number]): number {
  const [digits, letters, any] = [/^[0-9]+$/, /^[0-9A-Z $%*+./:-]+$/, /^/];
  const costOf = (part: string): number =>
    Math.min(
      digits.test(part) ? 4 + counts[0] + Math.ceil((part.length * 10) / 3) : Number.POSITIVE_INFINITY,
      letters.test(part) ? 4 + counts[1] + Math.ceil(part.length * 5.5) : Number.POSITIVE_INFINITY,
      any.test(part) ? 4 + counts[2] + 8 * part.length : Number.POSITIVE_INFINITY,
    );
  const fewest = [0];
  for (let end = 1; end <= text.length; end++)
    fewest[end] = Math.min(
      ...Array.from({ length: end }, (_, from) => fewest[from]! + costOf(text.slice(from, end))),
    );
  return fewest[text.length]!;
}

test('no way to cut a text needs fewer bits, and as many are written as counted', () => {
  const text = fc.string({
    minLength: 1,
    maxLength: 60,
    unit: fc.constantFrom('1', '2', '3', 'A', ':', 'a', '?'),
  });
  const runs = fc
    .array(fc.tuple(fc.constantFrom('7', 'K', 'k'), fc.integer({ min: 1, max: 14 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.map(([character, count]) => character.repeat(count)).join(''));
  const counts = [
    [10, 9, 8],
    [12, 11, 16],
    [14, 13, 16],
  ] as const;
  fc.assert(
    fc.property(fc.oneof(text, runs), fc.constantFrom(0, 1, 2), (value, group) => {
      const qrText = createQrText();
      qrText.take(value);
      const bits = fewestBits(value, counts[group]);
      assert.equal(qrText.bitsInSegments(group), bits);
      assert.equal(written(value, group, 'writeSegments').length, bits);
      assert.equal(written(value, group, 'writeBytes').length, qrText.bitsAsBytes(group));
      assert.ok(qrText.leastBits() <= bits && bits <= qrText.bitsAsBytes(group));
    }),
    { numRuns: 400 },
  );
});
