import assert from 'node:assert/strict';
import test from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { Deflater } from '../../src/pdf/deflate.ts';

const deflater = new Deflater();

function assertComesBack(bytes: Uint8Array): void {
  const packed = deflater.deflate(bytes);
  assert.ok(inflateSync(packed).equals(bytes));
}

/** Lines of a code's rectangles, as a content stream has them. */
function rectangles(count: number, seed: number): Uint8Array {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  let text = '';
  for (let index = 0; index < count; index++)
    text += `${random(33)} ${33 - Math.floor(index / 10)} ${1 + random(3)} ${1 + random(2)} re\n`;
  return Buffer.from(text);
}

test('what zlib unpacks is what was packed: texts, runs, noise, nothing', () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .record({ byte: fc.nat(255), times: fc.nat(2_000) })
      .map(({ byte, times }) => Buffer.alloc(times, byte)),
    fc.record({ count: fc.nat(200), seed: fc.nat() }).map(({ count, seed }) => rectangles(count, seed)),
    fc.string({ maxLength: 200, unit: 'grapheme' }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), fc.boolean(), (parts, repeats) => {
      const once = Buffer.concat(parts);
      assertComesBack(repeats ? Buffer.concat([once, once, once]) : once);
    }),
    { numRuns: 2_000 },
  );
});

test('every length of match and every distance up to the window', () => {
  const noise = Uint8Array.from(
    { length: 400 },
    (_, index) => (Math.imul(index + 1, 2654435761) >>> 24) & 255,
  );
  for (let length = 0; length <= 300; length++)
    assertComesBack(Buffer.concat([noise, Buffer.of(0), noise.subarray(0, length), Buffer.of(1)]));
  for (const gap of [
    0, 1, 2, 3, 4, 127, 128, 255, 256, 257, 511, 512, 8_191, 16_384, 32_360, 32_367, 32_368, 32_369, 32_500,
  ])
    assertComesBack(Buffer.concat([noise, Buffer.alloc(gap, 7), noise]));
});

test('long inputs take several blocks, skewed ones need the longest codes', () => {
  assertComesBack(
    Uint8Array.from({ length: 300_000 }, (_, index) => Math.imul(index, index ^ 0x5bd1e995) >>> 13),
  );
  const fibonacci = [1, 1];
  while (fibonacci.length < 22) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
  const skewed = fibonacci.flatMap((times, byte) => new Array<number>(times).fill(byte));
  let state = 1;
  for (let index = skewed.length - 1; index > 0; index--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (index + 1);
    [skewed[index], skewed[other]] = [skewed[other]!, skewed[index]!];
  }
  assertComesBack(Uint8Array.from(skewed));
});

test('what came before changes nothing', () => {
  const bytes = rectangles(300, 5);
  const fresh = Buffer.from(new Deflater().deflate(bytes));
  for (const before of [rectangles(300, 5), rectangles(90, 6), Buffer.alloc(70_000), Buffer.alloc(0)]) {
    deflater.deflate(before);
    assert.ok(Buffer.from(deflater.deflate(bytes)).equals(fresh));
  }
});

test('it packs as zlib’s level 1 does, within five per cent', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const bytes = rectangles(330, seed);
    assert.ok(deflater.deflate(bytes).length < 1.05 * deflateSync(bytes, { level: 1 }).length);
  }
});
