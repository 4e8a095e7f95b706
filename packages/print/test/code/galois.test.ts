import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createDivisor, createGaloisField, writeCheckBytes } from '../../src/code/galois.ts';

/** Multiplication by shifts, with no table. */
function slowMultiply(a: number, b: number, polynomial: number): number {
  let product = 0;
  let shifted = a;
  for (let bit = 0; bit < 8; bit++) {
    if ((b >> bit) & 1) product ^= shifted;
    shifted <<= 1;
    if (shifted > 255) shifted ^= polynomial;
  }
  return product;
}

/** Division of data · x^count by the generator as in a textbook, one coefficient at a time. */
function slowCheckBytes(
  data: readonly number[],
  count: number,
  firstExponent: number,
  polynomial: number,
): number[] {
  let generator = [1];
  let root = 1;
  for (let exponent = 0; exponent < firstExponent; exponent++) root = slowMultiply(root, 2, polynomial);
  for (let index = 0; index < count; index++) {
    const next = [...generator, 0];
    generator.forEach((coefficient, at) => {
      next[at + 1]! ^= slowMultiply(coefficient, root, polynomial);
    });
    generator = next;
    root = slowMultiply(root, 2, polynomial);
  }
  const rest = [...data, ...new Array<number>(count).fill(0)];
  for (let index = 0; index < data.length; index++) {
    const factor = rest[index]!;
    generator.forEach((coefficient, at) => {
      rest[index + at]! ^= slowMultiply(coefficient, factor, polynomial);
    });
  }
  return rest.slice(data.length);
}

test('check bytes are those of a long division, in both fields, for every number of them', () => {
  const kinds = [
    { polynomial: 0x11d, firstExponent: 0 },
    { polynomial: 0x12d, firstExponent: 1 },
  ];
  const byte = fc.integer({ min: 0, max: 255 });
  const data = fc.array(fc.oneof(byte, fc.constant(0)), { minLength: 1, maxLength: 80 });
  for (const { polynomial, firstExponent } of kinds) {
    const field = createGaloisField(polynomial);
    for (let count = 5; count <= 68; count += 3) {
      const divisor = createDivisor(field, count, firstExponent);
      fc.assert(
        fc.property(data, fc.integer({ min: 1, max: 3 }), (bytes, stride) => {
          const spread = new Uint8Array(bytes.length * stride + 1).fill(77);
          bytes.forEach((value, index) => {
            spread[1 + index * stride] = value;
          });
          const out = new Uint8Array(count * stride);
          writeCheckBytes(divisor, spread, 1, bytes.length, stride, out, 0);
          const check = Array.from({ length: count }, (_, index) => out[index * stride]!);
          assert.deepEqual(check, slowCheckBytes(bytes, count, firstExponent, polynomial));
        }),
        { numRuns: 8 },
      );
    }
  }
});

test('the worked examples of the standards', () => {
  const qr = createDivisor(createGaloisField(0x11d), 10, 0);
  const data = Uint8Array.from(Buffer.from('10200c566180ec11ec11ec11ec11ec11', 'hex'));
  const check = new Uint8Array(10);
  writeCheckBytes(qr, data, 0, data.length, 1, check, 0);
  assert.equal(Buffer.from(check).toString('hex'), 'a524d4c1ed36c7872c55', 'ISO/IEC 18004, annex I');

  const dataMatrix = createDivisor(createGaloisField(0x12d), 5, 1);
  const short = new Uint8Array(5);
  writeCheckBytes(dataMatrix, Uint8Array.of(142, 164, 186), 0, 3, 1, short, 0);
  assert.deepEqual([...short], [114, 25, 5, 88, 102], 'ISO/IEC 16022, annex O');
});
